"""Who is served, and where a method leads people: coverage by group, wages and growth."""

import numpy as np
import pandas as pd

from careerlib.catalog import Catalog
from careerlib.evaluation import ranked


def served(shown: np.ndarray, catalog: Catalog, by: str = "major_group") -> pd.DataFrame:
    """Who is shown: one row for each major group or job zone.

    shown: (m, k) positions, one list for each person. by: "major_group" or "job_zone".
    Columns: occupations, share_of_catalog, share_of_lists, coverage (share of its
    occupations that somebody is shown), and ratio (of the two shares; 1 is even).
    """
    group = catalog.table[by].to_numpy()
    places = shown[shown >= 0]
    is_shown = np.isin(np.arange(len(catalog)), places)
    frame = pd.DataFrame(
        {
            "occupations": pd.Series(group).value_counts(),
            "coverage": pd.Series(is_shown).groupby(group).mean(),
            "entries": pd.Series(group[places]).value_counts(),
        }
    ).fillna({"entries": 0})
    frame["share_of_catalog"] = frame["occupations"] / len(catalog)
    frame["share_of_lists"] = frame.pop("entries") / len(places)
    frame["ratio"] = frame["share_of_lists"] / frame["share_of_catalog"]
    frame.index.name = by
    if by == "major_group":
        frame.insert(0, "title", catalog.major_groups["title"].reindex(frame.index))
    return frame.sort_index()


def pushed(
    scores: dict[str, np.ndarray], own: np.ndarray, catalog: Catalog, k: int = 10
) -> pd.DataFrame:
    """Does a method lead people to lower-paid or shrinking work? One row for each people.

    scores: {method: (m, n)} for persons made from the occupations `own` (m,), which are left
    out of their lists. The last row is O*NET's own relatives. For each list, its mean
    against the person's own occupation:

    wage_ratio: geometric mean of the median wages over the own one. growth_difference:
    growth in percentage points. share_lower_paid, share_shrinking_more: of the entries, how
    many pay less, or grow less, than the own occupation. job_zone_difference.
    wage_ratio_low, wage_ratio_high: the same for people of the lower and the upper half of
    wages; lists tend to the middle, so the lower half is led up and the upper half down.
    Occupations without a figure are left out; a top-coded wage counts as the figure.
    """
    relevant = catalog.related_matrix()[own] > 0
    members = {}
    for method, values in scores.items():
        members[method] = np.zeros_like(relevant)
        np.put_along_axis(members[method], ranked(values, own, k), True, axis=1)
    members["O*NET's relatives"] = relevant
    wage = np.log(catalog.table["median_wage"].to_numpy(float))
    growth = catalog.table["growth_percent"].to_numpy(float)
    zone = catalog.table["job_zone"].to_numpy(float)
    lower_half = wage[own] <= np.nanmedian(wage[own])
    upper_half = wage[own] > np.nanmedian(wage[own])
    rows = {}
    for method, listed in members.items():
        pay, jobs = _differences(wage, own, listed), _differences(growth, own, listed)
        rows[method] = {
            "wage_ratio": np.exp(_mean_of_lists(pay)),
            "wage_ratio_low": np.exp(_mean_of_lists(pay[lower_half])),
            "wage_ratio_high": np.exp(_mean_of_lists(pay[upper_half])),
            "share_lower_paid": np.nanmean(np.where(np.isnan(pay), np.nan, pay < 0)),
            "growth_difference": _mean_of_lists(jobs),
            "share_shrinking_more": np.nanmean(np.where(np.isnan(jobs), np.nan, jobs < 0)),
            "job_zone_difference": _mean_of_lists(_differences(zone, own, listed)),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("method")


def _differences(figure: np.ndarray, own: np.ndarray, listed: np.ndarray) -> np.ndarray:
    """(m, n) listed occupation's figure minus the own one; NaN where not listed or not known."""
    return np.where(listed, figure - figure[own][:, None], np.nan)


def _mean_of_lists(differences: np.ndarray) -> float:
    """Mean over people of the mean of each one's list."""
    known = ~np.isnan(differences)
    counts = known.sum(axis=1)
    sums = np.where(known, differences, 0).sum(axis=1)
    return float((sums[counts > 0] / counts[counts > 0]).mean())
