"""What a person states and what an occupation is, as numbers that can meet.

A person's 47 rated slots (35 skills, 6 interests, 6 work values) become 94 statements: how
high each stated rating is among occupations, and that it was stated at all. What is not
stated is 0 in both, so it neither speaks for an occupation nor against it. In the post's
vector 0 also means "not stated".
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from careerlib.catalog import Catalog
from careerlib.encoding import BLOCKS, N_SLOTS, SLOTS, encode_occupations
from careerlib.errors import CareerlibError

N_RATED = BLOCKS["work values"].stop
RATED_SLOTS = SLOTS[:N_RATED]
RATED_BLOCKS = {name: BLOCKS[name] for name in ("skills", "interests", "work values")}
# First characters of a SOC code that name its major group, minor group, broad occupation.
SOC_GROUPS = (2, 4, 6)
GROUP_WEIGHT = 0.5


@dataclass(frozen=True)
class Scale:
    """Mean and standard deviation (47,) of the occupations' filled slots."""

    mean: np.ndarray
    spread: np.ndarray


def scale_of(catalog: Catalog, occupations: np.ndarray) -> Scale:
    """The scale of the occupations at these positions; those without work values are left
    out of the values' figures."""
    rated = encode_occupations(catalog, fill=True)[occupations, :N_RATED]
    rated = np.where(rated > 0, rated, np.nan)
    spread = np.nanstd(rated, axis=0)
    return Scale(np.nanmean(rated, axis=0), np.where(spread > 0, spread, 1))


def statements(persons: np.ndarray, scale: Scale) -> np.ndarray:
    """(m, 94) statements of (m, 50) person vectors: standardised ratings, then 1 if stated.

    Raises CareerlibError for another shape and for numbers that are not finite.
    """
    if persons.ndim != 2 or persons.shape[1] != N_SLOTS:
        raise CareerlibError(
            f"The person vectors have the shape {persons.shape}, not (people, {N_SLOTS}); make "
            "them with encode_profiles."
        )
    if not np.isfinite(persons).all():
        raise CareerlibError(
            "The person vectors have missing or infinite numbers; give finite ones."
        )
    ratings = persons[:, :N_RATED]
    stated = ratings > 0
    return np.hstack([np.where(stated, (ratings - scale.mean) / scale.spread, 0), stated])


def descriptions(catalog: Catalog) -> pd.DataFrame:
    """(n, q) what is known of each occupation, one named column each.

    Importance and level of the skills, interests, work values and job zone are
    standardised over the catalog, so that what is distinctive counts and not what is high
    everywhere; a missing value is 0, the average. A block's columns are divided by the root of
    their number, so that no block weighs more for having more columns. Then the SOC groups
    that the occupation belongs to.
    """
    names = {block: list(RATED_SLOTS[where]) for block, where in RATED_BLOCKS.items()}
    skills = np.hstack([catalog.skill_importance, catalog.skill_level])
    skill_names = [
        f"{name} ({scale})" for scale in ("importance", "level") for name in names["skills"]
    ]
    blocks = [
        (skills, skill_names),
        (catalog.interests, names["interests"]),
        (catalog.work_values, names["work values"]),
        (catalog.table[["job_zone"]].to_numpy(float), ["job zone"]),
    ]
    frames = [
        pd.DataFrame(_standardised(ratings) / len(columns) ** 0.5, catalog.codes, columns)
        for ratings, columns in blocks
    ]
    for characters in SOC_GROUPS:
        groups = catalog.table["soc_code"].str[:characters]
        frames.append(pd.get_dummies(groups, prefix="SOC", dtype=float) * GROUP_WEIGHT)
    return pd.concat(frames, axis=1)


def ratings_only(described: pd.DataFrame) -> pd.DataFrame:
    """The columns of `descriptions` that are ratings, without the SOC groups."""
    return described.loc[:, ~described.columns.str.startswith("SOC_")]


def _standardised(ratings: np.ndarray) -> np.ndarray:
    spread = np.nanstd(ratings, axis=0)
    varies = np.where(spread > 0, spread, 1)
    return np.nan_to_num((ratings - np.nanmean(ratings, axis=0)) / varies)
