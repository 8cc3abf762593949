"""The recommender that listens (notebook 08): a kernel ridge regression from what persons made from
occupations state to what O*NET lists as related, plus a plain correlation; then probabilities."""

from functools import cache, partial
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
from careerlib.encoding import ALL_SLOTS, BLOCKS, RATED, block_units, standardised
from careerlib.evaluation import ranked
from careerlib.persons import drop_blocks, full_persons, long_forms, only, short_forms
from careerlib.training import confidence

COMPARED = ("skills", "interests", "knowledge")  # blocks of the correlation
WEIGHTS = np.repeat([0.7, 1.0, 0.7, 0.7], [35, 6, 6, 33])  # in the kernel: interests count most
KNEES = (0.5, 2.5)  # scores behind which a point more counts less for the log-odds
WORDS = {"High": 0.5, "Medium": 0.3, "Low": 0.15, "Very low": 0.0}  # lowest probability of each
MEANING = (
    "Of 100 entries with the word High 50 or more are relatives (O*NET lists them as related "
    "to the occupation that the form resembles); Medium: 30, Low: 15, Very low: fewer."
)


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


def weighted(persons, about):
    """`statements` by how much a difference in each counts in the kernel."""
    return statements(persons, *about) * np.tile(WEIGHTS, 2)


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
    """(n, n) shares of what a form of each occupation should lead to: its relatives where known,
    (n,), is True, else stand-ins, those most alike; half of who lists it, a little of itself."""
    listed = (catalog.related_matrix > 0) & known[:, None]
    wanted = listed / np.maximum(listed.sum(axis=1, keepdims=True), 1)
    unknown = np.flatnonzero(~listed.any(axis=1))
    nearest = ranked(likeness[unknown], top=n_stand_ins)
    wanted[unknown[:, None], nearest] = stand_in / n_stand_ins
    return wanted + mutual * wanted.T + own * np.eye(len(wanted))


def training_forms(catalog, seed, n_short=12):
    """(n, 83) arrays, the forms that training fills in for each occupation: short ones, half with
    empty blocks, a quarter without knowledge; long and full ones, with knowledge and without."""
    *seeds, last = np.random.SeedSequence(seed).generate_state(n_short + 1)
    short = [short_forms(catalog, number) for number in seeds]
    dropped = zip(short[::2], seeds[::2], strict=True)
    short[::2] = [drop_blocks(form, number) for form, number in dropped]
    three = list(BLOCKS)[:3]
    short[3::4] = [only(form, three) for form in short[3::4]]
    long, full = long_forms(catalog, last), full_persons(catalog)
    return [only(long, three), long, *short, only(full, three), full]


def ridge(x, n_forms, penalty=0.1):
    """A function from targets (n, n) to weights (k, n) and constants (n,); x: (n_forms * n, k)."""
    centre = x.mean(axis=0)
    x = x - centre
    inverse = np.linalg.inv(x.T @ x + penalty * np.eye(x.shape[1]))
    # The forms of an occupation have one target, so that their sum is enough.
    summed = x.reshape(n_forms, -1, x.shape[1]).sum(axis=0)
    weigh = inverse @ summed.T  # all that does not depend on the targets

    def solve(wanted):
        weights = weigh @ wanted
        return weights, wanted.mean(axis=0) - centre @ weights

    return solve


def kernel_ridge(catalog, seed=42, n_landmarks=400, gamma=0.01, penalty=0.1):
    """A function that learns targets (n, n) and returns one that scores persons, (m, 83) to (m, n).
    gamma: how fast likeness to a landmark falls; landmarks are drawn from the last three forms."""
    about, forms = scale(catalog), training_forms(catalog, seed)
    said = weighted(np.vstack(forms), about)
    size = min(n_landmarks, 3 * len(catalog))
    kernel = Nystroem(gamma=gamma, n_components=size, random_state=seed)
    kernel.fit(said[-3 * len(catalog) :])
    solve = ridge(kernel.transform(said), len(forms), penalty)

    def learn(wanted):
        weights, constants = solve(wanted)
        weights = kernel.normalization_.T @ weights

        def score(persons):
            said = weighted(persons, about)
            near = rbf_kernel(said, kernel.components_, gamma=gamma)
            return near @ weights + constants

        return score

    return learn


def informative(persons):
    """Persons without the blocks in which all is rated alike: these say nothing."""
    persons = persons.copy()
    for block in BLOCKS.values():
        persons[np.ptp(persons[:, block], axis=1) < 1e-9, block] = 0
    return persons


def stated_blocks(persons):
    """(m,) which of the four blocks are filled in: 1, 2, 4 and 8, added up."""
    filled_in = [(persons[:, block] > 0).any(axis=1) for block in BLOCKS.values()]
    return np.array([1, 2, 4, 8]) @ filled_in


class Listener:
    """What is learned (learn: of `kernel_ridge`), and `plain` times the plain correlation."""

    def __init__(self, catalog, learn, plain=1.0):
        self.catalog, self.learn, self.plain = catalog, learn, plain
        self.likeness = alike(catalog)
        self.units = block_units(full_persons(catalog), COMPARED)

    def compared(self, persons):
        """(m, n) correlation with each occupation."""
        return block_units(persons, COMPARED) @ self.units.T

    def fit(self, known, **weights):
        """A function that scores persons, (m, 83) to (m, n); known and weights: of `targets`."""
        learned = self.learn(targets(self.catalog, known, self.likeness, **weights))

        def score(persons):
            persons = informative(persons)
            scores = standardised(learned(persons))
            scores += self.plain * standardised(self.compared(persons))
            scores[stated_blocks(persons) == 0] = 0
            return standardised(scores)

        return score


def about_form(persons, compared):
    """(m, 3) 1, how much is stated, and the coherence: the best correlation with an occupation."""
    stated = np.log((persons[:, RATED] > 0).sum(axis=1).clip(1))
    return np.column_stack([np.ones(len(persons)), stated, compared.max(axis=1)])


def entry_features(about, scores):
    """(m, k, 8) for scores (m, k): `about_form`, these times the score, the score above KNEES."""
    about, scores = about[:, None, :], scores[..., None]
    above = np.maximum(scores - KNEES, 0)
    return np.concatenate([about + 0 * scores, about * scores, above], axis=-1)


def shuffled(persons: np.ndarray, seed: int) -> np.ndarray:
    """The same ratings in other slots of their blocks: as much is stated, and nobody meant it."""
    rng, persons = np.random.default_rng(seed), persons.copy()
    for block in BLOCKS.values():
        persons[:, block] = rng.permuted(persons[:, block], axis=1)
    return persons


def judging_forms(catalog: Catalog, seed: int, blocks: list[str]) -> list[tuple]:
    """Other forms, with these blocks only, and whether they are meant; the others are shuffled."""
    short, long, mix = np.random.SeedSequence([seed, 1]).generate_state(3)
    # Few are named in a short one, sometimes one or two skills.
    few = {"skills": (1, 6)} | dict.fromkeys(["interests", "work values", "knowledge"], (1, 3))
    forms = short_forms(catalog, short, form=few), long_forms(catalog, long), full_persons(catalog)
    forms = [informative(only(form, blocks)) for form in forms]
    return [(form, True) for form in forms] + [(shuffled(form, mix), False) for form in forms]


def calibrate(listener, parts, seed, stated, every=90, by_chance=0.1):
    """(8,) weights of a logistic regression for forms with the `stated` blocks, of people whose
    relatives were not read (parts: scores by the other lists, own rows): their first ten entries,
    and each `every`-th of the rest with that weight. A form nobody meant is right about nothing."""
    n, related = len(listener.catalog), listener.catalog.related_matrix > 0
    blocks = [name for i, name in enumerate(BLOCKS) if stated >> i & 1]
    forms = judging_forms(listener.catalog, seed, blocks)
    places = np.r_[:10, 10 + every // 2 : n - 1 : every]
    counts, x, y, w = np.where(places < 10, 1, every), [], [], []
    for (form, meant), (score, own) in product(forms, parts):
        own = own[stated_blocks(form[own]) == stated]
        scores = score(form[own])
        shown = ranked(scores, own, n)[:, places]
        scores = np.take_along_axis(scores, shown, axis=1)
        about = about_form(form[own], listener.compared(form[own]))
        x.append(entry_features(about, scores))
        y.append(np.take_along_axis(related[own], shown, axis=1) & meant)
        w.append(np.tile(counts * (1 if meant else by_chance), (len(own), 1)))
    x, y, w = (np.concatenate(part) for part in (x, y, w))
    model = LogisticRegression(C=1e6, fit_intercept=False, solver="newton-cholesky")
    return model.fit(x.reshape(-1, x.shape[-1]), y.ravel(), w.ravel()).coef_[0]


def log_odds(about, scores, weights):
    """(m, k) of scores (m, k), by `about_form` of who has them and weights of `calibrate`."""
    slopes = (about @ weights[3:6])[:, None] + np.append(0, weights[6:].cumsum())
    slopes = slopes.clip(0.01)  # a higher score never has a lower probability
    result = (about @ weights[:3])[:, None] + slopes[:, [0]] * scores
    for knee, bends in zip(KNEES, np.diff(slopes).T, strict=True):
        result += bends[:, None] * np.maximum(scores - knee, 0)
    return result


class Matcher:
    """The model of a catalog of n occupations. Its probabilities say how likely O*NET names one
    among the relatives of that which the person resembles, not whether she is hired or content."""

    def __init__(self, catalog: Catalog, seed: int = 42) -> None:
        everybody = np.arange(len(catalog))
        with threadpool_limits(limits=1):  # one thread's sums are the same on any machine
            self.listener = Listener(catalog, kernel_ridge(catalog, seed))
            self.score = self.listener.fit(everybody >= 0)
            thirds = KFold(3, shuffle=True, random_state=seed).split(everybody)
            parts = [(self.listener.fit(~np.isin(everybody, own)), own) for _, own in thirds]
        # Of what is stated, fitted when first asked for.
        fitted = partial(calibrate, self.listener, parts, seed)
        self.calibration = cache(threadpool_limits.wrap(limits=1)(fitted))

    def probabilities(self, persons: np.ndarray, scores=None) -> np.ndarray:
        """(m, k) of scores (m, k) that these persons have, or all; NaN for who says too little."""
        persons = informative(persons)
        scores = self.score(persons) if scores is None else scores
        about = about_form(persons, self.listener.compared(persons))
        stated, result = stated_blocks(persons), np.full(scores.shape, np.nan)
        for blocks in np.unique(stated[stated > 0]):
            rows = stated == blocks
            result[rows] = log_odds(about[rows], scores[rows], self.calibration(int(blocks)))
        return expit(result)

    def reasons(self, person: np.ndarray, positions: list | np.ndarray) -> pd.DataFrame:
        """What each statement of a person (83,) does to the log-odds of the occupations at p
        positions, a row each statement: with it minus without it; they do not add up."""
        said = RATED[person[RATED] > 0]
        variants = np.tile(person, (len(said) + 1, 1))
        variants[np.arange(len(said)), said] = 0  # the last row stays whole
        variants = informative(variants)
        weights = self.calibration(int(stated_blocks(variants[-1:])[0]))
        about = about_form(variants, self.listener.compared(variants))
        odds = log_odds(about, self.score(variants)[:, positions], weights)
        return pd.DataFrame((odds[-1] - odds[:-1]).round(9), np.array(ALL_SLOTS)[said], positions)


word = partial(confidence, words=WORDS)
matcher_of = cache(Matcher)  # the model of a catalog, fitted once a process
