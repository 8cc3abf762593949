"""Rankings and recall by hand and by sorting; intervals by what they promise."""

import numpy as np
import pytest

from careerlib.evaluation import group_bootstrap, ranked, recall_at_k

SHOWN = np.array([[2, 0, 1, 4, 3], [4, 3, 2, 1, 0], [0, 1, 2, 3, 4], [-1, -1, -1, -1, -1]])
RELEVANT = np.array([[0, 1, 1, 0, 0], [1, 0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 1]])


@pytest.mark.parametrize("seed", range(5))
def test_rankings_sort_without_the_own_and_near_ties_go_to_the_lower_column(seed):
    rng = np.random.default_rng(seed)
    scores = rng.integers(-3, 3, (40, 30)) + rng.uniform(-1, 1, (40, 30)) * 1e-13
    own, given = rng.integers(0, 30, 40), scores.copy()
    rows = [sorted(range(30), key=lambda j: (-round(row[j], 12), j)) for row in scores]
    others = [[j for j in row if j != mine] for row, mine in zip(rows, own, strict=True)]
    for top in (1, 3, 10, 29):
        np.testing.assert_array_equal(ranked(scores, top=top), np.array(rows)[:, :top])
        np.testing.assert_array_equal(ranked(scores, own, top), np.array(others)[:, :top])
    np.testing.assert_array_equal(scores, given)


@pytest.mark.parametrize(("k", "expected"), [(1, [1 / 2, 0]), (3, [1, 0]), (5, [1, 1])])
def test_recall_by_hand(k, expected):
    np.testing.assert_array_equal(recall_at_k(SHOWN, RELEVANT, k), [*expected, np.nan, 0])


def test_the_interval_is_reproducible_and_leaves_out_what_is_unknown():
    values, groups = np.random.default_rng(4).random(60), np.array(list("abcdef") * 10)
    more = np.append(values, [np.nan] * 3), np.append(groups, list("axy"))
    assert group_bootstrap(*more) == group_bootstrap(values, groups)
    assert group_bootstrap(*more) != group_bootstrap(*more, seed=1)


def test_the_interval_contains_the_truth_about_as_often_as_it_says_if_it_is_by_group():
    rng = np.random.default_rng(5)
    groups, hits = np.repeat(np.arange(30), 8), np.zeros(2)
    for seed in range(300):  # members of a group resemble each other
        values = 0.3 + rng.normal(size=30)[groups] + rng.normal(size=240)
        for which, units in enumerate((groups, np.arange(240))):
            mean, low, high = group_bootstrap(values, units, n_boot=300, seed=seed)
            hits[which] += low <= 0.3 <= high
        assert mean == pytest.approx(values.mean())
    assert 0.89 < hits[0] / 300 < 0.98 and hits[1] / 300 < 0.8
