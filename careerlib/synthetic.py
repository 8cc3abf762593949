"""The post's two generators of synthetic pairs (notebooks 02, 03). Each call has two streams, N
(NumPy's RandomState) and R (Python's random); the order of the draws makes the post's figures."""

import random
from dataclasses import dataclass

import numpy as np

from careerlib.encoding import cosine, pair_features
from careerlib.errors import CareerlibError, check_whole

# Match type: share of the pairs, in the order in which the generator lists them.
SHARES = {"strong": 0.25, "moderate": 0.20, "weak": 0.15, "poor": 0.25, "partial": 0.10,
          "wrong interests": 0.05}  # fmt: skip


@dataclass(frozen=True)
class Pairs:
    """n labelled pairs of a person and an occupation."""

    persons: np.ndarray  # (n, 50)
    occupations: np.ndarray  # (n, 50) each person's occupation
    occupation_index: np.ndarray  # (n,) its row in the catalog
    labels: np.ndarray  # (n,) 1 for a good match, else 0
    match_types: np.ndarray  # (n,) names; "positive" and "negative" from the naive generator

    @property
    def features(self) -> np.ndarray:
        """(n, 150) person, occupation, person minus occupation."""
        return pair_features(self.persons, self.occupations)


def naive_pairs(occupations: np.ndarray, n_pairs=2000, seed=42) -> Pairs:
    """The first script: the (m, 50) occupations plus a little noise, or pure noise."""
    N, R = _streams(n_pairs, seed)
    persons, chosen, labels = [], [], []
    for _ in range(n_pairs):
        chosen.append(R.choice(range(len(occupations))))
        labels.append(int(R.random() > 0.5))
        if labels[-1]:
            person = np.clip(occupations[chosen[-1]] + N.normal(0, 0.1, 50), 0, 1)
        else:
            person = N.random_sample(50)
        persons.append(person)
    types = np.where(labels, "positive", "negative")
    return Pairs(np.array(persons), occupations[chosen], np.array(chosen), np.array(labels), types)


def make_person(match_type, c, other, N, R):
    """(50,) person for an occupation's vector `c`, by the recipe of her match type; `other` is
    another occupation's, for "poor"."""
    if match_type == "strong":  # a little noise, five slots raised
        similarity = N.uniform(0.7, 0.9)
        person = np.clip(c + N.normal(0, (1 - similarity) * 0.3, 50), 0, 1)
        raised = N.random_sample(5) * 0.5
        slots = N.choice(50, 5, replace=False)
        person[slots] = np.maximum(person[slots], raised)
    elif match_type == "moderate":  # 50-70 % of the slots copied
        n_copied = int(50 * N.uniform(0.5, 0.7))
        slots = N.choice(50, n_copied, replace=False)
        others = np.setdiff1d(np.arange(50), slots)
        person = np.empty(50)
        person[slots] = c[slots] * N.uniform(0.7, 1, n_copied)
        person[others] = N.random_sample(len(others)) * 0.6
    elif match_type == "weak":  # 30-50 % of the slots copied
        n_copied = int(50 * N.uniform(0.3, 0.5))
        person = N.random_sample(50) * 0.7
        slots = N.choice(50, n_copied, replace=False)
        person[slots] = c[slots] * N.uniform(0.5, 0.8, n_copied)
    elif match_type == "poor":  # noise, and some other occupation
        weight = N.uniform(0, 0.3)
        person = other * weight + N.random_sample(50) * (1 - weight)
    elif match_type == "partial":  # skills copied, or all but skills
        if R.random() > 0.5:
            skills = c[:35] * N.uniform(0.7, 1, 35)
            person = np.append(skills, N.random_sample(15) * 0.4)
        else:
            skills = N.random_sample(35) * 0.4
            person = np.append(skills, c[35:] * N.uniform(0.7, 1, 15))
    else:  # wrong interests: skills copied, the rest a little noise
        skills = c[:35] * N.uniform(0.7, 1, 35)
        person = np.append(skills, N.random_sample(15) * 0.3)
    return person


def production_pairs(occupations: np.ndarray, n_pairs=3000, seed=42, shares=SHARES) -> Pairs:
    """The second script: from (m, 50) occupations, int(n_pairs * share) pairs of each type."""
    N, R = _streams(n_pairs, seed)
    shares = checked_shares(shares)
    types = [name for name, share in shares.items() for _ in range(int(n_pairs * share))]
    R.shuffle(types)
    persons, chosen = [], []
    for match_type in types:
        row = other = R.choice(range(len(occupations)))
        if match_type == "poor":  # blended with another occupation
            other = R.choice(range(len(occupations)))
        persons.append(make_person(match_type, occupations[row], occupations[other], N, R))
        chosen.append(row)
    persons, own, types = np.array(persons), occupations[chosen], np.array(types)
    close = (types == "weak") & (cosine(persons, own) > 0.45)  # the weak ones that count as good
    labels = (np.isin(types, ("strong", "moderate")) | close).astype(int)
    return Pairs(persons, own, np.array(chosen), labels, types)


def checked_shares(shares: dict[str, float]) -> dict[str, float]:
    """All six shares in the generator's order; CareerlibError where they are no shares."""
    positive, total = all(share >= 0 for share in shares.values()), sum(shares.values())
    if not {*shares} <= {*SHARES} or not positive or abs(total - 1) > 1e-9:
        what = f"The shares {shares} are not all 0 or more, or do not sum to 1"
        raise CareerlibError(f"{what}; the match types are {', '.join(SHARES)}.")
    return {name: shares.get(name, 0) for name in SHARES}


def _streams(n_pairs: int, seed: int) -> tuple[np.random.RandomState, random.Random]:
    check_whole("n_samples", n_pairs, 10, 10**7, "it is a number of pairs")
    check_whole("seed", seed, 0, 2**32 - 1, "it starts the random numbers")
    return np.random.RandomState(seed), random.Random(int(seed))
