"""A made-up O*NET release and BLS workbook, small and valid, for tests to break."""

import zipfile

import openpyxl

from careerlib.bls import HEADERS
from careerlib.catalog import INTERESTS, SKILLS, WORK_VALUES

OCCUPATIONS = {
    "11-1011.00": "Captains",
    "11-1011.03": "Second Captains",
    "15-1252.00": "Makers of Programs",
}
RATINGS = ["O*NET-SOC Code", "Element ID", "Element Name", "Scale ID", "Data Value"]
MAJOR_GROUPS = [f"{number}-0000" for number in range(11, 54, 2)]


def rating(occupation, element, low, high):
    """Some value on the scale, another for each occupation and element."""
    steps = round((high - low) * 4)
    return f"{low + (3 * occupation + 5 * element) % (steps + 1) / 4:.2f}"


def release_files():
    """{file name: lines of cells}, a complete release in the layout of 30.1."""
    files = {
        "Occupation Data.txt": [["O*NET-SOC Code", "Title", "Description"]],
        "Skills.txt": [[*RATINGS, "Recommend Suppress", "Not Relevant", "Date"]],
        "Interests.txt": [[*RATINGS]],
        "Work Values.txt": [[*RATINGS]],
        "Job Zones.txt": [["O*NET-SOC Code", "Job Zone", "Date"]],
        "Related Occupations.txt": [
            ["O*NET-SOC Code", "Related O*NET-SOC Code", "Relatedness Tier", "Index"]
        ],
    }
    for i, (code, title) in enumerate(OCCUPATIONS.items()):
        files["Occupation Data.txt"].append([code, title, "A sentence that is left behind."])
        files["Job Zones.txt"].append([code, str(i + 3), "08/2023"])
        for j, skill in enumerate(SKILLS):
            marks = ["Y" if j == 7 else "N", "n/a", "08/2023"]
            files["Skills.txt"].append([code, f"2.{j}", skill, "IM", rating(i, j, 1, 5), *marks])
            marks = ["N", "Y" if j < 2 else "N", "08/2023"]
            files["Skills.txt"].append([code, f"2.{j}", skill, "LV", rating(i, j, 0, 7), *marks])
        for name, elements, scale, other in (
            ("Interests.txt", INTERESTS, "OI", "IH"),
            ("Work Values.txt", WORK_VALUES, "EX", "VH"),
        ):
            for j, element in enumerate(elements):
                files[name].append([code, f"1.{j}", element, scale, rating(i, j, 1, 7)])
            # The releases also rank the highest three; those rows are not ratings.
            files[name].append([code, "1.9", "First High-Point", other, "0.00"])
        relatives = [other for other in OCCUPATIONS if other != code]
        relatives += [f"99-{1000 + number}.00" for number in range(18)]
        for rank, relative in enumerate(relatives, start=1):
            tier = ("Primary-Short", "Primary-Long", "Supplemental")[min((rank - 1) // 5, 2)]
            files["Related Occupations.txt"].append([code, relative, tier, str(rank)])
    return files


def release_texts(files=None, release="30.1"):
    """{file name: text}, with the Read Me."""
    texts = {"Read Me.txt": f"O*NET {release} Database\nSome Release\n"}
    for name, lines in (files or release_files()).items():
        texts[name] = "".join("\t".join(cells) + "\n" for cells in lines)
    return texts


def write_release(folder, texts=None):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (texts or release_texts()).items():
        (folder / name).write_text(text, "utf-8", newline="")
    return folder


def write_release_zip(path, texts=None, prefix=""):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (texts or release_texts()).items():
            archive.writestr(prefix + name, text)
    return path


def workbook_rows():
    """Rows of the sheet: two of heading, occupations, footnotes. Cells follow HEADERS."""
    none = "—"
    rows = [
        ["Table 1.2 Occupational projections"],
        list(HEADERS.values()),
        ["Total, all occupations", "00-0000", "Summary", 9000, 9900, 10, 990, 49500, none],
    ]
    for code in MAJOR_GROUPS:
        rows.append([f"Group {code}", code, "Summary", 400.5, 441, 10.1, 45, 50000, none])
    rows += [
        # A group of one: the summary row has the code of its only line item.
        ["Captains", "11-1011", "Summary", 309.4, 322.7, 4.3, 22.2, ">=$239,200", none],
        ["  Captains", "11-1011", "Line item", 309.4, 322.7, 4.3, 22.2, ">=$239,200",
         "Bachelor's degree"],
        ["Makers", "15-1250", "Line item", 20, 21, 5, 1.1, 80000, "Associate's degree"],
        ["Makers of programs", "15-1252", "Line item", 1000, 900, -10, 50, none,
         "No formal educational credential"],
        ["Footnotes:"],
        ["[1] A note."],
    ]
    return rows


def row_of(rows, code, kind="Line item"):
    """Position of the occupation's row in `rows`."""
    return next(i for i, row in enumerate(rows) if row[1:3] == [code, kind])


def write_workbook(path, rows=None, sheet="Table 1.2"):
    workbook = openpyxl.Workbook()
    workbook.active.title = sheet
    for row in rows or workbook_rows():
        workbook.active.append(row)
    workbook.save(path)
    return path
