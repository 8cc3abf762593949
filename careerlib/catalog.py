"""The occupations as one typed object: a table and the rating matrices beside it."""

import hashlib
import io
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from careerlib.errors import CareerlibError, nearest
from careerlib.project import DATA

RELEASE = "30.1"  # of O*NET
MATRICES = ("skill_importance", "skill_level", "interests", "work_values", "knowledge")
TABLES = ("occupations", *MATRICES, "titles", "related_occupations", "major_groups")
MANIFEST = "tables.json"
DAMAGED = (
    f"is missing or not as built from O*NET {RELEASE}; restore it with 'git checkout data', or"
)
DAMAGED += " install careerlib again."
TYPES = {"median_wage": float, "wage_top_coded": bool}
# BLS's categories in ascending order. What the post makes of them is in encoding.py.
EDUCATION = (
    "No formal educational credential", "High school diploma or equivalent",
    "Some college, no degree", "Postsecondary nondegree award", "Associate's degree",
    "Bachelor's degree", "Master's degree", "Doctoral or professional degree",
)  # fmt: skip


def manifest(folder: Path = DATA) -> dict[str, str]:
    """{table: SHA-256}; CareerlibError for a `tables.json` that is not ours."""
    with suppress(OSError, ValueError, KeyError, TypeError, RecursionError):  # nested very deep
        said = json.loads((folder / MANIFEST).read_bytes())
        if said["onet_release"] == RELEASE:
            return {name: said["tables"][name]["sha256"] for name in TABLES}
    raise CareerlibError(f"'{MANIFEST}' in {folder} {DAMAGED}")


def _table(name: str, folder: Path = DATA) -> io.BytesIO:
    """The content of a table; CareerlibError for one that is not as built."""
    path, built = folder / f"{name}.csv", manifest(folder)[name]
    content = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(content).hexdigest() != built:
        raise CareerlibError(f"Table '{path.name}' in {folder} {DAMAGED}")
    return io.BytesIO(content)


# {matrix: the names of its columns}
NAMES = {name: tuple(_table(name).readline().decode().strip().split(",")[1:]) for name in MATRICES}
SKILLS, INTERESTS, WORK_VALUES, KNOWLEDGE = [*NAMES.values()][1:]


@dataclass(frozen=True)
class Catalog:
    """n occupations in ascending order of O*NET-SOC code; the matrices are read-only.

    table: n rows indexed by onet_soc_code; columns as in data/README.md, plus major_group
        ("15-0000"), has_bls and bls_shared_by (catalog occupations that share its BLS row).
    skill_importance, skill_level: (n, 35), O*NET's scales 1-5 and 0-7.
    interests, work_values: (n, 6), O*NET's scales 1-7; NaN rows where it has no values.
    knowledge: (n, 33), importance of the areas of KNOWLEDGE, O*NET's scale 1-5.
    reported: onet_soc_code and title, job titles as people say them (a title can have several).
    related: onet_soc_code, related_code (rated or not), tier, rank (1 is nearest).
    major_groups: BLS figures of the 22 SOC major groups, whole economy.
    """

    name: str
    table: pd.DataFrame
    skill_importance: np.ndarray
    skill_level: np.ndarray
    interests: np.ndarray
    work_values: np.ndarray
    knowledge: np.ndarray
    reported: pd.DataFrame
    related: pd.DataFrame
    major_groups: pd.DataFrame
    release = RELEASE

    def __post_init__(self) -> None:
        for key in MATRICES:
            getattr(self, key).setflags(write=False)
        self.table["bls_shared_by"] = self.table.groupby("soc_code")["title"].transform("size")

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
        names = [*self.codes, *self.titles.str.casefold()]
        if (wanted := str(occupation).casefold()) in names:
            return names.index(wanted) % len(self)
        near = nearest(occupation, [*self.titles, *self.codes])
        raise CareerlibError(f"No occupation '{occupation}' in the catalog '{self.name}'; {near}")

    def take(self, positions: Sequence[int] | np.ndarray, name: str) -> "Catalog":
        """The catalog of the occupations at these rows, in this order."""
        parts = {key: getattr(self, key)[positions] for key in MATRICES}
        return replace(self, name=name, table=self.table.iloc[positions], **parts)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of codes, ratings and relations: all that a model learns from."""
        matrices = [*(getattr(self, key) for key in MATRICES), self.related_matrix]
        codes = "\n".join(self.codes).encode()
        return hashlib.sha256(codes + b"".join(one.tobytes() for one in matrices)).hexdigest()

    def relatives_of(self, position: int) -> np.ndarray:
        """Rows of the occupations that O*NET lists as related to the one at this row, in order."""
        listed = self.related[self.related["onet_soc_code"] == self.codes[position]]
        found = self.codes.get_indexer(listed.sort_values("rank")["related_code"])
        return found[found >= 0]

    @cached_property
    def related_matrix(self) -> np.ndarray:
        """(n, n) ranks of j (column) among the relatives of i (row) in the catalog, else 0."""
        ranks = self.related.pivot(index="onet_soc_code", columns="related_code", values="rank")
        return ranks.reindex(self.codes, columns=self.codes, fill_value=0).fillna(0).to_numpy(int)


def load_catalog(name: str = "all", folder: str | Path = DATA) -> Catalog:
    """The catalog "all" (894 rated occupations) or "post" (the post's 150, in its order).

    The post took the first 150 O*NET-SOC codes ending in .00 that have skill ratings and a BLS
    line item. Raises CareerlibError for another name and for tables that are not as built.
    """
    if name not in ("all", "post"):
        raise CareerlibError(f"There is no catalog '{name}'; {nearest(name, ('all', 'post'))}")
    read = {"index_col": 0, "dtype": TYPES}
    frames = {key: pd.read_csv(_table(key, Path(folder)), **read) for key in TABLES}
    table = frames["occupations"]
    table["major_group"] = table["soc_code"].str[:2] + "-0000"
    table["has_bls"] = table["employment_2024"].notna()
    parts = {key: frames[key].reindex(table.index).to_numpy(float) for key in MATRICES}
    parts |= {"reported": frames["titles"].reset_index(), "major_groups": frames["major_groups"]}
    parts["related"] = frames["related_occupations"].reset_index()
    catalog = Catalog("all", table, **parts)
    eligible = catalog.codes.str.endswith(".00") & table["has_bls"].to_numpy()
    return catalog if name == "all" else catalog.take(np.flatnonzero(eligible)[:150], name)
