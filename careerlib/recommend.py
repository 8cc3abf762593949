"""Rank occupations for one person or for many, by one of METHODS, and within limits."""

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from sklearn.metrics.pairwise import cosine_similarity

from careerlib.catalog import GROUPS, Catalog, load_catalog
from careerlib.encoding import NEEDED_LEVEL, RATED, correlation, encode_occupations, encode_persons
from careerlib.errors import CareerlibError, check_whole, nearest
from careerlib.evaluation import ranked
from careerlib.matching import COMPARED, MEANING, matcher_of, word
from careerlib.persons import full_persons
from careerlib.profile import Profile
from careerlib.training import confidence, fold, post_model

RANK_BY = ("fit", "openings")
COLUMNS = "rank onet_soc_code soc_code title score confidence median_wage wage_top_coded".split()
COLUMNS += "education job_zone growth_percent openings counted_most note".split()


def _cosine(persons: np.ndarray, catalog: Catalog, fill: bool = False) -> np.ndarray:
    """Of 50 slots; the occupations' interests and values are empty, as in the post, or filled."""
    return cosine_similarity(persons[:, :50], encode_occupations(catalog, fill))


def _post(persons: np.ndarray, catalog: Catalog) -> np.ndarray:
    folded = fold(post_model())
    of_occupations = encode_occupations(catalog) @ folded.occupation + folded.constant
    return expit(np.add.outer(persons[:, :50] @ folded.person, of_occupations))


# Each turns (m, 83) persons into what `score_matrix` gives.
METHODS: dict[str, Callable[[np.ndarray, Catalog], np.ndarray]] = {
    "post": _post,  # the post's logistic regression on 150 features
    "cosine": _cosine,
    "cosine_filled": lambda persons, catalog: _cosine(persons, catalog, fill=True),
    "correlation": lambda persons, catalog: correlation(persons, full_persons(catalog), COMPARED),
    # Reported to be O*NET's Interest Profiler.
    "interests": lambda *given: correlation(given[0], full_persons(given[1]), ["interests"]),
    "matched": lambda persons, catalog: matcher_of(catalog).probabilities(persons),
}
CONFIDENCE = {"post": confidence, "matched": word}  # the words for those that give probabilities
CATALOG = {"post": "post", "cosine": "post"}  # as in the post; the others are for all occupations
OF_50_SLOTS = (*CATALOG, "cosine_filled")  # knowledge is none of these


def recommend(
    profile: Profile, method: str = "matched", top: int = 10, catalog: Catalog | None = None,
    max_job_zone: int | None = None, rank_by: str = "fit",
) -> pd.DataFrame:  # fmt: skip
    """The `top` best occupations for one person, best first.

    COLUMNS: score is a probability, cosine or correlation, confidence a word for a probability,
    openings in thousand a year; figures are NaN where BLS has none; counted_most has the three
    statements that raise the score most, note what was not known or whose relative it is.
    catalog: as for `score_matrix`. rank_by: "fit", or "openings": probability times yearly ones.
    "matched" leaves out what breaks a limit (see `limits`), so there can be fewer than `top` rows.
    Who names her occupation does not get it; by fit those that O*NET relates to it come first.
    `attrs["limits"]` says what was removed or not used, `attrs["words"]` what the words mean.
    """
    catalog = catalog or load_catalog(CATALOG.get(method, "all"))
    (shown,) = score_matrix(person := encode_persons([profile], catalog), method, catalog)
    matched, known = method == "matched", RANK_BY if method in CONFIDENCE else ["fit"]
    scores = logit(shown) if method in CONFIDENCE else shown  # ranks small ones, too
    check_whole("top", top, 1, len(catalog), f"the catalog '{catalog.name}' has {len(catalog)}")
    if rank_by not in known:  # openings multiply a probability
        what = f"There is no rank_by '{rank_by}' for the method '{method}'"
        raise CareerlibError(f"{what}; {nearest(rank_by, known)}")
    if np.isnan(shown).all():
        what = f"The profile is empty or says too little for the method '{method}'"
        how = "rate skills, interests, values or knowledge above 0, not all alike"
        raise CareerlibError(f"{what}; {how}, or state your occupation.")
    broken = limits(profile, max_job_zone, catalog) if matched else limits(Profile(), None, catalog)
    kept, notes = ~broken.any(axis=1).to_numpy(bool), broken.isna().add_suffix(" not known")
    # Occupations that share a BLS row share its openings: the sum for each would lift all of them.
    openings = (catalog.table["openings"] / catalog.table["bls_shared_by"]).to_numpy(float)
    if rank_by == "openings":
        notes["openings not known"] = np.isnan(openings)
        # Those not known lie below 0, in the order of the fit.
        scores = np.where(np.isnan(openings), shown - 1, shown * openings)
    if profile.occupation:
        own = catalog.position(profile.occupation)
        kept[own] = False
        place = catalog.related_matrix[own] * (matched and rank_by == "fit")
        notes[f"related to {catalog.titles.iloc[own]}"] = place > 0
        scores = np.where(place > 0, scores.max() + len(catalog) - place, scores)
    order = [at for at in ranked(scores[None], top=len(catalog))[0] if kept[at]][:top]
    listed = catalog.table.iloc[order].reset_index().assign(
        rank=np.arange(1, len(order) + 1), score=shown[order], openings=openings[order],
        confidence=[CONFIDENCE.get(method, lambda score: "")(score) for score in shown[order]],
        counted_most=_raising(person[0], order, catalog) if matched else "",
        note=["; ".join(notes.columns[row]) for row in notes.to_numpy(bool)[order]],
    )[COLUMNS]  # fmt: skip
    listed.attrs = {"limits": _told(profile, method, broken), "words": MEANING if matched else ""}
    return listed


def _raising(person: np.ndarray, order: list[int], catalog: Catalog) -> list[str]:
    """The three statements that raise each score most, with what they add to its log-odds."""
    added = matcher_of(catalog).reasons(person, order).where(lambda added: added >= 0.05)
    most = (added[at].dropna().sort_values(ascending=False, kind="stable")[:3] for at in order)
    return [", ".join(f"{said} {value:+.1f}" for said, value in one.items()) for one in most]


def limits(profile: Profile, max_job_zone: int | None, catalog: Catalog) -> pd.DataFrame:
    """(n, limits stated) True where an occupation breaks one, NA where that is not known, which is
    decided in the person's favour. max_job_zone: 1-5. A top-coded wage may be higher."""
    table, broken = catalog.table, pd.DataFrame(index=catalog.codes)
    if profile.min_wage:
        low = table["median_wage"].astype("Float64") < profile.min_wage  # NA stays NA
        broken["wage"] = low.mask(low & table["wage_top_coded"])
    if profile.max_education is not None:
        needed = table["education"].map(NEEDED_LEVEL).astype("Float64")
        broken["education"] = needed > NEEDED_LEVEL[profile.max_education]
    if max_job_zone is not None:
        check_whole("max_job_zone", max_job_zone, 1, 5, "O*NET has five job zones")
        broken["job zone"] = table["job_zone"] > max_job_zone
    if profile.fields:
        broken["fields"] = ~table["major_group"].map(GROUPS).isin(profile.fields)
    return broken


def _told(profile: Profile, method: str, broken: pd.DataFrame) -> str:
    """What the limits removed, and what was stated and is not used or looks like a slip."""
    each = ", ".join(f"{limit} {count}" for limit, count in broken.sum().items())
    some, wage = f"{broken.any(axis=1).sum()} of {len(broken)}", profile.min_wage or 0
    year = f"by the year it is {2080 * wage:,.0f}"  # of as many hours
    told = {
        f"The method '{method}' applies no limits.": method != "matched",
        "No limit was stated, so nothing was removed.": method == "matched" and not each,
        f"The limits removed {some} occupations ({each}; one can break several).": each,
        "'remote' is not used: no table says what can be done from home.":
            profile.remote and method not in OF_50_SLOTS,
        f"'knowledge' is not used by the method '{method}'.":
            profile.knowledge and method in (*OF_50_SLOTS, "interests"),
        f"'min_wage: {wage:g}' looks like an hourly wage; {year}.": 0 < wage < 1000,
    }  # fmt: skip
    return " ".join(sentence for sentence, holds in told.items() if holds)


def score_matrix(
    profiles: Profile | Iterable[Profile] | np.ndarray,
    method: str = "matched",
    catalog: Catalog | None = None,
) -> np.ndarray:
    """(m, n) probabilities, cosines or correlations of many people with every occupation; the row
    of whom the method cannot rank (nothing rated, or all alike where it correlates) is NaN.
    profiles: Profiles, or an array of (m, 83). catalog: by default the post's 150 for "post" and
    "cosine", as in the post, and all for the others."""
    if method not in METHODS:
        raise CareerlibError(f"There is no method '{method}'; {nearest(method, METHODS)}")
    catalog = catalog or load_catalog(CATALOG.get(method, "all"))
    persons = profiles if isinstance(profiles, np.ndarray) else encode_persons(profiles, catalog)
    if persons.shape[1:] != (83,) or not np.isfinite(persons).all():
        what = f"The person vectors are an array of shape {persons.shape}"
        raise CareerlibError(f"{what}; give finite numbers of shape (people, 83).")
    shown = METHODS[method](persons, catalog)
    used = RATED[RATED < 50] if method in OF_50_SLOTS else RATED
    shown[~(persons[:, used].any(axis=1) & shown.any(axis=1))] = np.nan
    return shown
