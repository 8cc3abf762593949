"""The documented match types: similarities exact, labels drawn with the stated chance."""

import numpy as np
import pytest

from careerlib.documented_pairs import (
    OTHERS,
    RATED,
    SKILLS,
    against_ceiling,
    documented_pairs,
    interacting_features,
)
from careerlib.synthetic import NOMINAL_SIMILARITY, SHARES


@pytest.fixture(scope="module")
def pairs(catalog):
    return documented_pairs(catalog)


def measured(pairs, block):
    """Cosine of the standardised slots, computed from the vectors as a reader would."""
    first = ((pairs.persons[:, RATED] - pairs.mean) / pairs.spread)[:, block]
    second = ((pairs.occupations[:, RATED] - pairs.mean) / pairs.spread)[:, block]
    norms = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    return (first * second).sum(axis=1) / norms


@pytest.mark.parametrize("match_type", NOMINAL_SIMILARITY)
def test_graded_types_have_the_similarity_of_the_note(pairs, match_type):
    of_type = pairs.match_types == match_type
    low, high = NOMINAL_SIMILARITY[match_type]
    for block in (RATED, SKILLS, OTHERS):
        similarity = measured(pairs, block)[of_type]
        assert similarity.min() >= low - 1e-9 and similarity.max() <= high + 1e-9
        assert np.ptp(similarity) > 0.9 * (high - low)


def test_partial_and_wrong_interests(pairs):
    skills, others = measured(pairs, SKILLS), measured(pairs, OTHERS)
    partial = pairs.match_types == "partial"
    higher, lower = np.maximum(skills, others)[partial], np.minimum(skills, others)[partial]
    assert higher.min() >= 0.7 - 1e-9 and lower.max() <= 0.3 + 1e-9
    assert 0.4 < (skills > others)[partial].mean() < 0.6
    wrong = pairs.match_types == "wrong interests"
    assert skills[wrong].min() >= 0.7 - 1e-9 and others[wrong].max() <= -0.3 + 1e-9


def test_stated_similarities_are_the_measured_ones(pairs):
    for stated, block in (
        (pairs.similarity, RATED),
        (pairs.skill_similarity, SKILLS),
        (pairs.other_similarity, OTHERS),
    ):
        np.testing.assert_allclose(stated, measured(pairs, block), atol=1e-9)


def test_persons_fit_the_slots_and_occupations_are_filled(pairs, catalog):
    assert pairs.persons.min() >= -1e-12 and pairs.persons.max() <= 1 + 1e-12
    assert (pairs.occupations[:, OTHERS] > 0).all()
    assert not np.isnan(catalog.work_values[pairs.occupation_index]).any()


def test_shares_are_those_of_the_note(pairs):
    for name, share in SHARES.items():
        assert (pairs.match_types == name).sum() == int(3000 * share)


def test_labels_follow_the_lower_similarity(catalog):
    pairs = documented_pairs(catalog, 40_000, seed=3)
    match = np.minimum(measured(pairs, SKILLS), measured(pairs, OTHERS))
    np.testing.assert_allclose(pairs.chances, 1 / (1 + np.exp(-12 * (match - 0.4))), atol=1e-7)
    for low in np.arange(0, 1, 0.1):
        some = (pairs.chances >= low) & (pairs.chances < low + 0.1)
        expected, error = pairs.chances[some].mean(), 0.5 / np.sqrt(some.sum())
        assert pairs.labels[some].mean() == pytest.approx(expected, abs=4 * error)
    best = (pairs.chances > 0.5) == pairs.labels
    assert best.mean() == pytest.approx(pairs.ceiling, abs=0.01)


def test_only_features_that_interact_come_near_the_ceiling(pairs):
    table = against_ceiling(pairs)
    posts, ours = table["test"].iloc[0], table["test"].iloc[2:]
    commoner = max(pairs.labels.mean(), 1 - pairs.labels.mean())
    assert posts < commoner + 0.05
    assert (ours > posts + 0.2).all()
    # 600 test pairs: two standard errors are 2.5 points.
    assert (ours < pairs.ceiling + 0.03).all() and ours.max() > pairs.ceiling - 0.03


def test_interacting_features_are_symmetric_and_know_identity(pairs):
    persons, occupations = pairs.persons[:5], pairs.occupations[:5]
    there = interacting_features(persons, occupations, pairs.mean, pairs.spread)
    back = interacting_features(occupations, persons, pairs.mean, pairs.spread)
    np.testing.assert_allclose(there, back)
    same = interacting_features(occupations, occupations, pairs.mean, pairs.spread)
    assert there.shape == (5, 97)
    assert (same[:, 47:94] == 0).all()
    np.testing.assert_allclose(same[:, 94:], 1)


def test_same_seed_same_pairs_other_seed_others(catalog, pairs):
    again, other = documented_pairs(catalog), documented_pairs(catalog, seed=43)
    np.testing.assert_array_equal(again.persons, pairs.persons)
    np.testing.assert_array_equal(again.labels, pairs.labels)
    assert not np.array_equal(other.persons, pairs.persons)


def test_own_shares_and_bad_input(catalog, refusal):
    only_weak = dict.fromkeys(SHARES, 0.0) | {"weak": 1.0}
    assert set(documented_pairs(catalog, 50, 1, only_weak).match_types) == {"weak"}
    assert "n_pairs" in refusal(documented_pairs, catalog, 0)
    assert "too few" in refusal(documented_pairs, catalog, 1)
    assert "seed" in refusal(documented_pairs, catalog, 10, -1)
    assert "sum to" in refusal(documented_pairs, catalog, 10, 1, SHARES | {"weak": 0.9})
    one_group = catalog.take(np.flatnonzero(catalog.table["major_group"] == "15-0000"), "one group")
    assert "one major group" in refusal(documented_pairs, one_group)
