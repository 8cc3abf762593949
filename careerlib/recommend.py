"""Rank occupations for one person or for a million, by one of METHODS, and within limits."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import expit
from tqdm import trange

from careerlib.catalog import Catalog, load_catalog
from careerlib.encoding import (
    N_SLOTS,
    NEEDED_LEVEL,
    correlation,
    encode_occupations,
    encode_profiles,
    unit_rows,
)
from careerlib.errors import CareerlibError, check_whole, nearest
from careerlib.matching import RATED, matcher_of, word
from careerlib.profile import Profile
from careerlib.training import confidence, fold, post_model

METHODS = {
    "post": "the post's logistic regression on 150 features",
    "cosine": "the cosine of 50 slots, the occupation's interests and values empty, as in the post",
    "cosine_filled": "the cosine of 50 slots",
    "correlation": "Pearson's correlation of interests plus that of skills, unrated ones 0",
    "interests": "Pearson's correlation of interests, reported to be O*NET's Interest Profiler",
    "matched": "the recommender that listens: what a person states meets what an occupation is",
}
AS_POSTED = ("post", "cosine")  # among the post's 150 occupations, with its vectors
RANK_BY = ("fit", "openings")
CHUNK = 2048  # people scored at once: 2,048 x 894 scores take 15 MB
COLUMNS = [
    "rank", "onet_soc_code", "soc_code", "title", "score", "confidence", "median_wage",
    "wage_top_coded", "education", "job_zone", "growth_percent", "openings", "counted_most", "note",
]  # fmt: skip
People = Profile | Iterable[Profile] | np.ndarray


class Scorer(NamedTuple):
    """A method that is ready for one catalog of n occupations.

    scores: turns (m, 50) person vectors into (m, n) values, higher is better.
    shown: turns these persons and values of theirs, (m, k), into what is shown.
    word: the confidence word of what is shown, if that is a probability.
    reasons: for a Profile and positions the tables (statement, contribution) of what counted,
        largest first, if the method can say.
    """

    scores: Callable[[np.ndarray], np.ndarray]
    shown: Callable[[np.ndarray, np.ndarray], np.ndarray] = lambda persons, values: values
    word: Callable[[float], str] | None = None
    reasons: Callable[[Profile, np.ndarray], list[pd.DataFrame]] | None = None


def _scorer(method: str, catalog: Catalog) -> Scorer:
    """The method ready for the catalog."""
    if method == "matched":
        fitted = matcher_of(catalog)
        return Scorer(fitted.scores, fitted.probabilities, word, fitted.reasons_of_all)
    occupations = encode_occupations(catalog, fill=method not in AS_POSTED)
    if method == "post":  # ranking by log-odds is the same as by probability
        folded = fold(post_model())
        of_occupations = occupations @ folded.occupation + folded.constant
        return Scorer(
            lambda persons: np.add.outer(persons @ folded.person, of_occupations),
            lambda persons, log_odds: expit(log_odds),
            confidence,
        )
    if method.startswith("cosine"):
        units = unit_rows(occupations).T
        return Scorer(lambda persons: unit_rows(persons) @ units)
    blocks = ["interests", "skills"] if method == "correlation" else ["interests"]
    return Scorer(lambda persons: correlation(persons, occupations, blocks))


def recommend(
    profile: Profile, method: str = "matched", top: int = 10, catalog: Catalog | str | None = None,
    max_job_zone: int | None = None, rank_by: str = "fit",
) -> pd.DataFrame:  # fmt: skip
    """The `top` best occupations for one person, best first; the arguments are `score_many`'s.

    Returns one row each with rank, onet_soc_code, soc_code (six digits), title, score (a
    probability, cosine or correlation), confidence (a word for a probability, else empty),
    median_wage (US dollars a year), wage_top_coded (the true median is at least that), education,
    job_zone (1-5), growth_percent (2024 to 2034), openings (thousand a year; NaN, like other
    figures, where BLS has none), counted_most (the three statements that add most to the score,
    where the method can say) and note (what was not known).

    With the method "matched" the profile's minimum wage, highest education and fields, and
    `max_job_zone` (1-5), are limits: what breaks one is left out, so there can be fewer than
    `top` rows. `attrs["limits"]` says what was removed. The other methods apply none.

    Raises CareerlibError for an unknown method or rank_by, a `top` that the catalog does not have,
    and a profile that has no ranking because it states too little.
    """
    scorer, catalog, ranked_by = _ready(method, catalog, top, rank_by)
    person = encode_profiles([profile])
    (order,), (scores,) = _best(scorer, person, len(catalog), ranked_by)
    if order[0] < 0:
        raise CareerlibError(
            f"The profile is empty or says too little for the method '{method}'; rate skills and "
            "interests above 0, and not all of them alike."
        )
    free = method != "matched"
    broken, unsure = limits(Profile(), catalog) if free else limits(profile, catalog, max_job_zone)
    left = np.flatnonzero(~broken.any(axis=1).to_numpy()[order])[:top]
    order, scores, openings = order[left], scores[left], yearly_openings(catalog)
    if ranked_by is not None:
        unsure["openings not known"] = np.isnan(openings)
        scores = scorer.shown(person, scorer.scores(person))[0, order]
    counted = [
        ", ".join(f"{name} {value + 0:+.1f}" for name, value in reasons.head(3).round(1).to_numpy())
        for reasons in (scorer.reasons(profile, order) if scorer.reasons else [])
    ]
    listed = catalog.table.iloc[order].reset_index().assign(
        rank=np.arange(1, len(order) + 1), score=scores, openings=openings[order],
        confidence=[scorer.word(score) if scorer.word else "" for score in scores],
        counted_most=counted or "",
        note=["; ".join(unsure.columns[row]) for row in unsure.to_numpy(bool)[order]],
    )[COLUMNS]  # fmt: skip
    none = f"The method '{method}' applies no limits."
    listed.attrs["limits"] = none if free else removed(broken)
    return listed


def limits(
    profile: Profile, catalog: Catalog, max_job_zone: int | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Which of the catalog's n occupations break a profile's limits, and a highest job zone (1-5).

    An occupation breaks the minimum wage if its median wage is known, not top-coded, and
    lower; the education limit if it typically needs a higher level; the job zone if it is
    higher; the fields if its major group is none of them.

    Returns two tables with n rows of True and False: a column for each limit that was stated,
    True where it is broken; and one for each thing not known that was decided in the person's
    favour. Raises CareerlibError for a job zone that does not exist.
    """
    table, broken, unsure = catalog.table, {}, {}
    if profile.min_wage:
        low = table["median_wage"] < profile.min_wage  # False where missing
        unsure["wage not known"] = table["median_wage"].isna()
        unsure["wage at least the figure"] = low & table["wage_top_coded"]
        broken["minimum wage"] = low & ~table["wage_top_coded"]
    if profile.max_education is not None:
        needed = table["education"].map(NEEDED_LEVEL)
        unsure["education not known"] = needed.isna()
        broken["education"] = needed > NEEDED_LEVEL[profile.max_education]
    if max_job_zone is not None:
        check_whole("max_job_zone", max_job_zone, 1, 5, "O*NET has five job zones")
        broken["job zone"] = table["job_zone"] > max_job_zone
    if profile.fields:
        broken["fields"] = ~table["major_group"].isin(profile.fields)
    return pd.DataFrame(broken, table.index), pd.DataFrame(unsure, table.index)


def removed(broken: pd.DataFrame) -> str:
    """A sentence on what the limits removed."""
    if broken.columns.empty:
        return "No limit was stated, so nothing was removed."
    each = ", ".join(f"{limit} {count}" for limit, count in broken.sum().items())
    out_of = f"{broken.any(axis=1).sum()} of {len(broken)} occupations"
    return f"The limits removed {out_of} ({each}; one can break several)."


def yearly_openings(catalog: Catalog) -> np.ndarray:
    """(n,) thousand openings a year by BLS, NaN where it has none.

    O*NET occupations that share a BLS row share its openings evenly: their own are not known,
    and giving the sum to each would lift all of them.
    """
    return (catalog.table["openings"] / catalog.table["bls_shared_by"]).to_numpy(float)


def score_many(
    profiles: People, method: str = "matched", top: int = 10, catalog: Catalog | str | None = None,
    rank_by: str = "fit",
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """The best occupations of many people at once, without limits.

    profiles: Profiles, or an (m, 50) array of person vectors. Beyond these and the result, memory
    is that of CHUNK people's scores. catalog: a Catalog or its name; by default the post's 150 for
    "post" and "cosine", as in the post, and all occupations for the others. rank_by: "fit", or
    "openings": probability times yearly openings, so where an opening that fits would be.

    Returns (m, top) positions in the catalog and the (m, top) values that they are ranked by, best
    first, ties to the lower code; by openings those not known come last, with NaN. A person whom
    the method cannot rank (nothing rated, or all alike where it correlates) has position -1 and
    NaN in the whole row. Raises CareerlibError as `recommend`, and for other arrays.
    """
    scorer, _, openings = _ready(method, catalog, top, rank_by)
    persons = profiles if isinstance(profiles, np.ndarray) else encode_profiles(profiles)
    numbers = persons.dtype.kind in "fiu" and np.isfinite(persons).all()
    if not numbers or persons.shape[1:] != (N_SLOTS,):
        raise CareerlibError(
            f"The person vectors are a {persons.dtype} array of shape {persons.shape}; give finite "
            f"numbers of shape (people, {N_SLOTS})."
        )
    persons = persons.astype(float, copy=False)
    positions, values = np.full((len(persons), top), -1), np.full((len(persons), top), np.nan)
    # The bar appears after a second, and only in a terminal.
    bar = {"unit": " people", "unit_scale": CHUNK, "delay": 1, "disable": None, "leave": False}
    for start in trange(0, len(persons), CHUNK, **bar):
        rows = slice(start, start + CHUNK)
        positions[rows], values[rows] = _best(scorer, persons[rows], top, openings)
    return positions, values


def best_positions(scores: np.ndarray, top: int) -> np.ndarray:
    """(m, top) columns of the highest of (m, n) finite scores; ties to the lower column.

    It is `evaluation.ranked` for many people: as fast, nearly, as a plain argpartition.
    """
    n = scores.shape[1]
    keys = np.arange(n) - n * np.rint(scores * 1e12).astype(np.int64)  # whole, and all different
    best = np.argpartition(keys, top - 1, axis=1)[:, :top]
    order = np.argsort(np.take_along_axis(keys, best, axis=1), axis=1)
    return np.take_along_axis(best, order, axis=1)


def _best(
    scorer: Scorer, persons: np.ndarray, top: int, openings: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """`score_many` for as many persons as fit into memory."""
    scores = scorer.scores(persons)
    able = np.any(persons[:, RATED] > 0, axis=1) & scores.any(axis=1)
    if openings is None:
        best = best_positions(scores, top)
        values = scorer.shown(persons, np.take_along_axis(scores, best, axis=1))
    else:
        fit, unknown = scorer.shown(persons, scores), np.isnan(openings)
        products = np.where(unknown, fit - 1, fit * openings)  # below 0, in the order of the fit
        best = best_positions(products, top)
        values = np.where(unknown[best], np.nan, np.take_along_axis(products, best, axis=1))
    return np.where(able[:, None], best, -1), np.where(able[:, None], values, np.nan)


def score_matrix(
    profiles: People, method: str = "matched", catalog: Catalog | str | None = None
) -> np.ndarray:
    """(m, n) scores of every person for every occupation; arguments and errors as `score_many`.

    All are in memory at once. NaN for a person whom the method cannot rank.
    """
    _, catalog, _ = _ready(method, catalog)
    positions, scores = score_many(profiles, method, len(catalog), catalog)
    matrix = np.full(scores.shape, np.nan)
    np.put_along_axis(matrix, positions, scores, axis=1)
    return matrix


def _ready(
    method: str, catalog: Catalog | str | None, top: int = 1, rank_by: str = "fit"
) -> tuple[Scorer, Catalog, np.ndarray | None]:
    """What was asked for, checked: the method ready for the catalog, and the (n,) openings to
    multiply probabilities by, None where fit alone ranks."""
    if method not in METHODS:
        raise CareerlibError(f"There is no method '{method}'; {nearest(method, METHODS)}")
    if not isinstance(catalog, Catalog):
        catalog = _loaded(catalog or ("post" if method in AS_POSTED else "all"))
    check_whole("top", top, 1, len(catalog), f"the catalog '{catalog.name}' has {len(catalog)}")
    if rank_by not in RANK_BY:
        raise CareerlibError(f"There is no rank_by '{rank_by}'; {nearest(rank_by, RANK_BY)}")
    scorer, by_openings = _scorer(method, catalog), rank_by == "openings"
    if by_openings and scorer.word is None:
        what = f"The method '{method}' gives no probability to multiply openings by"
        raise CareerlibError(f"{what}; leave rank_by out, or use 'matched'.")
    return scorer, catalog, yearly_openings(catalog) if by_openings else None


_loaded = cache(load_catalog)
