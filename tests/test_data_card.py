"""data/README.md says what the tables hold: each column, and each number of the prose."""

import re

import numpy as np
import pandas as pd
import pytest

from careerlib.catalog import TABLES, load_catalog
from careerlib.project import DATA, ROOT

UPSTREAM = ROOT.parent / "shared" / "upstream"
# Markdown writes O\*NET so that two of them do not turn what is between into italics.
PLAIN = (DATA / "README.md").read_text("utf-8").replace("\\*", "*")
# Its prose on one line, without tables of columns, code and targets of links.
FLAT = " ".join(re.sub(r"(?ms)^\| `.*?$|```.*?```|(?<=\])\([^)]*\)", "", PLAIN).split())
# {table: text below its heading}
SECTIONS = dict(re.findall(r"^### `(\w+)\.csv`$(.*?)(?=^#|\Z)", PLAIN, flags=re.M | re.S))


@pytest.mark.parametrize("name", TABLES)
def test_rows_and_columns_are_what_the_card_says(name):
    table = pd.read_csv(DATA / f"{name}.csv")
    assert f"| `{name}.csv` | {len(table):,} |" in PLAIN
    described = []
    for line in re.findall(r"^\| (`.*) \|$", SECTIONS[name], re.M):
        names, meaning, unit, limits, empty = line.split(" | ")
        assert meaning and unit
        for column in re.findall(r"`([^`]+)`", names):
            described.append(column)
            cells = table[column].dropna()
            assert len(cells) == len(table) or empty == "yes", column
            if limits != "text" and cells.dtype == "str":
                assert set(cells) == set(limits.split("; ")), column
            elif limits != "text":
                low, high = limits.replace("or more", "to inf").split(" to ")
                assert cells.between(float(low), float(high)).all(), column
    assert described == list(table)
    key = described[:1] + {"related_occupations": ["rank"], "titles": ["title"]}.get(name, [])
    assert table.equals(table.sort_values(key, ignore_index=True))


# Names and dates rather than measurements. A test below compares the years with the official files.
NAMES = """30.1 1.2 2024–34 4.0 SHA-256 November_2023 December_2025 UTF-8 from_2008 from_2020
oldest_in_2010 newest_in_2025""".split()


def test_each_number_of_the_prose_is_what_the_tables_say(catalog):
    table = catalog.table
    shared = table[(table["bls_shared_by"] > 1) & table["has_bls"]]
    jobs = table["employment_2024"].sum() / 1000
    distinct = table.drop_duplicates("soc_code")["employment_2024"].sum() / 1000
    whole = catalog.major_groups["employment_2024"].sum() / 1000
    (top,) = table["median_wage"][table["wage_top_coded"]].unique()
    outside = catalog.related["related_code"]
    outside = outside[~outside.isin(catalog.codes)]
    unpaid = table["has_bls"] & table["median_wage"].isna()
    bad, far = table["suppressed_ratings"], table["not_relevant_levels"]
    sentences = f"""
The {len(table)} occupations are those
{(~table["has_bls"]).sum()} rated occupations have none, because BLS
{whole - distinct:.1f} million of the {whole:.1f} million jobs in the major groups
{(~table.index.str.endswith(".00")).sum()} codes end in something
so {len(shared)} occupations share {shared["soc_code"].nunique()} BLS rows
gives {jobs:.1f} million jobs where the distinct rows have {distinct:.1f} million
top-coded: {table["wage_top_coded"].sum()} occupations stand at ${top:,.0f} with `wage_top_coded` 1,
{unpaid.sum()} occupations have a BLS row but no annual wage
recommends to suppress {bad.sum()} skill ratings, in {(bad > 0).sum()} occupations
{far.sum():,} skill levels, in {(far > 0).sum()} occupations, are marked as not relevant
Work values.** {np.isnan(catalog.work_values).all(1).sum()} occupations have none
one occupation of the {len(table)} has no reported title
{len(outside)} rows lead to {outside.nunique()} occupations outside the {len(table)}.
"""
    prose = FLAT
    for said in sentences.strip().splitlines():
        assert said in prose, f"the card does not say '{said}'"
        prose = prose.replace(said, "")
    for name in NAMES:
        prose = prose.replace(name.replace("_", " "), "")
    assert re.findall(r".{0,30}\d.{0,30}", re.sub(r"`[^`]*`", "", prose)) == []


@pytest.mark.skipif(not UPSTREAM.is_dir(), reason="the official files are not at hand")
def test_statements_about_the_official_files():
    onet, rated = UPSTREAM / "onet" / "db_30_1_text", load_catalog().codes

    def read(name, scale):
        frame = pd.read_csv(onet / name, sep="\t", dtype=str, keep_default_na=False)
        return frame[(frame["Scale ID"] == scale) & frame["O*NET-SOC Code"].isin(rated)]

    interests, levels = read("Interests.txt", "OI"), read("Skills.txt", "LV")
    assert set(interests["Domain Source"] + interests["Date"]) == {"Machine Learning11/2023"}
    asked, rated_in = read("Work Values.txt", "EX")["Date"].str[-4:], levels["Date"].str[-4:]
    assert (asked == "2008").mean() > 0.5 and asked.max() == "2020"
    assert set(levels["Domain Source"]) == {"Analyst"}
    assert (rated_in.min(), rated_in.max()) == ("2010", "2025")
    irrelevant = levels["Data Value"][levels["Not Relevant"] == "Y"].astype(float)
    assert irrelevant.max() <= 1 and irrelevant.mean() < 0.1
    assert "December 2025 Release" in (onet / "Read Me.txt").read_text("utf-8")
    lines = pd.read_excel(UPSTREAM / "bls" / "occupation.xlsx", "Table 1.2", header=1)
    title, code, kind = lines.columns[:3]
    lines = lines[lines[kind] == "Line item"].set_index(code)
    assert "31-1120" in lines.index and not {"31-1121", "31-1122"} & set(lines.index)
    unrated = lines[~lines.index.isin(rated.str[:7])]
    assert unrated[title].str.strip().str.endswith("all other").mean() > 0.5


def test_the_attribution_that_the_licence_asks_for_is_complete():
    for part in (
        "includes information from the [O*NET 30.1 Database] by the U.S. Department of Labor, "
        "Employment and Training Administration (USDOL/ETA). Used under the [CC BY 4.0] license.",
        "O*NET® is a trademark of USDOL/ETA. We have modified some of this information; "
        "USDOL/ETA has not approved, endorsed or tested these modifications.",
    ):
        assert part in FLAT
