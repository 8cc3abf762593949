"""Rank occupations for one person or for many, by one of METHODS, and within limits."""

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd
from scipy.special import expit

from careerlib import encoding
from careerlib.catalog import GROUPS, Catalog, load_catalog
from careerlib.encoding import N_SLOTS, RATED, correlation, encode_occupations, encode_persons
from careerlib.errors import CareerlibError, check_whole, nearest
from careerlib.evaluation import ranked
from careerlib.matching import COMPARED, MEANING, matcher_of, word
from careerlib.persons import full_persons
from careerlib.profile import Profile
from careerlib.training import confidence, fold, post_model

RANK_BY = ("fit", "openings")
HOURLY, HOURS = 1000, 2080  # a lower wage looks like one for an hour; hours of work in a year
COLUMNS = (
    "rank onet_soc_code soc_code title score confidence median_wage wage_top_coded education "
    "job_zone growth_percent openings counted_most note"
).split()


def _cosine(persons: np.ndarray, catalog: Catalog, fill: bool) -> np.ndarray:
    """Of 50 slots; where nothing is filled in the occupation's interests and values are empty."""
    occupations = encoding.unit_rows(encode_occupations(catalog, fill))
    return encoding.unit_rows(persons[:, :N_SLOTS]) @ occupations.T


def _post(persons: np.ndarray, catalog: Catalog) -> np.ndarray:
    """Log-odds, which rank as probabilities do."""
    folded = fold(post_model())
    of_occupations = encode_occupations(catalog) @ folded.occupation + folded.constant
    return np.add.outer(persons[:, :N_SLOTS] @ folded.person, of_occupations)


# Each turns (m, 83) persons into (m, n) scores of a catalog's occupations, higher is better.
METHODS: dict[str, Callable[[np.ndarray, Catalog], np.ndarray]] = {
    "post": _post,  # the post's logistic regression on 150 features
    "cosine": lambda persons, catalog: _cosine(persons, catalog, fill=False),  # as in the post
    "cosine_filled": lambda persons, catalog: _cosine(persons, catalog, fill=True),
    "correlation": lambda persons, catalog: correlation(persons, full_persons(catalog), COMPARED),
    # Reported to be O*NET's Interest Profiler.
    "interests": lambda *given: correlation(given[0], full_persons(given[1]), ["interests"]),
    "matched": lambda persons, catalog: matcher_of(catalog).score(persons),  # it listens
}
CONFIDENCE = {"post": confidence, "matched": word}  # the words for those that give probabilities
AS_POSTED = ("post", "cosine")  # among the post's 150 occupations
OF_50_SLOTS = (*AS_POSTED, "cosine_filled")  # knowledge is none of these


def recommend(
    profile: Profile, method: str = "matched", top: int = 10, catalog: Catalog | None = None,
    max_job_zone: int | None = None, rank_by: str = "fit",
) -> pd.DataFrame:  # fmt: skip
    """The `top` best occupations for one person, best first.

    A row each with COLUMNS: score is a probability, cosine or correlation, confidence a word for a
    probability, openings in thousand a year; figures are NaN where BLS has none; counted_most has
    the three statements that raise the score most, note what was not known or whose relative it is.

    catalog: as for `score_matrix`. rank_by: "fit", or "openings": probability times yearly ones.
    "matched" leaves out what breaks a limit (see `limits`), so there can be fewer than `top` rows.
    Who names her occupation does not get it; by fit those that O*NET relates to it come first.
    `attrs["limits"]` says what was removed or not used, `attrs["words"]` what the words mean.
    """
    catalog, matched = _checked(method, catalog, rank_by), method == "matched"
    check_whole("top", top, 1, len(catalog), f"the catalog '{catalog.name}' has {len(catalog)}")
    person, own = encode_persons([profile], catalog), None
    (scores,), (shown,) = _scored(person, method, catalog)
    if np.isnan(shown).all():
        raise CareerlibError(
            f"The profile is empty or says too little for the method '{method}'; rate skills, "
            "interests or knowledge above 0, not all of them alike, or state your occupation."
        )
    stated = (profile, catalog, max_job_zone) if matched else (Profile(), catalog)
    broken, unsure = limits(*stated)
    # Occupations that share a BLS row share its openings: the sum for each would lift all of them.
    openings = (catalog.table["openings"] / catalog.table["bls_shared_by"]).to_numpy(float)
    if rank_by == "openings":
        unsure["openings not known"] = np.isnan(openings)
        # Those not known lie below 0, in the order of the fit.
        scores = np.where(np.isnan(openings), shown - 1, shown * openings)
    if profile.occupation:
        own = [catalog.position(profile.occupation)]
        place = catalog.related_matrix[own[0]] * (matched and rank_by == "fit")
        unsure[f"related to {catalog.titles.iloc[own[0]]}"] = place > 0
        scores = np.where(place > 0, scores.max() + len(catalog) - place, scores)
    (order,) = ranked(scores[None], own, len(catalog) - bool(own))
    order = order[~broken.to_numpy(bool).any(axis=1)[order]][:top]
    listed = catalog.table.iloc[order].reset_index().assign(
        rank=np.arange(1, len(order) + 1), score=shown[order], openings=openings[order],
        confidence=[CONFIDENCE.get(method, lambda score: "")(score) for score in shown[order]],
        counted_most=_raising(person[0], order, catalog) if matched else "",
        note=["; ".join(unsure.columns[row]) for row in unsure.to_numpy(bool)[order]],
    )[COLUMNS]  # fmt: skip
    listed.attrs = {"limits": _told(profile, method, broken), "words": MEANING if matched else ""}
    return listed


def _raising(person: np.ndarray, order: np.ndarray, catalog: Catalog) -> list[str]:
    """The three statements that raise each score most, with what they add to its log-odds."""
    added = matcher_of(catalog).reasons(person, order)
    most = [added[position].nlargest(3) for position in order]
    most = [of_one[of_one >= 0.05].items() for of_one in most]
    return [", ".join(f"{said} {value:+.1f}" for said, value in of_one) for of_one in most]


def limits(
    profile: Profile, catalog: Catalog, max_job_zone: int | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Which of n occupations break a limit, and what was not known and decided in the person's
    favour: two tables of True and False, n rows and a column for each that was stated.

    max_job_zone: 1-5. A wage that is top-coded may be higher than it says.
    """
    table, broken, unsure = catalog.table, {}, {}
    if profile.min_wage:
        low = table["median_wage"] < profile.min_wage  # False where missing
        unsure["wage not known"] = table["median_wage"].isna()
        unsure["wage at least the figure"] = low & table["wage_top_coded"]
        broken["minimum wage"] = low & ~table["wage_top_coded"]
    if profile.max_education is not None:
        needed = table["education"].map(encoding.NEEDED_LEVEL)
        unsure["education not known"] = needed.isna()
        broken["education"] = needed > encoding.NEEDED_LEVEL[profile.max_education]
    if max_job_zone is not None:
        check_whole("max_job_zone", max_job_zone, 1, 5, "O*NET has five job zones")
        broken["job zone"] = table["job_zone"] > max_job_zone
    if profile.fields:
        broken["fields"] = ~table["major_group"].map(GROUPS).isin(profile.fields)
    return pd.DataFrame(broken, table.index), pd.DataFrame(unsure, table.index)


def _told(profile: Profile, method: str, broken: pd.DataFrame) -> str:
    """What the limits removed, and what was stated and is not used or looks like a slip."""
    each = ", ".join(f"{limit} {count}" for limit, count in broken.sum().items())
    some = f"{broken.any(axis=1).sum()} of {len(broken)} occupations"
    told = f"The limits removed {some} ({each}; one can break several)."
    if not each:
        told = "No limit was stated, so nothing was removed."
    if method != "matched":
        told = f"The method '{method}' applies no limits."
    if profile.remote and method not in OF_50_SLOTS:
        told += " 'remote' is not used: no table says what can be done from home."
    if profile.knowledge and method in (*OF_50_SLOTS, "interests"):
        told += f" 'knowledge' is not used by the method '{method}'."
    if 0 < (wage := profile.min_wage or 0) < HOURLY:
        by_year = f"by the year it is {wage * HOURS:,.0f}"
        told += f" 'min_wage: {wage:g}' looks like an hourly wage; {by_year}."
    return told


def score_matrix(
    profiles: Profile | Iterable[Profile] | np.ndarray,
    method: str = "matched",
    catalog: Catalog | None = None,
) -> np.ndarray:
    """(m, n) probabilities, cosines or correlations of many people with every occupation.

    profiles: Profiles, or an array of (m, 83). catalog: by default the post's 150 for "post" and
    "cosine", as in the post, and all for the others. The row of whom the method cannot rank
    (nothing rated, or all alike where it correlates) is NaN.
    """
    catalog = _checked(method, catalog)
    persons = profiles if isinstance(profiles, np.ndarray) else encode_persons(profiles, catalog)
    if persons.shape[1:] != (83,) or not np.isfinite(persons).all():
        what = f"The person vectors are an array of shape {persons.shape}"
        raise CareerlibError(f"{what}; give finite numbers of shape (people, 83).")
    return _scored(persons, method, catalog)[1]


def _scored(persons: np.ndarray, method: str, catalog: Catalog) -> tuple[np.ndarray, np.ndarray]:
    """What the method ranks by, and what it tells of it, as `score_matrix`."""
    used = RATED[RATED < N_SLOTS] if method in OF_50_SLOTS else RATED
    scores = METHODS[method](persons, catalog)
    shown = expit(scores) if method == "post" else scores.copy()
    if method == "matched":
        shown = matcher_of(catalog).probabilities(persons, scores)
    shown[~(persons[:, used].any(axis=1) & scores.any(axis=1))] = np.nan
    return scores, shown


def _checked(method: str, catalog: Catalog | None, rank_by: str = "fit") -> Catalog:
    """The catalog, where what was asked for can be had."""
    if method not in METHODS:
        raise CareerlibError(f"There is no method '{method}'; {nearest(method, METHODS)}")
    known = RANK_BY if method in CONFIDENCE else ["fit"]  # openings multiply a probability
    if rank_by not in known:
        what = f"There is no rank_by '{rank_by}' for the method '{method}'"
        raise CareerlibError(f"{what}; {nearest(rank_by, known)}")
    return catalog or load_catalog("post" if method in AS_POSTED else "all")
