"""Metrics by hand, by properties and against scikit-learn; intervals by what they promise."""

import subprocess
import sys

import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from careerlib.evaluation import (
    best_positions,
    coverage,
    distinct,
    gains,
    group_bootstrap,
    ndcg_at_k,
    overlap,
    ranked,
    recall_at_k,
    reciprocal_rank,
    relatives,
)

TIER_GAINS = {"Primary-Short": 3, "Primary-Long": 2, "Supplemental": 1}
SHOWN = np.array([[2, 0, 1, 4, 3], [4, 3, 2, 1, 0], [0, 1, 2, 3, 4], [-1, -1, -1, -1, -1]])
GAINS = np.array([[0, 3, 1, 0, 0], [2, 0, 0, 0, 0], [0, 0, 0, 0, 0], [1, 0, 0, 0, 0]])


def test_nothing_of_recommend_is_needed():
    code = "import sys, careerlib.evaluation; print('careerlib.recommend' in sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True
    )
    assert answer.stdout.strip() == "False", answer.stderr


@pytest.mark.parametrize("name", ["catalog", "post"])
def test_relatives_and_gains_are_onets(name, request):
    catalog = request.getfixturevalue(name)
    expected = np.zeros((len(catalog), len(catalog)))
    place = {code: position for position, code in enumerate(catalog.codes)}
    for row in catalog.related.itertuples():
        if row.related_code in place:
            expected[place[row.onet_soc_code], place[row.related_code]] = TIER_GAINS[row.tier]
    np.testing.assert_array_equal(gains(catalog), expected)
    np.testing.assert_array_equal(relatives(catalog), expected > 0)
    assert set(np.unique(expected)) == {0, 1, 2, 3}


@pytest.mark.parametrize("seed", range(5))
def test_best_positions_sort_and_near_ties_go_to_the_lower_column(seed):
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 6, (40, 30)) + rng.uniform(-1, 1, (40, 30)) * 1e-13
    expected = [sorted(range(30), key=lambda j: (-round(row[j], 12), j)) for row in scores]
    for top in (1, 3, 10, 29, 30):
        np.testing.assert_array_equal(best_positions(scores, top), np.array(expected)[:, :top])


def test_ranked_leaves_out_the_own_occupation_and_what_has_no_score():
    scores = np.array([[0.9, 0.5, 0.7, 0.5], [0.1, 0.9, 0.1, 0.1], [np.nan] * 4]) - 1
    assert ranked(scores).tolist() == [[0, 2, 1, 3], [1, 0, 2, 3], [-1] * 4]
    own = np.array([0, 2, 1])
    assert ranked(scores, own).tolist() == [[2, 1, 3], [1, 0, 3], [-1] * 3]
    assert ranked(scores, own, top=2).tolist() == [[2, 1], [1, 0], [-1, -1]]
    assert scores[0, 0] == 0.9 - 1  # the input is left alone


def test_recall_by_hand():
    np.testing.assert_array_equal(recall_at_k(SHOWN, GAINS, 2), [1 / 2, 0, np.nan, 0])
    np.testing.assert_array_equal(recall_at_k(SHOWN, GAINS, 3), [1, 0, np.nan, 0])
    np.testing.assert_array_equal(recall_at_k(SHOWN, GAINS > 0, 5), [1, 1, np.nan, 0])


def test_reciprocal_rank_by_hand():
    np.testing.assert_array_equal(reciprocal_rank(SHOWN, GAINS), [1, 1 / 5, np.nan, 0])
    np.testing.assert_array_equal(reciprocal_rank(SHOWN[:, 1:], GAINS), [1 / 2, 1 / 4, np.nan, 0])


def test_ndcg_by_hand():
    # First person: gain 1 at rank 1 and 3 at rank 3; best would be 3, then 1.
    best = 3 + 1 / np.log2(3)
    expected = [(1 + 3 / 2) / best, 1 / np.log2(6), np.nan, 0]
    np.testing.assert_allclose(ndcg_at_k(SHOWN, GAINS, 5), expected)
    np.testing.assert_allclose(ndcg_at_k(SHOWN, GAINS, 2), [1 / best, 0, np.nan, 0])


def test_ndcg_is_scikit_learns():
    rng = np.random.default_rng(0)
    for _ in range(50):
        n, k = rng.integers(2, 40), int(rng.integers(1, 45))
        gain = rng.integers(0, 4, (3, n)) + (np.arange(n) == 0)
        scores = rng.permuted(np.tile(np.arange(float(n)), (3, 1)), axis=1)
        found = ndcg_at_k(ranked(scores), gain, k).mean()
        assert found == pytest.approx(ndcg_score(gain, scores, k=k), abs=1e-12)


def test_a_perfect_ranking_is_perfect_however_the_occupations_are_numbered():
    rng = np.random.default_rng(2)
    gain = rng.integers(0, 4, (30, 12))
    gain[:, 0] = 3
    relevant, order = (gain > 0).sum(axis=1), rng.permutation(12)
    best = {
        ndcg_at_k: 1,
        recall_at_k: np.minimum(relevant, 5) / relevant,
        reciprocal_rank: 1,
    }
    scores = rng.random((30, 12))
    for metric, value in best.items():
        k = () if metric is reciprocal_rank else (5,)
        np.testing.assert_allclose(metric(ranked(gain.astype(float)), gain, *k), value)
        here, there = (
            metric(ranked(s), g, *k)
            for s, g in ((scores, gain), (scores[:, order], gain[:, order]))
        )
        np.testing.assert_allclose(here, there)
        assert (here <= np.broadcast_to(value, 30) + 1e-12).all()


def test_personalisation_by_hand():
    shown = np.array([[0, 1], [1, 0], [0, 1], [-1, -1]])
    other = np.array([[1, 0], [2, 3], [3, 0], [-1, -1]])
    assert coverage(shown, 8) == 0.25
    assert distinct(shown) == 2
    assert overlap(shown, other).tolist() == [2, 0, 1, 0]


def test_the_interval_is_by_group():
    rng = np.random.default_rng(3)
    groups = np.repeat(np.arange(40), rng.integers(5, 40, 40))
    alike = rng.normal(size=40)[groups]  # members of a group say the same thing
    estimate, low, high = group_bootstrap(alike, groups)
    alone = group_bootstrap(alike, np.arange(len(alike)))
    assert estimate == pytest.approx(alike.mean()) == alone.estimate
    assert high - low > 3 * (alone.high - alone.low)
    spread = 2 * 1.96 * alike.std() / np.sqrt(len(alike))  # the normal approximation, ungrouped
    assert alone.high - alone.low == pytest.approx(spread, rel=0.08)


def test_the_interval_is_reproducible_and_leaves_out_what_is_unknown():
    values, groups = np.random.default_rng(4).random(60), np.array(list("abcdef") * 10)
    found = group_bootstrap(values, groups)
    assert found == group_bootstrap(values, groups) != group_bootstrap(values, groups, seed=1)
    more = np.append(values, [np.nan] * 3), np.append(groups, list("axy"))
    assert group_bootstrap(*more) == found
    assert group_bootstrap(np.full(4, 0.25), np.arange(4)) == (0.25, 0.25, 0.25)


def test_the_interval_contains_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(5)
    groups, hits = np.repeat(np.arange(30), 8), 0
    for seed in range(300):
        values = 0.3 + rng.normal(size=30)[groups] + rng.normal(size=240)
        _, low, high = group_bootstrap(values, groups, n_boot=300, seed=seed)
        hits += low <= 0.3 <= high
    assert 0.89 < hits / 300 < 0.98


def test_differences_make_it_a_paired_comparison():
    rng = np.random.default_rng(6)
    groups = np.repeat(np.arange(22), 20)
    easiness = rng.normal(0.5, 0.2, 22)[groups]
    worse, better = easiness + rng.normal(0, 0.02, 440), easiness + 0.01
    assert group_bootstrap(better - worse, groups).low > 0
    assert group_bootstrap(worse, groups).high > group_bootstrap(better, groups).low


@pytest.mark.parametrize(
    ("values", "groups", "n_boot", "words"),
    [
        ([np.nan], [1], 10, "nothing to resample"),
        ([1.0, 2.0], [1, 2], 0, "n_boot is 0"),
        ([1.0, 2.0], [1, 2, 3], 10, "2 values of 3 occupations"),
    ],
)
def test_mistakes_are_one_sentence(values, groups, n_boot, words, refusal):
    assert words in refusal(group_bootstrap, values, groups, n_boot)
