"""The occupations as one typed object: a table and the rating matrices beside it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from careerlib import tables
from careerlib.errors import CareerlibError, nearest

POST_SIZE = 150
CATALOGS = ("all", "post")


@dataclass(frozen=True)
class Catalog:
    """n occupations in ascending order of O*NET-SOC code.

    table: n rows indexed by onet_soc_code; columns as in data/README.md, plus
        major_group ("15-0000"), has_bls (BLS counts the occupation on its own) and
        bls_shared_by (catalog occupations that share its BLS row).
    skill_importance: (n, 35), O*NET scale 1-5.
    skill_level: (n, 35), O*NET scale 0-7.
    interests: (n, 6), O*NET scale 1-7.
    work_values: (n, 6), O*NET scale 1-7; NaN rows where O*NET has none.
    related: onet_soc_code, related_code, tier, rank (1 is nearest); of the occupations
        in the catalog, including relatives outside it.
    major_groups: BLS figures of the 22 SOC major groups, whole economy.

    The matrices are read-only and in the order of `table`.
    """

    name: str
    release: str
    table: pd.DataFrame
    skill_importance: np.ndarray
    skill_level: np.ndarray
    interests: np.ndarray
    work_values: np.ndarray
    related: pd.DataFrame
    major_groups: pd.DataFrame

    def __len__(self) -> int:
        return len(self.table)

    @property
    def codes(self) -> pd.Index:
        return self.table.index

    @property
    def titles(self) -> pd.Series:
        return self.table["title"]

    def position(self, occupation: str) -> int:
        """Row of the occupation with this O*NET-SOC code or title (letter case ignored)."""
        if occupation in self.codes:
            return int(self.codes.get_loc(occupation))
        matches = np.flatnonzero(self.titles.str.casefold() == str(occupation).casefold())
        if len(matches) == 0:
            raise CareerlibError(
                f"No occupation '{occupation}' in the catalog '{self.name}'; "
                f"{nearest(occupation, [*self.titles, *self.codes])}"
            )
        return int(matches[0])

    def take(self, positions: Sequence[int] | np.ndarray, name: str) -> "Catalog":
        """The catalog of the occupations at these rows, in this order."""
        codes = self.codes[positions]
        return replace(
            self,
            name=name,
            table=_with_shared(self.table.iloc[positions]),
            skill_importance=_frozen(self.skill_importance[positions]),
            skill_level=_frozen(self.skill_level[positions]),
            interests=_frozen(self.interests[positions]),
            work_values=_frozen(self.work_values[positions]),
            related=self.related[self.related["onet_soc_code"].isin(codes)],
        )

    def related_matrix(self) -> np.ndarray:
        """(n, n) integer ranks: entry (i, j) is the rank of j among i's relatives, else 0.

        Relatives outside the catalog are left out.
        """
        inside = self.related[self.related["related_code"].isin(self.codes)]
        ranks = np.zeros((len(self), len(self)), dtype=np.int8)
        rows = self.codes.get_indexer(inside["onet_soc_code"])
        ranks[rows, self.codes.get_indexer(inside["related_code"])] = inside["rank"]
        return ranks


def load_catalog(name: str = "all", folder: str | Path = tables.DATA) -> Catalog:
    """The catalog "all" (894 rated occupations) or "post" (the post's 150, in its order).

    The post took O*NET-SOC codes ending in .00 that have skill ratings and a BLS line
    item, sorted by code, and of these the first 150. Raises CareerlibError for another
    name and for tables that are missing or not as they were built.
    """
    if name not in CATALOGS:
        raise CareerlibError(f"There is no catalog '{name}'; {nearest(name, CATALOGS)}")
    manifest, frames = tables.read_tables(folder)
    table = frames["occupations"].set_index("onet_soc_code")
    _check_occupations(frames)

    def matrix(key: str) -> np.ndarray:
        ratings = frames[key].set_index("onet_soc_code").reindex(table.index)
        return _frozen(ratings.to_numpy(float))

    table["major_group"] = table["soc_code"].str[:2] + "-0000"
    table["has_bls"] = table["employment_2024"].notna()
    catalog = Catalog(
        name="all",
        release=manifest["onet_release"],
        table=_with_shared(table),
        skill_importance=matrix("skill_importance"),
        skill_level=matrix("skill_level"),
        interests=matrix("interests"),
        work_values=matrix("work_values"),
        related=frames["related_occupations"],
        major_groups=frames["major_groups"].set_index("major_group"),
    )
    return catalog if name == "all" else catalog.take(_post_positions(catalog), name)


def _check_occupations(frames: dict[str, pd.DataFrame]) -> None:
    """All tables must have the same occupations; only work values may leave some out."""
    known = set(frames["occupations"]["onet_soc_code"])
    for name, frame in frames.items():
        if "onet_soc_code" not in frame:
            continue
        codes = set(frame["onet_soc_code"].unique())
        if unknown := codes - known:
            problem = f"has occupation {min(unknown)}, which 'occupations.csv' lacks"
        elif (lacking := known - codes) and name != "work_values":
            problem = f"lacks occupation {min(lacking)} of 'occupations.csv'"
        elif name != "related_occupations" and len(frame) > len(codes):
            problem = f"has {len(frame)} rows for {len(codes)} occupations"
        else:
            continue
        raise CareerlibError(f"Table '{name}.csv' {problem}; {tables.REBUILD}.")


def _post_positions(catalog: Catalog) -> np.ndarray:
    eligible = catalog.codes.str.endswith(".00") & catalog.table["has_bls"]
    return np.flatnonzero(eligible)[:POST_SIZE]


def _with_shared(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(bls_shared_by=table.groupby("soc_code")["title"].transform("size"))


def _frozen(matrix: np.ndarray) -> np.ndarray:
    matrix.setflags(write=False)
    return matrix
