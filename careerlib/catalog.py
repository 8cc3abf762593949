"""The occupations as one typed object: a table and the rating matrices beside it."""

import hashlib
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from careerlib.errors import CareerlibError, nearest
from careerlib.project import DATA

# fmt: off
INTERESTS = ("Realistic", "Investigative", "Artistic", "Social", "Enterprising", "Conventional")
WORK_VALUES = (
    "Achievement", "Working Conditions", "Recognition", "Relationships", "Support", "Independence",
)
SKILLS = (
    "Active Learning", "Active Listening", "Complex Problem Solving", "Coordination",
    "Critical Thinking", "Equipment Maintenance", "Equipment Selection", "Installation",
    "Instructing", "Judgment and Decision Making", "Learning Strategies",
    "Management of Financial Resources", "Management of Material Resources",
    "Management of Personnel Resources", "Mathematics", "Monitoring", "Negotiation",
    "Operation and Control", "Operations Analysis", "Operations Monitoring", "Persuasion",
    "Programming", "Quality Control Analysis", "Reading Comprehension", "Repairing", "Science",
    "Service Orientation", "Social Perceptiveness", "Speaking", "Systems Analysis",
    "Systems Evaluation", "Technology Design", "Time Management", "Troubleshooting", "Writing",
)
# BLS's categories in ascending order. What the post makes of them is in encoding.py.
EDUCATION = (
    "No formal educational credential", "High school diploma or equivalent",
    "Some college, no degree", "Postsecondary nondegree award", "Associate's degree",
    "Bachelor's degree", "Master's degree", "Doctoral or professional degree",
)
# fmt: on
RELEASE = "30.1"  # of O*NET
MATRICES = ("skill_importance", "skill_level", "interests", "work_values")
TABLES = ("occupations", *MATRICES, "related_occupations", "major_groups")
MANIFEST = "tables.json"
LARGEST = 2_000_000  # bytes of a table; the largest of ours has a third of that
RESTORE = "restore it with 'git checkout data' or build it with 'python -m careerlib data build'"
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
            related=self.related[self.related["onet_soc_code"].isin(codes)],
            **{key: _frozen(getattr(self, key)[positions]) for key in MATRICES},
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


def load_catalog(name: str = "all", folder: str | Path = DATA) -> Catalog:
    """The catalog "all" (894 rated occupations) or "post" (the post's 150, in its order).

    The post took O*NET-SOC codes ending in .00 that have skill ratings and a BLS line
    item, sorted by code, and of these the first 150. Raises CareerlibError for another
    name and for tables that are missing or not as they were built.
    """
    if name not in CATALOGS:
        raise CareerlibError(f"There is no catalog '{name}'; {nearest(name, CATALOGS)}")
    manifest = read_manifest(folder)
    hashes = {key: manifest["tables"][key]["sha256"] for key in TABLES}
    frames = {key: _read_table(Path(folder) / f"{key}.csv", hashes[key]) for key in TABLES}
    table = frames["occupations"].set_index("onet_soc_code")
    table["major_group"] = table["soc_code"].str[:2] + "-0000"
    table["has_bls"] = table["employment_2024"].notna()
    ratings = {key: frames[key].set_index("onet_soc_code").reindex(table.index) for key in MATRICES}
    catalog = Catalog(
        name="all",
        release=manifest["onet_release"],
        table=_with_shared(table),
        related=frames["related_occupations"],
        major_groups=frames["major_groups"].set_index("major_group"),
        **{key: _frozen(frame.to_numpy(float)) for key, frame in ratings.items()},
    )
    eligible = catalog.codes.str.endswith(".00") & table["has_bls"]
    post = np.flatnonzero(eligible)[:POST_SIZE]
    return catalog if name == "all" else catalog.take(post, name)


def read_manifest(folder: str | Path = DATA) -> dict:
    """What `tables.json` in the folder says: releases, and each table's rows and SHA-256.

    Raises CareerlibError where it is missing, damaged, or of another O*NET release.
    """
    content = _read(Path(folder) / MANIFEST)
    try:
        manifest = json.loads(content)
        release = str(manifest["onet_release"])
        hashes = [str(manifest["tables"][name]["sha256"]) for name in TABLES]
    # Nested a thousand deep, JSON is a RecursionError.
    except (ValueError, KeyError, TypeError, RecursionError):
        hashes = [""]
    if not all(re.fullmatch("[0-9a-f]{64}", value) for value in hashes):
        raise CareerlibError(f"'{MANIFEST}' in {folder} is damaged; {RESTORE}.")
    if release != RELEASE:
        raise CareerlibError(
            f"The tables in {folder} are of O*NET release {release[:12]}, but this project's "
            f"figures are those of {RELEASE}; {RESTORE}."
        )
    return manifest


def _read_table(path: Path, sha256: str) -> pd.DataFrame:
    """The table as it was built; the hash proves its columns and their values."""
    content = _read(path)
    if hashlib.sha256(content).hexdigest() != sha256:
        what = f"is not as it was built from O*NET {RELEASE}"
        raise CareerlibError(f"Table '{path.name}' in {path.parent} {what}; {RESTORE}.")
    return pd.read_csv(io.BytesIO(content), dtype={"median_wage": float, "wage_top_coded": bool})


def _read(path: Path) -> bytes:
    """At most LARGEST bytes of the file: more than that is none of ours."""
    try:
        with path.open("rb") as file:
            return file.read(LARGEST)
    except OSError:
        missing = f"There is no '{path.name}' in {path.parent}"
        raise CareerlibError(f"{missing}; {RESTORE}.") from None


def _with_shared(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(bls_shared_by=table.groupby("soc_code")["title"].transform("size"))


def _frozen(matrix: np.ndarray) -> np.ndarray:
    matrix.setflags(write=False)
    return matrix
