"""The generators beyond what test_frozen holds: what they refuse, and labels and classes."""

import time

import numpy as np
import pytest

from careerlib.encoding import encode_occupations
from careerlib.synthetic import SHARES, naive_pairs, production_pairs
from careerlib.training import check_classes, confidence


@pytest.fixture(scope="module")
def occupations(post):
    return encode_occupations(post)


def test_each_type_gets_its_share_and_its_label(occupations):
    pairs = production_pairs(occupations, seed=3)
    for name, share in SHARES.items():
        of_type = pairs.match_types == name
        assert of_type.sum() == int(3000 * share)
        good = name in ("strong", "moderate", "weak")
        assert (pairs.labels[of_type] == good).all()
    assert np.array_equal(pairs.occupations, occupations[pairs.occupation_index])


def test_the_threshold_decides_the_weak_matches(occupations):
    pairs = production_pairs(occupations, seed=3, weak_threshold=0.8)
    weak = pairs.match_types == "weak"
    assert np.array_equal(pairs.labels[weak], pairs.cosines[weak] > 0.8)
    assert 0 < pairs.labels[weak].mean() < 1


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"n_pairs": 0}, "n_samples is 0"),
        ({"n_pairs": 2.5}, "n_samples is 2.5"),
        ({"n_pairs": True}, "n_samples is True"),
        ({"n_pairs": 1}, "too few"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": 2**32}, "seed is 4294967296"),
        ({"shares": SHARES | {"weak": 0.5}}, "sum to 1.35, not to 1"),
        ({"shares": SHARES | {"weak": -0.1}}, "-0.1"),
        ({"shares": SHARES | {"weka": 0.1}}, "did you mean weak?"),
        ({"shares": {"strong": 1.0}}, "lack the match type 'moderate'"),
    ],
)
def test_wrong_settings_are_refused(occupations, refusal, settings, told):
    assert told in refusal(production_pairs, occupations, **settings)
    if told.startswith(("n_samples", "seed")):
        assert told in refusal(naive_pairs, occupations, **settings)


def test_the_streams_are_the_calls_own(occupations):
    np.random.seed(1)
    first = production_pairs(occupations, n_pairs=100).persons
    np.random.seed(2)
    assert np.array_equal(first, production_pairs(occupations, n_pairs=100).persons)


def test_3000_pairs_are_quick(occupations):
    seconds = []
    for _ in range(3):
        start = time.process_time()
        production_pairs(occupations)
        seconds.append(time.process_time() - start)
    assert min(seconds) < 0.2


def test_one_class_cannot_be_trained_on(refusal):
    assert "36 good and 4 bad" in refusal(check_classes, np.array([0] * 4 + [1] * 36))
    assert "0 good" in refusal(check_classes, np.zeros(40, int))
    check_classes(np.array([0] * 5 + [1] * 5))


def test_confidence_words():
    edges = {0.8: "High", 0.7999: "Medium", 0.6: "Medium", 0.4: "Low", 0.39: "Very low"}
    assert {probability: confidence(probability) for probability in edges} == edges
