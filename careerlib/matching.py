"""The recommender that listens: what a person states meets what an occupation is.

A kernel ridge regression from the statements of persons made from occupations to those that O*NET
lists as related, plus a plain correlation; then probabilities. Notebook 08 builds and judges it.
"""

from functools import cache
from itertools import product

import numpy as np
import pandas as pd
from scipy.special import expit
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import KFold
from threadpoolctl import threadpool_limits

from careerlib.catalog import Catalog
from careerlib.encoding import ALL_SLOTS, BLOCKS, RATED, block_units, encode_persons
from careerlib.errors import check_whole
from careerlib.evaluation import ranked, relatives
from careerlib.persons import full_persons, informative, judging_forms, training_forms
from careerlib.profile import Profile

COMPARED = ("skills", "interests", "knowledge")  # blocks of the correlation
WEIGHTS = np.repeat([0.7, 1.0, 0.7, 0.7], [35, 6, 6, 33])  # in the kernel: interests count most
KNEES = (0.5, 2.5)  # scores behind which a point more counts less for the log-odds
WORDS = {"High": 0.5, "Medium": 0.3, "Low": 0.15, "Very low": 0.0}  # lowest probability of each
MEANING = (
    "Of 100 entries with the word High {:.0f} or more are relatives (O*NET lists them as related "
    "to the occupation that the form resembles); Medium: {:.0f}, Low: {:.0f}, Very low: fewer."
).format(*(100 * low for low in WORDS.values()))


def scale(catalog):
    """Mean and standard deviation (80,) of the occupations' ratings, where there are any."""
    rated = full_persons(catalog)[:, RATED]
    rated = np.where(rated > 0, rated, np.nan)
    return np.nanmean(rated, axis=0), np.nanstd(rated, axis=0)


def statements(persons, mean, spread):
    """(m, 160) how high each stated rating is among occupations, 1 if it is stated; else 0, 0."""
    stated = persons[:, RATED] > 0
    high = np.where(stated, (persons[:, RATED] - mean) / spread, 0)
    return np.hstack([high, stated])


def alike(catalog, for_each_level=0.1):
    """(n, n) likeness of occupations: correlation, and digits of the SOC code in common."""
    units = block_units(full_persons(catalog), COMPARED)
    likeness = units @ units.T
    for digits in (2, 4, 6):  # "11", "11-1", "11-101"
        code = catalog.codes.str[:digits].to_numpy()
        likeness = likeness + for_each_level * (code[:, None] == code)
    np.fill_diagonal(likeness, -np.inf)
    return likeness


def targets(catalog, known, likeness, n_stand_ins=10, stand_in=0.4, mutual=0.5, own=0.15):
    """(n, n) what a form of each occupation should lead to.

    known: (n,) True where the list of relatives may be read. It becomes shares that sum to 1; for
    the others those most alike stand in. Added: half of who lists this one, and a little of itself.
    """
    listed = relatives(catalog) & known[:, None]
    wanted = listed / np.maximum(listed.sum(axis=1, keepdims=True), 1)
    unknown = np.flatnonzero(~listed.any(axis=1))
    nearest = ranked(likeness[unknown], top=n_stand_ins)
    wanted[unknown[:, None], nearest] = stand_in / n_stand_ins
    return wanted + mutual * wanted.T + own * np.eye(len(wanted))


def standardised(scores):
    """The same (m, n) array, each row less its mean and divided by its standard deviation."""
    scores -= scores.mean(axis=1, keepdims=True)
    spread = np.sqrt(np.einsum("ij,ij->i", scores, scores) / scores.shape[1])
    scores /= np.where(spread > 1e-9, spread, 1)[:, None]
    return scores


class Listener:
    """What forms of a catalog teach, whichever lists of relatives may be read.

    gamma: how fast likeness to a landmark falls. plain: weight of the plain correlation.
    """

    def __init__(self, catalog, seed=42, n_landmarks=400, gamma=0.01, penalty=0.1, plain=1.0):
        self.catalog, self.gamma, self.plain = catalog, gamma, plain
        self.about, self.likeness = scale(catalog), alike(catalog)
        self.units = block_units(full_persons(catalog), COMPARED)
        forms = training_forms(catalog, seed)
        size = min(n_landmarks, 3 * len(catalog))
        said = self.said(np.vstack(forms))
        kernel = Nystroem(gamma=gamma, n_components=size, random_state=seed)
        x = kernel.fit(said[-3 * len(catalog) :]).transform(said)
        self.landmarks = kernel.components_
        self.normal = kernel.normalization_.T
        self.centre = x.mean(axis=0)
        x -= self.centre
        # Ridge regression: forms of an occupation have one target, so that their sum is enough.
        self.inverse = np.linalg.inv(x.T @ x + penalty * np.eye(size))
        self.summed = x.reshape(len(forms), -1, size).sum(axis=0)

    def said(self, persons):
        return statements(persons, *self.about) * np.tile(WEIGHTS, 2)

    def compared(self, persons):
        """(m, n) correlation with each occupation."""
        return block_units(persons, COMPARED) @ self.units.T

    def fit(self, known, **weights):
        """A function that scores persons, (m, 83) to (m, n); known and weights: of `targets`."""
        wanted = targets(self.catalog, known, self.likeness, **weights)
        mean = wanted.mean(axis=0)
        ridge = self.inverse @ (self.summed.T @ (wanted - mean))
        base, ridge = mean - self.centre @ ridge, self.normal @ ridge

        def score(persons):
            persons = informative(persons)
            said, gamma = self.said(persons), self.gamma
            learned = rbf_kernel(said, self.landmarks, gamma=gamma) @ ridge
            learned += base
            plain = standardised(self.compared(persons))
            plain *= self.plain
            scores = standardised(learned)
            scores += plain  # in place: large arrays take long to make
            scores[stated_blocks(persons) == 0] = 0
            return standardised(scores)

        return score


def stated_blocks(persons):
    """(m,) which of the four blocks are filled in: 1, 2, 4 and 8, added up."""
    filled_in = [(persons[:, block] > 0).any(axis=1) for block in BLOCKS.values()]
    return np.array([1, 2, 4, 8]) @ filled_in


def about_form(persons, compared):
    """(m, 3) 1, how much is stated, and the coherence: the best correlation with an occupation."""
    stated = np.log((persons[:, RATED] > 0).sum(axis=1).clip(1))
    return np.column_stack([np.ones(len(persons)), stated, compared.max(axis=1)])


def entry_features(about, scores):
    """(m, k, 8) for scores (m, k): `about_form`, these times the score, the score above KNEES."""
    about, scores = about[:, None, :], scores[..., None]
    above = np.maximum(scores - KNEES, 0)
    return np.concatenate([about + 0 * scores, about * scores, above], axis=-1)


class Matcher:
    """The model of a catalog of n occupations. Its probabilities say how likely O*NET names one
    among the relatives of that which the person resembles, not whether she is hired or content."""

    def __init__(self, catalog: Catalog, seed: int = 42):
        check_whole("seed", seed, 0, 2**32 - 1, "it starts the random numbers")
        check_whole("the number of occupations", len(catalog), 30, 10**6, "a model needs them")
        self.catalog, self.seed, n = catalog, seed, len(catalog)
        with threadpool_limits(limits=1):  # one thread's sums are the same on any machine
            self.listener = Listener(catalog, seed)
            self.score = self.listener.fit(np.full(n, True))
            parts = KFold(3, shuffle=True, random_state=seed).split(range(n))
            self.parts = [(self.listener.fit(np.isin(range(n), rest)), own) for rest, own in parts]
        self.calibration = cache(self._calibrated)  # of what is stated, fitted when first asked for

    def _calibrated(self, stated: int, every: int = 90, by_chance: float = 0.1) -> np.ndarray:
        """(8,) weights of a logistic regression for forms with the `stated` blocks.

        It sees people whose relatives were not read: their first ten entries, and each `every`-th
        of the others with that weight. A form that nobody meant is right about nothing.
        """
        blocks = [name for i, name in enumerate(BLOCKS) if stated >> i & 1]
        places = np.r_[:10, 10 + every // 2 : len(self.catalog) - 1 : every]
        counts = np.where(places < 10, 1, every)
        related, x, y, w = relatives(self.catalog), [], [], []
        forms = judging_forms(self.catalog, self.seed, blocks)
        with threadpool_limits(limits=1):
            for (form, meant), (score, held_out) in product(forms, self.parts):
                own = held_out[stated_blocks(form[held_out]) == stated]
                scores = score(form[own])
                shown = ranked(scores, own, len(self.catalog))[:, places]
                scores = np.take_along_axis(scores, shown, axis=1)
                about = about_form(form[own], self.listener.compared(form[own]))
                x.append(entry_features(about, scores))
                y.append(np.take_along_axis(related[own], shown, axis=1) & meant)
                w.append(np.tile(counts * (1 if meant else by_chance), (len(own), 1)))
            x, y, w = (np.concatenate(part) for part in (x, y, w))
            model = LogisticRegression(C=1e6, fit_intercept=False, solver="newton-cholesky")
            return model.fit(x.reshape(-1, x.shape[-1]), y.ravel(), w.ravel()).coef_[0]

    def _log_odds(self, persons: np.ndarray, scores: np.ndarray, stated: int) -> np.ndarray:
        """(m, k) of scores (m, k) that these persons have, by the calibration for `stated`."""
        persons, weights = informative(persons), self.calibration(stated)
        about = about_form(persons, self.listener.compared(persons))
        slopes = (about @ weights[3:6])[:, None] + np.append(0, weights[6:].cumsum())
        slopes = slopes.clip(0.01)  # a higher score never has a lower probability
        result = (about @ weights[:3])[:, None] + slopes[:, [0]] * scores
        for knee, bends in zip(KNEES, np.diff(slopes).T, strict=True):
            result += bends[:, None] * np.maximum(scores - knee, 0)
        return result

    def probabilities(self, persons: np.ndarray, scores: np.ndarray) -> np.ndarray:
        """(m, k) of scores (m, k) that these persons have; NaN for who says too little."""
        stated, result = stated_blocks(informative(persons)), np.full(scores.shape, np.nan)
        for blocks in np.unique(stated[stated > 0]):
            rows = stated == blocks
            result[rows] = expit(self._log_odds(persons[rows], scores[rows], int(blocks)))
        return result

    def reasons(self, profile: Profile, position: int) -> pd.DataFrame:
        """What each statement does to the log-odds of the occupation at this row: columns statement
        and contribution (with it minus without it; they do not add up), largest first."""
        names, lost = self.contributions(encode_persons(profile, self.catalog)[0], [position])
        table = pd.DataFrame({"statement": names, "contribution": lost[:, 0]})
        return table.sort_values("contribution", ascending=False, kind="stable", ignore_index=True)

    def contributions(self, person: np.ndarray, positions: list | np.ndarray) -> tuple:
        """What `reasons` says: k names, and (k, p) for occupations at p positions."""
        said = RATED[person[RATED] > 0]
        variants = np.tile(person, (len(said) + 1, 1))
        variants[np.arange(len(said)), said] = 0  # the last row stays whole
        stated = int(stated_blocks(informative(person[None]))[0])
        values = self._log_odds(variants, self.score(variants)[:, positions], stated)
        return np.array(ALL_SLOTS)[said], (values[-1] - values[:-1]).round(9)


def word(probability: float) -> str:
    """The word of WORDS for a probability."""
    return next(name for name, low in WORDS.items() if probability >= low)


_matchers: dict[str, Matcher] = {}


def matcher_of(catalog: Catalog) -> Matcher:
    """The model of this catalog, fitted once a process for equal data."""
    if catalog.digest not in _matchers:
        _matchers[catalog.digest] = Matcher(catalog)
    return _matchers[catalog.digest]
