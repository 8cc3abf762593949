"""The tables in data/: what they hold, how they are built, and how they are read back.

`python -m careerlib data build` makes them from the official files, byte for byte the
same each time. Reading checks each file's SHA-256 and every column before use.
"""

import hashlib
import io
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from careerlib import bls, onet
from careerlib.catalog import INTERESTS, SKILLS, WORK_VALUES
from careerlib.errors import CareerlibError
from careerlib.project import DATA

MANIFEST = "tables.json"
REBUILD = "restore it with 'git checkout data' or rebuild it with 'python -m careerlib data build'"




@dataclass(frozen=True)
class Column:
    """One column of a table: `unit` in words, `low` and `high` the allowed range.

    kind: "text", "integer", "number" (two decimals), "decimal" (one) or "flag" (0 or 1).
    """

    name: str
    meaning: str
    kind: str = "text"
    unit: str = ""
    low: float = 0
    high: float = float("inf")
    missing: bool = False
    values: tuple[str, ...] = ()


CODE = Column("onet_soc_code", "O*NET-SOC code, sorted ascending; the key", unit="code")
BLS_FIGURES = [
    Column("employment_2024", "jobs in 2024", "decimal", "thousand jobs", missing=True),
    Column("employment_2034", "jobs projected for 2034", "decimal", "thousand jobs", missing=True),
    Column("growth_percent", "change in jobs, 2024 to 2034", "decimal", "percent", -100,
           missing=True),
    Column("openings", "openings a year, average 2024 to 2034", "decimal", "thousand a year",
           missing=True),
    Column("median_wage", "median annual wage, 2024", "integer", "US dollars a year",
           missing=True),
]


def _ratings(names: tuple[str, ...], what: str, low: float, high: float) -> list[Column]:
    unit = f"O*NET scale {low:g} to {high:g}"
    return [CODE, *(Column(name, what, "number", unit, low, high) for name in names)]


SCHEMA: dict[str, list[Column]] = {
    "occupations": [
        CODE,
        Column("title", "O*NET title", unit="name"),
        Column("soc_code", "six-digit SOC code, the key into the BLS workbook", unit="code"),
        Column("job_zone", "preparation needed, from little to extensive", "integer",
               "O*NET job zone 1 to 5", 1, 5),
        Column("suppressed_ratings", "skill ratings that O*NET recommends to suppress (of 70)",
               "integer", "count", 0, 70),
        Column("not_relevant_levels", "skill levels marked not relevant (of 35)", "integer",
               "count", 0, 35),
        *BLS_FIGURES,
        Column("wage_top_coded", "1 where the true median is at least the figure", "flag", "flag",
               0, 1),
        Column("education", "education typically needed for entry", unit="BLS category",
               missing=True, values=bls.EDUCATION),
    ],
    "skill_importance": _ratings(SKILLS, "importance of the skill (IM)", 1, 5),
    "skill_level": _ratings(SKILLS, "level of the skill (LV)", 0, 7),
    "interests": _ratings(INTERESTS, "occupational interest (OI)", 1, 7),
    "work_values": _ratings(WORK_VALUES, "extent of the work value (EX)", 1, 7),
    "related_occupations": [
        Column("onet_soc_code", "O*NET-SOC code, sorted ascending", unit="code"),
        Column("related_code", "O*NET-SOC code of the related occupation", unit="code"),
        Column("tier", "relatedness tier", unit="O*NET category", values=onet.TIERS),
        Column("rank", "order within the twenty, 1 is nearest", "integer", "rank", 1,
               onet.RELATIVES),
    ],
    "major_groups": [
        Column("major_group", "SOC major group; the key", unit="code"),
        Column("title", "BLS title", unit="name"),
        *BLS_FIGURES,
    ],
}


def build(onet_path: str | Path, bls_path: str | Path, output: str | Path = DATA) -> str:
    """Write all tables and their manifest to `output`; returns a sentence that says so.

    Everything is read, checked and written to a temporary folder inside `output` before the
    first file replaces its predecessor, so that an error leaves the earlier tables. Raises
    CareerlibError as the readers do, and for a folder that cannot be written.
    """
    frames = make_tables(onet.read_release(onet_path), bls.read_projections(bls_path))
    contents = {f"{name}.csv": _to_csv(name, frame).encode() for name, frame in frames.items()}
    manifest = {
        "onet_release": onet.RELEASE,
        "bls_projections": "-".join(bls.YEARS),
        "tables": {
            name: {"rows": len(frames[name]), "sha256": _sha256(contents[f"{name}.csv"])}
            for name in SCHEMA
        },
    }
    contents[MANIFEST] = (json.dumps(manifest, indent=2) + "\n").encode()
    output = Path(output)
    try:
        output.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=output, prefix=".build-") as temporary:
            for name, content in contents.items():
                (Path(temporary) / name).write_bytes(content)
            for name in contents:
                os.replace(Path(temporary) / name, output / name)
    except OSError as error:
        raise CareerlibError(
            f"The tables cannot be written to {output} ({error.strerror}); choose another folder "
            "with --output."
        ) from None
    size = sum(len(content) for content in contents.values())
    return (
        f"Built {len(SCHEMA)} tables ({size / 1e6:.1f} MB, {len(frames['occupations'])} "
        f"occupations) from O*NET {onet.RELEASE} and BLS {'–'.join(bls.YEARS)} in {output}."
    )


def make_tables(release: onet.OnetRelease, projections: bls.Projections) -> dict[str, pd.DataFrame]:
    """Join the two sources: one row for each O*NET occupation that has skill ratings.

    BLS figures are joined on the six-digit SOC code, so O*NET's finer codes (.01 and up)
    share the figures of their parent, and occupations that BLS counts only as part of a
    broader group have none.
    """
    skills = release.skills
    for file, ratings, known in (
        ("Skills.txt", skills, SKILLS),
        ("Interests.txt", release.interests, INTERESTS),
        ("Work Values.txt", release.work_values, WORK_VALUES),
    ):
        odd = sorted(set(ratings["element"]) ^ set(known))
        if odd:
            raise CareerlibError(
                f"O*NET file '{file}' rates other elements than this project knows "
                f"({', '.join(odd[:3])}); use release {onet.RELEASE}."
            )
    by_code = skills.groupby("onet_soc_code")
    occupations = (
        by_code.agg(
            suppressed_ratings=("recommend_suppress", "sum"),
            not_relevant_levels=("not_relevant", "sum"),
        )
        .join(release.occupations.set_index("onet_soc_code"))
        .join(release.job_zones.set_index("onet_soc_code"))
        .reset_index()
    )
    # Work values are the one file that is known to leave out rated occupations.
    for file, frame in (
        ("Occupation Data.txt", release.occupations),
        ("Job Zones.txt", release.job_zones),
        ("Interests.txt", release.interests),
        ("Related Occupations.txt", release.related),
    ):
        known = occupations["onet_soc_code"].isin(frame["onet_soc_code"])
        if not known.all():
            raise CareerlibError(
                f"O*NET file '{file}' has no row for occupation "
                f"{occupations['onet_soc_code'][~known].iloc[0]}, which 'Skills.txt' rates; "
                "download the release again."
            )
    occupations["soc_code"] = occupations["onet_soc_code"].str[:7]
    occupations = occupations.join(projections.occupations.drop(columns="title"), on="soc_code")
    occupations["wage_top_coded"] = occupations["wage_top_coded"].eq(True)
    rated = set(occupations["onet_soc_code"])

    def wide(ratings: pd.DataFrame) -> pd.DataFrame:
        ratings = ratings[ratings["onet_soc_code"].isin(rated)]
        return ratings.pivot(
            index="onet_soc_code", columns="element", values="value"
        ).reset_index()

    frames = {
        "occupations": occupations,
        "skill_importance": wide(skills[skills["scale"] == "IM"]),
        "skill_level": wide(skills[skills["scale"] == "LV"]),
        "interests": wide(release.interests),
        "work_values": wide(release.work_values),
        "related_occupations": release.related[release.related["onet_soc_code"].isin(rated)],
        "major_groups": projections.major_groups.reset_index(),
    }
    return {name: frames[name][[column.name for column in SCHEMA[name]]] for name in SCHEMA}


def read_tables(folder: str | Path = DATA) -> tuple[dict, dict[str, pd.DataFrame]]:
    """Manifest and checked tables of `folder`, typed as SCHEMA says, row order as on file.

    Raises CareerlibError for a missing, changed, cut-off or wrongly typed table.
    """
    folder = Path(folder)
    manifest = _read_manifest(folder)
    return manifest, {name: _read_table(folder, name, manifest) for name in SCHEMA}


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _to_csv(name: str, frame: pd.DataFrame) -> str:
    """CSV text with each column in the digits of its kind; missing cells are empty."""
    patterns = {"integer": "{:.0f}", "flag": "{:.0f}", "decimal": "{:.1f}", "number": "{:.2f}"}
    text = {}
    for column in SCHEMA[name]:
        cells = frame[column.name]
        if column.kind != "text":
            cells = cells.astype(float).map(patterns[column.kind].format, na_action="ignore")
        text[column.name] = cells.astype(object)
    return pd.DataFrame(text).to_csv(index=False, lineterminator="\n")


def _read_manifest(folder: Path) -> dict:
    path = folder / MANIFEST
    if not path.is_file():
        raise CareerlibError(f"There is no '{MANIFEST}' in {folder}; {REBUILD}.")
    try:
        manifest = json.loads(path.read_text("utf-8"))
        release = manifest["onet_release"]
        for name in SCHEMA:
            manifest["tables"][name]["sha256"], int(manifest["tables"][name]["rows"])
    except (ValueError, KeyError, TypeError):
        raise CareerlibError(f"'{MANIFEST}' in {folder} is damaged; {REBUILD}.") from None
    if release != onet.RELEASE:
        raise CareerlibError(
            f"The tables in {folder} are of O*NET release {release}, but this project's figures "
            f"are those of {onet.RELEASE}; {REBUILD}."
        )
    return manifest


def _read_table(folder: Path, name: str, manifest: dict) -> pd.DataFrame:
    file = f"{name}.csv"
    expected = manifest["tables"][name]
    try:
        content = (folder / file).read_bytes()
    except OSError:
        raise CareerlibError(f"Table '{file}' is missing in {folder}; {REBUILD}.") from None
    if _sha256(content) != expected["sha256"]:
        rows, expected_rows = max(content.count(b"\n") - 1, 0), int(expected["rows"])
        what = f"has {rows} rows of {expected_rows}" if rows < expected_rows else "was changed"
        raise CareerlibError(f"Table '{file}' in {folder} {what} since it was built; {REBUILD}.")
    return _typed(file, SCHEMA[name], content)


def _typed(file: str, columns: list[Column], content: bytes) -> pd.DataFrame:
    """The table with checked columns: text, float (NaN where missing), int or bool."""
    dtypes = {column.name: str for column in columns if column.kind == "text"}
    try:
        frame = pd.read_csv(io.BytesIO(content), dtype=dtypes)
    except (ValueError, pd.errors.ParserError):
        raise CareerlibError(f"Table '{file}' is not a CSV table; {REBUILD}.") from None
    names = [column.name for column in columns]
    if list(frame.columns) != names:
        odd = next((name for name in names if name not in frame.columns), "another order")
        raise CareerlibError(
            f"Table '{file}' has other columns than expected (looked for {odd}); {REBUILD}."
        )
    typed = {}
    for column in columns:
        cells = frame[column.name]
        if column.kind == "text":
            values = cells
            good = (cells.isin(column.values) if column.values else cells.notna()).to_numpy()
        else:
            # NumPy arrays here: the hundred columns would take pandas thrice the time.
            values = pd.to_numeric(cells, errors="coerce").to_numpy()
            good = np.isfinite(values) & (column.low <= values) & (values <= column.high)
            if column.kind in ("integer", "flag"):
                good &= np.floor(values) == values
        bad = ~good & cells.notna().to_numpy() if column.missing else ~good
        if bad.any():
            row = bad.argmax()
            raise CareerlibError(
                f"Table '{file}', line {row + 2}: {column.name} is '{cells.iloc[row]}', expected "
                f"{_expected(column)}; {REBUILD}."
            )
        if column.kind == "flag":
            values = values.astype(bool)
        elif column.kind != "text" and column.missing:
            values = values.astype(float)
        typed[column.name] = values
    return pd.DataFrame(typed)


def _expected(column: Column) -> str:
    if column.values:
        return f"one of {', '.join(column.values[:3])} …"
    if column.kind == "text":
        return f"a {column.unit}"
    if column.kind == "flag":
        return "0 or 1"
    if np.isinf(column.high):
        return f"a number of at least {column.low:g}"
    whole = "whole " if column.kind == "integer" else ""
    return f"a {whole}number from {column.low:g} to {column.high:g}"
