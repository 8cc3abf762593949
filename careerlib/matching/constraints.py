"""Constraints are constraints: what breaks one is not recommended.

A person's minimum wage, highest acceptable education and highest job zone are hard limits
here, not slots of a vector, and the list says how many occupations each removed. What is not
known is decided in the person's favour and marked.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from careerlib.catalog import Catalog
from careerlib.encoding import EDUCATION_LEVEL
from careerlib.errors import CareerlibError
from careerlib.profile import Profile

# The post's levels, in which some college equals a nondegree award; but no formal
# credential is the lowest here, not the 2.5 by which the post's vector has it.
NEEDED_LEVEL = {**EDUCATION_LEVEL, "No formal educational credential": -1}
JOB_ZONES = range(1, 6)


@dataclass(frozen=True)
class Allowed:
    """Which occupations a person's limits leave.

    kept: (n,) True where no limit is broken.
    removed: for each stated limit how many occupations break it, and how many break it
        alone (rows: limit; columns: limit, removed, removed_by_this_alone).
    marks: (n,) a word on what was decided in the person's favour, else empty: "wage not
        known", "wage at least the figure" (top-coded below the minimum asked for) or
        "education not known".
    """

    kept: np.ndarray
    removed: pd.DataFrame
    marks: np.ndarray

    @property
    def sentence(self) -> str:
        """What the limits removed, for the end of a list."""
        if self.removed.empty:
            return "No limit was stated, so nothing was removed."
        gone = int((~self.kept).sum())
        parts = [f"{row['limit']} {row['removed']}" for _, row in self.removed.iterrows()]
        return (
            f"The limits removed {gone} of {len(self.kept)} occupations ({', '.join(parts)}; "
            "one can break several)."
        )


def allowed(profile: Profile, catalog: Catalog, max_job_zone: int | None = None) -> Allowed:
    """Apply a profile's limits, and a highest job zone (1-5), to the catalog.

    An occupation breaks the minimum wage if its median wage is known, not top-coded, and
    lower; the education limit if it typically needs a higher level; the job zone if it is
    higher. Raises CareerlibError for a job zone that does not exist.
    """
    table, n = catalog.table, len(catalog)
    broken: dict[str, np.ndarray] = {}
    marks = np.full(n, "", dtype=object)

    def mark(where: np.ndarray, word: str) -> None:
        marks[where] = [f"{before}; {word}" if before else word for before in marks[where]]

    if profile.min_wage:
        wage = table["median_wage"].to_numpy(float)
        top_coded = table["wage_top_coded"].to_numpy(bool)
        low = wage < profile.min_wage  # False where the wage is missing
        mark(np.isnan(wage), "wage not known")
        mark(low & top_coded, "wage at least the figure")
        broken["minimum wage"] = low & ~top_coded
    if profile.max_education is not None:
        needed = table["education"].map(NEEDED_LEVEL).to_numpy(float)
        mark(np.isnan(needed), "education not known")
        broken["education"] = needed > NEEDED_LEVEL[profile.max_education]
    if max_job_zone is not None:
        if max_job_zone not in JOB_ZONES:
            raise CareerlibError(
                f"max_job_zone is {max_job_zone!r}; give one of 1 to 5, O*NET's job zones."
            )
        broken["job zone"] = table["job_zone"].to_numpy() > max_job_zone
    breaks = np.array([*broken.values()], dtype=bool).reshape(len(broken), n)
    alone = breaks & (breaks.sum(axis=0) == 1)
    removed = pd.DataFrame(
        {
            "limit": [*broken],
            "removed": breaks.sum(axis=1),
            "removed_by_this_alone": alone.sum(axis=1),
        }
    )
    return Allowed(~breaks.any(axis=0), removed, marks)
