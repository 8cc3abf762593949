"""The occupations as one typed object: a table, rating matrices, and titles to find them by."""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property

import numpy as np
import pandas as pd

from careerlib.errors import CareerlibError, nearest, quoted, told, words
from careerlib.project import DATA

RELEASE = "30.1"  # of O*NET
MATRICES = ("skill_importance", "skill_level", "interests", "work_values", "knowledge")
TABLES = ("occupations", *MATRICES, "titles", "related_occupations", "major_groups")
MANIFEST = "tables.json"
RANKS = {"senior", "sr", "junior", "jr", "lead"}  # a title is looked up without them, too
# BLS's categories in ascending order. What the post makes of them is in encoding.py.
EDUCATION = (
    "No formal educational credential", "High school diploma or equivalent",
    "Some college, no degree", "Postsecondary nondegree award", "Associate's degree",
    "Bachelor's degree", "Master's degree", "Doctoral or professional degree",
)  # fmt: skip


def manifest() -> dict[str, str]:
    """{table: SHA-256}, as built."""
    tables = json.loads((DATA / MANIFEST).read_bytes())["tables"]
    return {name: tables[name]["sha256"] for name in TABLES}


def _table(name: str) -> pd.DataFrame:
    """CareerlibError for one that is not as built."""
    path, types = DATA / f"{name}.csv", {"median_wage": float, "wage_top_coded": bool}
    what = f"'{path.name}' or '{MANIFEST}' in {DATA} is missing or not as it was built"
    with told(what, "restore both with 'git checkout data', or install careerlib again", Exception):
        if hashlib.sha256(path.read_bytes()).hexdigest() != manifest()[name]:
            raise CareerlibError("its SHA-256 is another")
        return pd.read_csv(path, index_col=0, dtype=types)


_frames = {name: _table(name) for name in TABLES}
NAMES = {name: tuple(_frames[name]) for name in MATRICES}  # of its columns
SKILLS, INTERESTS, WORK_VALUES, KNOWLEDGE = [*NAMES.values()][1:]
HIGHEST_SKILL, HIGHEST_RATING = 5.0, 7.0
SCALES = {  # the names that are rated, and the highest rating
    "interests": (INTERESTS, HIGHEST_RATING), "work_values": (WORK_VALUES, HIGHEST_RATING),
    "skills": (SKILLS, HIGHEST_SKILL), "knowledge": (KNOWLEDGE, HIGHEST_SKILL),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Catalog:
    """n occupations in ascending order of O*NET-SOC code; the matrices are read-only."""

    name: str
    table: pd.DataFrame  # n rows: data/README.md, and major_group, has_bls, bls_shared_by
    skill_importance: np.ndarray  # (n, 35), O*NET's scale 1-5
    skill_level: np.ndarray  # (n, 35), 0-7
    interests: np.ndarray  # (n, 6), 1-7
    work_values: np.ndarray  # (n, 6), 1-7; NaN rows where O*NET has none
    knowledge: np.ndarray  # (n, 33), importance, 1-5
    related: pd.DataFrame  # onet_soc_code, related_code (rated or not), tier, rank (1 is nearest)
    # The same in every catalog: job titles as people say them, some with several onet_soc_codes,
    # and BLS figures of the 22 SOC major groups, whole economy.
    reported = _frames["titles"].reset_index()
    major_groups = _frames["major_groups"]

    def __post_init__(self) -> None:
        for key in MATRICES:
            getattr(self, key).setflags(write=False)
        # How many of this catalog's occupations have the same BLS row.
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
        """Row of the occupation with this O*NET-SOC code, or title as O*NET or people say it."""
        said, titles = words(str(occupation)[:200]), _titles()
        found = titles.get(said) or titles.get(tuple(word for word in said if word not in RANKS))
        here = [code for code in found or [] if code in self.codes]
        if len(here) == len(found or []) == 1:
            return self.codes.get_loc(here[0])
        known = self.reported["title"][self.reported["onet_soc_code"].isin(self.codes)]
        near = nearest(occupation, [*self.titles, *self.codes, *known]).rstrip(".")
        near = f"did you mean {'; '.join(self.titles[here])}?" if here else near
        what = f"{quoted(occupation)} names no rated occupation, or several, in the catalog"
        raise CareerlibError(f"{what} '{self.name}' ({near}).")

    def take(self, positions: Sequence[int] | np.ndarray, name: str) -> "Catalog":
        """The catalog of the occupations at these rows, in this order."""
        parts = {key: getattr(self, key)[positions] for key in MATRICES}
        return replace(self, name=name, table=self.table.iloc[positions], **parts)

    @cached_property
    def related_matrix(self) -> np.ndarray:
        """(n, n) ranks of j (column) among the relatives of i (row) in the catalog, else 0."""
        ranks = self.related.pivot(index="onet_soc_code", columns="related_code", values="rank")
        return ranks.reindex(self.codes, columns=self.codes, fill_value=0).fillna(0).to_numpy(int)


def load_catalog(name: str = "all") -> Catalog:
    """The catalog "all" (894 rated occupations) or "post", the same object each time. The post took
    the first 150 O*NET-SOC codes ending in .00 that have skill ratings and a BLS line item."""
    if name not in CATALOGS:
        raise CareerlibError(f"There is no catalog '{name}'; {nearest(name, CATALOGS)}")
    return CATALOGS[name]


_rated = _frames["occupations"]
_rated["major_group"] = _rated["soc_code"].str[:2] + "-0000"
_rated["has_bls"] = _rated["employment_2024"].notna()
_matrices = [_frames[name].reindex(_rated.index).to_numpy(float) for name in MATRICES]
_all = Catalog("all", _rated, *_matrices, _frames["related_occupations"].reset_index())
_eligible = _all.codes.str.endswith(".00") & _rated["has_bls"].to_numpy()
CATALOGS = {"all": _all, "post": _all.take(np.flatnonzero(_eligible)[:150], "post")}
# The 22 SOC major groups: {"15-0000": "Computer and mathematical", …}
GROUPS = Catalog.major_groups["title"].str.removesuffix(" occupations").to_dict()
# {key: the names that it may stand for, or an unrated occupation's code}
_plain = pd.read_csv(DATA / "plain_words.csv", index_col="word")["names"].str.split("; ")
PLAIN_WORDS = {words(name): [name] for names in NAMES.values() for name in names}
PLAIN_WORDS |= {words(word): names for word, names in _plain.items()}


@cache
def _titles() -> dict[tuple[str, ...], list | dict]:
    """{key: codes} of O*NET's own titles and codes, plain words, and titles that people report;
    what is in several of these counts as in the first."""
    catalog, titles = CATALOGS["all"], {}
    for code, title in catalog.reported[["onet_soc_code", "title"]].to_numpy():
        # "CEO (Chief Executive Officer)" is known whole and by each of its parts.
        for name in {words(part) for part in (title, *re.split(r"[()]", title)) if len(part) > 1}:
            titles.setdefault(name, {})[code] = None
    # One without ratings stands for those among whose relatives it comes first, of its own SOC code
    # before others.
    related = catalog.related
    other = related["onet_soc_code"].str[:7] != related["related_code"].str[:7]
    near = related.assign(other=other).sort_values(["other", "rank", "onet_soc_code"])
    near = near.groupby("related_code")["onet_soc_code"]
    own = {words(code): [*codes[:5]] for code, codes in near}
    for code, title in catalog.titles.items():
        names = title.split(", Except")[0], title, code.removesuffix(".00"), code
        own |= dict.fromkeys(map(words, names), [code])
    for word, names in PLAIN_WORDS.items():
        if meant := [code for name in names for code in own.get(words(name), [])]:
            titles[word] = meant
    return titles | own
