"""Limits are limits: what breaks one is not recommended, and the list says how many did.

A wage, an education, a job zone and fields are filters here, not slots of a vector. What is
not known is decided in the person's favour and marked.
"""

import numpy as np
import pandas as pd

from careerlib.catalog import Catalog
from careerlib.encoding import EDUCATION_LEVEL
from careerlib.errors import check_whole
from careerlib.profile import Profile

# The post's levels, in which some college equals a nondegree award; but no formal
# credential is the lowest here, not the 2.5 by which the post's vector has it.
NEEDED_LEVEL = {**EDUCATION_LEVEL, "No formal educational credential": -1}


def limits(
    profile: Profile, catalog: Catalog, max_job_zone: int | None = None
) -> tuple[np.ndarray, np.ndarray, str]:
    """What a profile's limits, and a highest job zone (1-5), leave of the catalog.

    An occupation breaks the minimum wage if its median wage is known, not top-coded, and
    lower; the education limit if it typically needs a higher level; the job zone if it is
    higher; the fields if its major group is none of them.

    Returns (n,) True where no limit is broken; (n,) a word on what was decided in the
    person's favour because it is not known, else empty; and a sentence on what was removed.
    Raises CareerlibError for a job zone that does not exist.
    """
    table = catalog.table
    broken: dict[str, np.ndarray] = {}
    notes = np.full(len(catalog), "", dtype=object)
    if profile.min_wage:
        low = table["median_wage"].to_numpy(float) < profile.min_wage  # False where missing
        top_coded = table["wage_top_coded"].to_numpy(bool)
        mark(notes, table["median_wage"].isna(), "wage not known")
        mark(notes, low & top_coded, "wage at least the figure")
        broken["minimum wage"] = low & ~top_coded
    if profile.max_education is not None:
        needed = table["education"].map(NEEDED_LEVEL).to_numpy(float)
        mark(notes, np.isnan(needed), "education not known")
        broken["education"] = needed > NEEDED_LEVEL[profile.max_education]
    if max_job_zone is not None:
        check_whole("max_job_zone", max_job_zone, 1, 5, "O*NET has five job zones")
        broken["job zone"] = table["job_zone"].to_numpy() > max_job_zone
    if profile.fields:
        broken["fields"] = ~table["major_group"].isin(profile.fields).to_numpy()
    if not broken:
        return (
            np.ones(len(catalog), dtype=bool),
            notes,
            "No limit was stated, so nothing was removed.",
        )
    kept = ~np.any([*broken.values()], axis=0)
    each = ", ".join(f"{limit} {breaks.sum()}" for limit, breaks in broken.items())
    return (
        kept,
        notes,
        (
            f"The limits removed {(~kept).sum()} of {len(kept)} occupations ({each}; one can break "
            "several)."
        ),
    )


def mark(notes: np.ndarray, where: np.ndarray | pd.Series, word: str) -> None:
    """Add the word to the notes where it applies."""
    notes[where] = [f"{note}; {word}" if note else word for note in notes[where]]
