"""The publishers' files as they would have to look to give the tables in data/, made from these:
the official ones are not ours to pass on."""

import io
import zipfile

import pandas as pd

from careerlib.project import DATA
from careerlib.sources import COLUMNS


def read(name):
    return pd.read_csv(DATA / f"{name}.csv", dtype=str, keep_default_na=False)


def ratings(name, scale):
    """One row a rating, as in the release, though in another order."""
    long = read(name).melt("onet_soc_code", var_name="Element Name", value_name="Data Value")
    return long.assign(**{"Scale ID": scale})


def release():
    """{file name: bytes} of the text release; with rows and columns that are not taken."""
    occupations = read("occupations").set_index("onet_soc_code")
    skills = pd.concat([ratings("skill_level", "LV"), ratings("skill_importance", "IM")])
    nth = skills.groupby("onet_soc_code").cumcount()  # levels first
    marks = {"Recommend Suppress": "suppressed_ratings", "Not Relevant": "not_relevant_levels"}
    for column, counts in marks.items():
        marked = skills["onet_soc_code"].map(occupations[counts].astype(int))
        skills[column] = (nth < marked).map({True: "Y", False: "N"})
    titles = occupations["title"].rename("Title").reset_index()
    titles.loc[len(titles)] = ["99-9999.00", 'Makers of "Nothing"']  # without ratings
    reported = read("titles").rename(columns={"title": "Reported Job Title"})
    related = ["onet_soc_code", "Related O*NET-SOC Code", "Relatedness Tier", "Index"]
    tables = {
        "Skills": skills,
        "Interests": ratings("interests", "OI"),
        "Work Values": ratings("work_values", "EX"),
        "Knowledge": ratings("knowledge", "IM"),
        "Sample of Reported Titles": reported.assign(**{"Shown in My Next Move": "Y"}),
        "Occupation Data": titles.assign(Description="A sentence that is left behind."),
        "Job Zones": occupations["job_zone"].rename("Job Zone").reset_index(),
        "Related Occupations": read("related_occupations").set_axis(related, axis=1),
    }
    files = {"Read Me.txt": b"O*NET 30.1 Database\nDecember 2025 Release\n"}
    for name, table in tables.items():
        header = [*table.rename(columns={"onet_soc_code": "O*NET-SOC Code"})]
        lines = ["\t".join(row) + "\n" for row in [header, *table.values.tolist()]]
        files[f"{name}.txt"] = "".join(lines).encode()
    return files


def sheet():
    """Rows of the workbook's sheet: heading, header, groups, line items, footnote."""
    groups = read("major_groups").rename(columns={"major_group": "soc_code"})
    items = read("occupations").drop_duplicates("soc_code")
    items = items[items["employment_2024"] != ""]
    top = items["wage_top_coded"] == "1"
    items["median_wage"] = items["median_wage"].where(~top, ">=$239,200")
    rows = pd.concat([groups.assign(type="Summary"), items.assign(type="Line item")])
    places = {name: place for place, name in COLUMNS.items()}
    cells = rows.rename(columns=places).reindex(columns=range(13), fill_value="—")
    cells = cells.fillna("—").replace("", "—")
    header = ["A heading", "Code", "Type", "Employment, 2024", "Employment, 2034", *"abcdefgh"]
    total = ["Total, all occupations", "00-0000", "Summary", *"1234567890"]
    rows, rest = [header, total, *cells.values.tolist()], [""] * 12
    return [["Table 1.2", *rest], *rows, ["[1] A footnote.", *rest]]


def workbook(rows, name="Table 1.2"):
    file = io.BytesIO()
    pd.DataFrame(rows).to_excel(file, sheet_name=name, header=False, index=False)
    return file.getvalue()


def zipped(files):
    """Bytes of a zip of {name: bytes}."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()
