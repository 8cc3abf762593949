"""The registered methods: each turns a catalog into a function that scores persons.

A method scores persons against all occupations of a catalog in one matrix expression. What is
the same for every method (the best ten, ties, limits, facts) is in recommend.py.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit

from careerlib.catalog import Catalog
from careerlib.encoding import BLOCKS, correlation, encode_occupations
from careerlib.matching import matcher_of
from careerlib.matching import word as matched_word
from careerlib.profile import Profile
from careerlib.training import confidence, fold, post_model

RATED = slice(0, BLOCKS["work values"].stop)  # slots that a person fills in by rating


@dataclass(frozen=True)
class Scorer:
    """A method that is ready for one catalog of n occupations.

    scores: turns (m, 50) person vectors into (m, n) values, higher is better.
    probabilities: turns these persons and values of theirs, (m, k), into probabilities;
        None where the values are none.
    word: the confidence word of a probability.
    reasons: for a Profile and a position the table (statement, contribution) of what counted,
        largest first; None where the method cannot say.
    """

    scores: Callable[[np.ndarray], np.ndarray]
    probabilities: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None
    word: Callable[[float], str] = confidence
    reasons: Callable[[Profile, int], pd.DataFrame] | None = None

    def shown(self, persons: np.ndarray, values: np.ndarray) -> np.ndarray:
        """The probabilities of these (m, k) values, or the values themselves."""
        return values if self.probabilities is None else self.probabilities(persons, values)


def _post(catalog: Catalog) -> Scorer:
    folded = fold(post_model())
    of_occupations = encode_occupations(catalog) @ folded.occupation + folded.constant
    return Scorer(
        # Ranking by log-odds is the same as by probability.
        lambda persons: np.add.outer(persons @ folded.person, of_occupations),
        lambda persons, log_odds: expit(log_odds),
    )


def _cosine(fill: bool) -> Callable[[Catalog], Scorer]:
    def scorer(catalog: Catalog) -> Scorer:
        occupations = _unit_rows(encode_occupations(catalog, fill)).T
        return Scorer(lambda persons: _unit_rows(persons) @ occupations)

    return scorer


def _correlation(*blocks: str) -> Callable[[Catalog], Scorer]:
    def scorer(catalog: Catalog) -> Scorer:
        occupations = encode_occupations(catalog, fill=True)
        return Scorer(lambda persons: correlation(persons, occupations, blocks))

    return scorer


def _matched(catalog: Catalog) -> Scorer:
    matcher = matcher_of(catalog)
    return Scorer(
        matcher.scores,
        matcher.probabilities,
        matched_word,
        matcher.reasons,
    )


def _unit_rows(rows: np.ndarray) -> np.ndarray:
    """Rows divided by their length; a row of zeros stays."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)


def _rates_something(persons: np.ndarray) -> np.ndarray:
    return np.any(persons[:, RATED] > 0, axis=1)


def _differ(*blocks: str) -> Callable[[np.ndarray], np.ndarray]:
    return lambda persons: np.any([np.ptp(persons[:, BLOCKS[b]], axis=1) > 0 for b in blocks], 0)


@dataclass(frozen=True)
class Method:
    """One way to rank occupations.

    description: one line for a reader.
    catalog: name of the catalog it ranks where the caller names none.
    scorer: makes it ready for a Catalog.
    can_rank: takes (m, 50) person vectors and says for whom (m,) there is a ranking.
    needs: what such a person must state, for the message.
    has_limits: True if a profile's wage, education and fields remove occupations; False if
        wage and education are only slots of the vector, as in the post.
    """

    description: str
    catalog: str
    scorer: Callable[[Catalog], Scorer]
    can_rank: Callable[[np.ndarray], np.ndarray] = _rates_something
    needs: str = "rate at least one skill, interest or work value above 0"
    has_limits: bool = False


METHODS: dict[str, Method] = {
    "post": Method("the post's logistic regression on 150 features", "post", _post),
    "cosine": Method(
        "the post's baseline: cosine, the occupations' interests and values left empty",
        "post",
        _cosine(fill=False),
    ),
    "cosine_filled": Method(
        "cosine, the occupations' interests and values filled from O*NET",
        "all",
        _cosine(fill=True),
    ),
    "correlation": Method(
        "Pearson correlation of the six interests plus that of the 35 skills",
        "all",
        _correlation("interests", "skills"),
        _differ("interests", "skills"),
        "rate skills or interests, and not all of them alike",
    ),
    # Reported to be what O*NET's own Interest Profiler does; unnamed interests count as 0.
    "interests": Method(
        "Pearson correlation of the six RIASEC interests",
        "all",
        _correlation("interests"),
        _differ("interests"),
        "rate interests, and not all six alike",
    ),
    "matched": Method(
        "the recommender that listens: what a person states meets what an occupation is",
        "all",
        _matched,
        has_limits=True,
    ),
}
