"""The official O*NET and BLS files: fetch them, and build the tables in data/ from them."""

import csv
import os
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import openpyxl  # noqa: F401  (told at once where it is missing)
import pandas as pd
import pooch
import requests

from careerlib import catalog
from careerlib.errors import CareerlibError, told
from careerlib.project import DATA, write

URLS = {
    "db_30_1_text.zip": "https://www.onetcenter.org/dl_files/database/db_30_1_text.zip",
    "occupation.xlsx": "https://www.bls.gov/emp/ind-occ-matrix/occupation.xlsx",
}
WAIT, LARGEST = 30, 100_000_000  # seconds for a server that says nothing; bytes of a download
RELEASES, SHEET = f"O*NET {catalog.RELEASE} and BLS 2024–34", "Table 1.2"
BUILT = "data/ holds the tables already, so nothing needs to be built"
RATINGS = {  # table: file of the release, and scale
    "skill_importance": ("Skills", "IM"), "skill_level": ("Skills", "LV"),
    "interests": ("Interests", "OI"), "work_values": ("Work Values", "EX"),
    "knowledge": ("Knowledge", "IM"),
}  # fmt: skip
FIGURES = ["employment_2024", "employment_2034", "growth_percent", "openings", "median_wage"]
COLUMNS = {  # of the workbook's sheet
    0: "title", 1: "soc_code", 2: "type", 3: "employment_2024", 4: "employment_2034",
    8: "growth_percent", 10: "openings", 11: "median_wage", 12: "education",
}  # fmt: skip


def fetch(folder: Path) -> str:
    """Get the official files that a folder lacks, or raise CareerlibError; returns a next step."""
    folder = folder.expanduser()
    shelf = pooch.Pooch(folder, "", dict.fromkeys(URLS), URLS, retry_if_failed=3)
    for name, url in URLS.items():
        do = f"{BUILT}; or else try later, with your e-mail address as CAREERLIB_CONTACT"
        with told(f"{url} could not be downloaded to {folder}", do, Exception):
            shelf.fetch(name, downloader=_download)
    return f"{' and '.join(URLS)} are in {folder}; careerlib data build makes the tables of them."


def _download(url: str, path: str, shelf: pooch.Pooch) -> None:
    """Write what the publisher sends to `path`: a zip, as a workbook is one too."""
    # BLS blocks programs that name nobody to write to: https://www.bls.gov/bls/blsterms.htm
    agent = f"career recommender tutorial {os.environ.get('CAREERLIB_CONTACT', '')}".strip()
    get = requests.get(url, headers={"User-Agent": agent}, stream=True, timeout=WAIT)
    with get as answer, open(path, "wb") as file:
        answer.raise_for_status()
        for part in answer.iter_content(2**16):
            file.write(part)
            if file.tell() > LARGEST:
                raise ValueError("the server does not stop sending")
    if not zipfile.is_zipfile(path):
        raise ValueError("the server sent something else, perhaps a web page")


def build(onet: Path, bls: Path, output: Path = DATA) -> str:
    """Write all tables and their manifest to `output`, or nothing; returns a sentence on it. onet:
    folder or zip of the text release; bls: the workbook. CareerlibError for other files."""
    do = f"{BUILT}; or else check --onet and --bls, for a publisher may have replaced its file"
    with told(f"{onet} and {bls} are not the files of {RELEASES}", do, Exception):  # of all kinds
        tables, (lines, groups) = _tables(_release(onet)), _projections(bls)
        joined = tables["occupations"].join(lines, on="soc_code", validate="m:1")
        tables |= {"occupations": joined.fillna({"wage_top_coded": 0}), "major_groups": groups}
        files = {name: tables[name].to_csv(lineterminator="\n").encode() for name in tables}
        # This one comparison finds every damage, other releases and a changed digit.
        built = catalog.manifest().items()
        if other := [name for name, right in built if sha256(files[name]).hexdigest() != right]:
            raise CareerlibError(f"other cells in {', '.join(other)}")
    with told(f"The tables cannot be written to {output}", "choose another --output", ValueError):
        for name, content in files.items():
            write(output / f"{name}.csv", content)
        write(output / catalog.MANIFEST, (DATA / catalog.MANIFEST).read_bytes())
    return f"Built {len(tables)} tables from {RELEASES} in {output}."


def _release(path: Path) -> Callable[..., pd.DataFrame]:
    """Reads columns, {ours: theirs}, of a file in a folder or zip, as text: no digit changes."""
    files = path.rglob("*")
    if not path.is_dir():
        archive = zipfile.ZipFile(path)
        files = (zipfile.Path(archive, name) for name in archive.namelist())
    places = {file.name: file for file in files if file.is_file()}

    def read(name: str, **columns: str) -> pd.DataFrame:
        if f"{name}.txt" not in places:
            raise CareerlibError(f"the release has no file {name}.txt")
        form = {"sep": "\t", "quoting": csv.QUOTE_NONE, "keep_default_na": False, "dtype": str}
        with places[f"{name}.txt"].open("rb") as file:
            table = pd.read_csv(file, **form).set_index("O*NET-SOC Code")
        return table[[*columns.values()]].set_axis([*columns], axis=1).rename_axis("onet_soc_code")

    return read


def _tables(read: Callable[..., pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The tables of data/ that come from O*NET, of the occupations with skill ratings."""
    tables = {}
    for name, (file, scale) in RATINGS.items():
        ratings = read(file, element="Element Name", scale="Scale ID", rating="Data Value")
        ratings = ratings[ratings["scale"] == scale].pivot(columns="element", values="rating")
        tables[name] = ratings[[*catalog.NAMES[name]]]
    titles = read("Sample of Reported Titles", title="Reported Job Title")
    tables["titles"] = titles.sort_values(["onet_soc_code", "title"])
    related = {"related_code": "Related O*NET-SOC Code", "tier": "Relatedness Tier"}
    tables["related_occupations"] = read("Related Occupations", **related, rank="Index")
    marks = {"suppressed_ratings": "Recommend Suppress", "not_relevant_levels": "Not Relevant"}
    counts = (read("Skills", **marks) == "Y").groupby(level=0).sum()
    first = read("Occupation Data", title="Title"), read("Job Zones", job_zone="Job Zone")
    tables["occupations"] = pd.concat([*first, counts], axis=1, join="inner")
    tables["occupations"].insert(1, "soc_code", tables["occupations"].index.str[:7])
    return {name: table[table.index.isin(counts.index)] for name, table in tables.items()}


def _projections(path: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Line items and major groups of the workbook's table, by SOC code, figures as text."""
    table = pd.read_excel(path, SHEET, header=1, dtype=str, na_filter=False, engine="openpyxl")
    table = table.iloc[:, [*COLUMNS]].set_axis([*COLUMNS.values()], axis=1)
    table = table.apply(lambda column: column.str.strip()).set_index("soc_code")
    table["wage_top_coded"] = table["median_wage"].str.startswith(">=").astype("Int64")
    figures = table[FIGURES].replace("[>=$,]", "", regex=True)
    table[FIGURES] = figures.apply(pd.to_numeric, errors="coerce").round(1)  # a dash: BLS has none
    table["median_wage"] = table["median_wage"].astype("Int64")
    lines = table.loc[table["type"] == "Line item", [*FIGURES, "wage_top_coded", "education"]]
    groups = table.loc[table.index.str.fullmatch(r"(?!00)\d\d-0000"), ["title", *FIGURES]]
    return lines, groups.rename_axis("major_group")
