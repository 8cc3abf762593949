"""Profile or occupation to vector, and the features of a pair, in the post's layout: 50 named slots
and 150 features. Behind the 50 stand 33 areas of knowledge for the recommender that listens."""

from collections.abc import Iterable

import numpy as np

from careerlib.catalog import EDUCATION, INTERESTS, KNOWLEDGE, SCALES, SKILLS, WORK_VALUES, Catalog
from careerlib.errors import CareerlibError
from careerlib.profile import Profile

SLOTS = (*SKILLS, *INTERESTS, *WORK_VALUES, "Wage", "Remote", "Education")
N_SLOTS = len(SLOTS)
SLOT = {name: position for position, name in enumerate(SLOTS)}
# Mathematics is a skill and a knowledge area, so the areas are named differently.
ALL_SLOTS = (*SLOTS, *(f"knowledge of {area}" for area in KNOWLEDGE))
BLOCKS = {"skills": slice(0, 35), "interests": slice(35, 41), "work values": slice(41, 47),
          "knowledge": slice(50, 83)}  # fmt: skip
RATED = np.r_[0:47, 50:83]  # the slots that a person fills in by rating
PERSON, OCCUPATION, DIFFERENCE = slice(0, 50), slice(50, 100), slice(100, 150)

WAGE_SCALE = 200_000  # dollars that fill the wage slot
HIGHEST_EDUCATION = 5
UNKNOWN_EDUCATION = 2.5  # the post's fallback, which also takes "no formal credential"
EDUCATION_LEVEL = dict(zip(EDUCATION, (UNKNOWN_EDUCATION, 0, 1, 1, 2, 3, 4, 5), strict=True))
# For limits no formal credential is the lowest, not the 2.5 by which the post's vector has it.
NEEDED_LEVEL = {**EDUCATION_LEVEL, "No formal educational credential": -1}


def encode_occupations(catalog: Catalog, fill: bool = False, knowledge: bool = False) -> np.ndarray:
    """(n, 50) vectors of the catalog's occupations; (n, 83) with their knowledge (importance/5).
    `fill` puts O*NET's interests and values (rating/7; 0 where it has none) into slots that the
    post leaves 0. A missing wage is the catalog's median, an education the post's fallback."""
    vectors = np.zeros((len(catalog), N_SLOTS))
    importance, level = catalog.skill_importance, catalog.skill_level
    vectors[:, BLOCKS["skills"]] = 0.6 * importance / 5 + 0.4 * level / 7
    if fill:
        vectors[:, BLOCKS["interests"]] = np.nan_to_num(catalog.interests / 7)
        vectors[:, BLOCKS["work values"]] = np.nan_to_num(catalog.work_values / 7)
    wages = catalog.table["median_wage"]
    vectors[:, SLOT["Wage"]] = wages.fillna(wages.median()) / WAGE_SCALE
    levels = catalog.table["education"].map(EDUCATION_LEVEL).fillna(UNKNOWN_EDUCATION)
    vectors[:, SLOT["Education"]] = levels / HIGHEST_EDUCATION
    return np.hstack([vectors, catalog.knowledge / 5]) if knowledge else vectors


def encode_profiles(profiles: Profile | Iterable[Profile]) -> np.ndarray:
    """(m, 50) vectors of one or more profiles."""
    return encode_persons(profiles)[:, :N_SLOTS]


def encode_persons(profiles: Profile | Iterable[Profile], catalog: Catalog | None = None):
    """(m, 83) vectors of one or more profiles, with knowledge (rating/5). With a catalog, what
    somebody did not rate is filled in from the occupation that she names."""
    profiles = [profiles] if isinstance(profiles, Profile) else list(profiles)
    vectors = np.zeros((len(profiles), len(ALL_SLOTS)))
    for vector, profile in zip(vectors, profiles, strict=True):
        if not isinstance(profile, Profile):
            raise CareerlibError(f"A profile is a {type(profile).__name__}; give Profiles.")
        for block, (names, highest) in SCALES.items():
            ratings = getattr(profile, block)
            slots = BLOCKS[block.replace("_", " ")]
            vector[slots] = [ratings.get(name, 0) / highest for name in names]
        vector[SLOT["Wage"]] = (profile.min_wage or 0) / WAGE_SCALE
        vector[SLOT["Remote"]] = profile.remote
        level = EDUCATION_LEVEL.get(profile.max_education, HIGHEST_EDUCATION)
        vector[SLOT["Education"]] = level / HIGHEST_EDUCATION
        if catalog is not None and profile.occupation:
            own = encode_occupations(catalog, True, True)[catalog.position(profile.occupation)]
            vector[RATED] = np.where(vector > 0, vector, own)[RATED]
    return vectors


def pair_features(persons: np.ndarray, occupations: np.ndarray) -> np.ndarray:
    """(n, 150) features of n pairs: person, occupation, person minus occupation (signed). Of two
    (n, 50) arrays row by row; a (50,) vector is paired with every row of the other."""
    persons, occupations = np.broadcast_arrays(np.atleast_2d(persons), np.atleast_2d(occupations))
    return np.hstack([persons, occupations, persons - occupations])


def cosine(first, second):
    """(n,) cosines of the rows of two (n, d) arrays; 0 where a row is all zeros."""
    first, second = np.atleast_2d(first), np.atleast_2d(second)
    norms = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    products = (first * second).sum(axis=1)
    return np.divide(products, norms, out=np.zeros(len(norms)), where=norms > 0)


# The functions below are typed in notebook 08.
def correlation(persons, occupations, blocks=("skills", "interests")):
    """(m, n) sum over blocks of the Pearson correlation of persons with occupations, which counts
    as 0 where all of a block is rated alike or nothing is."""
    return block_units(persons, blocks) @ block_units(occupations, blocks).T


def block_units(vectors, blocks):
    """(m, d) of each block the ratings less their mean, divided by their length."""
    parts = [vectors[:, BLOCKS[block]] for block in blocks]
    return np.hstack([unit_rows(part - part.mean(axis=1)[:, None]) for part in parts])


def unit_rows(rows):
    """(n, d) rows divided by their length; a row of zeros (to 12 decimals) stays."""
    lengths = np.linalg.norm(rows, axis=1)[:, None]
    return np.where(lengths > 1e-12, rows / np.maximum(lengths, 1e-12), 0)


def standardised(scores):
    """(m, n) scores, each row less its mean and divided by its standard deviation."""
    scores = scores - scores.mean(axis=1, keepdims=True)
    spread = np.sqrt(np.einsum("ij,ij->i", scores, scores) / scores.shape[1])
    scores /= np.where(spread > 1e-9, spread, 1)[:, None]
    return scores
