"""Read the workbook of the BLS Employment Projections (occupation.xlsx, Table 1.2).

Source: U.S. Bureau of Labor Statistics, Employment Projections program, 2024-34.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from careerlib.catalog import EDUCATION
from careerlib.errors import CareerlibError

SHEET = "Table 1.2"
YEARS = ("2024", "2034")
HEADER_ROW = 2
# Our name: how the workbook's header starts.
HEADERS = {
    "title": "2024 National Employment Matrix title",
    "code": "2024 National Employment Matrix code",
    "type": "Occupation type",
    "employment_2024": "Employment, 2024",
    "employment_2034": "Employment, 2034",
    "growth_percent": "Employment change, percent, 2024–34",
    "openings": "Occupational openings, 2024–34 annual average",
    "median_wage": "Median annual wage, dollars, 2024",
    "education": "Typical education needed for entry",
}
# The lowest value that makes sense.
NUMBERS = {"employment_2024": 0, "employment_2034": 0, "growth_percent": -100, "openings": 0}
NONE = "—"
TOP_CODED = re.compile(r">=\$(\d{3}),(\d{3})")


@dataclass(frozen=True)
class Projections:
    """Employment and openings are in thousands of jobs, wages in dollars a year.

    occupations: one row for each line item, indexed by six-digit SOC code: title,
        employment_2024, employment_2034, growth_percent, openings (a year),
        median_wage (NaN where BLS has none), wage_top_coded (True where the true
        median is at least the figure), education.
    major_groups: the same figures, without education, for the 22 major groups of the
        summary rows.
    """

    occupations: pd.DataFrame
    major_groups: pd.DataFrame


def read_projections(path: str | Path) -> Projections:
    """Read Table 1.2 of the 2024-34 workbook at `path`.

    Raises CareerlibError, in one sentence, for a file that is no such workbook, for
    other years, unknown columns, and cells that are neither a figure nor one of BLS's
    marks for "none" and "at least".
    """
    table = _read_sheet(Path(path))
    for column, low in NUMBERS.items():
        table[column] = _numbers(table, column, low)
    wages = table["median_wage"].map(_plain_wage)
    table["wage_top_coded"] = wages.ne(table["median_wage"])
    table["median_wage"] = wages
    table["median_wage"] = _numbers(table, "median_wage", 0, none=True)
    # Summary rows repeat the code of a line item below them where a group has one member.
    is_item = table["type"] == "Line item"
    items = table[is_item].drop(columns="type")
    repeated = items[items["code"].duplicated()]
    if len(repeated):
        raise _row_error(repeated.index[0], f"code {repeated['code'].iloc[0]} is repeated")
    unknown = items[~items["education"].isin(EDUCATION)]
    if len(unknown):
        raise _row_error(
            unknown.index[0], f"'{unknown['education'].iloc[0]}' is no education level of BLS"
        )
    groups = table[~is_item & table["code"].str.fullmatch(r"(?!00)\d\d-0000")]
    if len(groups) != 22:
        raise CareerlibError(
            f"Sheet '{SHEET}' has {len(groups)} major groups where 22 are expected; "
            "download the workbook again."
        )
    return Projections(
        occupations=items.rename(columns={"code": "soc_code"}).set_index("soc_code").sort_index(),
        major_groups=groups.drop(columns=["type", "education", "wage_top_coded"])
        .rename(columns={"code": "major_group"})
        .set_index("major_group")
        .sort_index(),
    )


def _read_sheet(path: Path) -> pd.DataFrame:
    """The wanted columns of the occupation rows, indexed by row number in the sheet."""
    if not path.is_file():
        raise CareerlibError(f"There is no file '{path}'; check the path of the BLS workbook.")
    try:
        with pd.ExcelFile(path, engine="openpyxl") as workbook:
            sheet = None
            if SHEET in workbook.sheet_names:
                sheet = pd.read_excel(
                    workbook, sheet_name=SHEET, header=None, dtype=object, keep_default_na=False
                )
    # A damaged workbook can fail anywhere in zipfile, the XML parser or openpyxl.
    except Exception:
        raise CareerlibError(
            f"{path} is not a complete Excel workbook; download occupation.xlsx again."
        ) from None
    if sheet is None:
        raise CareerlibError(
            f"{path} has no sheet '{SHEET}', so it is not the workbook of the BLS Employment "
            "Projections; download occupation.xlsx."
        )
    if len(sheet) < HEADER_ROW:
        raise CareerlibError(
            f"Sheet '{SHEET}' of {path} has no header in row {HEADER_ROW}; "
            "download occupation.xlsx again."
        )
    sheet.index = sheet.index + 1  # as Excel numbers the rows
    headers = [str(cell).strip() for cell in sheet.iloc[HEADER_ROW - 1]]
    positions = {}
    for name, start in HEADERS.items():
        found = [i for i, header in enumerate(headers) if header.startswith(start)]
        if not found:
            years = sorted(set(re.findall(r"Employment, (\d{4})", " ".join(headers))))
            have = f"the years {' and '.join(years)}" if years else "other columns"
            raise CareerlibError(
                f"Sheet '{SHEET}' of {path} has no column '{start}' but {have}; this project "
                f"reads the projections {YEARS[0]}–{YEARS[1][2:]}."
            )
        positions[name] = found[0]
    table = sheet.iloc[HEADER_ROW:, list(positions.values())].set_axis(list(positions), axis=1)
    # Below the occupations are footnotes, which have neither type nor code.
    known_type = table["type"].isin(["Line item", "Summary"])
    has_code = table["code"].astype(str).str.fullmatch(r"\d\d-\d{4}")
    untyped = table[has_code & ~known_type]
    if len(untyped):
        raise _row_error(
            untyped.index[0],
            f"the occupation type is '{untyped['type'].iloc[0]}', not 'Line item' or 'Summary'",
        )
    uncoded = table[known_type & ~has_code]
    if len(uncoded) or not known_type.any():
        row = uncoded.index[0] if len(uncoded) else HEADER_ROW + 1
        raise _row_error(row, "there is no SOC code such as 11-1011")
    table = table[known_type].copy()
    table["title"] = table["title"].astype(str).str.strip()
    return table


def _plain_wage(cell: object) -> object:
    """The figure inside '>=$239,200'; any other cell unchanged."""
    match = TOP_CODED.fullmatch(cell) if isinstance(cell, str) else None
    return int("".join(match.groups())) if match else cell


def _numbers(table: pd.DataFrame, column: str, low: float, none: bool = False) -> pd.Series:
    """The column as floats of at least `low`; BLS's dash becomes NaN where `none` allows it."""
    numbers = pd.to_numeric(table[column], errors="coerce").astype(float)
    good = numbers.between(low, float("inf"), inclusive="left")
    bad = table[~(good | (none & (table[column] == NONE)))]
    if len(bad):
        raise _row_error(bad.index[0], f"{column} is '{bad[column].iloc[0]}', not a figure")
    return numbers


def _row_error(row: int, what: str) -> CareerlibError:
    return CareerlibError(
        f"Sheet '{SHEET}', row {row}: {what}; download the workbook occupation.xlsx again."
    )
