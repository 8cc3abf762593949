"""Persons made from occupations: who states what that occupation is rated for. No real person's
answers are at hand. What these should be shown is known: their relatives."""

from functools import partial

import numpy as np

from careerlib.catalog import HIGHEST_RATING, HIGHEST_SKILL, Catalog
from careerlib.encoding import ALL_SLOTS, BLOCKS, SLOT, encode_occupations
from careerlib.errors import check_whole
from careerlib.profile import NAMED

# How people fill in forms, (fewest, most) of each block: few of all, or more.
SHORT_FORM = {"skills": (3, 6), "interests": (1, 3), "work values": (1, 3), "knowledge": (1, 3)}
LONG_FORM = {"skills": (5, 12), "interests": (4, 6), "work values": (3, 6), "knowledge": (3, 8)}


def full_persons(catalog: Catalog) -> np.ndarray:
    """(n, 83) persons who state everything: the occupations' own filled vectors."""
    return encode_occupations(catalog, fill=True, knowledge=True)


def short_forms(catalog: Catalog, seed: int, noise: float = 0.5, form: dict = SHORT_FORM):
    """(n, 83) persons, one an occupation: each names as many as are drawn evenly of its highest
    skills and knowledge areas, which count 3 and 4 of 5, and interests and work values, rated as
    O*NET does (0-7). noise: standard deviation, in points of these scales, of what she misjudges
    each rating by before choosing."""
    check_whole("seed", seed, 0, 2**32 - 1, "it starts the random numbers")
    rng = np.random.default_rng(seed)
    ratings = (catalog.skill_importance, catalog.interests, catalog.work_values, catalog.knowledge)
    # Drawn as they are asked for: what is heard of a block, then what is named of it.
    heard = (rated + noise * rng.standard_normal(rated.shape) for rated in ratings)
    return _filled_in(len(catalog), form, heard, rng)


long_forms = partial(short_forms, form=LONG_FORM)  # most interests and values rated


def random_profiles(n: int, seed: int = 42) -> np.ndarray:
    """(n, 83) persons who fill in the short form by chance; they rate in whole numbers, 1-7."""
    check_whole("seed", seed, 0, 2**32 - 1, "it starts the random numbers")
    rng = np.random.default_rng(seed)
    heard = [rng.random((n, 35)), *rng.integers(1, 8, (2, n, 6)), np.zeros((n, 33))]
    return _filled_in(n, SHORT_FORM, heard, rng, by_chance=True)


def only(persons: np.ndarray, blocks: str | list) -> np.ndarray:
    """The persons, (m, 83), with nothing stated in other blocks than these."""
    persons = persons.copy()
    for block in set(BLOCKS) - set(blocks):
        persons[:, BLOCKS[block]] = 0
    return persons


def drop_blocks(persons: np.ndarray, seed: int) -> np.ndarray:
    """Persons who leave blocks empty: each is kept with a chance of one half, one at least is."""
    rng, persons = np.random.default_rng(seed), persons.copy()
    kept = rng.random((len(persons), len(BLOCKS))) < 0.5
    kept[np.arange(len(persons)), rng.integers(len(BLOCKS), size=len(persons))] = True
    for stays, block in zip(kept.T, BLOCKS.values(), strict=True):
        persons[~stays, block] = 0
    return persons


def _filled_in(m, form, heard, rng, by_chance=False):
    """(m, 83) who name in each block as many as the form asks, the highest of what they heard."""
    persons = np.zeros((m, len(ALL_SLOTS)))
    for (block, (fewest, most)), rated in zip(form.items(), heard, strict=True):
        want = np.where(np.isnan(rated), -np.inf, 0 if by_chance else rated)
        order = np.lexsort((rng.random(want.shape), -want), axis=1)  # equal ones by chance
        named = np.argsort(order, axis=1) < rng.integers(fewest, most + 1, (m, 1))
        said = np.clip(rated, 1, HIGHEST_RATING) / HIGHEST_RATING
        said = NAMED[block] / HIGHEST_SKILL if block in NAMED else said
        persons[:, BLOCKS[block]] = np.where(named & np.isfinite(want), said, 0)
    persons[:, SLOT["Education"]] = 1  # any education is acceptable
    return persons
