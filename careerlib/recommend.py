"""Rank occupations for one person or for many, by one of METHODS, and within limits."""

from collections.abc import Callable, Iterable
from functools import cache

import numpy as np
import pandas as pd
from scipy.special import expit

from careerlib.catalog import Catalog, load_catalog
from careerlib.encoding import (
    ALL_SLOTS,
    N_SLOTS,
    NEEDED_LEVEL,
    RATED,
    correlation,
    encode_occupations,
    encode_persons,
    unit_rows,
)
from careerlib.errors import CareerlibError, check_whole, nearest
from careerlib.matching import MEANING, matcher_of, word
from careerlib.persons import full_persons
from careerlib.profile import Profile
from careerlib.training import confidence, fold, post_model

RANK_BY = ("fit", "openings")
HOURLY, HOURS = 1000, 2080  # a lower wage looks like one for an hour; hours of work in a year
COLUMNS = [
    "rank", "onet_soc_code", "soc_code", "title", "score", "confidence", "median_wage",
    "wage_top_coded", "education", "job_zone", "growth_percent", "openings", "counted_most", "note",
]  # fmt: skip
NOBODY = Profile()
People = Profile | Iterable[Profile] | np.ndarray


def _correlated(*blocks: str) -> Callable:
    return lambda persons, catalog: correlation(persons, full_persons(catalog), blocks)


def _cosine(fill: bool) -> Callable:
    """Of 50 slots; where nothing is filled in the occupation's interests and values are empty."""
    return lambda persons, catalog: (
        unit_rows(persons[:, :N_SLOTS]) @ unit_rows(encode_occupations(catalog, fill)).T
    )


def _post(persons: np.ndarray, catalog: Catalog) -> np.ndarray:
    """Log-odds, which rank as probabilities do."""
    folded = fold(post_model())
    of_occupations = encode_occupations(catalog) @ folded.occupation + folded.constant
    return np.add.outer(persons[:, :N_SLOTS] @ folded.person, of_occupations)


# Each turns (m, 83) persons into (m, n) scores of a catalog's occupations, higher is better.
METHODS: dict[str, Callable[[np.ndarray, Catalog], np.ndarray]] = {
    "post": _post,  # the post's logistic regression on 150 features
    "cosine": _cosine(fill=False),  # as in the post
    "cosine_filled": _cosine(fill=True),
    "correlation": _correlated("interests", "skills", "knowledge"),  # Pearson's, added up
    "interests": _correlated("interests"),  # reported to be O*NET's Interest Profiler
    "matched": lambda persons, catalog: matcher_of(catalog).score(persons),  # it listens
}
# Of those whose scores become probabilities: how, and the word for one.
PROBABILITIES: dict[str, Callable] = {
    "post": lambda persons, scores, catalog: expit(scores),
    "matched": lambda persons, scores, catalog: matcher_of(catalog).probabilities(persons, scores),
}
CONFIDENCE = {"post": confidence, "matched": word}
AS_POSTED = ("post", "cosine")  # among the post's 150 occupations
OF_50_SLOTS = (*AS_POSTED, "cosine_filled")  # knowledge is none of these


def recommend(
    profile: Profile, method: str = "matched", top: int = 10, catalog: Catalog | str | None = None,
    max_job_zone: int | None = None, rank_by: str = "fit",
) -> pd.DataFrame:  # fmt: skip
    """The `top` best occupations for one person, best first; the arguments are `score_many`'s.

    Returns one row each with rank, onet_soc_code, soc_code (six digits), title, score (a
    probability, cosine or correlation), confidence (a word for a probability, else empty),
    median_wage (US dollars a year), wage_top_coded (the true median is at least that), education,
    job_zone (1-5), growth_percent (2024 to 2034), openings (thousand a year; NaN, like other
    figures, where BLS has none), counted_most (the three statements that raise the score most,
    where the method can say) and note (what was not known, and whose relative it is).

    With the method "matched" the profile's minimum wage, highest education and fields, and
    `max_job_zone` (1-5), are limits: what breaks one is left out, so there can be fewer than
    `top` rows. `attrs["limits"]` says what was removed, and what was stated and not used;
    `attrs["words"]` what the words mean. The profile's own occupation is left out; by fit those
    that O*NET relates to it come first, in O*NET's order. The other methods apply no limits.

    Raises CareerlibError for an unknown method or rank_by, a `top` that the catalog does not have,
    and a profile that has no ranking because it states too little.
    """
    catalog = _checked(method, catalog, top, rank_by)
    person, matched = encode_persons([profile], catalog), method == "matched"
    (order,), _, (scores,) = _ranked(person, method, len(catalog), catalog, rank_by)
    if order[0] < 0:
        raise CareerlibError(
            f"The profile is empty or says too little for the method '{method}'; rate skills, "
            "interests or knowledge above 0, and not all of them alike."
        )
    broken, unsure = limits(profile, catalog, max_job_zone) if matched else limits(NOBODY, catalog)
    shown, openings = dict(zip(order, scores, strict=True)), yearly_openings(catalog)
    if rank_by == "openings":
        unsure["openings not known"] = np.isnan(openings)
    if profile.occupation:
        own = catalog.position(profile.occupation)
        first = catalog.relatives_of(own) if matched and rank_by == "fit" else []
        unsure[f"related to {catalog.titles.iloc[own]}"] = np.isin(range(len(catalog)), first)
        order = np.append(first, order[~np.isin(order, [*first, own])]).astype(int)
    order = order[~broken.to_numpy(bool).any(axis=1)[order]][:top]
    scores = np.array([shown[position] for position in order])
    listed = catalog.table.iloc[order].reset_index().assign(
        rank=np.arange(1, len(order) + 1), score=scores, openings=openings[order],
        confidence=[CONFIDENCE[method](one) if method in CONFIDENCE else "" for one in scores],
        counted_most=_raising(person[0], order, catalog) if matched else "",
        note=["; ".join(unsure.columns[row]) for row in unsure.to_numpy(bool)[order]],
    )[COLUMNS]  # fmt: skip
    said = removed(broken) if matched else f"The method '{method}' applies no limits."
    listed.attrs["limits"] = " ".join([said, *unused(profile, method)])
    listed.attrs["words"] = MEANING if matched else ""
    return listed


def _raising(person: np.ndarray, order: np.ndarray, catalog: Catalog) -> list[str]:
    """The three statements that raise each score most, with what they add to its log-odds."""
    names, added = matcher_of(catalog).contributions(person, order)
    return [
        ", ".join(f"{names[i]} {of_one[i]:+.1f}" for i in most[:3] if of_one[i] >= 0.05)
        for of_one, most in zip(added.T, np.argsort(-added, axis=0, kind="stable").T, strict=True)
    ]


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


def unused(profile: Profile, method: str) -> list[str]:
    """A sentence for each thing that was stated and is not used, or looks like a slip."""
    told, wage = [], profile.min_wage or 0
    if profile.remote and method not in OF_50_SLOTS:
        told.append("'remote' is not used: no table says what can be done from home.")
    if profile.knowledge and method in (*OF_50_SLOTS, "interests"):
        told.append(f"'knowledge' is not used by the method '{method}'.")
    if 0 < wage < HOURLY:
        year = f"{wage * HOURS:,.0f}"
        told.append(f"'min_wage: {wage:g}' looks like an hourly wage; by the year it is {year}.")
    return told


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

    profiles: Profiles, or an array of (m, 83), or (m, 50) without knowledge. catalog: a Catalog or
    its name; by default the post's 150 for "post" and "cosine", as in the post, and all for the
    others. rank_by: "fit", or "openings": probability times yearly openings.

    Returns (m, top) positions in the catalog and the (m, top) values that they are ranked by, best
    first, ties to the lower code; by openings those not known come last, with NaN. A person whom
    the method cannot rank (nothing rated, or all alike where it correlates) has position -1 and
    NaN in the whole row. Raises CareerlibError as `recommend`, and for other arrays.
    """
    catalog = _checked(method, catalog, top, rank_by)
    given = profiles if isinstance(profiles, np.ndarray) else encode_persons(profiles, catalog)
    persons = np.zeros((len(given), len(ALL_SLOTS)))
    numbers = given.dtype.kind in "fiu" and np.isfinite(given).all()
    if not numbers or given.shape[1:] not in (persons.shape[1:], (N_SLOTS,)):
        what = f"The person vectors are a {given.dtype} array of shape {given.shape}"
        raise CareerlibError(f"{what}; give finite numbers of shape (people, 83 or 50).")
    persons[:, : given.shape[1]] = given
    return _ranked(persons, method, top, catalog, rank_by)[:2]


def _ranked(persons: np.ndarray, method: str, top: int, catalog: Catalog, rank_by: str) -> tuple:
    """`score_many` of what is checked, and the (m, top) scores or probabilities to be shown."""
    used = RATED[RATED < N_SLOTS] if method in OF_50_SLOTS else RATED
    scores = METHODS[method](persons, catalog)
    unable = ~(persons[:, used].any(axis=1) & scores.any(axis=1))
    shown = PROBABILITIES.get(method, lambda persons, scores, catalog: scores)
    if rank_by == "openings":
        fit, openings = shown(persons, scores, catalog), yearly_openings(catalog)
        # Those not known lie below 0, in the order of the fit.
        products = np.where(np.isnan(openings), fit - 1, fit * openings)
        best = best_positions(np.nan_to_num(products), top)
        fit = np.take_along_axis(fit, best, axis=1)
        values = fit * openings[best]
    else:
        best = best_positions(scores, top)
        fit = values = shown(persons, np.take_along_axis(scores, best, axis=1), catalog)
    fit[unable], values[unable], best[unable] = np.nan, np.nan, -1
    return best, values, fit


def best_positions(scores: np.ndarray, top: int) -> np.ndarray:
    """(m, top) columns of the highest of (m, n) scores, best first; ties to the lower column.

    `evaluation.ranked` without sorting what is not shown.
    """
    n = scores.shape[1]
    keys = scores * -1e12
    keys = np.rint(keys, out=keys).astype(np.int64)  # a whole number of 10^-12, as ties are told
    keys *= n
    keys += np.arange(n)  # all different
    best = np.argpartition(keys, top - 1, axis=1)[:, :top]
    order = np.argsort(np.take_along_axis(keys, best, axis=1), axis=1)
    return np.take_along_axis(best, order, axis=1)


def score_matrix(
    profiles: People, method: str = "matched", catalog: Catalog | str | None = None
) -> np.ndarray:
    """(m, n) scores of every person for every occupation; arguments and errors as `score_many`.

    NaN for a person whom the method cannot rank.
    """
    catalog = _checked(method, catalog)
    positions, scores = score_many(profiles, method, len(catalog), catalog)
    matrix = np.full(scores.shape, np.nan)
    np.put_along_axis(matrix, positions, scores, axis=1)
    return matrix


def _checked(
    method: str, catalog: Catalog | str | None, top: int = 1, rank_by: str = "fit"
) -> Catalog:
    """The catalog, where what was asked for can be had."""
    if method not in METHODS:
        raise CareerlibError(f"There is no method '{method}'; {nearest(method, METHODS)}")
    if not isinstance(catalog, Catalog):
        catalog = _loaded(catalog or ("post" if method in AS_POSTED else "all"))
    check_whole("top", top, 1, len(catalog), f"the catalog '{catalog.name}' has {len(catalog)}")
    if rank_by not in RANK_BY:
        raise CareerlibError(f"There is no rank_by '{rank_by}'; {nearest(rank_by, RANK_BY)}")
    if rank_by == "openings" and method not in PROBABILITIES:
        what = f"The method '{method}' gives no probability to multiply openings by"
        raise CareerlibError(f"{what}; leave rank_by out, or use 'matched'.")
    return catalog


_loaded = cache(load_catalog)
