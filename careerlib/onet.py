"""Read an O*NET text release (a folder or the publisher's zip) into tidy tables.

Source of the layout: https://www.onetcenter.org/dictionary/30.1/text/
"""

import csv
import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from careerlib.errors import CareerlibError

RELEASE = "30.1"

RATINGS_COLUMNS = ["O*NET-SOC Code", "Element Name", "Scale ID", "Data Value"]
# What this project reads of each file. Files have more columns; none of their text is kept.
COLUMNS = {
    "Occupation Data.txt": ["O*NET-SOC Code", "Title"],
    "Skills.txt": [*RATINGS_COLUMNS, "Recommend Suppress", "Not Relevant"],
    "Interests.txt": RATINGS_COLUMNS,
    "Work Values.txt": RATINGS_COLUMNS,
    "Job Zones.txt": ["O*NET-SOC Code", "Job Zone"],
    "Related Occupations.txt": [
        "O*NET-SOC Code",
        "Related O*NET-SOC Code",
        "Relatedness Tier",
        "Index",
    ],
}
# Scale ID: lowest and highest value, from the release's own Scales Reference.txt.
SCALES = {"IM": (1, 5), "LV": (0, 7), "OI": (1, 7), "EX": (1, 7)}
CODE = re.compile(r"\d\d-\d{4}\.\d\d")
TIERS = ("Primary-Short", "Primary-Long", "Supplemental")
RELATIVES = 20  # related occupations of each occupation


@dataclass(frozen=True)
class OnetRelease:
    """The tables of one release, each sorted by O*NET-SOC code.

    occupations: onet_soc_code, title.
    skills: onet_soc_code, element, scale (IM importance 1-5, LV level 0-7), value,
        recommend_suppress, not_relevant (both bool).
    interests, work_values: onet_soc_code, element, scale (OI or EX, 1-7), value.
    job_zones: onet_soc_code, job_zone (1-5).
    related: onet_soc_code, related_code, tier, rank (1 is nearest).
    """

    release: str
    occupations: pd.DataFrame
    skills: pd.DataFrame
    interests: pd.DataFrame
    work_values: pd.DataFrame
    job_zones: pd.DataFrame
    related: pd.DataFrame


def read_release(path: str | Path, release: str = RELEASE) -> OnetRelease:
    """Read the O*NET text release in `path`, a folder or a zip.

    Raises CareerlibError, in one sentence, for a path that is neither, for another
    release than `release`, and for a file that is missing, laid out differently or
    holds a value that its scale does not allow.
    """
    folder = _release_folder(Path(path))
    found = _release_number(folder)
    # A missing file first: it tells more about a newer layout than the number does.
    missing = [name for name in COLUMNS if not (folder / name).is_file()]
    if missing:
        split = [name for name in ("Essential Skills.txt", "Transferable Skills.txt")
                 if (folder / name).is_file()]
        why = f"; it has {' and '.join(split)} instead, a newer layout" if split else ""
        raise CareerlibError(
            f"O*NET release {found} in {path} has no file '{missing[0]}'{why}; "
            f"get the text files of release {release} (db_{release.replace('.', '_')}_text.zip)."
        )
    if found != release:
        raise CareerlibError(
            f"{path} holds O*NET release {found}, but this project's figures are those of "
            f"release {release}; get db_{release.replace('.', '_')}_text.zip."
        )
    tables = {name: _read_table(folder / name, name, found) for name in COLUMNS}
    return OnetRelease(
        release=found,
        occupations=_occupations(tables["Occupation Data.txt"]),
        skills=_skills(tables["Skills.txt"]),
        interests=_ratings(tables["Interests.txt"], "Interests.txt", ["OI"]),
        work_values=_ratings(tables["Work Values.txt"], "Work Values.txt", ["EX"]),
        job_zones=_job_zones(tables["Job Zones.txt"]),
        related=_related(tables["Related Occupations.txt"]),
    )


def _release_folder(path: Path) -> Path | zipfile.Path:
    """The folder, on disk or inside the zip, that holds Read Me.txt."""
    if path.is_dir():
        root = path
    elif not path.exists():
        raise CareerlibError(f"There is no folder or zip file '{path}'; check the O*NET path.")
    else:
        try:
            root = zipfile.Path(path)
        except (zipfile.BadZipFile, OSError):
            raise CareerlibError(
                f"{path} is neither a folder nor a complete zip file; give the O*NET text release "
                f"as downloaded (db_{RELEASE.replace('.', '_')}_text.zip) or unpacked."
            ) from None
    folders = (entry for entry in root.iterdir() if entry.is_dir())
    candidates = [root, *sorted(folders, key=lambda folder: folder.name)]
    for folder in candidates:
        if (folder / "Read Me.txt").is_file():
            return folder
    raise CareerlibError(
        f"{path} has no 'Read Me.txt', so it is not an O*NET text release; "
        f"give the folder or zip named db_{RELEASE.replace('.', '_')}_text."
    )


def _release_number(folder: Path | zipfile.Path) -> str:
    name = "Read Me.txt"
    match = re.search(r"O\*NET (\d+\.\d+) Database", _read_text(folder / name, name))
    if not match:
        raise CareerlibError(
            "'Read Me.txt' of the O*NET folder does not name a release (a line such as "
            f"'O*NET {RELEASE} Database'); download the release again."
        )
    return match.group(1)


def _read_text(file: Path | zipfile.Path, name: str) -> str:
    try:
        return file.read_bytes().decode("utf-8")
    # What a damaged or encrypted member of a zip raises depends on where the damage is.
    except (UnicodeDecodeError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError,
            OSError) as error:
        raise CareerlibError(
            f"O*NET file '{name}' cannot be read ({error}); download the release again."
        ) from None


def _read_table(file: Path | zipfile.Path, name: str, release: str) -> pd.DataFrame:
    """All cells as text, indexed by line number in the file, so that errors can point."""
    text = _read_text(file, name)
    header = text.split("\n", 1)[0].rstrip("\r").split("\t")
    missing = [column for column in COLUMNS[name] if column not in header]
    if missing:
        raise CareerlibError(
            f"O*NET {release} file '{name}' has no column '{missing[0]}' (it has "
            f"{', '.join(header[:6])} …), a layout that this project does not know; "
            f"use release {RELEASE}."
        )
    if not text.endswith("\n"):
        raise CareerlibError(
            f"O*NET file '{name}' ends in the middle of a line, so it was cut off; "
            "download the release again."
        )
    for number, line in enumerate(text.split("\n")[:-1], start=1):
        fields = line.count("\t") + 1
        if fields != len(header):
            raise CareerlibError(
                f"O*NET file '{name}', line {number} has {fields} fields of {len(header)}; "
                "download the release again."
            )
    table = pd.read_csv(
        io.StringIO(text), sep="\t", dtype=str, quoting=csv.QUOTE_NONE, keep_default_na=False,
        usecols=COLUMNS[name],
    )
    table.index = table.index + 2  # line 1 is the header
    _codes(table, "O*NET-SOC Code", name)
    return table


def _codes(table: pd.DataFrame, column: str, name: str) -> None:
    bad = table[~table[column].str.fullmatch(CODE)]
    if len(bad):
        raise CareerlibError(
            f"O*NET file '{name}', line {bad.index[0]}: '{bad[column].iloc[0]}' is no "
            "O*NET-SOC code such as 11-1011.00; download the release again."
        )


def _numbers(
    table: pd.DataFrame, column: str, name: str, low: int, high: int, whole: bool = False
) -> pd.Series:
    """The column as numbers, or an error that names the first line out of range."""
    numbers = pd.to_numeric(table[column], errors="coerce")
    good = numbers.between(low, high)
    if whole:
        good &= numbers % 1 == 0
    bad = table[~good]
    if len(bad):
        raise CareerlibError(
            f"O*NET file '{name}', line {bad.index[0]}: {column} is '{bad[column].iloc[0]}', "
            f"not a {'whole ' if whole else ''}number from {low} to {high}; download the release "
            "again."
        )
    return numbers.astype(int) if whole else numbers


def _unique(table: pd.DataFrame, keys: list[str], name: str) -> None:
    repeated = table[table.duplicated(keys)]
    if len(repeated):
        row = repeated.iloc[0]
        raise CareerlibError(
            f"O*NET file '{name}', line {repeated.index[0]} repeats "
            f"{' / '.join(str(row[key]) for key in keys)}; download the release again."
        )


def _ratings(table: pd.DataFrame, name: str, scales: list[str]) -> pd.DataFrame:
    """Ratings on the wanted scales; every rated occupation must have every element."""
    table = table[table["Scale ID"].isin(scales)]
    if table.empty:
        raise CareerlibError(
            f"O*NET file '{name}' has no rating on the scale {' or '.join(scales)}; "
            "download the release again."
        )
    keys = ["O*NET-SOC Code", "Element Name", "Scale ID"]
    _unique(table, keys, name)
    values = pd.concat(
        [_numbers(part, "Data Value", name, *SCALES[scale])
         for scale, part in table.groupby("Scale ID")]
    )
    elements = table["Element Name"].nunique()
    counts = table.groupby("O*NET-SOC Code").size()
    short = counts[counts != elements * len(scales)]
    if len(short):
        raise CareerlibError(
            f"O*NET file '{name}' has {short.iloc[0]} of {elements * len(scales)} ratings for "
            f"occupation {short.index[0]}, so it is incomplete; download the release again."
        )
    return (
        table.assign(value=values)
        .rename(columns={"O*NET-SOC Code": "onet_soc_code", "Element Name": "element",
                         "Scale ID": "scale"})
        .drop(columns="Data Value")
        .sort_values(["onet_soc_code", "scale", "element"], ignore_index=True)
    )


def _skills(table: pd.DataFrame) -> pd.DataFrame:
    skills = _ratings(table, "Skills.txt", ["IM", "LV"])
    return skills.assign(
        recommend_suppress=skills["Recommend Suppress"] == "Y",
        not_relevant=skills["Not Relevant"] == "Y",
    ).drop(columns=["Recommend Suppress", "Not Relevant"])


def _occupations(table: pd.DataFrame) -> pd.DataFrame:
    name = "Occupation Data.txt"
    _unique(table, ["O*NET-SOC Code"], name)
    untitled = table[table["Title"].str.strip() == ""]
    if len(untitled):
        raise CareerlibError(
            f"O*NET file '{name}', line {untitled.index[0]} has no title; "
            "download the release again."
        )
    return table.set_axis(["onet_soc_code", "title"], axis=1).sort_values(
        "onet_soc_code", ignore_index=True
    )


def _job_zones(table: pd.DataFrame) -> pd.DataFrame:
    _unique(table, ["O*NET-SOC Code"], "Job Zones.txt")
    zones = _numbers(table, "Job Zone", "Job Zones.txt", 1, 5, whole=True)
    return pd.DataFrame({"onet_soc_code": table["O*NET-SOC Code"], "job_zone": zones}).sort_values(
        "onet_soc_code", ignore_index=True
    )


def _related(table: pd.DataFrame) -> pd.DataFrame:
    name = "Related Occupations.txt"
    _codes(table, "Related O*NET-SOC Code", name)
    _unique(table, ["O*NET-SOC Code", "Related O*NET-SOC Code"], name)
    _unique(table, ["O*NET-SOC Code", "Index"], name)
    ranks = _numbers(table, "Index", name, 1, RELATIVES, whole=True)
    unknown = table[~table["Relatedness Tier"].isin(TIERS)]
    if len(unknown):
        raise CareerlibError(
            f"O*NET file '{name}', line {unknown.index[0]}: "
            f"'{unknown['Relatedness Tier'].iloc[0]}' is none of the tiers {', '.join(TIERS)}; "
            f"use release {RELEASE}."
        )
    counts = table.groupby("O*NET-SOC Code").size()
    short = counts[counts != RELATIVES]
    if len(short):
        raise CareerlibError(
            f"O*NET file '{name}' has {short.iloc[0]} of {RELATIVES} related occupations for "
            f"{short.index[0]}, so it is incomplete; download the release again."
        )
    return (
        table.assign(rank=ranks)
        .drop(columns="Index")
        .rename(columns={"O*NET-SOC Code": "onet_soc_code",
                         "Related O*NET-SOC Code": "related_code", "Relatedness Tier": "tier"})
        .sort_values(["onet_soc_code", "rank"], ignore_index=True)
    )
