"""Judge rankings by O*NET's related occupations, which experts reviewed; nobody was asked whether
she is content (onetcenter.org/reports/Related_2022.html)."""

from collections import namedtuple

import numpy as np

Interval = namedtuple("Interval", "estimate low high")  # with the ends of its 95 % interval


# The three functions below are typed in notebook 06.
def ranked(scores, own=None, top=10):
    """(m, top) positions of the highest of (m, n) scores, best first; ties to the lower code.
    own: (m,) position of the occupation that each person was made from, which is left out."""
    # Rounded: the last bits of a matrix product depend on how its rows are blocked.
    keys = np.arange(scores.shape[1]) / 1e13 - scores.round(10)  # lowest first, none alike
    if own is not None:
        keys[np.arange(len(keys)), own] = np.inf
    return np.argsort(keys, axis=1)[:, :top]


def recall_at_k(shown, relevant, k=10):
    """(m,) share of a person's relevant ones, above 0 in (m, n), in her first k; NaN if none.
    shown: (m, k or more) positions in the catalog, best first, -1 where nothing is shown."""
    first, relevant = shown[:, :k], relevant > 0
    hits = np.take_along_axis(relevant, first, axis=1) & (first >= 0)
    wanted = relevant.sum(axis=1)
    return hits.sum(axis=1) / np.where(wanted > 0, wanted, np.nan)


def group_bootstrap(values, groups, n_boot=2000, seed=42):
    """Mean of (m,) values, NaN left out, with its `Interval` over groups, (m,) labels, resampled
    with all their values. To compare two methods give their differences on the same people. With
    fewer than some twenty groups it is too narrow (doi.org/10.1162/rest.90.3.414)."""
    known = ~np.isnan(values)
    _, group = np.unique(groups[known], return_inverse=True)
    sums, sizes = np.bincount(group, values[known]), np.bincount(group)
    even = np.full(len(sizes), 1 / len(sizes))
    rng = np.random.default_rng(seed)
    times = rng.multinomial(len(sizes), even, size=n_boot)  # (n_boot, groups)
    low, high = np.quantile(times @ sums / (times @ sizes), [0.025, 0.975])
    return Interval(values[known].mean(), low, high)
