"""The recommender that listens: what a person states meets what an occupation is.

A kernel ridge regression, fitted when first asked for, from the statements of persons made from
occupations to those that O*NET lists as related. Notebook 08 builds it and judges it.
"""

from functools import cache
from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import KFold
from threadpoolctl import threadpool_limits

from careerlib.catalog import Catalog, load_catalog
from careerlib.encoding import BLOCKS, SLOTS, correlation, encode_profiles
from careerlib.evaluation import ranked
from careerlib.persons import full_persons, long_forms, random_profiles, short_forms
from careerlib.profile import Profile

RATED = slice(0, BLOCKS["work values"].stop)  # the 47 slots that a person fills in by rating
N_SHORT = 5  # short forms of each occupation to learn from, beside a long one and all ratings
N_LANDMARKS, GAMMA, PENALTY = 250, 0.01, 0.1
SMOOTHING, SMOOTHING_PENALTY = 3.0, 300.0
N_STAND_INS, STAND_IN_WEIGHT, OWN_WEIGHT = 10, 0.4, 0.15
N_FOLDS, LIST = 3, 10  # parts to calibrate on, length of a list
SEED = 42
CARELESS = 1.5  # points by which people misjudge a rating whose forms are still somebody's
# Lowest probability of each word. What a word was worth is measured in notebook 08.
WORDS = {"High": 0.5, "Medium": 0.3, "Low": 0.15, "Very low": 0.0}


def training_forms(catalog: Catalog, seed: int) -> list[np.ndarray]:
    """The forms that training fills in for each occupation: seven (n, 50) arrays."""
    *seeds, last = np.random.SeedSequence(seed).generate_state(N_SHORT + 1)
    short = [short_forms(catalog, number) for number in seeds]
    return [*short, long_forms(catalog, last), full_persons(catalog)]


def targets(catalog: Catalog, known: np.ndarray) -> np.ndarray:
    """(n, n) what a form of each occupation should lead to.

    known: (n,) True where the list of relatives may be read. It becomes shares that sum to 1, plus
    three times their ridge projection on the ratings: what is rated alike shares relatives. Without
    a list the ten that correlate most stand in. Itself counts as three of twenty relatives.
    """
    related = (catalog.related_matrix() > 0) & known[:, None]
    shares = related / np.maximum(related.sum(axis=1, keepdims=True), 1)
    full = full_persons(catalog)
    rated = statements(full, *scale(catalog))[:, RATED]
    smoother = Ridge(SMOOTHING_PENALTY, fit_intercept=False).fit(rated, shares.T)
    result = shares + SMOOTHING * smoother.predict(rated).T
    alike = correlation(full, full)
    np.fill_diagonal(alike, -np.inf)
    for row in np.flatnonzero(~related.any(axis=1)):
        nearest = np.argsort(-alike[row].round(9), kind="stable")[:N_STAND_INS]
        result[row, nearest] += STAND_IN_WEIGHT / N_STAND_INS
    return result + OWN_WEIGHT * np.eye(len(catalog))


def scale(catalog: Catalog) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation (47,) of the occupations' ratings, where there are any."""
    rated = full_persons(catalog)[:, RATED]
    rated = np.where(rated > 0, rated, np.nan)
    return np.nanmean(rated, axis=0), np.nanstd(rated, axis=0)


def statements(persons: np.ndarray, mean: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """(m, 94) statements of (m, 50) person vectors: how high each stated rating is among
    occupations, then 1 if it was stated. What is not stated is 0 in both."""
    stated = persons[:, RATED] > 0
    return np.hstack([np.where(stated, (persons[:, RATED] - mean) / spread, 0), stated])


class Matcher(NamedTuple):
    """A model fitted with all N occupations, for n of them; `matcher_of` makes it.

    A probability says how likely O*NET names the occupation among the relatives of the one
    that the person resembles. It is not the chance of being hired or content.
    """

    codes: pd.Index  # of the N occupations
    mean: np.ndarray  # (47,) of their ratings
    spread: np.ndarray  # (47,)
    filled: np.ndarray  # (N, 50) their vectors
    landmarks: np.ndarray  # (d, 94) statements that a person's are compared with
    weights: np.ndarray  # (d, N) what likeness to each landmark adds
    base: np.ndarray  # (N,)
    calibration: np.ndarray | None = None  # intercept and weights (4,) of `_entry_features`
    coherent: np.ndarray | None = None  # intercept and weight (2,) of the coherence
    columns: np.ndarray | slice = slice(None)  # (n,) positions among the N

    def scores(self, persons: np.ndarray) -> np.ndarray:
        """(m, n) of (m, 50) person vectors, higher is better; standardised within each person
        over all N, as the size of a raw score depends on how many lists were read."""
        said = statements(persons, self.mean, self.spread)
        values = rbf_kernel(said, self.landmarks, gamma=GAMMA) @ self.weights
        values += self.base
        values -= values.mean(axis=1, keepdims=True)
        squares = np.einsum("ij,ij->i", values, values)[:, None]
        values /= np.sqrt(squares / values.shape[1])
        return values[:, self.columns]

    def coherence(self, persons: np.ndarray) -> np.ndarray:
        """(m,) how well the best occupation explains a form: its correlation, 2 at most."""
        return correlation(persons, self.filled).max(axis=1)

    def probabilities(self, persons: np.ndarray, scores: np.ndarray) -> np.ndarray:
        """(m, k) calibrated probabilities of scores (m, k) that these persons have: how likely a
        form as coherent as this describes an occupation at all, rather than being filled in by
        chance, times how likely an entry with this score is right if it does."""
        somebody = expit(self.coherent[0] + self.coherent[1] * self.coherence(persons))
        entry = expit(self.calibration[0] + _entry_features(persons, scores) @ self.calibration[1:])
        return somebody[:, None] * entry

    def reasons(self, person: Profile, position: int) -> pd.DataFrame:
        """`reasons_of_all` for the occupation in this row of the catalog."""
        return self.reasons_of_all(person, np.array([position]))[0]

    def reasons_of_all(self, person: Profile, positions: np.ndarray) -> list[pd.DataFrame]:
        """What each statement does to the log-odds of each occupation: with it minus without it.

        Columns statement (the slot's name) and contribution, largest first, ties in the order of
        the slots. They do not add up to the log-odds: what two say together is in both.
        """
        vector = encode_profiles(person)
        stated = np.flatnonzero(vector[0, RATED] > 0)
        variants = np.repeat(vector, len(stated) + 1, axis=0)
        variants[np.arange(len(stated)), stated] = 0  # the last row stays whole
        values = logit(self.probabilities(variants, self.scores(variants)[:, positions]))
        lost, names = (values[-1] - values[:-1]).round(9), np.array(SLOTS)[stated]
        order = np.argsort(-lost, axis=0, kind="stable")
        return [
            pd.DataFrame({"statement": names[rows], "contribution": column[rows]})
            for rows, column in zip(order.T, lost.T, strict=True)
        ]


def _entry_features(persons: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """(m, k, 3) the score, how much the person states (as a logarithm), and their product."""
    stated = np.log((persons[:, RATED] > 0).sum(axis=1).clip(1))[:, None]
    return np.stack([scores, np.broadcast_to(stated, scores.shape), scores * stated], axis=-1)


def word(probability: float) -> str:
    """The word of WORDS for a probability."""
    return next(name for name, low in WORDS.items() if probability >= low)


def matcher_of(catalog: Catalog) -> Matcher:
    """The model of all occupations, fitted once a process, with the columns of this catalog."""
    whole = _matcher()
    if catalog.codes.equals(whole.codes):
        return whole
    return whole._replace(columns=whole.codes.get_indexer(catalog.codes))


@cache
def _matcher() -> Matcher:
    catalog = load_catalog()
    everyone = np.arange(len(catalog))
    folds = list(KFold(N_FOLDS, shuffle=True, random_state=SEED).split(everyone))
    with threadpool_limits(limits=1):  # one thread's sums are the same on any machine
        matcher, *others = fitted(catalog, [everyone, *(rest for rest, _ in folds)])
        calibration = _calibrated(catalog, others, [held_out for _, held_out in folds])
        # Carelessly filled forms of occupations are told from forms by chance.
        careless, chance = np.random.SeedSequence([SEED, 2]).generate_state(2)
        forms = short_forms(catalog, careless, CARELESS), random_profiles(len(catalog), chance)
        coherence = matcher.coherence(np.vstack(forms))[:, None]
        coherent = _logistic(coherence, np.repeat([True, False], len(catalog)))
    return matcher._replace(calibration=calibration, coherent=coherent)


def fitted(catalog: Catalog, several: list[np.ndarray]) -> list[Matcher]:
    """A model, not calibrated, for each set of occupations whose lists of relatives may be read.

    Every occupation may be recommended, forms of every one are filled in: only targets differ.
    """
    n, forms = len(catalog), training_forms(catalog, SEED)
    mean, spread = scale(catalog)
    said = statements(np.vstack(forms), mean, spread)
    wanted = np.hstack([targets(catalog, np.isin(np.arange(n), rows)) for rows in several])
    kernel = Nystroem(gamma=GAMMA, n_components=N_LANDMARKS, random_state=SEED)
    kernel.fit(said[-3 * n :])  # a short form, a long one and the full ratings of each
    ridge = Ridge(PENALTY).fit(kernel.transform(said), np.tile(wanted, (len(forms), 1)))
    # The kernel's normalisation and the ridge's weights are one product.
    weights = np.split(kernel.normalization_.T @ ridge.coef_.T, len(several), axis=1)
    bases = np.split(ridge.intercept_, len(several))
    about = catalog.codes, mean, spread, forms[-1], kernel.components_
    return [Matcher(*about, *learned) for learned in zip(weights, bases, strict=True)]


def _calibrated(catalog: Catalog, models: list[Matcher], held_out: list) -> np.ndarray:
    """Intercept and weights of a logistic regression on the lists of ten of people whose lists of
    relatives their model has not read. They fill in other forms than those of training."""
    related = catalog.related_matrix() > 0
    short, long = np.random.SeedSequence([SEED, 1]).generate_state(2)
    forms = [short_forms(catalog, short), long_forms(catalog, long), full_persons(catalog)]
    features, right = [], []
    for (model, own), form in product(zip(models, held_out, strict=True), forms):
        scores = model.scores(form[own])
        best = ranked(scores, own, LIST)
        features.append(_entry_features(form[own], np.take_along_axis(scores, best, axis=1)))
        right.append(np.take_along_axis(related[own], best, axis=1))
    return _logistic(np.concatenate(features).reshape(-1, 3), np.concatenate(right).ravel())


def _logistic(features: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Intercept and weights of a logistic regression without a penalty."""
    model = LogisticRegression(C=np.inf, max_iter=1000).fit(features, labels)
    return np.append(model.intercept_, model.coef_)
