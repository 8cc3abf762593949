"""Metrics by hand, by properties and against scikit-learn; intervals by what they promise."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import ndcg_score

from careerlib import evaluation
from careerlib.evaluation import best_positions, group_bootstrap, ndcg_at_k, ranked, recall_at_k

TIER_GAINS = {"Primary-Short": 3, "Primary-Long": 2, "Supplemental": 1}
SHOWN = np.array([[2, 0, 1, 4, 3], [4, 3, 2, 1, 0], [0, 1, 2, 3, 4], [-1, -1, -1, -1, -1]])
GAINS = np.array([[0, 3, 1, 0, 0], [2, 0, 0, 0, 0], [0, 0, 0, 0, 0], [1, 0, 0, 0, 0]])


def test_nothing_of_recommend_is_needed():
    code = "import sys, careerlib.evaluation; print('careerlib.recommend' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code]).strip() == b"False"


@pytest.mark.parametrize("name", ["catalog", "post"])
def test_relatives_and_gains_are_onets(name, request):
    catalog = request.getfixturevalue(name)
    table = pd.crosstab(
        catalog.related["onet_soc_code"], catalog.related["related_code"],
        catalog.related["tier"].map(TIER_GAINS), aggfunc="sum",
    )  # fmt: skip
    expected = table.reindex(index=catalog.codes, columns=catalog.codes).fillna(0)
    np.testing.assert_array_equal(evaluation.gains(catalog), expected)
    np.testing.assert_array_equal(evaluation.relatives(catalog), expected > 0)
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


# First person: gain 1 at rank 1 and 3 at rank 3; best would be 3, then 1.
BEST = 3 + 1 / np.log2(3)


@pytest.mark.parametrize(("found", "expected"), [
    (recall_at_k(SHOWN, GAINS, 2), [1 / 2, 0]),
    (recall_at_k(SHOWN, GAINS, 3), [1, 0]),
    (recall_at_k(SHOWN, GAINS > 0, 5), [1, 1]),
    (evaluation.reciprocal_rank(SHOWN, GAINS), [1, 1 / 5]),
    (evaluation.reciprocal_rank(SHOWN[:, 1:], GAINS), [1 / 2, 1 / 4]),
    (ndcg_at_k(SHOWN, GAINS, 5), [(1 + 3 / 2) / BEST, 1 / np.log2(6)]),
    (ndcg_at_k(SHOWN, GAINS, 2), [1 / BEST, 0]),
])  # fmt: skip
def test_metrics_by_hand(found, expected):
    np.testing.assert_allclose(found, [*expected, np.nan, 0], rtol=1e-12)


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
    share = np.minimum(relevant, 5) / relevant
    best = {ndcg_at_k: 1, recall_at_k: share, evaluation.reciprocal_rank: 1}
    scores = rng.random((30, 12))
    for metric, value in best.items():
        k = () if metric is evaluation.reciprocal_rank else (5,)
        np.testing.assert_allclose(metric(ranked(gain.astype(float)), gain, *k), value)
        here = metric(ranked(scores), gain, *k)
        np.testing.assert_allclose(here, metric(ranked(scores[:, order]), gain[:, order], *k))
        assert (here <= value + 1e-12).all()


def test_personalisation_by_hand():
    shown = np.array([[0, 1], [1, 0], [0, 1], [-1, -1]])
    other = np.array([[1, 0], [2, 3], [3, 0], [-1, -1]])
    assert evaluation.coverage(shown, 8) == 0.25
    assert evaluation.distinct(shown) == 2
    assert evaluation.overlap(shown, other).tolist() == [2, 0, 1, 0]


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


def test_mistakes_are_one_sentence(refusal):
    assert "nothing to resample" in refusal(group_bootstrap, [np.nan], [1])
    assert "n_boot is 0" in refusal(group_bootstrap, [1.0, 2.0], [1, 2], 0)
    assert "2 values of 3 occupations" in refusal(group_bootstrap, [1.0, 2.0], [1, 2, 3])
