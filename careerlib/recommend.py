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
from careerlib.limits import limits, mark
from careerlib.methods import METHODS, Method, Scorer
from careerlib.profile import Profile

RANK_BY = ("fit", "openings")
CHUNK = 2048  # people scored at once: 2,048 x 894 scores take 15 MB
# Columns of the catalog's table that a list has.
FACTS = ("median_wage", "wage_top_coded", "education", "job_zone", "growth_percent")
People = Profile | Iterable[Profile] | np.ndarray


def recommend(
    profile: Profile,
    method: str = "matched",
    top: int = 10,
    catalog: Catalog | str | None = None,
    max_job_zone: int | None = None,
    rank_by: str = "fit",
) -> pd.DataFrame:
    """The `top` best occupations for one person, best first.

    method: a name in METHODS. catalog: a Catalog or its name; by default the post's 150 for
    "post" and "cosine", as in the post, and all occupations for the other methods. rank_by:
    "fit", or "openings" for probability times yearly openings; see `score_many`.

    Returns one row each with rank, onet_soc_code, soc_code (six digits), title, score
    (a probability, cosine or correlation), confidence (a word for a probability, else
    empty), median_wage (US dollars a year), wage_top_coded (the true median is at least
    that), education, job_zone (1-5), growth_percent (2024 to 2034), openings (thousand a
    year), counted_most (the three statements that add most to the score, where the method
    can say) and note (what was not known). Figures that BLS does not have are missing (NaN).

    For the method "matched" the profile's minimum wage, highest education and fields, and
    `max_job_zone` (1-5), are limits: what breaks one is left out, so there can be fewer than
    `top` rows. `attrs["limits"]` says what was removed. The other methods apply none.

    Raises CareerlibError for an unknown method, catalog or rank_by, a `top` that the catalog
    does not have, and a profile that has no ranking because it states nothing.
    """
    chosen, catalog = _method(method), _catalog(catalog, method)
    person = _rankable(profile, method)
    if max_job_zone is not None and not chosen.has_limits:
        raise CareerlibError(
            f"The method '{method}' knows no job zone; leave max_job_zone out, or use 'matched'."
        )
    check_whole("top", top, 1, len(catalog), f"the catalog '{catalog.name}' has {len(catalog)}")
    kept, notes = np.ones(len(catalog), dtype=bool), np.full(len(catalog), "", dtype=object)
    sentence = f"The method '{method}' applies no limits."
    if chosen.has_limits:
        kept, notes, sentence = limits(profile, catalog, max_job_zone)
    if rank_by == "openings":
        mark(notes, np.isnan(yearly_openings(catalog)), "openings not known")
    order = score_many(person, method, len(catalog), catalog, rank_by=rank_by)[0][0]
    positions = order[kept[order]][:top]
    listed = _listed(chosen.scorer(catalog), profile, catalog, positions)
    listed["note"] = notes[positions]
    listed.attrs["limits"] = sentence
    return listed


def _rankable(profile: Profile, method: str) -> np.ndarray:
    """(1, 50) the person's vector, if the method has a ranking for it."""
    if not isinstance(profile, Profile):
        raise CareerlibError(
            f"recommend needs a Profile, not a {type(profile).__name__}; make one with "
            "Profile(skills=[...]) or read_profile(path)."
        )
    person = encode_profiles(profile)
    if not METHODS[method].can_rank(person)[0]:
        state = "is empty" if profile.is_empty else "says too little"
        raise CareerlibError(
            f"The profile {state}, so the method '{method}' has no ranking for it; "
            f"{METHODS[method].needs}."
        )
    return person


def _listed(
    scorer: Scorer, profile: Profile, catalog: Catalog, positions: np.ndarray
) -> pd.DataFrame:
    """The scores and facts of the occupations at these positions."""
    person, table = encode_profiles(profile), catalog.table.iloc[positions]
    scores = scorer.shown(person, scorer.scores(person)[:, positions])[0]
    words = [scorer.word(score) if scorer.probabilities else "" for score in scores]
    columns = {
        "rank": np.arange(1, len(positions) + 1),
        "onet_soc_code": table.index,
        "soc_code": table["soc_code"],
        "title": table["title"],
        "score": scores,
        "confidence": words,
        **{name: table[name] for name in FACTS},
        "openings": yearly_openings(catalog)[positions],
    }
    if scorer.reasons is not None:
        reasons = [scorer.reasons(profile, position).head(3) for position in positions]
        columns["counted_most"] = [
            ", ".join(f"{name} {value:+.1f}" for name, value in parts.itertuples(index=False))
            for parts in (frame[["statement", "contribution"]] for frame in reasons)
        ]
    return pd.DataFrame({name: np.asarray(values) for name, values in columns.items()})


def yearly_openings(catalog: Catalog) -> np.ndarray:
    """(n,) thousand openings a year by BLS, NaN where it has none.

    O*NET occupations that share a BLS row share its openings evenly: their own are not known,
    and giving the sum to each would lift all of them.
    """
    return (catalog.table["openings"] / catalog.table["bls_shared_by"]).to_numpy(float)


def score_many(
    profiles: People,
    method: str = "matched",
    top: int = 10,
    catalog: Catalog | str | None = None,
    chunk: int = CHUNK,
    rank_by: str = "fit",
) -> tuple[np.ndarray, np.ndarray]:
    """The best occupations of many people at once, in bounded memory.

    profiles: Profiles (any iterable, also a generator), or an (m, 50) array of person
    vectors. Beyond input and result, memory is that of `chunk` people's scores. Limits are
    not applied. rank_by: "fit", or "openings": probability times yearly openings, so where an
    opening that fits would be; occupations whose openings are not known come last.

    Returns (m, top) positions in the catalog and the (m, top) values that they are ranked by,
    best first, ties to the lower code; by openings NaN where those are not known. A person
    whom the method cannot rank (nothing rated; for "interests" also no or equal interests)
    has position -1 and NaN in the whole row. Raises CareerlibError as `recommend`, and
    for arrays of another shape or with missing numbers.
    """
    chosen, catalog = _method(method), _catalog(catalog, method)
    check_whole("top", top, 1, len(catalog), f"the catalog '{catalog.name}' has {len(catalog)}")
    check_whole("chunk", chunk, 1, 10**6, "it is a number of people scored at once")
    scorer = chosen.scorer(catalog)
    openings = _weights(rank_by, method, scorer, catalog)
    total = len(profiles) if isinstance(profiles, Sized) else None
    positions, scores = [np.empty((0, top), dtype=int)], [np.empty((0, top))]
    # The bar appears after a second, and only in a terminal.
    with tqdm(total=total, unit=" people", delay=1, disable=None, leave=False) as bar:
        for persons in _chunks(profiles, chunk):
            able = chosen.can_rank(persons)
            best = np.full((len(persons), top), -1)
            score = np.full((len(persons), top), np.nan)
            best[able], score[able] = _best(scorer, persons[able], top, openings)
            positions.append(best)
            scores.append(score)
            bar.update(len(persons))
    return np.concatenate(positions), np.concatenate(scores)


def _best(
    scorer: Scorer, persons: np.ndarray, top: int, openings: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """(m, top) positions and values of `score_many` for persons who can be ranked."""
    values = scorer.scores(persons)
    if openings is None:
        best = best_positions(values, top)
        return best, scorer.shown(persons, np.take_along_axis(values, best, axis=1))
    fit = scorer.shown(persons, values)
    most = np.nanmax(openings, initial=1)  # shares of it, so that a tie means the same at any size
    products = np.where(np.isnan(openings), fit - 2, fit * (openings / most))
    best = best_positions(products, top)
    found = np.take_along_axis(products, best, axis=1)
    return best, np.where(found < 0, np.nan, found * most)


def _weights(rank_by: str, method: str, scorer: Scorer, catalog: Catalog) -> np.ndarray | None:
    """(n,) openings to multiply probabilities by, None where fit alone ranks."""
    if rank_by not in RANK_BY:
        raise CareerlibError(f"There is no rank_by '{rank_by}'; {nearest(rank_by, RANK_BY)}")
    if rank_by == "fit":
        return None
    if scorer.probabilities is None:
        raise CareerlibError(
            f"The method '{method}' gives no probability to multiply openings by; leave rank_by "
            "out, or use 'matched'."
        )
    return yearly_openings(catalog)


def score_matrix(
    profiles: People,
    method: str = "matched",
    catalog: Catalog | str | None = None,
) -> np.ndarray:
    """(m, n) scores of every person for every occupation, all in memory at once.

    Arguments and errors as `score_many`; NaN for a person whom the method cannot rank.
    """
    chosen, catalog = _method(method), _catalog(catalog, method)
    scorer = chosen.scorer(catalog)
    parts = [np.empty((0, len(catalog)))]
    for persons in _chunks(profiles, CHUNK):
        scores = scorer.shown(persons, scorer.scores(persons))
        scores[~chosen.can_rank(persons)] = np.nan
        parts.append(scores)
    return np.concatenate(parts)


def _chunks(profiles: People, chunk: int) -> Iterator[np.ndarray]:
    """Checked (at most `chunk`, 50) arrays of person vectors."""
    if isinstance(profiles, np.ndarray):
        if profiles.ndim != 2 or profiles.shape[1] != N_SLOTS or profiles.dtype.kind not in "fiu":
            raise CareerlibError(
                f"The person vectors are a {profiles.dtype} array of shape {profiles.shape}; "
                f"give numbers of shape (people, {N_SLOTS})."
            )
        for start in range(0, len(profiles), chunk):
            persons = profiles[start : start + chunk].astype(float, copy=False)
            finite = np.isfinite(persons).all(axis=1)
            if not finite.all():
                raise CareerlibError(
                    f"Row {start + int(finite.argmin())} of the person vectors has missing or "
                    "infinite numbers; give finite ones."
                )
            yield persons
        return
    people = iter([profiles] if isinstance(profiles, Profile) else profiles)
    while batch := list(islice(people, chunk)):
        for profile in batch:
            if not isinstance(profile, Profile):
                raise CareerlibError(
                    f"One of the profiles is a {type(profile).__name__}; give Profiles or a "
                    f"(people, {N_SLOTS}) array."
                )
        yield encode_profiles(batch)


def _method(name: str) -> Method:
    if name not in METHODS:
        raise CareerlibError(f"There is no method '{name}'; {nearest(name, METHODS)}")
    return METHODS[name]


def _catalog(catalog: Catalog | str | None, method: str) -> Catalog:
    if isinstance(catalog, Catalog):
        return catalog
    return _loaded(_method(method).catalog if catalog is None else catalog)


_loaded = cache(load_catalog)
