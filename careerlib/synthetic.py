"""The post's two generators of synthetic person-occupation pairs.

Each call has two random streams of its own, seeded alike: N (NumPy's RandomState, the
algorithm behind the legacy np.random.seed) and R (Python's random.Random). Pairs are
made one after the other because each pair's draws depend on its match type; this order
is what makes the post's figures come out to the digit.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from careerlib.encoding import BLOCKS, N_SLOTS, cosine, pair_features
from careerlib.errors import CareerlibError, nearest

# Match type: share of the pairs, in the order in which the generator lists them.
SHARES = {
    "strong": 0.25,
    "moderate": 0.20,
    "weak": 0.15,
    "poor": 0.25,
    "partial": 0.10,
    "wrong interests": 0.05,
}
# Match type: the similarity that the training note claims for it.
NOMINAL_SIMILARITY = {
    "strong": (0.7, 0.9),
    "moderate": (0.5, 0.7),
    "weak": (0.3, 0.5),
    "poor": (0.0, 0.3),
}
WEAK_THRESHOLD = 0.45  # cosine above which a weak match is labelled good
N_SKILLS = BLOCKS["skills"].stop
N_OTHERS = N_SLOTS - N_SKILLS


@dataclass(frozen=True)
class Pairs:
    """n labelled pairs.

    persons, occupations: (n, 50) vectors.
    occupation_index: (n,) row of the occupation in the catalog.
    labels: (n,) 1 for a good match, else 0.
    match_types: (n,) names ("positive" and "negative" from the naive generator).
    """

    persons: np.ndarray
    occupations: np.ndarray
    occupation_index: np.ndarray
    labels: np.ndarray
    match_types: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def features(self) -> np.ndarray:
        """(n, 150) person, occupation, person minus occupation."""
        return pair_features(self.persons, self.occupations)

    @property
    def cosines(self) -> np.ndarray:
        """(n,) cosine between person and occupation."""
        return cosine(self.persons, self.occupations)


def naive_pairs(occupations: np.ndarray, n_pairs: int = 2000, seed: int = 42) -> Pairs:
    """The first script: the occupation plus a little noise, or pure noise.

    occupations: (m, 50) vectors in code order. Raises CareerlibError for a number of
    pairs or a seed that cannot be used.
    """
    N, R = _streams(n_pairs, seed)
    rows = range(len(occupations))
    persons, chosen, labels = [], [], []
    for _ in range(n_pairs):
        row = R.choice(rows)
        positive = R.random() > 0.5
        if positive:
            person = np.clip(occupations[row] + N.normal(0, 0.1, N_SLOTS), 0, 1)
        else:
            person = N.random_sample(N_SLOTS)
        persons.append(person)
        chosen.append(row)
        labels.append(positive)
    types = np.where(labels, "positive", "negative")
    return _pairs(occupations, persons, chosen, labels, types)


def production_pairs(
    occupations: np.ndarray,
    n_pairs: int = 3000,
    seed: int = 42,
    shares: Mapping[str, float] | None = None,
    weak_threshold: float = WEAK_THRESHOLD,
) -> Pairs:
    """The second script: six match types.

    occupations: (m, 50) vectors in code order. shares: {match type: share}, summing to 1;
    each type gets int(n_pairs * share) pairs, so a few can be missing to n_pairs. Raises
    CareerlibError for a number of pairs, a seed or shares that cannot be used.
    """
    N, R = _streams(n_pairs, seed)
    shares = checked_shares(shares)
    types = [name for name, share in shares.items() for _ in range(int(n_pairs * share))]
    if not types:
        raise CareerlibError(
            f"n_samples is {n_pairs}, too few for a pair of any match type; ask for more."
        )
    R.shuffle(types)
    rows = range(len(occupations))
    persons, chosen, labels = [], [], []
    for match_type in types:
        row = R.choice(rows)
        occupation = occupations[row]
        if match_type == "strong":
            person, label = _strong(occupation, N), 1
        elif match_type == "moderate":
            person, label = _moderate(occupation, N), 1
        elif match_type == "weak":
            person, label = _weak(occupation, N), 1  # where the cosine allows it, see below
        elif match_type == "poor":
            person, label = _poor(occupations, N, R), 0
        elif match_type == "partial":
            person, label = _partial(occupation, N, R), 0
        else:
            person, label = _skills_only(occupation, N, 0.3), 0
        persons.append(person)
        chosen.append(row)
        labels.append(label)
    pairs = _pairs(occupations, persons, chosen, labels, np.array(types))
    too_far = (pairs.match_types == "weak") & (pairs.cosines <= weak_threshold)
    pairs.labels[too_far] = 0
    return pairs


def checked_shares(shares: Mapping[str, float] | None) -> dict[str, float]:
    """All six shares in the generator's order; the post's where `shares` is None."""
    if shares is None:
        return dict(SHARES)
    for name, share in shares.items():
        if name not in SHARES:
            raise CareerlibError(f"There is no match type '{name}'; {nearest(name, SHARES)}")
        if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 <= share <= 1:
            raise CareerlibError(f"The share of '{name}' is {share!r}, not a number from 0 to 1.")
    missing = [name for name in SHARES if name not in shares]
    if missing:
        raise CareerlibError(f"The shares lack the match type '{missing[0]}'; give all six.")
    total = sum(shares.values())
    if abs(total - 1) > 1e-9:
        raise CareerlibError(
            f"The shares of the six match types sum to {total:.4g}, not to 1; "
            "change another share by the difference."
        )
    return {name: shares[name] for name in SHARES}


def _strong(occupation: np.ndarray, N: np.random.RandomState) -> np.ndarray:
    """The occupation with a little noise, and five slots raised."""
    similarity = N.uniform(0.7, 0.9)
    person = occupation + N.normal(0, (1 - similarity) * 0.3, N_SLOTS)
    person = np.minimum(np.maximum(person, 0), 1)
    raised = N.random_sample(5) * 0.5
    slots = _some_slots(5, N)
    person[slots] = np.maximum(person[slots], raised)
    return person


def _moderate(occupation: np.ndarray, N: np.random.RandomState) -> np.ndarray:
    """50 to 70% of the slots from the occupation, the others noise up to 0.6."""
    kept = int(N_SLOTS * N.uniform(0.5, 0.7))
    slots = _some_slots(kept, N)
    others = np.ones(N_SLOTS, dtype=bool)
    others[slots] = False
    person = np.empty(N_SLOTS)
    person[slots] = occupation[slots] * N.uniform(0.7, 1, kept)
    person[others] = N.random_sample(N_SLOTS - kept) * 0.6
    return person


def _weak(occupation: np.ndarray, N: np.random.RandomState) -> np.ndarray:
    """30 to 50% of the slots from the occupation, the others noise up to 0.7."""
    kept = int(N_SLOTS * N.uniform(0.3, 0.5))
    person = N.random_sample(N_SLOTS) * 0.7
    slots = _some_slots(kept, N)
    person[slots] = occupation[slots] * N.uniform(0.5, 0.8, kept)
    return person


def _poor(
    occupations: np.ndarray, N: np.random.RandomState, R: random.Random
) -> np.ndarray:
    """Mostly noise, blended with some other occupation."""
    similarity = N.uniform(0, 0.3)
    other = occupations[R.choice(range(len(occupations)))]
    return other * similarity + N.random_sample(N_SLOTS) * (1 - similarity)


def _partial(
    occupation: np.ndarray, N: np.random.RandomState, R: random.Random
) -> np.ndarray:
    """Skills from the occupation and noise elsewhere, or the other way round."""
    if R.random() > 0.5:
        return _skills_only(occupation, N, 0.4)
    person = np.empty(N_SLOTS)
    person[:N_SKILLS] = N.random_sample(N_SKILLS) * 0.4
    person[N_SKILLS:] = occupation[N_SKILLS:] * N.uniform(0.7, 1, N_OTHERS)
    return person


def _skills_only(
    occupation: np.ndarray, N: np.random.RandomState, noise: float
) -> np.ndarray:
    person = np.empty(N_SLOTS)
    person[:N_SKILLS] = occupation[:N_SKILLS] * N.uniform(0.7, 1, N_SKILLS)
    person[N_SKILLS:] = N.random_sample(N_OTHERS) * noise
    return person


def _some_slots(count: int, N: np.random.RandomState) -> np.ndarray:
    """N.choice(N_SLOTS, count, replace=False), which draws the same but takes twice as long."""
    return N.permutation(N_SLOTS)[:count]


def _streams(n_pairs: int, seed: int) -> tuple[np.random.RandomState, random.Random]:
    for name, value, low, high in (("n_samples", n_pairs, 1, 10**7), ("seed", seed, 0, 2**32 - 1)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
            raise CareerlibError(f"{name} is {value!r}, not a whole number.")
        if not low <= value <= high:
            raise CareerlibError(f"{name} is {value}, not a whole number from {low} to {high}.")
    return np.random.RandomState(seed), random.Random(int(seed))


def _pairs(occupations, persons, chosen, labels, types) -> Pairs:
    return Pairs(
        persons=np.array(persons),
        occupations=occupations[chosen],
        occupation_index=np.array(chosen),
        labels=np.array(labels, dtype=int),
        match_types=types,
    )
