"""The official O*NET and BLS files: fetch them, and build the tables in data/ from them.

The same files give the same bytes, and these are compared with the SHA-256 in `tables.json`. That
comparison finds every damage, another release and a changed digit; nothing is checked twice. What
a damaged file raises depends on where the damage is, so every Exception on the way is caught.
"""

import csv
import hashlib
import io
import os
import re
import sys
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from textwrap import shorten

import openpyxl
import pandas as pd
import pooch

from careerlib.catalog import (
    INTERESTS,
    KNOWLEDGE,
    MANIFEST,
    RELEASE,
    SKILLS,
    WORK_VALUES,
    manifest,
)
from careerlib.errors import CareerlibError
from careerlib.project import DATA, replace_file

URLS = {
    "db_30_1_text.zip": "https://www.onetcenter.org/dl_files/database/db_30_1_text.zip",
    "occupation.xlsx": "https://www.bls.gov/emp/ind-occ-matrix/occupation.xlsx",
}
LARGEST = 20_000_000  # bytes of one file of a release, or of a workbook unpacked; four times ours
LARGEST_ZIP = 100_000_000
YEARS = "2024–34"
SHEET, LAST_ROW = "Table 1.2", 2000
COLUMNS = {
    0: "title", 1: "soc_code", 2: "type", 3: "employment_2024", 4: "employment_2034",
    8: "growth_percent", 10: "openings", 11: "median_wage", 12: "education",
}  # fmt: skip
AGAIN = "if it was downloaded, delete it and run 'python -m careerlib data fetch'"
FIGURES = ["employment_2024", "employment_2034", "growth_percent", "openings", "median_wage"]


def fetch(folder: Path) -> str:
    """Download both official files into the folder; returns a sentence with what comes next.

    A file that is there already is not downloaded again; `build` finds out whether it is the right
    one. Raises CareerlibError for a publisher that cannot be reached or refuses.
    """
    # BLS blocks programs that name nobody to write to: https://www.bls.gov/bls/blsterms.htm
    agent = f"career recommender tutorial {os.environ.get('CAREERLIB_CONTACT', '')}".strip()
    get = pooch.HTTPDownloader(sys.stderr.isatty(), headers={"User-Agent": agent})
    folder = folder.expanduser()
    shelf = pooch.Pooch(folder, "", dict.fromkeys(URLS), URLS, retry_if_failed=3)
    try:
        for name in URLS:
            shelf.fetch(name, downloader=get)
    except (OSError, ValueError) as error:  # the errors of requests are OSErrors
        raise CareerlibError(
            f"{URLS[name]} could not be downloaded to {folder} ({_brief(error)}); run the "
            "same command again later, with your e-mail address in CAREERLIB_CONTACT if the "
            f"server refuses, or save the file there yourself as {name}."
        ) from None
    onet, bls = (folder / name for name in URLS)
    command = f'python -m careerlib data build --onet "{onet}" --bls "{bls}"'
    return f"Both files are in {folder}; next: {command}"


def build(onet: Path, bls: Path, output: Path = DATA) -> str:
    """Write all tables and their manifest to `output`, or nothing; returns a sentence on it.

    onet: folder or zip of the text release; bls: the workbook. Raises CareerlibError for files
    that do not give the project's tables.
    """
    contents = make_tables(onet, bls)
    try:
        output.mkdir(parents=True, exist_ok=True)
        for name, content in {**contents, MANIFEST: (DATA / MANIFEST).read_bytes()}.items():
            replace_file(output / name, content)
    except OSError as error:
        what = f"The tables cannot be written to {output} ({error.strerror})"
        raise CareerlibError(f"{what}; choose another folder with --output.") from None
    return f"Built {len(contents)} tables from O*NET {RELEASE} and BLS {YEARS} in {output}."


def make_tables(onet: Path, bls: Path) -> dict[str, bytes]:
    """Bytes of each CSV file, equal to those of data/. Raises CareerlibError as `build` does."""
    read, (lines, groups), contents = _release(onet), _projections(bls), {}
    related = ["related_code", "tier", "rank"]
    recipes: dict[str, Callable[[], pd.DataFrame]] = {
        "occupations": lambda: _occupations(read, lines),
        "skill_importance": lambda: _ratings(read("Skills.txt"), "IM", SKILLS),
        "skill_level": lambda: _ratings(read("Skills.txt"), "LV", SKILLS),
        "interests": lambda: _ratings(read("Interests.txt"), "OI", INTERESTS),
        "work_values": lambda: _ratings(read("Work Values.txt"), "EX", WORK_VALUES),
        "knowledge": lambda: _ratings(read("Knowledge.txt"), "IM", KNOWLEDGE),
        "titles": lambda: _titles(read("Sample of Reported Titles.txt")),
        "related_occupations": lambda: read("Related Occupations.txt").set_axis(related, axis=1),
        "major_groups": lambda: groups[["title", *FIGURES]].rename_axis("major_group"),
    }
    for name, built in manifest().items():
        content, fault = b"", "has other cells"
        try:
            content = recipes[name]().to_csv(lineterminator="\n").encode()
        except Exception as error:
            fault = f"cannot be made ({_brief(error)})"
        if hashlib.sha256(content).hexdigest() != built:
            files = {"major_groups": bls, "occupations": f"{onet} or {bls}"}.get(name, onet)
            raise CareerlibError(
                f"Table '{name}.csv' from O*NET {RELEASE} and BLS {YEARS} {fault}, so {files} is "
                "damaged or was changed; move it away and run 'python -m careerlib data fetch'."
            )
        contents[f"{name}.csv"] = content
    return contents


def _release(path: Path) -> Callable[[str], pd.DataFrame]:
    """Reads a file of the text release, in a folder or in the publisher's zip, when asked for it.

    Indexed by code, of rated occupations only; cells are text, so that no digit changes.
    """
    wanted = f"give the O*NET {RELEASE} text release, its zip or its folder; {AGAIN}"
    try:
        top = path if path.is_dir() else zipfile.Path(io.BytesIO(_content(path, LARGEST_ZIP)))
        folders = [one for one in [top, *top.iterdir()] if (one / "Read Me.txt").is_file()]
        root = (folders or [top])[0]
        found = re.search(rb"O\*NET (\d+\.\d+) Database", _content(root / "Read Me.txt"))
    except Exception as error:
        why = _brief(error)
        raise CareerlibError(f"{path} is no O*NET text release ({why}); {wanted}.") from None
    if (number := found[1].decode() if found else "unknown") != RELEASE:
        raise CareerlibError(f"{path} holds O*NET release {number[:12]}; {wanted}.")

    @cache
    def read(name: str) -> pd.DataFrame:
        content = _content(root / name)
        if b"\n" not in content[:1000]:
            raise ValueError(f"{name} has a longer first line than any of O*NET's")
        form = {"sep": "\t", "quoting": csv.QUOTE_NONE, "keep_default_na": False, "index_col": 0}
        table = pd.read_csv(io.BytesIO(content), dtype=str, **form).rename_axis("onet_soc_code")
        return table if name == "Skills.txt" else table[table.index.isin(read("Skills.txt").index)]

    return read


def _content(path: Path | zipfile.Path, largest: int = LARGEST) -> bytes:
    with path.open("rb") as file:
        content = file.read(largest + 1)
    if len(content) > largest:
        raise ValueError(f"{path.name} is too large, larger than any of the publishers'")
    return content


def _ratings(table: pd.DataFrame, scale: str, elements: tuple[str, ...]) -> pd.DataFrame:
    """One row an occupation, one column an element."""
    table = table[(table["Scale ID"] == scale) & table["Element Name"].isin(elements)]
    return table.pivot(columns="Element Name", values="Data Value")[[*elements]]


def _titles(table: pd.DataFrame) -> pd.DataFrame:
    """Job titles as people report them, in the order of their code, then of their letters."""
    table = table[["Reported Job Title"]].set_axis(["title"], axis=1)
    return table.sort_values(["onet_soc_code", "title"])


def _occupations(read: Callable[[str], pd.DataFrame], lines: pd.DataFrame) -> pd.DataFrame:
    """One row for each occupation with skill ratings; BLS joined on the six-digit code."""
    marks = read("Skills.txt")[["Recommend Suppress", "Not Relevant"]] == "Y"
    counts = ["suppressed_ratings", "not_relevant_levels"]
    table = marks.groupby(level=0).sum().set_axis(counts, axis=1)
    titles, zones = read("Occupation Data.txt")["Title"], read("Job Zones.txt")["Job Zone"]
    table = table.assign(title=titles, job_zone=zones, soc_code=table.index.str[:7])
    table = table.join(lines.drop(columns="title"), on="soc_code", validate="m:1")
    table["wage_top_coded"] = table["wage_top_coded"].fillna(0)
    columns = ["title", "soc_code", "job_zone", *counts, *FIGURES, "wage_top_coded", "education"]
    return table[columns]


def _projections(path: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Line items and major groups of the workbook's table, by SOC code, figures as text."""
    try:
        content = io.BytesIO(_content(path))
        if sum(entry.file_size for entry in zipfile.ZipFile(content).infolist()) > LARGEST:
            raise ValueError("unpacked it is too large")
        page = openpyxl.load_workbook(content, read_only=True, data_only=True)[SHEET]
        cells = page.iter_rows(2, LAST_ROW, 1, max(COLUMNS) + 1, values_only=True)
        names, *rows = [[str(cell).strip() for cell in row] for row in cells]
        years = re.findall(r"Employment, (\d{4})", " ".join(names))
        if years != ["2024", "2034"]:
            raise ValueError(f"its years are {' and '.join(years) or 'not given'}")
        table = pd.DataFrame(rows)[[*COLUMNS]].rename(columns=COLUMNS).set_index("soc_code")
        table["wage_top_coded"] = table["median_wage"].str.startswith(">=").astype("Int64")
        table["median_wage"] = table["median_wage"].str.replace(r"[>=$,]", "", regex=True)
        # A dash where BLS has none.
        table[FIGURES] = table[FIGURES].apply(pd.to_numeric, errors="coerce").round(1)
        table["median_wage"] = table["median_wage"].astype("Int64")
    except Exception as error:
        raise CareerlibError(
            f"{path} is not the workbook of the BLS Employment Projections {YEARS} "
            f"({_brief(error)}); give their occupation.xlsx with the sheet '{SHEET}'; {AGAIN}."
        ) from None
    groups = table[table.index.str.fullmatch(r"(?!00)\d\d-0000")]
    return table[table["type"] == "Line item"], groups


def _brief(error: Exception) -> str:
    """What went wrong, in at most 80 characters of one line."""
    said = getattr(error, "strerror", None) or f"{type(error).__name__}: {error}"
    return shorten(said, 80, placeholder="...")
