"""Persons made from occupations: who states what that occupation is rated for.

No real person's answers are at hand. What these should be shown is known: their relatives.
"""

import numpy as np

from careerlib.catalog import Catalog
from careerlib.encoding import BLOCKS, N_SLOTS, SLOT, encode_occupations
from careerlib.errors import check_whole
from careerlib.profile import HIGHEST_RATING, HIGHEST_SKILL, NAMED_SKILL

# How people fill in forms, (fewest, most) of each block: few of all, or most of the last two.
SHORT_FORM = {"skills": (3, 6), "interests": (1, 3), "work values": (1, 3)}
LONG_FORM = {"skills": (5, 12), "interests": (4, 6), "work values": (3, 6)}
NOISE = 0.5  # points of O*NET's scale by which each rating is misjudged


def full_persons(catalog: Catalog) -> np.ndarray:
    """(n, 50) persons who state everything: the occupations' own filled vectors."""
    return encode_occupations(catalog, fill=True)


def short_forms(catalog: Catalog, seed: int, noise: float = NOISE) -> np.ndarray:
    """(n, 50) persons, one an occupation, who fill in a short form.

    Each names her occupation's skills of highest importance, which count 3 of 5 as in the post,
    and its highest interests and work values (if it has any), rated as O*NET rates them (0-7).
    How many is drawn evenly; equal ratings are chosen between by chance. noise: standard deviation,
    in points of O*NET's scales, of what she misjudges each rating by before choosing.
    """
    return _of_occupations(catalog, seed, SHORT_FORM, noise)


def long_forms(catalog: Catalog, seed: int) -> np.ndarray:
    """(n, 50) one longer form for each occupation: most interests and values rated."""
    return _of_occupations(catalog, seed, LONG_FORM, NOISE)


def random_profiles(n: int, seed: int = 42) -> np.ndarray:
    """(n, 50) persons who fill in the short form by chance.

    All is drawn evenly; named interests and values are rated with whole numbers from 1 to 7.
    """
    check_whole("n", n, 0, 10**7, "it is a number of people")
    rng = _generator(seed)
    heard = [rng.random((n, 35)), rng.integers(1, 8, (n, 6)), rng.integers(1, 8, (n, 6))]
    return _filled_in(heard, [0 * ratings for ratings in heard], SHORT_FORM, rng)


def _of_occupations(catalog: Catalog, seed: int, form: dict, noise: float) -> np.ndarray:
    rng = _generator(seed)
    blocks = [catalog.skill_importance, catalog.interests, catalog.work_values]
    heard = [ratings + noise * rng.standard_normal(ratings.shape) for ratings in blocks]
    return _filled_in(heard, heard, form, rng)


def _generator(seed: int) -> np.random.Generator:
    check_whole("seed", seed, 0, 2**32 - 1, "it starts the random numbers")
    return np.random.default_rng(seed)


def _filled_in(
    heard: list[np.ndarray], wanted: list[np.ndarray], form: dict, rng: np.random.Generator
) -> np.ndarray:
    """(m, 50) persons who name the most wanted of each (m, d) block, rated as they heard it."""
    persons = np.zeros((len(heard[0]), N_SLOTS))
    for (block, (low, high)), ratings, want in zip(form.items(), heard, wanted, strict=True):
        want = np.where(np.isnan(want), -np.inf, want)
        order = np.lexsort((rng.random(want.shape), -want), axis=1)  # equal ones by chance
        named = np.argsort(order, axis=1) < rng.integers(low, high + 1, (len(want), 1))
        named &= np.isfinite(want)
        said = np.clip(ratings, 1, HIGHEST_RATING) / HIGHEST_RATING
        said = NAMED_SKILL / HIGHEST_SKILL if block == "skills" else said
        persons[:, BLOCKS[block]] = np.where(named, said, 0)
    persons[:, SLOT["Education"]] = 1  # any education is acceptable
    return persons
