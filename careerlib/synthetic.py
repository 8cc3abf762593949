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
    chosen = []
    draws: dict[str, list] = {name: [] for name in shares}
    for match_type in types:
        chosen.append(R.choice(rows))
        draws[match_type].append(_DRAW[match_type](N, R, rows))
    persons, types = np.empty((len(types), N_SLOTS)), np.array(types)
    for match_type, drawn in draws.items():
        if drawn:
            of_type = types == match_type
            own = occupations[np.array(chosen)[of_type]]
            parts = [np.array(part) for part in zip(*drawn, strict=True)]
            persons[of_type] = _ASSEMBLE[match_type](own, occupations, *parts)
    labels = np.isin(types, ("strong", "moderate", "weak"))
    pairs = _pairs(occupations, persons, chosen, labels, types)
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


# The six match types, each in two steps. Drawing happens pair by pair in the recipe's order;
# the arithmetic is done for all pairs of a type at once, which is several times as fast. A
# uniform draw between two bounds is `_between` of a plain one, a normal draw a multiple of a
# standard one, and N.choice without replacement the beginning of N.permutation.


def _between(low: float, high: float, drawn: np.ndarray) -> np.ndarray:
    return low + (high - low) * drawn


def _draw_strong(N, R, rows):
    return N.random_sample(), N.standard_normal(N_SLOTS), N.random_sample(5), _slots(5, N)


def _strong(own, occupations, similarity, noise, raised, slots):
    """The occupation with a little noise, and five slots raised."""
    spread = (1 - _between(0.7, 0.9, similarity)) * 0.3
    persons = np.clip(own + spread[:, None] * noise, 0, 1)
    before = np.take_along_axis(persons, slots, axis=1)
    np.put_along_axis(persons, slots, np.maximum(before, raised * 0.5), axis=1)
    return persons


def _draw_moderate(N, R, rows):
    return N.random_sample(), _slots(N_SLOTS, N), N.random_sample(N_SLOTS)


def _moderate(own, occupations, similarity, slots, drawn):
    """50 to 70 % of the slots from the occupation, the others noise up to 0.6."""
    place = np.arange(N_SLOTS)
    is_kept = place < (N_SLOTS * _between(0.5, 0.7, similarity)).astype(int)[:, None]
    # The kept slots in the order drawn, then the others ascending.
    order = np.argsort(np.where(is_kept, place, N_SLOTS + slots), axis=1)
    slots = np.take_along_axis(slots, order, axis=1)
    copied = np.take_along_axis(own, slots, axis=1) * _between(0.7, 1, drawn)
    persons = np.empty_like(own)
    np.put_along_axis(persons, slots, np.where(is_kept, copied, drawn * 0.6), axis=1)
    return persons


def _draw_weak(N, R, rows):
    kept = int(N_SLOTS * _between(0.3, 0.5, N.random_sample()))
    noise, slots, scale = N.random_sample(N_SLOTS), _slots(N_SLOTS, N), np.full(N_SLOTS, np.nan)
    scale[:kept] = N.random_sample(kept)
    return noise, slots, scale


def _weak(own, occupations, noise, slots, scale):
    """30 to 50 % of the slots from the occupation, the others noise up to 0.7.

    scale: NaN beyond the kept slots.
    """
    persons = noise * 0.7
    copied = np.take_along_axis(own, slots, axis=1) * _between(0.5, 0.8, scale)
    before = np.take_along_axis(persons, slots, axis=1)
    np.put_along_axis(persons, slots, np.where(np.isnan(scale), before, copied), axis=1)
    return persons


def _draw_poor(N, R, rows):
    return N.random_sample(), R.choice(rows), N.random_sample(N_SLOTS)


def _poor(own, occupations, similarity, other, noise):
    """Mostly noise, blended with some other occupation."""
    weight = _between(0, 0.3, similarity)[:, None]
    return occupations[other] * weight + noise * (1 - weight)


def _draw_partial(N, R, rows):
    return R.random() > 0.5, N.random_sample(N_SLOTS)


def _partial(own, occupations, has_skills, drawn):
    """Skills from the occupation and noise elsewhere, or the other way round."""
    is_skill = np.arange(N_SLOTS) < N_SKILLS
    copies = is_skill == has_skills[:, None]
    return np.where(copies, own * _between(0.7, 1, drawn), drawn * 0.4)


def _draw_wrong_interests(N, R, rows):
    return (N.random_sample(N_SLOTS),)


def _wrong_interests(own, occupations, drawn):
    """Skills from the occupation and a little noise elsewhere."""
    is_skill = np.arange(N_SLOTS) < N_SKILLS
    return np.where(is_skill, own * _between(0.7, 1, drawn), drawn * 0.3)


_DRAW = {
    "strong": _draw_strong, "moderate": _draw_moderate, "weak": _draw_weak, "poor": _draw_poor,
    "partial": _draw_partial, "wrong interests": _draw_wrong_interests,
}
_ASSEMBLE = {
    "strong": _strong, "moderate": _moderate, "weak": _weak, "poor": _poor, "partial": _partial,
    "wrong interests": _wrong_interests,
}


def _slots(count: int, N: np.random.RandomState) -> np.ndarray:
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
