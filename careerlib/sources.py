"""The official O*NET and BLS files: fetch them, and build the tables in data/ from them.

The same files give the same bytes. One comparison of these with the SHA-256 in `tables.json`, at
the end, finds every damage, another release and a changed digit; nothing is checked twice.
"""

import csv
import hashlib
import io
import os
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import shorten
from traceback import format_exception_only

import openpyxl  # noqa: F401  (pandas reads the workbook with it)
import pandas as pd
import pooch
import requests

from careerlib import catalog
from careerlib.errors import CareerlibError
from careerlib.project import DATA, replace_file

URLS = {
    "db_30_1_text.zip": "https://www.onetcenter.org/dl_files/database/db_30_1_text.zip",
    "occupation.xlsx": "https://www.bls.gov/emp/ind-occ-matrix/occupation.xlsx",
}
LARGEST, LARGEST_ZIP = 20_000_000, 100_000_000  # bytes of a file to read; four times theirs
WAIT = 30  # seconds for a server that says nothing
YEARS, SHEET, ROWS = "2024–34", "Table 1.2", 2000
FIGURES = ["employment_2024", "employment_2034", "growth_percent", "openings", "median_wage"]
COLUMNS = {  # of the workbook's sheet
    0: "title", 1: "soc_code", 2: "type", 3: "employment_2024", 4: "employment_2034",
    8: "growth_percent", 10: "openings", 11: "median_wage", 12: "education",
}  # fmt: skip
READY = "data/ holds the tables already, so nothing needs to be built"


def fetch(folder: Path) -> str:
    """Download both official files into the folder; returns a sentence with what comes next.

    A file that is there already stays; `build` finds out whether it is the right one. Raises
    CareerlibError for a publisher that cannot be reached, refuses, or sends something else.
    """
    folder = folder.expanduser()
    shelf = pooch.Pooch(folder, "", dict.fromkeys(URLS), URLS, retry_if_failed=3)
    for name, url in URLS.items():
        again = "run the command again later, with your e-mail address in CAREERLIB_CONTACT if the"
        again += f" server refuses, or save it there yourself as {name}"
        with _told(f"{url} could not be downloaded to {folder}", again):
            shelf.fetch(name, downloader=_download)
    onet, bls = (folder / name for name in URLS)
    command = f'python -m careerlib data build --onet "{onet}" --bls "{bls}"'
    return f"Both files are in {folder}; next: {command}"


def _download(url: str, path: str, shelf: pooch.Pooch) -> None:
    """Write what the publisher sends to `path`: a zip (a workbook is one too) of bounded size."""
    # BLS blocks programs that name nobody to write to: https://www.bls.gov/bls/blsterms.htm
    agent = f"career recommender tutorial {os.environ.get('CAREERLIB_CONTACT', '')}".strip()
    get = requests.get(url, headers={"User-Agent": agent}, stream=True, timeout=WAIT)
    with get as answer, open(path, "wb") as file:
        answer.raise_for_status()
        for part in answer.iter_content(2**16):
            if file.tell() + len(part) > LARGEST_ZIP:
                raise OSError("it is larger than any file of the publishers")
            file.write(part)
    if not zipfile.is_zipfile(path):
        raise ValueError("the server sent something else, perhaps a web page")


def build(onet: Path, bls: Path, output: Path = DATA) -> str:
    """Write all tables and their manifest to `output`, or nothing; returns a sentence on it.

    onet: folder or zip of the text release; bls: the workbook. Raises CareerlibError for files
    that do not give the project's tables.
    """
    release, years = f"O*NET {catalog.RELEASE}", f"BLS {YEARS}"
    mend = "if a download was damaged, delete it and run 'python -m careerlib data fetch'"
    with _told(f"{bls} is not the workbook with '{SHEET}' of {years}", mend):
        lines, groups = _projections(bls)
    with _told(f"{onet} is not the text release of {release}, its zip or its folder", mend):
        tables = _tables(_release(onet))
    with _told(f"{onet} and {bls} are not the {release} and {years} of the tables", mend):
        occupations = tables["occupations"].join(lines, on="soc_code", validate="m:1")
        flags = {"wage_top_coded": occupations["wage_top_coded"].fillna(0)}
        tables |= {"occupations": occupations.assign(**flags), "major_groups": groups}
        contents = {name: tables[name].to_csv(lineterminator="\n").encode() for name in tables}
        made = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
        if other := [name for name, right in catalog.manifest().items() if made[name] != right]:
            raise CareerlibError(f"other cells in {', '.join(other)}")
    try:
        output.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            replace_file(output / f"{name}.csv", content)
        replace_file(output / catalog.MANIFEST, (DATA / catalog.MANIFEST).read_bytes())
    except OSError as error:
        what = f"The tables cannot be written to {output} ({error.strerror})"
        raise CareerlibError(f"{what}; choose another folder with --output.") from None
    return f"Built {len(contents)} tables from {release} and {years} in {output}."


@contextmanager
def _told(what: str, advice: str) -> Iterator[None]:
    """One sentence or two for whatever goes wrong inside: damage can raise any error."""
    try:
        yield
    except Exception as error:
        why = getattr(error, "strerror", None) or format_exception_only(error)[-1]
        why = shorten(why.rpartition("CareerlibError: ")[2], 100, placeholder="...")
        raise CareerlibError(f"{what} ({why}); {READY}; {advice}.") from None


def _release(path: Path) -> Callable[..., pd.DataFrame]:
    """Reads columns of a file of the text release, by code; as text, so that no digit changes.

    path: a folder or a zip that has the files, in a folder or two perhaps.
    """
    if path.is_dir():
        levels = ("*.txt", "*/*.txt", "*/*/*.txt")
        places = {place.name: place for level in levels for place in path.glob(level)}
    else:
        archive = zipfile.ZipFile(io.BytesIO(_content(path, LARGEST_ZIP)))
        places = {name.split("/")[-1]: zipfile.Path(archive, name) for name in archive.namelist()}
    if "workbook.xml" in places:
        raise CareerlibError("it is a workbook; are --onet and --bls swapped?")

    def content(name: str) -> bytes:
        return _content(places.get(name, path / name))

    def read(name: str, *columns: str) -> pd.DataFrame:
        if b"\n" not in (text := content(f"{name}.txt"))[:1000]:
            raise CareerlibError(f"{name}.txt has a longer first line than any of O*NET's")
        form = {"sep": "\t", "quoting": csv.QUOTE_NONE, "keep_default_na": False, "dtype": str}
        columns = ["O*NET-SOC Code", *columns]
        table = pd.read_csv(io.BytesIO(text), usecols=columns, **form)[columns]
        return table.set_index(columns[0]).rename_axis("onet_soc_code")

    found = re.search(rb"O\*NET (\d+\.\d+) Database", content("Read Me.txt"))
    if (number := found[1].decode() if found else "unknown") != catalog.RELEASE:
        raise CareerlibError(f"it is release {number[:12]}")
    return read


def _tables(read: Callable[..., pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The tables of data/ that come from O*NET, of the occupations with skill ratings."""
    parts, tables = ["Element Name", "Scale ID", "Data Value"], {}
    for name, file, scale, elements in [
        ("skill_importance", "Skills", "IM", catalog.SKILLS),
        ("skill_level", "Skills", "LV", catalog.SKILLS),
        ("interests", "Interests", "OI", catalog.INTERESTS),
        ("work_values", "Work Values", "EX", catalog.WORK_VALUES),
        ("knowledge", "Knowledge", "IM", catalog.KNOWLEDGE),
    ]:
        ratings = read(file, *parts)[lambda table, scale=scale: table["Scale ID"] == scale]
        tables[name] = ratings.pivot(columns=parts[0], values=parts[2])[[*elements]]
    titles = read("Sample of Reported Titles", "Reported Job Title").set_axis(["title"], axis=1)
    tables["titles"] = titles.sort_values(["onet_soc_code", "title"])
    related = read("Related Occupations", "Related O*NET-SOC Code", "Relatedness Tier", "Index")
    tables["related_occupations"] = related.set_axis(["related_code", "tier", "rank"], axis=1)
    marks = read("Skills", "Recommend Suppress", "Not Relevant") == "Y"
    counts = marks.groupby(level=0).sum()
    tables["occupations"] = pd.DataFrame({
        "title": read("Occupation Data", "Title")["Title"],
        "soc_code": counts.index.str[:7],
        "job_zone": read("Job Zones", "Job Zone")["Job Zone"],
        "suppressed_ratings": counts["Recommend Suppress"],
        "not_relevant_levels": counts["Not Relevant"],
    }, index=counts.index)  # fmt: skip
    return {name: table[table.index.isin(counts.index)] for name, table in tables.items()}


def _projections(path: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Line items and major groups of the workbook's table, by SOC code, figures as text."""
    content = io.BytesIO(_content(path))
    if sum(entry.file_size for entry in zipfile.ZipFile(content).infolist()) > LARGEST:
        raise CareerlibError("unpacked it is too large")
    table = pd.read_excel(content, SHEET, header=1, nrows=ROWS, dtype=str, na_filter=False)
    years = re.findall(r"Employment, (\d{4})", " ".join(map(str, table)))
    if years != ["2024", "2034"]:
        raise CareerlibError(f"its years are {'–'.join(years)}, so BLS may have replaced the file")
    table = table.iloc[:, [*COLUMNS]].set_axis([*COLUMNS.values()], axis=1)
    table = table.apply(lambda column: column.str.strip()).set_index("soc_code")
    table["wage_top_coded"] = table["median_wage"].str.startswith(">=").astype("Int64")
    table["median_wage"] = table["median_wage"].str.replace(r"[>=$,]", "", regex=True)
    # A dash where BLS has none.
    table[FIGURES] = table[FIGURES].apply(pd.to_numeric, errors="coerce").round(1)
    table["median_wage"] = table["median_wage"].astype("Int64")
    lines = table.loc[table["type"] == "Line item", [*FIGURES, "wage_top_coded", "education"]]
    groups = table.loc[table.index.str.fullmatch(r"(?!00)\d\d-0000"), ["title", *FIGURES]]
    return lines, groups.rename_axis("major_group")


def _content(place: Path | zipfile.Path, largest: int = LARGEST) -> bytes:
    if not place.is_file():
        raise CareerlibError(f"there is no file {place.name}")
    with place.open("rb") as file:
        content = file.read(largest + 1)
    if len(content) > largest:
        raise CareerlibError(f"{place.name} is larger than any of the publishers'")
    return content
