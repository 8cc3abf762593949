"""Limits are limits: what breaks one is not recommended, and the list says how many did.

A wage, an education, a job zone and fields are filters here, not slots of a vector. What is
not known is decided in the person's favour and noted.
"""

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
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Which of the catalog's n occupations break a profile's limits, and a highest job zone (1-5).

    An occupation breaks the minimum wage if its median wage is known, not top-coded, and
    lower; the education limit if it typically needs a higher level; the job zone if it is
    higher; the fields if its major group is none of them.

    Returns two tables with n rows of True and False: a column for each limit that was stated,
    True where it is broken; and one for each thing not known that was decided in the person's
    favour. Raises CareerlibError for a job zone that does not exist.
    """
    table, broken, unsure = catalog.table, {}, {}
    if profile.min_wage:
        low = table["median_wage"] < profile.min_wage  # False where missing
        unsure["wage not known"] = table["median_wage"].isna()
        unsure["wage at least the figure"] = low & table["wage_top_coded"]
        broken["minimum wage"] = low & ~table["wage_top_coded"]
    if profile.max_education is not None:
        needed = table["education"].map(NEEDED_LEVEL)
        unsure["education not known"] = needed.isna()
        broken["education"] = needed > NEEDED_LEVEL[profile.max_education]
    if max_job_zone is not None:
        check_whole("max_job_zone", max_job_zone, 1, 5, "O*NET has five job zones")
        broken["job zone"] = table["job_zone"] > max_job_zone
    if profile.fields:
        broken["fields"] = ~table["major_group"].isin(profile.fields)
    return pd.DataFrame(broken, table.index), pd.DataFrame(unsure, table.index)


def removed(broken: pd.DataFrame) -> str:
    """A sentence on what the limits removed."""
    if broken.columns.empty:
        return "No limit was stated, so nothing was removed."
    each = ", ".join(f"{limit} {count}" for limit, count in broken.sum().items())
    out_of = f"{broken.any(axis=1).sum()} of {len(broken)} occupations"
    return f"The limits removed {out_of} ({each}; one can break several)."
