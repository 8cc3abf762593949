"""The reader of the BLS workbook: what it gives, and what it refuses."""

import zipfile

import numpy as np
import openpyxl
import pytest
from mini_sources import MAJOR_GROUPS, row_of, workbook_rows, write_workbook

from careerlib.bls import HEADERS, read_projections
from careerlib.catalog import EDUCATION

COLUMN = {name: position for position, name in enumerate(HEADERS)}
ITEM = "15-1250"


@pytest.fixture
def read(tmp_path):
    """Reads the small workbook after `change` altered its rows."""

    def call(change=None):
        rows = workbook_rows()
        if change:
            change(rows)
        return read_projections(write_workbook(tmp_path / "occupation.xlsx", rows))

    return call


def set_cell(column, value, code=ITEM, kind="Line item"):
    """A change of one cell, and the number that Excel shows for its row."""
    def change(rows):
        rows[row_of(rows, code, kind)][COLUMN[column]] = value

    return change, row_of(workbook_rows(), code, kind) + 1


# --- What a valid workbook gives ---------------------------------------------------------


def test_line_items(read):
    occupations = read().occupations
    assert list(occupations.index) == ["11-1011", "15-1250", "15-1252"]
    assert occupations.index.name == "soc_code"
    assert occupations.loc["15-1250"].to_dict() == {
        "title": "Makers", "employment_2024": 20, "employment_2034": 21, "growth_percent": 5,
        "openings": 1.1, "median_wage": 80_000, "wage_top_coded": False,
        "education": "Associate's degree",
    }


def test_summary_row_with_the_code_of_a_line_item_is_ignored(read):
    change, _ = set_cell("employment_2024", 77, "11-1011", "Summary")
    captains = read(change).occupations.loc["11-1011"]
    assert captains["employment_2024"] == 309.4 and captains["title"] == "Captains"


def test_dash_as_wage_is_none(read):
    makers = read().occupations.loc["15-1252"]
    assert np.isnan(makers["median_wage"]) and not makers["wage_top_coded"]


@pytest.mark.parametrize(("cell", "wage"), [(">=$239,200", 239_200), (">=$301,050", 301_050)])
def test_top_coded_wage(read, cell, wage):
    change, _ = set_cell("median_wage", cell, "11-1011")
    occupations = read(change).occupations
    assert occupations.loc["11-1011", "median_wage"] == wage
    assert list(occupations["wage_top_coded"]) == [True, False, False]


def test_same_wage_without_the_mark_is_not_top_coded(read):
    change, _ = set_cell("median_wage", 239_200)
    assert not read(change).occupations.loc[ITEM, "wage_top_coded"]


def test_major_groups_leave_out_the_total(read):
    groups = read().major_groups
    assert list(groups.index) == MAJOR_GROUPS
    assert groups.loc["11-0000"].to_dict() == {
        "title": "Group 11-0000", "employment_2024": 400.5, "employment_2034": 441,
        "growth_percent": 10.1, "openings": 45, "median_wage": 50_000,
    }


def test_order_of_columns_and_footnote_marks_do_not_matter(read):
    def change(rows):
        rows[1][COLUMN["median_wage"]] += "[1]"
        for row in rows[1:-2]:
            row.reverse()

    straight, other = read(), read(change)
    assert other.occupations.equals(straight.occupations)
    assert other.major_groups.equals(straight.major_groups)


def test_each_education_level(read):
    def change(rows):
        for number, education in enumerate(EDUCATION):
            rows.append(["Title", f"99-000{number}", "Line item", 1, 1, 0, 1, 1, education])

    assert tuple(read(change).occupations["education"].tail(len(EDUCATION))) == EDUCATION


# --- The file ----------------------------------------------------------------------------


def test_missing_file(tmp_path, refusal):
    message = refusal(read_projections, tmp_path / "nowhere.xlsx")
    assert "There is no file" in message and "nowhere.xlsx" in message and "check" in message


def test_folder_is_not_a_workbook(tmp_path, refusal):
    assert "There is no file" in refusal(read_projections, tmp_path)


@pytest.mark.parametrize("content", [b"", b"code,title\n", b"<html>Not found</html>"])
def test_no_workbook(tmp_path, refusal, content):
    path = tmp_path / "occupation.xlsx"
    path.write_bytes(content)
    message = refusal(read_projections, path)
    assert "occupation.xlsx is not a complete Excel workbook" in message
    assert "download occupation.xlsx again" in message


def test_cut_off_workbook(tmp_path, refusal):
    path = write_workbook(tmp_path / "occupation.xlsx")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert "not a complete Excel workbook" in refusal(read_projections, path)


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml"])
def test_workbook_with_a_damaged_part(tmp_path, refusal, part):
    whole = write_workbook(tmp_path / "whole.xlsx")
    damaged = tmp_path / "damaged.xlsx"
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(damaged, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, content[: len(content) // 2] if name == part else content)
    assert "not a complete Excel workbook" in refusal(read_projections, damaged)


def test_other_zip(tmp_path, refusal):
    path = tmp_path / "occupation.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("Read Me.txt", "Hello")
    assert "not a complete Excel workbook" in refusal(read_projections, path)


def test_missing_sheet(tmp_path, refusal):
    path = write_workbook(tmp_path / "occupation.xlsx", sheet="Table 1.7")
    message = refusal(read_projections, path)
    assert "occupation.xlsx has no sheet 'Table 1.2'" in message and "download" in message


def test_sheet_without_header(tmp_path, refusal):
    path = write_workbook(tmp_path / "occupation.xlsx", [["Table 1.2"]])
    message = refusal(read_projections, path)
    assert "'Table 1.2'" in message and "no header in row 2" in message and "download" in message


# --- The columns -------------------------------------------------------------------------


def test_other_years(read, refusal):
    def change(rows):
        rows[1] = [
            header.replace("2034", "2033").replace("2024", "2023").replace("34", "33")
            for header in rows[1]
        ]

    message = refusal(read, change)
    assert "Sheet 'Table 1.2'" in message
    assert "the years 2023 and 2033" in message and "reads the projections 2024–34" in message


@pytest.mark.parametrize(("name", "header"), HEADERS.items(), ids=list(HEADERS))
def test_missing_column(read, refusal, name, header):
    def change(rows):
        rows[1][COLUMN[name]] = "Something else"

    message = refusal(read, change)
    assert "Sheet 'Table 1.2'" in message and f"has no column '{header}'" in message


# --- The cells ---------------------------------------------------------------------------

FIGURES = ["employment_2024", "employment_2034", "growth_percent", "openings"]


@pytest.mark.parametrize(
    ("column", "bad"),
    [
        *((column, "many") for column in [*FIGURES, "median_wage"]),
        *((column, "") for column in ["openings", "median_wage"]),
        *((column, "#N/A") for column in ["employment_2024", "median_wage"]),
        *(("employment_2034", bad) for bad in ["inf", "nan", "1,000"]),
    ],
)
def test_no_figure(read, refusal, column, bad):
    change, row = set_cell(column, bad)
    message = refusal(read, change)
    assert f"Sheet 'Table 1.2', row {row}: {column} is '" in message
    assert "not a figure" in message and "download the workbook occupation.xlsx again" in message


@pytest.mark.parametrize("column", FIGURES)
def test_dash_elsewhere_than_in_a_wage(read, refusal, column):
    change, row = set_cell(column, "—")
    assert f"row {row}: {column} is '—', not a figure" in refusal(read, change)


@pytest.mark.parametrize(
    ("column", "bad"),
    [("employment_2024", -0.1), ("openings", -1), ("growth_percent", -100.1), ("median_wage", -1)],
)
def test_figure_below_what_makes_sense(read, refusal, column, bad):
    change, row = set_cell(column, bad)
    assert f"row {row}: {column} is '{bad}', not a figure" in refusal(read, change)


@pytest.mark.parametrize("bad", [">$239,200", ">=$239200", "<=$30,000"])
def test_unknown_mark_in_a_wage(read, refusal, bad):
    change, row = set_cell("median_wage", bad)
    assert f"row {row}: median_wage is '{bad}', not a figure" in refusal(read, change)


@pytest.mark.parametrize("bad", ["Bachelor's", "—"])
def test_unknown_education(read, refusal, bad):
    change, row = set_cell("education", bad)
    assert f"row {row}: '{bad}' is no education level of BLS" in refusal(read, change)


def test_repeated_line_item(read, refusal):
    change, row = set_cell("code", "15-1250", "15-1252")
    assert f"row {row}: code 15-1250 is repeated" in refusal(read, change)


@pytest.mark.parametrize("bad", [None, "15-1250.00", "#N/A"])
def test_row_without_code(read, refusal, bad):
    change, row = set_cell("code", bad)
    message = refusal(read, change)
    assert f"row {row}: there is no SOC code such as 11-1011" in message


@pytest.mark.parametrize("bad", [None, "Line Item", "#N/A"])
def test_row_without_a_known_type(read, refusal, bad):
    """Such a row must not be taken for a footnote and lost."""
    change, row = set_cell("type", bad)
    assert f"row {row}: the occupation type is" in refusal(read, change)


def test_no_rows(read, refusal):
    def change(rows):
        del rows[2:]

    assert "row 3: there is no SOC code" in refusal(read, change)


@pytest.mark.parametrize("count", [21, 23])
def test_wrong_number_of_major_groups(read, refusal, count):
    def change(rows):
        if count == 21:
            del rows[row_of(rows, "53-0000", "Summary")]
        else:
            rows.insert(3, ["Group", "55-0000", "Summary", 1, 1, 0, 1, 1, "—"])

    message = refusal(read, change)
    assert f"Sheet 'Table 1.2' has {count} major groups where 22 are expected" in message
    assert "download the workbook again" in message


# --- The official workbook ---------------------------------------------------------------


def test_official_workbook(upstream):
    """Against the workbook's own total row, which the reader does not use."""
    path = upstream / "bls" / "occupation.xlsx"
    projections = read_projections(path)
    book = openpyxl.load_workbook(path, read_only=True)
    total = next(book["Table 1.2"].iter_rows(min_row=3, max_row=3, values_only=True))
    book.close()
    assert total[1] == "00-0000"
    # Employment stands in columns D and E, rounded to 0.1 thousand in each row.
    for column, figure in (("employment_2024", total[3]), ("employment_2034", total[4])):
        for frame in (projections.occupations, projections.major_groups):
            assert frame[column].sum() == pytest.approx(figure, abs=0.05 * len(frame))
