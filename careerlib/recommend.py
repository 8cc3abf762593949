"""Rank occupations for one person or for a million, by one of the methods in methods.py."""

from collections.abc import Iterable, Iterator, Sized
from functools import cache
from itertools import islice

import numpy as np
import pandas as pd
from tqdm import tqdm

from careerlib.catalog import Catalog, load_catalog
from careerlib.encoding import N_SLOTS, encode_profiles
from careerlib.errors import CareerlibError, check_whole, nearest
from careerlib.evaluation import best_positions
from careerlib.limits import limits, removed
from careerlib.methods import METHODS, Scorer
from careerlib.profile import Profile

RANK_BY = ("fit", "openings")
CHUNK = 2048  # people scored at once: 2,048 x 894 scores take 15 MB
COLUMNS = (
    "rank", "onet_soc_code", "soc_code", "title", "score", "confidence", "median_wage",
    "wage_top_coded", "education", "job_zone", "growth_percent", "openings", "counted_most",
)  # fmt: skip
People = Profile | Iterable[Profile] | np.ndarray


def recommend(
    profile: Profile, method: str = "matched", top: int = 10, catalog: Catalog | str | None = None,
    max_job_zone: int | None = None, rank_by: str = "fit",
) -> pd.DataFrame:  # fmt: skip
    """The `top` best occupations for one person, best first.

    method: a name in METHODS. catalog: a Catalog or its name; by default the post's 150 for
    "post" and "cosine", as in the post, and all occupations for the other methods. rank_by:
    "fit", or "openings" for probability times yearly openings; see `score_many`.

    Returns one row each with rank, onet_soc_code, soc_code (six digits), title, score (a
    probability, cosine or correlation), confidence (a word for a probability, else empty),
    median_wage (US dollars a year), wage_top_coded (the true median is at least that), education,
    job_zone (1-5), growth_percent (2024 to 2034), openings (thousand a year), counted_most (the
    three statements that add most to the score, where the method can say) and note (what was not
    known). Figures that BLS does not have are missing (NaN).

    For the method "matched" the profile's minimum wage, highest education and fields, and
    `max_job_zone` (1-5), are limits: what breaks one is left out, so there can be fewer than
    `top` rows. `attrs["limits"]` says what was removed. The other methods apply none.

    Raises CareerlibError for an unknown method, catalog or rank_by, a `top` that the catalog
    does not have, and a profile that has no ranking because it states nothing.
    """
    scorer, catalog, openings = _ready(method, catalog, top, rank_by)
    person = encode_profiles([profile])
    if not scorer.can_rank(person)[0]:
        state = "is empty" if profile.is_empty else "says too little"
        raise CareerlibError(
            f"The profile {state}, so the method '{method}' has no ranking for it; {scorer.needs}."
        )
    stated, without = profile, ""
    if not scorer.has_limits:
        stated, without = Profile(), f"The method '{method}' applies no limits."
        if max_job_zone is not None:
            raise CareerlibError(f"{without[:-1]}; leave max_job_zone out, or use 'matched'.")
    broken, unsure = limits(stated, catalog, max_job_zone)
    if openings is not None:
        unsure["openings not known"] = np.isnan(openings)
    values = scorer.scores(person)
    order = _best(scorer, person, values, len(catalog), openings)[0][0]
    positions = order[~broken.any(axis=1).to_numpy()[order]][:top]
    scores = scorer.shown(person, values[:, positions])[0]
    listed = _listed(scorer, profile, catalog, positions, scores)
    listed["note"] = ["; ".join(unsure.columns[row]) for row in unsure.to_numpy(bool)[positions]]
    listed.attrs["limits"] = without or removed(broken)
    return listed


def _listed(
    scorer: Scorer, profile: Profile, catalog: Catalog, rows: np.ndarray, scores: np.ndarray
) -> pd.DataFrame:
    """The facts of the occupations at these positions beside their scores."""
    table = catalog.table.iloc[rows].reset_index()
    words = [scorer.word(score) if scorer.probabilities else "" for score in scores]
    table = table.assign(
        rank=np.arange(1, len(table) + 1), score=scores, confidence=words,
        openings=yearly_openings(catalog)[rows],
    )  # fmt: skip
    if scorer.reasons is not None:
        table["counted_most"] = [
            ", ".join(f"{name} {value:+.1f}" for name, value in reasons.head(3).to_numpy())
            for reasons in scorer.reasons(profile, rows)
        ]
    return table[[name for name in COLUMNS if name in table]].copy()


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
    """The best occupations of many people at once, in bounded memory.

    profiles: Profiles (any iterable, also a generator), or an (m, 50) array of person
    vectors. Beyond input and result, memory is that of CHUNK people's scores. Limits are
    not applied. rank_by: "fit", or "openings": probability times yearly openings, so where an
    opening that fits would be; occupations whose openings are not known come last.

    Returns (m, top) positions in the catalog and the (m, top) values that they are ranked by,
    best first, ties to the lower code; by openings NaN where those are not known. A person
    whom the method cannot rank (nothing rated; for "interests" also no or equal interests)
    has position -1 and NaN in the whole row. Raises CareerlibError as `recommend`, and
    for arrays of another shape or with missing numbers.
    """
    scorer, _, openings = _ready(method, catalog, top, rank_by)
    total = len(profiles) if isinstance(profiles, Sized) else None
    positions, scores = [np.empty((0, top), dtype=int)], [np.empty((0, top))]
    # The bar appears after a second, and only in a terminal.
    with tqdm(total=total, unit=" people", delay=1, disable=None, leave=False) as bar:
        for persons in _chunks(profiles):
            able = scorer.can_rank(persons)
            positions.append(np.full((len(persons), top), -1))
            scores.append(np.full((len(persons), top), np.nan))
            people = persons[able]
            found = _best(scorer, people, scorer.scores(people), top, openings)
            positions[-1][able], scores[-1][able] = found
            bar.update(len(persons))
    return np.concatenate(positions), np.concatenate(scores)


def _best(
    scorer: Scorer, persons: np.ndarray, values: np.ndarray, top: int, openings: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """(m, top) positions and values of `score_many` for persons who can be ranked, from their
    (m, n) scores."""
    if openings is None:
        best = best_positions(values, top)
        return best, scorer.shown(persons, np.take_along_axis(values, best, axis=1))
    fit = scorer.shown(persons, values)
    most = np.nanmax(openings, initial=1)  # shares of it, so that a tie means the same at any size
    products = np.where(np.isnan(openings), fit - 2, fit * (openings / most))
    best = best_positions(products, top)
    found = np.take_along_axis(products, best, axis=1)
    return best, np.where(found < 0, np.nan, found * most)


def score_matrix(
    profiles: People, method: str = "matched", catalog: Catalog | str | None = None
) -> np.ndarray:
    """(m, n) scores of every person for every occupation, all in memory at once.

    Arguments and errors as `score_many`; NaN for a person whom the method cannot rank.
    """
    scorer, catalog, _ = _ready(method, catalog)
    parts = [np.empty((0, len(catalog)))]
    for persons in _chunks(profiles):
        scores, able = scorer.shown(persons, scorer.scores(persons)), scorer.can_rank(persons)
        parts.append(np.where(able[:, None], scores, np.nan))
    return np.concatenate(parts)


def _chunks(profiles: People) -> Iterator[np.ndarray]:
    """Checked (at most CHUNK, 50) arrays of person vectors."""
    if not isinstance(profiles, np.ndarray):
        people = iter([profiles] if isinstance(profiles, Profile) else profiles)
        while batch := list(islice(people, CHUNK)):
            yield encode_profiles(batch)
        return
    if profiles.ndim != 2 or profiles.shape[1] != N_SLOTS or profiles.dtype.kind not in "fiu":
        raise CareerlibError(
            f"The person vectors are a {profiles.dtype} array of shape {profiles.shape}; "
            f"give numbers of shape (people, {N_SLOTS})."
        )
    for start in range(0, len(profiles), CHUNK):
        persons = profiles[start : start + CHUNK].astype(float, copy=False)
        finite = np.isfinite(persons).all(axis=1)
        if not finite.all():
            raise CareerlibError(
                f"Row {start + int(finite.argmin())} of the person vectors has missing or "
                "infinite numbers; give finite ones."
            )
        yield persons


def _ready(
    method: str, catalog: Catalog | str | None, top: int = 1, rank_by: str = "fit"
) -> tuple[Scorer, Catalog, np.ndarray | None]:
    """What was asked for, checked: the method ready for the catalog, and the (n,) openings to
    multiply probabilities by, None where fit alone ranks."""
    for what, name, names in (("method", method, METHODS), ("rank_by", rank_by, RANK_BY)):
        if name not in names:
            raise CareerlibError(f"There is no {what} '{name}'; {nearest(name, names)}")
    if not isinstance(catalog, Catalog):
        catalog = _loaded(catalog or ("post" if method in ("post", "cosine") else "all"))
    check_whole("top", top, 1, len(catalog), f"the catalog '{catalog.name}' has {len(catalog)}")
    scorer = METHODS[method](catalog)
    if rank_by == "openings" and scorer.probabilities is None:
        raise CareerlibError(
            f"The method '{method}' gives no probability to multiply openings by; leave rank_by "
            "out, or use 'matched'."
        )
    return scorer, catalog, yearly_openings(catalog) if rank_by == "openings" else None


_loaded = cache(load_catalog)
