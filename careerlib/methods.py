"""The registered methods: each makes a catalog into a function that scores persons.

A method scores persons against all occupations of a catalog in one matrix expression. What is
the same for every method (the best ten, ties, limits, facts) is in recommend.py.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from scipy.special import expit

from careerlib.catalog import Catalog
from careerlib.encoding import BLOCKS, correlation, encode_occupations, unit_rows
from careerlib.matching import RATED, matcher_of, word
from careerlib.profile import Profile
from careerlib.training import confidence, fold, post_model


@dataclass(frozen=True)
class Scorer:
    """A method that is ready for one catalog of n occupations.

    scores: turns (m, 50) person vectors into (m, n) values, higher is better.
    probabilities: turns these persons and values of theirs, (m, k), into probabilities, if the
        method has any. word: the confidence word of a probability.
    reasons: for a Profile and positions the tables (statement, contribution) of what counted,
        largest first, if the method can say.
    can_rank: for whom (m,) of (m, 50) person vectors there is a ranking. needs: what such a
        person must state, for the message.
    has_limits: True if a profile's wage, education and fields remove occupations; False if
        wage and education are only slots of the vector, as in the post.
    """

    scores: Callable[[np.ndarray], np.ndarray]
    probabilities: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None
    word: Callable[[float], str] = confidence
    reasons: Callable[[Profile, np.ndarray], list[pd.DataFrame]] | None = None
    can_rank: Callable[[np.ndarray], np.ndarray] = lambda persons: np.any(persons[:, RATED] > 0, 1)
    needs: str = "rate at least one skill, interest or work value above 0"
    has_limits: bool = False

    def shown(self, persons: np.ndarray, values: np.ndarray) -> np.ndarray:
        """The probabilities of these (m, k) values, or the values themselves."""
        return values if self.probabilities is None else self.probabilities(persons, values)


def _post(catalog: Catalog) -> Scorer:
    """The post's logistic regression on 150 features."""
    folded = fold(post_model())
    of_occupations = encode_occupations(catalog) @ folded.occupation + folded.constant
    return Scorer(
        # Ranking by log-odds is the same as by probability.
        lambda persons: np.add.outer(persons @ folded.person, of_occupations),
        lambda persons, log_odds: expit(log_odds),
    )


def _cosine(catalog: Catalog, fill: bool) -> Scorer:
    """The cosine; without `fill` the occupations' interests and values stay 0, as in the post."""
    occupations = unit_rows(encode_occupations(catalog, fill)).T
    return Scorer(lambda persons: unit_rows(persons) @ occupations)


def _correlation(catalog: Catalog, blocks: tuple[str, ...], needs: str) -> Scorer:
    """The sum over blocks of Pearson's correlation; what is not named counts as 0."""
    occupations = encode_occupations(catalog, fill=True)
    return Scorer(
        lambda persons: correlation(persons, occupations, blocks),
        can_rank=lambda persons: np.any(
            [np.ptp(persons[:, BLOCKS[block]], axis=1) > 0 for block in blocks], axis=0
        ),
        needs=needs,
    )


def _matched(catalog: Catalog) -> Scorer:
    """The recommender that listens: what a person states meets what an occupation is."""
    fitted = matcher_of(catalog)
    return Scorer(fitted.scores, fitted.probabilities, word, fitted.reasons_of_all, has_limits=True)


METHODS: dict[str, Callable[[Catalog], Scorer]] = {
    "post": _post,
    "cosine": partial(_cosine, fill=False),
    "cosine_filled": partial(_cosine, fill=True),
    "correlation": partial(
        _correlation, blocks=("interests", "skills"),
        needs="rate skills or interests, and not all of them alike",
    ),
    # Reported to be what O*NET's own Interest Profiler does.
    "interests": partial(
        _correlation, blocks=("interests",), needs="rate interests, and not all six alike"
    ),
    "matched": _matched,
}  # fmt: skip
