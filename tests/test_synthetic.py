"""What generators and training refuse, and words; test_frozen holds what the generators draw."""

import numpy as np
import pytest

from careerlib.synthetic import SHARES, checked_shares, naive_pairs, production_pairs
from careerlib.training import check_classes, confidence


@pytest.mark.parametrize("generator", [naive_pairs, production_pairs])
@pytest.mark.parametrize(("given", "told"), [
    ({"n_pairs": 9}, "n_samples is 9"), ({"n_pairs": 10.5}, "n_samples is 10.5"),
    ({"seed": -1}, "seed is -1"), ({"seed": 2**32}, "seed is 4294967296"),
])  # fmt: skip
def test_wrong_numbers_are_refused(generator, given, told, refusal):
    assert told in refusal(generator, np.zeros((3, 50)), **given)


@pytest.mark.parametrize("shares", [
    SHARES | {"weak": 0.5}, SHARES | {"weak": np.nan}, {"strong": 0.9, "weka": 0.1}, {},
    {"strong": 1.1, "weak": -0.1},
])  # fmt: skip
def test_what_are_no_shares_is_refused(shares, refusal):
    assert "match types are strong, moderate, weak, poor" in refusal(checked_shares, shares)


def test_one_class_cannot_be_trained_on(refusal):
    assert "36 good and 4 bad" in refusal(check_classes, np.array([0] * 4 + [1] * 36))
    assert "0 good" in refusal(check_classes, np.zeros(40, int))
    check_classes(np.array([0] * 5 + [1] * 5))


def test_confidence_words():
    edges = {0.8: "High", 0.7999: "Medium", 0.6: "Medium", 0.4: "Low", 0.39: "Very low"}
    assert {probability: confidence(probability) for probability in edges} == edges
