"""The official O*NET and BLS files: fetch them, and build the tables in data/ from them.

The same files give the same bytes, and these are compared with the SHA-256 in `tables.json`. That
comparison finds every damage, another release and a changed digit; nothing is checked twice.
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

import openpyxl
import pandas as pd
import pooch
import requests

from careerlib.catalog import INTERESTS, MANIFEST, RELEASE, SKILLS, WORK_VALUES, manifest
from careerlib.errors import CareerlibError
from careerlib.project import DATA, replace_file

URLS = {
    "db_30_1_text.zip": "https://www.onetcenter.org/dl_files/database/db_30_1_text.zip",
    "occupation.xlsx": "https://www.bls.gov/emp/ind-occ-matrix/occupation.xlsx",
}
LARGEST = 20_000_000  # bytes of one file of a release, or of a workbook unpacked; four times ours
LARGEST_ZIP = 100_000_000
YEARS = "2024–34"
SHEET, LAST_ROW, LAST_COLUMN = "Table 1.2", 2000, 20
# Our name: how the workbook's header starts.
HEADERS = {
    "title": "2024 National Employment Matrix title",
    "soc_code": "2024 National Employment Matrix code",
    "type": "Occupation type",
    "employment_2024": "Employment, 2024", "employment_2034": "Employment, 2034",
    "growth_percent": "Employment change, percent, 2024–34",
    "openings": "Occupational openings, 2024–34 annual average",
    "median_wage": "Median annual wage, dollars, 2024",
    "education": "Typical education needed for entry",
}  # fmt: skip
FIGURES = ["employment_2024", "employment_2034", "growth_percent", "openings", "median_wage"]


def fetch(
    folder: str | Path, urls: dict[str, str] = URLS, retries: int = 3, timeout: tuple = (10, 30)
) -> str:
    """Download both official files into the folder; returns a sentence with what comes next.

    A file that is there already is not downloaded again. What arrived and does not give the
    project's tables is deleted. timeout: seconds to connect, and without an answer. Raises
    CareerlibError for a publisher that cannot be reached or refuses, and for a wrong file.
    """
    folder = Path(folder).expanduser()
    new = [folder / name for name in urls if not (folder / name).exists()]
    shelf = pooch.create(folder, "", registry=dict.fromkeys(urls), retry_if_failed=retries)
    shelf.urls = urls
    for name, url in urls.items():
        try:
            shelf.fetch(name, downloader=_downloader(timeout))
        except (OSError, ValueError) as error:  # the errors of requests are OSErrors
            raise CareerlibError(
                f"{url} could not be downloaded to {folder} ({_brief(error)}); run the same "
                "command again later, with your e-mail address in CAREERLIB_CONTACT if the "
                f"server refuses, or save the file there yourself as {name}."
            ) from None
    onet, bls = (folder / name for name in urls)
    try:
        make_tables(onet, bls)
    except CareerlibError:
        for path in new:
            path.unlink()
        raise
    command = f'python -m careerlib data build --onet "{onet}" --bls "{bls}"'
    return f"Both files are in {folder}; next: {command}"


def _downloader(timeout: tuple) -> Callable:
    """Pooch's own, which retries; except where asking again cannot help."""
    contact = os.environ.get("CAREERLIB_CONTACT", "")
    if contact and not re.fullmatch(r"[!-~]+@[!-~]+", contact):
        raise CareerlibError("CAREERLIB_CONTACT has to be an e-mail address: name@example.org.")
    # BLS blocks programs that name nobody to write to: https://www.bls.gov/bls/blsterms.htm
    headers = {"User-Agent": f"career recommender tutorial {contact}".strip()}
    get = pooch.HTTPDownloader(progressbar=sys.stderr.isatty(), timeout=timeout, headers=headers)

    def download(url: str, output: str, shelf: pooch.Pooch) -> None:
        try:
            get(url, output, shelf)
        except requests.HTTPError as error:
            error.response.close()
            if (status := error.response.status_code) < 500 and status not in (408, 429):
                raise PermissionError(f"refused with {status}") from None
            raise

    return download


def build(onet: str | Path, bls: str | Path, output: str | Path = DATA) -> str:
    """Write all tables and their manifest to `output`; returns a sentence that says so.

    onet: folder or zip of the text release; bls: the workbook. Raises CareerlibError, and writes
    nothing, for files that do not give the project's tables.
    """
    contents = make_tables(Path(onet), Path(bls))
    output = Path(output)
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
    read, lines, contents = _release(onet), _projections(bls), {}
    recipes: dict[str, Callable[[], pd.DataFrame]] = {
        "occupations": lambda: _occupations(read, lines),
        "skill_importance": lambda: _ratings(read("Skills.txt"), "IM", SKILLS),
        "skill_level": lambda: _ratings(read("Skills.txt"), "LV", SKILLS),
        "interests": lambda: _ratings(read("Interests.txt"), "OI", INTERESTS),
        "work_values": lambda: _ratings(read("Work Values.txt"), "EX", WORK_VALUES),
        "related_occupations": lambda: _related(read("Related Occupations.txt")),
        "major_groups": lambda: _major_groups(lines),
    }
    for name, built in manifest().items():
        try:
            table = recipes[name]()
            content = table.to_csv(index=False, lineterminator="\n").encode()
            fault = f"has other cells ({len(table)} rows of {built['rows']})"
        # Whatever the damage breaks on the way: it is this table that cannot be made.
        except Exception as error:
            content, fault = b"", f"cannot be made ({_brief(error)})"
        if hashlib.sha256(content).hexdigest() != built["sha256"]:
            files = {"major_groups": bls, "occupations": f"{onet} or {bls}"}.get(name, onet)
            raise CareerlibError(
                f"Table '{name}.csv' from O*NET {RELEASE} and BLS {YEARS} {fault}, so {files} is "
                "damaged or was changed; move it away and run 'python -m careerlib data fetch'."
            )
        contents[f"{name}.csv"] = content
    return contents


def _release(path: Path) -> Callable[[str], pd.DataFrame]:
    """Reads a file of the text release, in a folder or in the publisher's zip, when asked for it.

    Cells are text, so that no digit changes. Of rated occupations only.
    """
    wanted, number = f"give the O*NET {RELEASE} text release, its zip or its folder", b"unknown"
    try:
        top = path if path.is_dir() else zipfile.Path(io.BytesIO(_content(path, LARGEST_ZIP)))
        folders = [top, *(entry for entry in top.iterdir() if entry.is_dir())]
        (root, *_) = [folder for folder in folders if (folder / "Read Me.txt").is_file()]
        if found := re.search(rb"O\*NET (\d+\.\d+) Database", _content(root / "Read Me.txt")):
            number = found[1]
    # What a damaged archive raises depends on where the damage is.
    except Exception as error:
        why = _brief(error)
        raise CareerlibError(f"{path} is no O*NET text release ({why}); {wanted}.") from None
    if number != RELEASE.encode():
        raise CareerlibError(f"{path} holds O*NET release {number[:12].decode()}; {wanted}.")

    @cache
    def read(name: str) -> pd.DataFrame:
        content = _content(root / name)
        if b"\n" not in content[:1000]:
            raise ValueError(f"{name} has a longer first line than any of O*NET's")
        form = {"sep": "\t", "quoting": csv.QUOTE_NONE, "keep_default_na": False}
        table = pd.read_csv(io.BytesIO(content), dtype=str, **form)
        table = table.rename(columns={"O*NET-SOC Code": "onet_soc_code"})
        codes = table["onet_soc_code"]
        return table[codes.isin(codes if name == "Skills.txt" else read("Skills.txt")[codes.name])]

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
    wide = table.pivot(index="onet_soc_code", columns="Element Name", values="Data Value")
    return wide[list(elements)].sort_index().reset_index()


def _occupations(read: Callable[[str], pd.DataFrame], lines: pd.DataFrame) -> pd.DataFrame:
    """One row for each occupation with skill ratings; BLS joined on the six-digit code."""
    skills = read("Skills.txt").set_index("onet_soc_code")
    marks = (skills[["Recommend Suppress", "Not Relevant"]] == "Y").groupby(level=0).sum()
    table = marks.set_axis(["suppressed_ratings", "not_relevant_levels"], axis=1)
    for name, column in ("Occupation Data.txt", "Title"), ("Job Zones.txt", "Job Zone"):
        table = table.join(read(name).set_index("onet_soc_code")[column])
    table = table.rename(columns={"Title": "title", "Job Zone": "job_zone"})
    table["soc_code"] = table.index.str[:7]
    items = lines[lines["type"] == "Line item"].set_index("soc_code").drop(columns="title")
    table = table.join(items, on="soc_code", validate="m:1").fillna({"wage_top_coded": 0})
    columns = ["title", "soc_code", "job_zone", "suppressed_ratings", "not_relevant_levels"]
    columns += [*FIGURES, "wage_top_coded", "education"]
    return table[columns].astype({"wage_top_coded": int}).reset_index()


def _related(table: pd.DataFrame) -> pd.DataFrame:
    table = table.set_axis(["onet_soc_code", "related_code", "tier", "rank"], axis=1)
    return table.astype({"rank": int}).sort_values(["onet_soc_code", "rank"])


def _projections(path: Path) -> pd.DataFrame:
    """Rows of line items and groups of the workbook's Table 1.2, figures as text."""
    try:
        content = io.BytesIO(_content(path))
        if sum(entry.file_size for entry in zipfile.ZipFile(content).infolist()) > LARGEST:
            raise ValueError("unpacked it is too large")
        page = openpyxl.load_workbook(content, read_only=True, data_only=True)[SHEET]
        cells = page.iter_rows(2, LAST_ROW, 1, LAST_COLUMN, values_only=True)
        names, *rows = [[str(cell).strip() for cell in row] for row in cells]
        years = re.findall(r"Employment, (\d{4})", " ".join(names))
        if years != ["2024", "2034"]:
            raise ValueError(f"its years are {' and '.join(years) or 'not given'}")
        known = {ours: n for ours, start in HEADERS.items() for n in names if n.startswith(start)}
        table = pd.DataFrame(rows, columns=names)[[known[ours] for ours in HEADERS]]
    # A damaged workbook can fail anywhere in zipfile, the XML parser or openpyxl.
    except Exception as error:
        raise CareerlibError(
            f"{path} is not the workbook of the BLS Employment Projections {YEARS} "
            f"({_brief(error)}); give their occupation.xlsx with the sheet '{SHEET}'."
        ) from None
    table = table.set_axis([*HEADERS], axis=1)
    table["wage_top_coded"] = table["median_wage"].str.startswith(">=").astype(int)
    table["median_wage"] = table["median_wage"].str.replace(r"[>=$,]", "", regex=True)
    for name in FIGURES:
        form = "{:.0f}" if name == "median_wage" else "{:.1f}"
        numbers = pd.to_numeric(table[name], errors="coerce")  # a dash where BLS has none
        table[name] = numbers.map(form.format, na_action="ignore")
    return table[table["type"].isin(["Line item", "Summary"])]


def _major_groups(lines: pd.DataFrame) -> pd.DataFrame:
    is_group = lines["soc_code"].str.fullmatch(r"(?!00)\d\d-0000")
    groups = lines[is_group & (lines["type"] == "Summary")].sort_values("soc_code")
    return groups[["soc_code", "title", *FIGURES]].rename(columns={"soc_code": "major_group"})


def _brief(error: BaseException) -> str:
    """What went wrong, in at most 80 characters of one line."""
    answered = getattr(error, "response", error) is not None
    text = getattr(error, "strerror", None) or (str(error) if answered else "")
    text = f"no {text}" if isinstance(error, KeyError) else text
    text = " ".join(text.split()) or type(error).__name__
    return text if len(text) <= 80 else f"{text[:77]}..."
