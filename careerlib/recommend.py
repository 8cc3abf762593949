"""Rank occupations for one person or for a million, by one of the registered methods.

`METHODS` is the registry. A method turns a catalog into a function that scores persons
against all its occupations in one matrix expression; everything else here (the best ten,
ties, confidence words, facts) is the same for every method.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice

import numpy as np
import pandas as pd
from tqdm import tqdm

from careerlib.catalog import INTERESTS, SKILLS, WORK_VALUES, Catalog, load_catalog
from careerlib.encoding import (
    BLOCKS,
    N_SLOTS,
    encode_occupations,
    encode_profiles,
)
from careerlib.errors import CareerlibError, check_whole, nearest
from careerlib.matching.constraints import allowed
from careerlib.matching.matcher import Matcher
from careerlib.matching.matcher import word as matched_word
from careerlib.matching.stored import load_matcher
from careerlib.profile import Profile
from careerlib.training import confidence, fold, post_model

RATED = slice(0, BLOCKS["work values"].stop)  # slots that a person fills in by rating
# Scores that agree to this many decimals are a tie. Without it the last bit of a matrix
# product, which depends on how the rows are blocked, would decide.
TIE_DECIMALS = 12
CHUNK = 2048  # people scored at once: 2,048 x 894 scores take 15 MB

# The middle of O*NET's scale: importance 3 of 1-5 ("important"), interest 4 of 1-7, value 4
# of 1-7. From there on an occupation counts as sharing what a person rates above zero.
SHARED_FROM = {"skills": 3.0, "interests": 4.0, "work_values": 4.0}

Scorer = Callable[[np.ndarray], np.ndarray]


def _rates_something(persons: np.ndarray) -> np.ndarray:
    return (persons[:, RATED] > 0).any(axis=1)


@dataclass(frozen=True)
class Method:
    """One way to rank occupations.

    description: one line for a reader.
    catalog: name of the catalog it ranks where the caller names none.
    scorer: takes a Catalog of n occupations, once, and returns the function that turns
        (m, 50) person vectors into (m, n) values, higher is better.
    is_probability: True if the values are log-odds and the score is their probability.
        (Ranking by log-odds is the same and saves an exponential for each pair.)
    can_rank: takes (m, 50) person vectors and says for whom (m,) there is a ranking.
    needs: what such a person must state, for the message.
    word: turns a probability into a confidence word.
    reasons: takes a Profile, positions (k,) and the catalog, and says for each position what the
        person stated that counted most in the score; None where the method cannot say.
    has_limits: True if minimum wage and highest education remove occupations; False if they
        are only slots of the vector, as in the post.
    """

    description: str
    catalog: str
    scorer: Callable[[Catalog], Scorer]
    is_probability: bool = False
    can_rank: Callable[[np.ndarray], np.ndarray] = _rates_something
    needs: str = "rate at least one skill, interest or work value above 0"
    word: Callable[[float], str] = lambda probability: confidence(probability)
    reasons: Callable[[Profile, np.ndarray, Catalog], list[str]] | None = None
    has_limits: bool = False

    def score(self, values: np.ndarray) -> np.ndarray:
        """What is shown for these values."""
        # 1 / (1 + exp(-v)) without overflow for very low v
        return np.exp(-np.logaddexp(0, -values)) if self.is_probability else values


def _post(catalog: Catalog) -> Scorer:
    folded = fold(post_model())
    of_occupations = encode_occupations(catalog) @ folded.occupation + folded.constant
    return lambda persons: np.add.outer(persons @ folded.person, of_occupations)


def _matcher(catalog: Catalog) -> Matcher:
    return load_matcher(catalog=catalog if catalog.name == "all" else None)


def _matched(catalog: Catalog) -> Scorer:
    return _matcher(catalog).scorer(catalog)


def _matched_reasons(profile: Profile, positions: np.ndarray, catalog: Catalog) -> list[str]:
    """The three statements that add most to the log-odds, and what they add."""
    matcher = _matcher(catalog)
    reasons = []
    for position in positions:
        parts = matcher.contributions(profile, position, catalog)
        most = parts[~parts["block"].isin(["base", "level"])].head(3)
        reasons.append(", ".join(
            f"{name} {value:+.1f}"
            for name, value in zip(most["statement"], most["contribution"], strict=True)
        ))
    return reasons


def _cosine(fill: bool) -> Callable[[Catalog], Scorer]:
    def scorer(catalog: Catalog) -> Scorer:
        occupations = _unit_rows(encode_occupations(catalog, fill)).T
        return lambda persons: _unit_rows(persons) @ occupations

    return scorer


def _interests(catalog: Catalog) -> Scorer:
    """Pearson correlation: the cosine of centred ratings. Their scale does not matter."""
    occupations = _unit_rows(_centred(catalog.interests)).T
    return lambda persons: _unit_rows(_centred(persons[:, BLOCKS["interests"]])) @ occupations


def _differ_in_interests(persons: np.ndarray) -> np.ndarray:
    return np.ptp(persons[:, BLOCKS["interests"]], axis=1) > 0


def _centred(rows: np.ndarray) -> np.ndarray:
    return rows - rows.mean(axis=1, keepdims=True)


def _unit_rows(rows: np.ndarray) -> np.ndarray:
    """Rows divided by their length; a row of zeros stays."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)


METHODS: dict[str, Method] = {
    "post": Method(
        "the post's logistic regression on 150 features",
        catalog="post",
        scorer=_post,
        is_probability=True,
    ),
    "cosine": Method(
        "the post's baseline: cosine, the occupations' interests and values left empty",
        catalog="post",
        scorer=_cosine(fill=False),
    ),
    "cosine_filled": Method(
        "cosine, the occupations' interests and values filled from O*NET",
        catalog="all",
        scorer=_cosine(fill=True),
    ),
    # Reported to be what O*NET's own Interest Profiler does; unnamed interests count as 0.
    "interests": Method(
        "Pearson correlation of the six RIASEC interests",
        catalog="all",
        scorer=_interests,
        can_rank=_differ_in_interests,
        needs="rate interests, and not all six alike",
    ),
    "matched": Method(
        "logistic regression on products of what a person states and what an occupation is",
        catalog="all",
        scorer=_matched,
        is_probability=True,
        word=matched_word,
        reasons=_matched_reasons,
        has_limits=True,
    ),
}


def recommend(
    profile: Profile,
    method: str = "post",
    top: int = 10,
    catalog: Catalog | str | None = None,
    max_job_zone: int | None = None,
) -> pd.DataFrame:
    """The `top` best occupations for one person, best first.

    method: a name in METHODS. catalog: a Catalog or its name; by default the post's 150 for
    "post" and "cosine", as in the post, and all occupations for the other methods.

    Returns one row each with rank, onet_soc_code, soc_code (six digits), title, score
    (a probability, cosine or correlation), confidence (a word for a probability, else
    empty), median_wage (US dollars a year), wage_top_coded (the true median is at least
    that), education, job_zone (1-5), growth_percent (2024 to 2034), and shared_skills,
    shared_interests and shared_values as `shared` finds them, joined by commas. Figures
    that BLS does not have for an occupation are missing (NaN). Ties go to the lower code.

    For the method "matched" the profile's minimum wage and highest education, and
    `max_job_zone` (1-5), are limits: what breaks one is left out, `attrs["limits"]` of the
    table says how much that was; a column counted_most names the statements that add most
    to each score, and a column note marks what was decided in the person's
    favour (a top-coded or unknown wage). There can be fewer than `top` rows then. For the
    other methods they are only slots of the vector, as in the post.

    Raises CareerlibError for an unknown method or catalog, a `top` that the catalog does
    not have, and a profile that has no ranking because it states nothing.
    """
    chosen, catalog = _method(method), _catalog(catalog, method)
    if not isinstance(profile, Profile):
        raise CareerlibError(
            f"recommend needs a Profile, not a {type(profile).__name__}; make one with "
            "Profile(skills=[...]) or read_profile(path)."
        )
    if not chosen.can_rank(encode_profiles(profile))[0]:
        state = "is empty" if profile.is_empty else "says too little"
        raise CareerlibError(
            f"The profile {state}, so the method '{method}' has no ranking for it; {chosen.needs}."
        )
    limits = None
    if chosen.has_limits:
        limits = allowed(profile, catalog, max_job_zone)
        check_whole("top", top, 1, len(catalog), f"the catalog '{catalog.name}' has {len(catalog)}")
        positions, scores = (rows[0] for rows in score_many(profile, method, len(catalog), catalog))
        kept = limits.kept[positions]
        positions, scores = positions[kept][:top], scores[kept][:top]
    elif max_job_zone is not None:
        raise CareerlibError(
            f"The method '{method}' knows no job zone; leave max_job_zone out, or use 'matched'."
        )
    else:
        positions, scores = (rows[0] for rows in score_many(profile, method, top, catalog))
    table = catalog.table.iloc[positions]
    in_common = [shared(profile, catalog, position) for position in positions]
    listed = pd.DataFrame(
        {
            "rank": np.arange(1, len(positions) + 1),
            "onet_soc_code": table.index,
            "soc_code": table["soc_code"].array,
            "title": table["title"].array,
            "score": scores,
            "confidence": [chosen.word(score) if chosen.is_probability else "" for score in scores],
            "median_wage": table["median_wage"].array,
            "wage_top_coded": table["wage_top_coded"].array,
            "education": table["education"].array,
            "job_zone": table["job_zone"].array,
            "growth_percent": table["growth_percent"].array,
            "shared_skills": [", ".join(found["skills"]) for found in in_common],
            "shared_interests": [", ".join(found["interests"]) for found in in_common],
            "shared_values": [", ".join(found["work_values"]) for found in in_common],
        }
    )
    if chosen.reasons is not None:
        listed["counted_most"] = chosen.reasons(profile, positions, catalog)
    if limits is not None:
        listed["note"] = limits.marks[positions]
        listed.attrs["limits"] = limits.sentence
    return listed


def shared(profile: Profile, catalog: Catalog, position: int) -> dict[str, tuple[str, ...]]:
    """The skills, interests and work_values that a person and an occupation share.

    Shared is what the person rates above 0 and O*NET rates at the middle of its scale or
    higher for the occupation: skills by importance (3 of 1-5), interests and work values
    4 of 1-7. position: the occupation's row in the catalog. In O*NET's order.
    """
    found = {}
    for block, names, ratings, stated in (
        ("skills", SKILLS, catalog.skill_importance, profile.skills),
        ("interests", INTERESTS, catalog.interests, profile.interests),
        ("work_values", WORK_VALUES, catalog.work_values, profile.work_values),
    ):
        high = ratings[position] >= SHARED_FROM[block]
        found[block] = tuple(
            name for name, is_high in zip(names, high, strict=True)
            if is_high and stated.get(name, 0) > 0
        )
    return found


def score_many(
    profiles: Profile | Iterable[Profile] | np.ndarray,
    method: str = "post",
    top: int = 10,
    catalog: Catalog | str | None = None,
    chunk: int = CHUNK,
) -> tuple[np.ndarray, np.ndarray]:
    """The best occupations of many people at once, in bounded memory.

    profiles: Profiles (any iterable, also a generator), or an (m, 50) array of person
    vectors. Beyond input and result, memory is that of `chunk` people's scores.

    Returns (m, top) positions in the catalog and their (m, top) scores, best first, ties
    to the lower code. A person whom the method cannot rank (nothing rated; for "interests"
    also no or equal interests) has position -1 and score NaN in the whole row. Raises
    CareerlibError as `recommend`, and for arrays of another shape or with missing numbers.
    """
    chosen, catalog = _method(method), _catalog(catalog, method)
    check_whole("top", top, 1, len(catalog), f"the catalog '{catalog.name}' has {len(catalog)}")
    check_whole("chunk", chunk, 1, 10**6, "it is a number of people scored at once")
    scorer = chosen.scorer(catalog)
    total = len(profiles) if hasattr(profiles, "__len__") else None
    positions, scores = [np.empty((0, top), dtype=int)], [np.empty((0, top))]
    # The bar appears after a second, and only in a terminal.
    with tqdm(total=total, unit=" people", delay=1, disable=None, leave=False) as bar:
        for persons in _chunks(profiles, chunk):
            able = chosen.can_rank(persons)
            best = np.full((len(persons), top), -1)
            score = np.full((len(persons), top), np.nan)
            values = scorer(persons[able])
            best[able] = best_positions(values, top)
            score[able] = chosen.score(np.take_along_axis(values, best[able], axis=1))
            positions.append(best)
            scores.append(score)
            bar.update(len(persons))
    return np.concatenate(positions), np.concatenate(scores)


def score_matrix(
    profiles: Profile | Iterable[Profile] | np.ndarray,
    method: str = "post",
    catalog: Catalog | str | None = None,
) -> np.ndarray:
    """(m, n) scores of every person for every occupation, all in memory at once.

    Arguments and errors as `score_many`; NaN for a person whom the method cannot rank.
    """
    chosen, catalog = _method(method), _catalog(catalog, method)
    scorer = chosen.scorer(catalog)
    parts = [np.empty((0, len(catalog)))]
    for persons in _chunks(profiles, CHUNK):
        scores = chosen.score(scorer(persons))
        scores[~chosen.can_rank(persons)] = np.nan
        parts.append(scores)
    return np.concatenate(parts)


def best_positions(values: np.ndarray, top: int) -> np.ndarray:
    """(m, top) columns of the highest of (m, n) values, best first, ties to the lower column.

    Values that agree to 12 decimals are ties. The values must not contain NaN.
    """
    n = values.shape[1]
    if top >= n:
        return _sorted_positions(values)
    # One more than asked for: where it equals the last, a tie crosses the cut, and which
    # of the tied columns argpartition picked is chance. Those rows are sorted in full.
    candidates = np.sort(np.argpartition(values, n - top - 1, axis=1)[:, n - top - 1 :], axis=1)
    of_candidates = np.take_along_axis(values, candidates, axis=1)
    order = _sorted_positions(of_candidates)
    best = np.take_along_axis(candidates, order, axis=1)[:, :top]
    last_two = np.take_along_axis(of_candidates, order[:, top - 1 :], axis=1).round(TIE_DECIMALS)
    tied = last_two[:, 0] == last_two[:, 1]
    if tied.any():
        best[tied] = _sorted_positions(values[tied])[:, :top]
    return best


def _sorted_positions(values: np.ndarray) -> np.ndarray:
    return np.argsort(-values.round(TIE_DECIMALS), axis=1, kind="stable")


def _chunks(
    profiles: Profile | Iterable[Profile] | np.ndarray, chunk: int
) -> Iterator[np.ndarray]:
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
