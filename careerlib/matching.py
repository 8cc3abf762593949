"""The recommender that listens: what a person states meets what an occupation is.

A kernel ridge regression, fitted when first asked for, from the statements of persons made from
occupations to the occupations that O*NET lists as related to theirs. Notebook 08 builds it,
says how it was chosen, and judges it.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256

import numpy as np
import pandas as pd

from careerlib.catalog import Catalog, load_catalog
from careerlib.encoding import BLOCKS, N_SLOTS, SLOTS, encode_occupations, encode_profiles
from careerlib.errors import CareerlibError, check_whole
from careerlib.persons import full_persons, long_forms, random_profiles, short_forms
from careerlib.profile import Profile

RATED = slice(0, BLOCKS["work values"].stop)  # the 47 slots that a person fills in by rating
N_SHORT = 5  # short forms of each occupation to learn from, beside a long one and all ratings
N_LANDMARKS, GAMMA, PENALTY = 500, 0.01, 0.1
SMOOTHING, SMOOTHING_PENALTY = 3.0, 300.0
N_STAND_INS, STAND_IN_WEIGHT, OWN_WEIGHT = 10, 0.4, 0.1
N_FOLDS, BEST = 3, 30  # parts to calibrate on, and how many of each person's best
FEWEST = 30  # occupations to learn from
# Lowest probability of each word. What a word was worth is measured in notebook 08.
WORDS = {"High": 0.5, "Medium": 0.3, "Low": 0.15, "Very low": 0.0}


def correlation(persons: np.ndarray, occupations: np.ndarray) -> np.ndarray:
    """(m, n) Pearson correlation of the skills plus that of the interests, of (m, 50) persons
    with (n, 50) filled occupations. Where a block is rated all alike it counts as 0."""
    total = np.zeros((len(persons), len(occupations)))
    for block in ("skills", "interests"):
        first, second = (_directions(rows[:, BLOCKS[block]]) for rows in (persons, occupations))
        total += first @ second.T
    return total


def _directions(rows: np.ndarray) -> np.ndarray:
    """Rows less their mean, of length 1 (or 0)."""
    rows = rows - rows.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 1e-12)


def training_forms(catalog: Catalog, seed: int) -> list[np.ndarray]:
    """The forms that training fills in for each occupation: seven (n, 50) arrays."""
    seeds = [int(number) for number in np.random.SeedSequence(seed).generate_state(N_SHORT + 1)]
    short = [short_forms(catalog, number) for number in seeds[:N_SHORT]]
    return [*short, long_forms(catalog, seeds[N_SHORT]), full_persons(catalog)]


def targets(catalog: Catalog, known: np.ndarray) -> np.ndarray:
    """(n, n) what a form of each occupation should lead to.

    known: (n,) True where the occupation's list of relatives may be read. It becomes shares
    that sum to 1, plus three times their ridge projection on the ratings: what is rated alike
    shares relatives. An occupation without a known list has the ten that correlate most with
    it as a stand-in, of less weight. Itself counts as two of its twenty relatives.
    """
    from sklearn.linear_model import Ridge

    related = (catalog.related_matrix() > 0) & known[:, None]
    rated = statements(full_persons(catalog), *scale(catalog))[:, RATED]
    shares = related / np.maximum(related.sum(axis=1, keepdims=True), 1)
    smoother = Ridge(SMOOTHING_PENALTY, fit_intercept=False).fit(rated, shares.T)
    result = shares + SMOOTHING * smoother.predict(rated).T
    alike = correlation(full_persons(catalog), full_persons(catalog))
    np.fill_diagonal(alike, -np.inf)
    for row in np.flatnonzero(~related.any(axis=1)):
        nearest = np.argsort(-alike[row].round(9), kind="stable")[:N_STAND_INS]
        result[row, nearest] += STAND_IN_WEIGHT / len(nearest)
    return result + OWN_WEIGHT * np.eye(len(catalog))


def scale(catalog: Catalog) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation (47,) of the occupations' ratings, where there are any."""
    rated = encode_occupations(catalog, fill=True)[:, RATED]
    rated = np.where(rated > 0, rated, np.nan)
    spread = np.nanstd(rated, axis=0)
    return np.nanmean(rated, axis=0), np.where(spread > 0, spread, 1)


def statements(persons: np.ndarray, mean: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """(m, 94) statements of (m, 50) person vectors: how high each stated rating is among
    occupations, then 1 if it was stated. What is not stated is 0 in both."""
    if persons.ndim != 2 or persons.shape[1] != N_SLOTS or not np.isfinite(persons).all():
        raise CareerlibError(
            f"The person vectors, of shape {persons.shape}, are not finite numbers of shape "
            f"(people, {N_SLOTS}); make them with encode_profiles."
        )
    stated = persons[:, RATED] > 0
    return np.hstack([np.where(stated, (persons[:, RATED] - mean) / spread, 0), stated])


@dataclass(frozen=True)
class Matcher:
    """A fitted model; `fit_matcher` makes it.

    catalog: of n occupations. occupations: positions whose lists of relatives it learned from.
    mean, spread: (47,) of the ratings. landmarks: (d, 94) statements that a person's are
    compared with. weights: (d, n) and base (n,): what likeness to each landmark adds.
    filled: (N, 50) vectors of all occupations that it was fitted with.

    A probability says how likely O*NET names the occupation among the relatives of the one
    that the person resembles. It is not the chance of being hired or content.
    """

    catalog: Catalog
    occupations: np.ndarray
    seed: int
    mean: np.ndarray
    spread: np.ndarray
    landmarks: np.ndarray
    weights: np.ndarray
    base: np.ndarray
    filled: np.ndarray

    def scores(self, persons: np.ndarray) -> np.ndarray:
        """(m, n) of (m, 50) person vectors, higher is better: shares, roughly."""
        from sklearn.metrics.pairwise import rbf_kernel

        said = statements(persons, self.mean, self.spread)
        return rbf_kernel(said, self.landmarks, gamma=GAMMA) @ self.weights + self.base

    def coherence(self, persons: np.ndarray) -> np.ndarray:
        """(m,) how well the best occupation explains a form: its correlation, 2 at most."""
        return correlation(persons, self.filled).max(axis=1)

    def log_odds(self, persons: np.ndarray, scores: np.ndarray) -> np.ndarray:
        """(m, k) calibrated log-odds of scores (m, k) that these persons have."""
        intercept, weights = self.calibration
        features = _calibration_features(scores, self.coherence(persons), persons)
        return features @ weights + intercept

    def probabilities(self, persons: np.ndarray, scores: np.ndarray) -> np.ndarray:
        """(m, k) calibrated probabilities; see `log_odds`."""
        return 1 / (1 + np.exp(-self.log_odds(persons, scores)))

    @cached_property
    def calibration(self) -> tuple[float, np.ndarray]:
        """Intercept and weights of a logistic regression on predictions for held-out lists.

        Learned from everybody's best 30, since these may be shown. As many forms by chance as
        there are short ones take part: they describe nobody, so nothing is right for them.
        """
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import KFold

        related = self.catalog.related_matrix() > 0
        people = calibration_people(self.catalog, self.seed)
        features, labels = [], []
        folds = KFold(N_FOLDS, shuffle=True, random_state=self.seed)
        for rest, held_out in folds.split(self.occupations):
            others = fit_matcher(self.catalog, self.occupations[rest], self.seed)
            rows = self.occupations[held_out]
            for kind, forms in people.items():
                scores = others.scores(forms[rows])
                scores[np.arange(len(rows)), rows] = -np.inf
                best = np.argsort(-scores.round(9), axis=1, kind="stable")[:, :BEST]
                right = np.take_along_axis(related[rows], best, axis=1) & (kind != "chance")
                shown = np.take_along_axis(scores, best, axis=1)
                features.append(
                    _calibration_features(shown, self.coherence(forms[rows]), forms[rows])
                )
                labels.append(right)
        x, y = (np.concatenate(parts) for parts in (features, labels))
        model = LogisticRegression(C=np.inf, max_iter=1000)
        model.fit(x.reshape(-1, x.shape[-1]), y.ravel())
        return float(model.intercept_[0]), model.coef_[0]

    def reasons(self, person: Profile | np.ndarray, position: int) -> pd.DataFrame:
        """What each statement does to the log-odds of one occupation: with it minus without it.

        position: the occupation's row in the catalog. Columns statement (the slot's name) and
        contribution, largest first; equal ones in the order of the slots. Contributions do not
        add up: what two statements say together is in both. Raises CareerlibError for a
        person who states nothing.
        """
        person = encode_profiles(person)[0] if isinstance(person, Profile) else person.ravel()
        stated = np.flatnonzero(person[RATED] > 0)
        if len(stated) == 0:
            raise CareerlibError(
                "The profile is empty, so nothing contributes; rate at least one skill, "
                "interest or work value above 0."
            )
        variants = np.tile(person, (len(stated) + 1, 1))
        variants[np.arange(len(stated)), stated] = 0
        values = self.log_odds(variants, self.scores(variants)[:, [position]])[:, 0]
        frame = pd.DataFrame(
            {
                "statement": np.array(SLOTS)[stated],
                "contribution": (values[-1] - values[:-1]).round(9),
            }
        )
        return frame.sort_values(
            "contribution", ascending=False, kind="stable", ignore_index=True
        )

    def take(self, catalog: Catalog, columns: np.ndarray) -> "Matcher":
        """The same model for a part of its catalog, with the calibration of the whole."""
        part = replace(
            self, catalog=catalog, weights=self.weights[:, columns], base=self.base[columns]
        )
        part.__dict__["calibration"] = self.calibration
        return part


def _calibration_features(
    scores: np.ndarray, coherence: np.ndarray, persons: np.ndarray
) -> np.ndarray:
    """(m, k, 4) of (m, k) scores: the score, how coherent the form is, how much it states,
    and the first times the last, because shares are larger for who says more."""
    stated = np.log((persons[:, RATED] > 0).sum(axis=1).clip(1))
    each = np.stack([coherence, stated], axis=-1)[:, None, :]
    each = np.broadcast_to(each, (*scores.shape, 2))
    return np.concatenate([scores[..., None], each, (scores * stated[:, None])[..., None]], axis=-1)


def calibration_people(catalog: Catalog, seed: int) -> dict[str, np.ndarray]:
    """The forms to calibrate on, (n, 50) each: other ones than those of training."""
    first, second, third = (
        int(number) for number in np.random.SeedSequence([seed, 1]).generate_state(3)
    )
    return {
        "short": short_forms(catalog, first),
        "long": long_forms(catalog, second),
        "full": full_persons(catalog),
        "chance": random_profiles(len(catalog), third),
    }


def word(probability: float) -> str:
    """The word of WORDS for a probability."""
    return next((name for name, low in WORDS.items() if probability >= low), "Very low")


def fit_matcher(
    catalog: Catalog, occupations: np.ndarray | None = None, seed: int = 42
) -> Matcher:
    """Fit the model; of the relations only the lists of `occupations` (positions) are read.

    All by default. Every occupation takes part as one that may be recommended, and forms of
    every one are filled in; see `targets`. Raises CareerlibError for a seed that cannot be
    used and for fewer than 30 occupations.
    """
    from sklearn.kernel_approximation import Nystroem
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from threadpoolctl import threadpool_limits

    check_whole("seed", seed, 0, 2**32 - 1, "it starts the random numbers")
    occupations = np.arange(len(catalog)) if occupations is None else np.unique(occupations)
    if len(occupations) < FEWEST:
        raise CareerlibError(
            f"There are {len(occupations)} occupations to learn from; give at least {FEWEST}."
        )
    known = np.isin(np.arange(len(catalog)), occupations)
    forms = training_forms(catalog, seed)
    mean, spread = scale(catalog)
    said = statements(np.vstack(forms), mean, spread)
    kernel = Nystroem(
        gamma=GAMMA, n_components=min(N_LANDMARKS, len(said)), random_state=seed
    )
    model = make_pipeline(kernel, Ridge(PENALTY))
    with threadpool_limits(limits=1):  # one thread's sums are the same on any machine
        model.fit(said, np.tile(targets(catalog, known), (len(forms), 1)))
        # The kernel's normalisation and the ridge's weights are one product.
        weights = kernel.normalization_.T @ model[-1].coef_.T
    return Matcher(
        catalog, occupations, seed, mean, spread, kernel.components_, weights,
        model[-1].intercept_, full_persons(catalog),
    )


_matchers: dict[str, Matcher] = {}


def matcher_of(catalog: Catalog) -> Matcher:
    """The model fitted on this catalog, once a process; on a part of the whole catalog, the
    model of the whole one."""
    key = _digest(catalog)
    if key not in _matchers:
        whole = load_catalog()
        columns = whole.codes.get_indexer(catalog.codes)
        part = len(catalog) < len(whole) and (columns >= 0).all()
        if part and _digest(whole.take(columns, catalog.name)) == key:
            _matchers[key] = matcher_of(whole).take(catalog, columns)
        else:
            _matchers[key] = fit_matcher(catalog)
    return _matchers[key]


def _digest(catalog: Catalog) -> str:
    """SHA-256 of all that the model learns from."""
    digest = sha256("\n".join(catalog.codes).encode())
    for ratings in (
        catalog.skill_importance, catalog.skill_level, catalog.interests, catalog.work_values,
        catalog.related_matrix(),
    ):
        digest.update(np.ascontiguousarray(ratings).tobytes())
    return digest.hexdigest()
