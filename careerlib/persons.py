"""Persons made from occupations: who states what that occupation is rated for.

No real person's answers are at hand. What these should be shown is known: their relatives.
"""

import numpy as np

from careerlib.catalog import Catalog
from careerlib.encoding import BLOCKS, N_SLOTS, SLOT, encode_occupations
from careerlib.errors import CareerlibError, check_whole
from careerlib.profile import HIGHEST_RATING, HIGHEST_SKILL, NAMED_SKILL

Count = int | tuple[int, int]
Blocks = list[np.ndarray]  # of skills (m, 35), interests (m, 6), work values (m, 6)
Generator = np.random.Generator
# How people fill in forms: few skills, interests and values or most of the twelve.
SHORT_FORM = {"n_skills": (3, 6), "n_interests": (1, 3), "n_values": (1, 3)}
LONG_FORM = {"n_skills": (5, 12), "n_interests": (4, 6), "n_values": (3, 6)}
NOISE = 0.5  # points of O*NET's scale by which each rating is misjudged


def full_persons(catalog: Catalog) -> np.ndarray:
    """(n, 50) persons who state everything: the occupations' own filled vectors."""
    return encode_occupations(catalog, fill=True)


def sparse_persons(
    catalog: Catalog, seed: int = 42, n_skills: Count = 4, n_interests: Count = 2,
    n_values: Count = 2, noise: float = 0.0,
) -> np.ndarray:  # fmt: skip
    """(n, 50) persons, one an occupation, who fill in a short form.

    Each names her occupation's skills of highest importance, which count 3 of 5 as in the post,
    and its highest interests and work values (if it has any), rated as O*NET rates them (0-7).

    n_skills, n_interests, n_values: how many she names, or (lowest, highest) to draw it evenly
    for each. noise: standard deviation, in points of O*NET's scales, of what she misjudges each
    rating by before choosing. Equal ratings are chosen between by chance.
    """
    if not isinstance(noise, (int, float)) or not 0 <= noise < np.inf:
        raise CareerlibError(f"noise is {noise!r}, not a number of rating points from 0 on.")
    rng = _generator(seed)
    blocks = [catalog.skill_importance, catalog.interests, catalog.work_values]
    heard = [ratings + noise * rng.standard_normal(ratings.shape) for ratings in blocks]
    return _forms(heard, heard, [n_skills, n_interests, n_values], rng)


def short_forms(catalog: Catalog, seed: int, noise: float = NOISE) -> np.ndarray:
    """(n, 50) one short form for each occupation."""
    return sparse_persons(catalog, seed, **SHORT_FORM, noise=noise)


def long_forms(catalog: Catalog, seed: int) -> np.ndarray:
    """(n, 50) one longer form for each occupation: most interests and values rated."""
    return sparse_persons(catalog, seed, **LONG_FORM, noise=NOISE)


def random_profiles(n: int, seed: int = 42) -> np.ndarray:
    """(n, 50) persons who fill in the short form by chance.

    All is drawn evenly; named interests and values are rated with whole numbers from 1 to 7.
    """
    check_whole("n", n, 0, 10**7, "it is a number of people")
    rng = _generator(seed)
    heard = [rng.random((n, 35)), rng.integers(1, 8, (n, 6)), rng.integers(1, 8, (n, 6))]
    return _forms(heard, [0 * ratings for ratings in heard], [*SHORT_FORM.values()], rng)


def _generator(seed: int) -> Generator:
    check_whole("seed", seed, 0, 2**32 - 1, "it starts the random numbers")
    return np.random.default_rng(seed)


def _forms(heard: Blocks, wanted: Blocks, counts: list[Count], rng: Generator) -> np.ndarray:
    """(m, 50) persons who name the `counts` most wanted, as they heard them."""
    named = [_highest(ratings, count, rng) for ratings, count in zip(wanted, counts, strict=True)]
    persons = np.zeros((len(named[0]), N_SLOTS))
    persons[:, BLOCKS["skills"]] = named[0] * NAMED_SKILL / HIGHEST_SKILL
    for block, nth in ("interests", 1), ("work values", 2):
        stated = np.clip(heard[nth], 1, HIGHEST_RATING) / HIGHEST_RATING
        persons[:, BLOCKS[block]] = np.where(named[nth], stated, 0)
    persons[:, SLOT["Education"]] = 1  # any education is acceptable
    return persons


def _highest(ratings: np.ndarray, count: Count, rng: Generator) -> np.ndarray:
    """(m, d) True at each row's `count` highest ratings; equal ones in an order by chance."""
    (m, d), known = ratings.shape, ~np.isnan(ratings)
    low, high = (count, count) if isinstance(count, (int, np.integer)) else count
    if not 0 <= low <= high <= d:
        raise CareerlibError(f"A person cannot name {count} of {d}; give 0 to {d}, or (low, high).")
    chance = rng.random((m, d))
    order = np.lexsort((chance, -np.where(known, ratings, -np.inf)), axis=1)
    place = np.argsort(order, axis=1)
    return known & (place < rng.integers(low, high + 1, (m, 1)))
