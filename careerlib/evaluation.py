"""Judge rankings: persons made from occupations, O*NET's related occupations as the answer.

A person made from an occupation's ratings should be led to that occupation's relatives.
The judge is O*NET content itself: O*NET derives relatedness from tasks and work activities,
knowledge and job titles, reviewed by experts (Dahlke, Putka, Shewach and Lewis, "Developing
Related Occupations for the O*NET Program", 2022, onetcenter.org/reports/Related_2022.html).
These are other ratings than a profile's skills, interests and values, but of the same
occupations by the same programme, and no person was asked: nothing here tells whether
somebody would be content or hired.

Rankings come as `shown`: (m, k) positions in the catalog, best first, -1 where nothing is
shown, as `recommend.score_many` returns them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from careerlib.catalog import Catalog
from careerlib.errors import CareerlibError, check_whole, nearest
from careerlib.persons import _generator, full_persons, random_profiles, sparse_persons
from careerlib.recommend import METHODS, best_positions, score_matrix

# O*NET's tiers of relatedness are ranks 1-5, 6-10 and 11-20 of each occupation's list.
TIER_GAINS = {"Primary-Short": 3, "Primary-Long": 2, "Supplemental": 1}
METRICS = ("recall", "ndcg", "mrr")
STATISTICS = ("difference", "ratio")
N_BOOT = 2000

PERSONS: dict[str, Callable[[Catalog, int], np.ndarray]] = {
    "full": lambda catalog, seed: full_persons(catalog),
    "sparse": lambda catalog, seed: sparse_persons(catalog, seed),
}


# Relevance and ranking metrics -----------------------------------------------------------


def gains(catalog: Catalog) -> np.ndarray:
    """(n, n) gain of showing j to a person made from i.

    3, 2 or 1 by O*NET's tier of j among i's relatives (Primary-Short, Primary-Long,
    Supplemental), else 0. Relatives outside the catalog are left out. Above 0 is relevant.
    """
    ranks = catalog.related_matrix()
    short, long, supplemental = TIER_GAINS.values()
    return np.select([ranks == 0, ranks <= 5, ranks <= 10], [0, short, long], supplemental)


def ranked(scores: np.ndarray, own: np.ndarray | None = None, top: int | None = None) -> np.ndarray:
    """(m, top) `shown` for (m, n) scores; ties go to the lower code.

    own: (m,) position of the occupation that each person was made from, which is left out
    of her ranking. top: all that remain by default. A row with NaN shows nothing.
    """
    m, n = scores.shape
    remaining = n if own is None else n - 1
    top = remaining if top is None else min(top, remaining)
    shown = np.full((m, top), -1)
    able = ~np.isnan(scores).any(axis=1)
    values = scores[able].astype(float)
    if own is not None:
        values[np.arange(len(values)), own[able]] = -np.inf
    shown[able] = best_positions(values, top)
    return shown


def recall_at_k(shown: np.ndarray, relevant: np.ndarray, k: int = 10) -> np.ndarray:
    """(m,) share of each person's relevant occupations among her first k.

    relevant: (m, n), above 0 where relevant. With more than k relevant occupations the best
    possible recall is k divided by their number. NaN for a person with none.
    """
    hits = (_gained(shown[:, :k], relevant) > 0).sum(axis=1)
    return _divided(hits, (relevant > 0).sum(axis=1))


def ndcg_at_k(shown: np.ndarray, gains: np.ndarray, k: int = 10) -> np.ndarray:
    """(m,) discounted cumulative gain of the first k, as a share of the best possible.

    gains: (m, n). The gain at rank r counts gain / log2(r + 1), as in scikit-learn's
    ndcg_score, which only gives the mean. NaN for a person without any gain to be had.
    """
    best = -np.sort(-gains, axis=1)[:, :k]
    return _divided(_discounted(_gained(shown[:, :k], gains)), _discounted(best))


def reciprocal_rank(shown: np.ndarray, relevant: np.ndarray) -> np.ndarray:
    """(m,) one divided by the rank of the first relevant occupation; 0 if none is shown.

    Give the whole ranking. The mean over persons is the MRR. NaN for a person with no
    relevant occupation.
    """
    hits = _gained(shown, relevant) > 0
    reciprocal = np.where(hits.any(axis=1), 1 / (hits.argmax(axis=1) + 1), 0.0)
    return np.where((relevant > 0).any(axis=1), reciprocal, np.nan)


def _gained(shown: np.ndarray, gains: np.ndarray) -> np.ndarray:
    """(m, k) gain of each shown occupation; 0 where nothing is shown."""
    return np.where(shown >= 0, np.take_along_axis(gains, np.maximum(shown, 0), axis=1), 0)


def _discounted(gained: np.ndarray) -> np.ndarray:
    return gained @ (1 / np.log2(np.arange(gained.shape[1]) + 2))


def _divided(parts: np.ndarray, wholes: np.ndarray) -> np.ndarray:
    return np.divide(parts, wholes, out=np.full(len(parts), np.nan), where=wholes > 0)


# Personalisation -------------------------------------------------------------------------


def coverage(shown: np.ndarray, n: int) -> float:
    """Share of the n occupations that is shown to somebody."""
    return len(np.unique(shown[shown >= 0])) / n


def distinct(shown: np.ndarray) -> int:
    """Number of different lists (order counts); people to whom nothing is shown do not count."""
    return len(np.unique(shown[(shown >= 0).any(axis=1)], axis=0))


def overlap(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(m,) number of occupations that two lists for the same person share, in any order."""
    both = (first[:, :, None] == second[:, None, :]) & (first >= 0)[:, :, None]
    return both.any(axis=2).sum(axis=1)


# Intervals -------------------------------------------------------------------------------


class Interval(NamedTuple):
    """An estimate and the ends of its 95 % bootstrap interval."""

    estimate: float
    low: float
    high: float


def bootstrap_interval(values: np.ndarray, n_boot: int = N_BOOT, seed: int = 42) -> Interval:
    """Mean of (m,) values with the percentile interval over resampled occupations.

    Values are one an occupation; NaN (no relative in the catalog) is left out.
    """
    return _mean_intervals(np.asarray(values, dtype=float)[:, None], n_boot, seed)[0]


def paired_bootstrap(
    first: np.ndarray,
    second: np.ndarray,
    statistic: str = "difference",
    n_boot: int = N_BOOT,
    seed: int = 42,
) -> Interval:
    """How much better `first` is than `second`, measured on the same occupations.

    first, second: (m,) values, one an occupation in the same order. Each resample draws
    occupations and takes both values of each, so what makes an occupation easy or hard
    for both cancels out. statistic: "difference" of the means, or their "ratio" (infinite
    where the second mean is 0). An occupation with NaN in either is left out.
    """
    if statistic not in STATISTICS:
        raise CareerlibError(
            f"There is no statistic '{statistic}'; {nearest(statistic, STATISTICS)}"
        )
    if np.shape(first) != np.shape(second):
        raise CareerlibError(
            f"A paired comparison needs values of the same occupations, not {len(first)} of one "
            f"and {len(second)} of the other."
        )
    pairs = np.column_stack([first, second]).astype(float)
    means = np.vstack(_resampled_means(pairs, n_boot, seed))
    if statistic == "difference":
        results = means[:, 0] - means[:, 1]
    else:
        infinite = np.full(len(means), np.inf)
        results = np.divide(means[:, 0], means[:, 1], out=infinite, where=means[:, 1] > 0)
    return _interval(results[0], results[1:])


def _mean_intervals(values: np.ndarray, n_boot: int, seed: int) -> list[Interval]:
    """The interval of each column's mean, all columns on the same resamples."""
    means, resampled = _resampled_means(values, n_boot, seed)
    return [_interval(*column) for column in zip(means, resampled.T, strict=True)]


def _resampled_means(values: np.ndarray, n_boot: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(q,) means of (m, q) columns, and (n_boot, q) means over rows drawn with replacement.

    Rows are occupations; those with NaN are left out.
    """
    check_whole("n_boot", n_boot, 1, 10**6, "it is a number of resamples")
    values = values[~np.isnan(values).any(axis=1)]
    m = len(values)
    if m == 0:
        raise CareerlibError("There is nothing to resample: no occupation has a value.")
    # How often each row is drawn: one matrix product then gives all resampled means.
    drawn = _generator(seed).multinomial(m, np.full(m, 1 / m), size=n_boot)
    return values.mean(axis=0), drawn @ values / m


def _interval(estimate: float, resampled: np.ndarray) -> Interval:
    # "lower" and "higher" take two of the resampled values, which may be infinite ratios.
    low = np.quantile(resampled, 0.025, method="lower")
    high = np.quantile(resampled, 0.975, method="higher")
    return Interval(float(estimate), float(low), float(high))


# The comparison --------------------------------------------------------------------------


def _random_scores(persons: np.ndarray, catalog: Catalog, seed: int) -> np.ndarray:
    """Another order for each person, by chance."""
    return _generator(seed).random((len(persons), len(catalog)))


def _employment_scores(persons: np.ndarray, catalog: Catalog, seed: int) -> np.ndarray:
    """Thousand jobs in 2024, the same for everybody.

    O*NET occupations that share a BLS row share its jobs evenly: their own are not known,
    and giving the sum to each would lift all of them. Where BLS has no figure it is 0.
    """
    jobs = catalog.table["employment_2024"] / catalog.table["bls_shared_by"]
    return np.tile(jobs.fillna(0).to_numpy(), (len(persons), 1))


BASELINES: dict[str, Callable[[np.ndarray, Catalog, int], np.ndarray]] = {
    "random": _random_scores,
    "most_employed": _employment_scores,
}


def scores_of(method: str, persons: np.ndarray, catalog: Catalog, seed: int = 42) -> np.ndarray:
    """(m, n) scores by a baseline or by a method of `recommend`; the seed is for "random"."""
    if method in BASELINES:
        return BASELINES[method](persons, catalog, seed)
    if method not in METHODS:
        known = (*BASELINES, *METHODS)
        raise CareerlibError(f"There is no method '{method}'; {nearest(method, known)}")
    return score_matrix(persons, method, catalog)


@dataclass(frozen=True)
class Comparison:
    """Methods judged on the same m persons.

    k: length of the lists. n: occupations in the catalog.
    values: {method: DataFrame of m rows, indexed by the code of the occupation that the
        person was made from, with her recall, ndcg and mrr (the reciprocal rank)}.
    shown: {method: (m, k) the lists as people see them, own occupation included}.
    """

    k: int
    n: int
    values: dict[str, pd.DataFrame]
    shown: dict[str, np.ndarray]

    def by_occupation(self, method: str) -> pd.DataFrame:
        """Recall, ndcg and mrr by occupation: the mean over the persons made from it."""
        return self.values[method].groupby(level=0, sort=False).mean()

    def table(self, n_boot: int = N_BOOT, seed: int = 42) -> pd.DataFrame:
        """One row a method: each metric with its interval, coverage and distinct lists."""
        values = pd.concat([self.by_occupation(method) for method in self.values], axis=1)
        intervals = iter(_mean_intervals(values.to_numpy(), n_boot, seed))
        rows = {}
        for method in self.values:
            row: dict[str, float] = {}
            for metric in METRICS:
                estimate, low, high = next(intervals)
                row |= {metric: estimate, f"{metric}_low": low, f"{metric}_high": high}
            row["coverage"] = coverage(self.shown[method], self.n)
            row["distinct_lists"] = distinct(self.shown[method])
            rows[method] = row
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("method")

    def against(
        self,
        reference: str,
        metric: str = "recall",
        statistic: str = "difference",
        n_boot: int = N_BOOT,
        seed: int = 42,
    ) -> pd.DataFrame:
        """One row for each other method: it against the reference, with a paired interval."""
        for name, valid in ((reference, self.values), (metric, METRICS)):
            if name not in valid:
                raise CareerlibError(f"There is no '{name}' to compare; {nearest(name, valid)}")
        baseline = self.by_occupation(reference)[metric]
        rows = {
            method: paired_bootstrap(
                self.by_occupation(method)[metric], baseline, statistic, n_boot, seed
            )._asdict()
            for method in self.values
            if method != reference
        }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("method")


def judge(
    methods: Iterable[str] | Mapping[str, np.ndarray],
    catalog: Catalog,
    persons: str | np.ndarray = "sparse",
    k: int = 10,
    seed: int = 42,
    own: np.ndarray | None = None,
) -> Comparison:
    """Judge methods on persons made from the catalog's occupations.

    methods: names of baselines or of methods of `recommend`; or {name: (m, n) scores} of
    a method that is in neither. persons: "full", "sparse" (made with `seed`), or (m, 50)
    vectors made from the occupations at the (m,) positions `own` (by default one for each
    occupation, in order). Metrics leave the own occupation out of the ranking; coverage
    and distinct lists are of the lists as shown, with it.
    """
    check_whole("k", k, 1, len(catalog) - 1, f"the catalog '{catalog.name}' has {len(catalog)}")
    persons = _persons(persons, catalog, seed)
    own = np.arange(len(catalog)) if own is None else np.asarray(own)
    if len(own) != len(persons):
        raise CareerlibError(
            f"There are {len(persons)} persons made from {len(own)} occupations; give `own`, the "
            "position in the catalog for each person."
        )
    if not isinstance(methods, Mapping):
        methods = {method: scores_of(method, persons, catalog, seed) for method in methods}
    gain = gains(catalog)[own]
    values, lists = {}, {}
    for method, scores in methods.items():
        others = ranked(scores, own)
        metrics = (
            recall_at_k(others, gain, k), ndcg_at_k(others, gain, k), reciprocal_rank(others, gain)
        )
        values[method] = pd.DataFrame(
            dict(zip(METRICS, metrics, strict=True)), index=catalog.codes[own]
        )
        lists[method] = ranked(scores, top=k)
    return Comparison(k, len(catalog), values, lists)


def compare(
    methods: Iterable[str] | Mapping[str, np.ndarray],
    catalog: Catalog,
    persons: str | np.ndarray = "sparse",
    k: int = 10,
    seed: int = 42,
    n_boot: int = N_BOOT,
) -> pd.DataFrame:
    """Table of methods by metrics, as `Comparison.table`; arguments as `judge`."""
    return judge(methods, catalog, persons, k, seed).table(n_boot, seed)


def _persons(persons: str | np.ndarray, catalog: Catalog, seed: int) -> np.ndarray:
    if isinstance(persons, np.ndarray):
        return persons
    if persons not in PERSONS:
        raise CareerlibError(f"There are no persons '{persons}'; {nearest(persons, PERSONS)}")
    return PERSONS[persons](catalog, seed)
