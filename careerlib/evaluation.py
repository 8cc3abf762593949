"""Judge rankings: O*NET's related occupations as the answer, metrics, intervals by major group.

A person made from an occupation's ratings (`persons`) should be led to that occupation's
relatives. O*NET derives them from tasks, work activities, knowledge and titles, reviewed by
experts (onetcenter.org/reports/Related_2022.html): other ratings than a profile's, but of the
same occupations, and no person was asked: nothing here tells whether somebody would be content.

Rankings come as `shown`: (m, k) positions in the catalog, best first, -1 where nothing is shown,
as `recommend.score_many` returns them. Metrics are (m,), one value a person.
"""

from typing import NamedTuple

import numpy as np

from careerlib.catalog import Catalog
from careerlib.errors import CareerlibError

# Without it the last bit of a matrix product, which depends on how rows are blocked, decides ties.
TIE_DECIMALS = 12


def relatives(catalog: Catalog) -> np.ndarray:
    """(n, n) bool: True in row i, column j, where O*NET lists j among the relatives of i."""
    return catalog.related_matrix() > 0


def best_positions(scores: np.ndarray, top: int) -> np.ndarray:
    """(m, top) columns of the highest of (m, n) scores, no NaN; ties (12 decimals) to the lower."""
    n = scores.shape[1]
    if top >= n:
        return np.argsort(-scores.round(TIE_DECIMALS), axis=1, kind="stable")
    # One more than asked for: where it equals the last, a tie crosses the cut, which argpartition
    # decides by chance. Those rows are sorted in full.
    candidates = np.sort(np.argpartition(scores, n - top - 1, axis=1)[:, n - top - 1 :], axis=1)
    of_candidates = np.take_along_axis(scores, candidates, axis=1)
    order = best_positions(of_candidates, top + 1)
    best = np.take_along_axis(candidates, order, axis=1)[:, :top]
    last_two = np.take_along_axis(of_candidates, order[:, top - 1 :], axis=1).round(TIE_DECIMALS)
    tied = last_two[:, 0] == last_two[:, 1]
    best[tied] = best_positions(scores[tied], n)[:, :top]
    return best


def ranked(scores: np.ndarray, own: np.ndarray | None = None, top: int = 10) -> np.ndarray:
    """(m, top) `shown` for (m, n) scores, n more than `top`; ties go to the lower code.

    own: (m,) position of the occupation that each person was made from, which is left out.
    A row with NaN shows nothing.
    """
    scores = scores.astype(float)  # a copy
    if own is not None:
        scores[np.arange(len(scores)), own] = -np.inf
    unknown = np.isnan(scores).any(axis=1, keepdims=True)
    return np.where(unknown, -1, best_positions(scores, top))


def recall_at_k(shown: np.ndarray, relevant: np.ndarray, k: int = 10) -> np.ndarray:
    """(m,) share of each person's relevant ones, above 0 in (m, n), in her first k; NaN if none."""
    first, relevant = shown[:, :k], relevant > 0
    hits = np.take_along_axis(relevant, first, axis=1) & (first >= 0)
    wanted = relevant.sum(axis=1)
    return np.where(wanted > 0, hits.sum(axis=1) / np.maximum(wanted, 1), np.nan)


class Interval(NamedTuple):
    """An estimate and the ends of its 95 % bootstrap interval."""

    estimate: float
    low: float
    high: float


def group_bootstrap(
    values: np.ndarray, groups: np.ndarray, n_boot: int = 2000, seed: int = 42
) -> Interval:
    """Mean of (m,) values with its percentile interval over resampled groups.

    Each resample draws as many groups as there are, with replacement, with all their values.
    groups: (m,) labels, such as `catalog.table["major_group"]`. For a paired comparison give the
    differences of two methods on the same people. NaN (no relative in the catalog) is left out.
    With fewer than some twenty groups it is too narrow (doi.org/10.1162/rest.90.3.414).
    """
    values, groups = np.asarray(values, dtype=float), np.asarray(groups)
    if not (known := ~np.isnan(values)).any():
        raise CareerlibError("There is nothing to resample: no occupation has a value.")
    _, group = np.unique(groups[known], return_inverse=True)
    sums, sizes = np.bincount(group, values[known]), np.bincount(group)
    # How often each group is drawn: a matrix product then gives all resampled means.
    even = np.full(len(sizes), 1 / len(sizes))
    drawn = np.random.default_rng(seed).multinomial(len(sizes), even, size=n_boot)
    low, high = np.quantile(drawn @ sums / (drawn @ sizes), [0.025, 0.975])
    return Interval(float(values[known].mean()), float(low), float(high))
