"""data/README.md says what the tables hold: each column, and each number of the prose."""

import re

import numpy as np
import pandas as pd
import pytest

from careerlib.__main__ import cli
from careerlib.catalog import TABLES, load_catalog
from careerlib.project import DATA

TEXT = (DATA / "README.md").read_text("utf-8")
# Markdown writes O\*NET so that two of them do not turn what is between into italics.
PLAIN = TEXT.replace("\\*", "*")


def table_rows(section):
    """Cells of the Markdown table in a piece of text, without header and rule."""
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def column_sections():
    """{table: text below its heading}, for every heading that names a CSV file."""
    return dict(re.findall(r"^### `(\w+)\.csv`$(.*?)(?=^#|\Z)", PLAIN, flags=re.M | re.S))


@pytest.mark.parametrize("name", TABLES)
def test_columns_are_what_the_card_says(name):
    table = pd.read_csv(DATA / f"{name}.csv")
    described = []
    for names, meaning, unit, limits, empty in table_rows(column_sections()[name]):
        assert meaning and unit
        for column in re.findall(r"`([^`]+)`", names):
            described.append(column)
            cells = table[column]
            assert cells.isna().any() <= (empty == "yes"), column
            if limits != "text" and cells.dtype == "str":
                assert set(cells.dropna()) == set(limits.split("; ")), column
            elif limits.endswith(" or more"):
                assert cells.min() >= float(limits.removesuffix(" or more")), column
            elif limits != "text":
                low, high = map(float, limits.split(" to "))
                assert cells.dropna().between(low, high).all(), column
    assert described == list(table)
    key = described[:1] + {"related_occupations": ["rank"], "titles": ["title"]}.get(name, [])
    assert table.equals(table.sort_values(key, ignore_index=True))


def test_each_table_with_its_rows():
    assert list(column_sections()) == list(TABLES)
    section = PLAIN.split("## The tables")[1].split("### ")[0]
    card = {name.strip("`"): int(rows.replace(",", "")) for name, rows, *_ in table_rows(section)}
    assert card == {f"{name}.csv": len(pd.read_csv(DATA / f"{name}.csv")) for name in TABLES}


# --- Numbers in the prose ----------------------------------------------------------------


def facts():
    """Sentences of the card with a place for each number, and what the tables say it is."""
    catalog = load_catalog()
    table = catalog.table
    shared = table[(table["bls_shared_by"] > 1) & table["has_bls"]]
    distinct = table.drop_duplicates("soc_code")["employment_2024"].sum() / 1000
    whole = catalog.major_groups["employment_2024"].sum() / 1000
    top = table[table["wage_top_coded"]]
    outside = catalog.related[~catalog.related["related_code"].isin(catalog.codes)]
    unpaid = table[table["has_bls"] & table["median_wage"].isna()]
    suppressed, irrelevant = table["suppressed_ratings"], table["not_relevant_levels"]
    return {
        "The {} occupations are those": [len(table)],
        "{} rated occupations have none, because BLS": [(~table["has_bls"]).sum()],
        "{} million of the {} million jobs in the major groups": [whole - distinct, whole],
        "{} codes end in something": [(~table.index.str.endswith(".00")).sum()],
        "so {} occupations share {} BLS rows": [len(shared), shared["soc_code"].nunique()],
        "gives {} million jobs where the distinct rows have {} million":
            [table["employment_2024"].sum() / 1000, distinct],
        "top-coded: {} occupations stand at ${} with": [len(top), top["median_wage"].unique()[0]],
        "`wage_top_coded` {}, and": [1],
        "{} occupations have a BLS row but no annual wage": [len(unpaid)],
        "recommends to suppress {} skill ratings, in {} occupations":
            [suppressed.sum(), (suppressed > 0).sum()],
        "{} skill levels, in {} occupations, are marked as not relevant":
            [irrelevant.sum(), (irrelevant > 0).sum()],
        "Work values.** {} occupations have none": [np.isnan(catalog.work_values).all(1).sum()],
        "one occupation of the {} has no": [len(table)],
        "{} rows lead to {} occupations outside the {}.":
            [len(outside), outside["related_code"].nunique(), len(table)],
    }  # fmt: skip


# Names and dates rather than measurements: releases, licence, years of the sources (which a
# test below compares with the official files), SHA-256.
NAMES = [
    "30.1", "1.2", "2024–34", "4.0", "December 2025", "SHA-256", "November 2023", "UTF-8",
    "from 2008", "from\n2020", "oldest in 2010", "newest in 2025",
]  # fmt: skip
NUMBER = r"(\d[\d,]*(?:\.\d+)?)"


def pattern(sentence):
    """The sentence with any white space between words and a group for each number."""
    return r"\s+".join(re.escape(word) for word in sentence.split()).replace(r"\{\}", NUMBER)


def test_each_number_of_the_prose_is_what_the_tables_say():
    text = re.sub(r"^\| `.*$", "", PLAIN, flags=re.MULTILINE)
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    text = re.sub(r"\]\([^)]*\)", "]", text)
    for sentence, measured in facts().items():
        stated = re.search(pattern(sentence), text)
        assert stated, f"the card does not say '{sentence}'"
        for number, value in zip(stated.groups(), measured, strict=True):
            decimals = len(number.partition(".")[2])
            assert number == f"{value:,.{decimals}f}", sentence
        text = text.replace(stated[0], "")
    for name in NAMES:
        assert name in text, f"'{name}' is allowed but not used"
        text = text.replace(name, "")
    assert re.findall(r"[^\n]*\d[^\n]*", re.sub(r"`[^`]*`", "", text)) == []


# --- Statements without a number ---------------------------------------------------------


def test_named_occupations_and_one_sided_relations(catalog):
    table = catalog.table.set_index("title")
    for title in ("Home Health Aides", "Personal Care Aides"):
        assert title in " ".join(PLAIN.split()) and not table.loc[title, "has_bls"]
    unpaid = table.loc[["Actors", "Dancers", "Musicians and Singers"]]
    assert unpaid["has_bls"].all() and unpaid["median_wage"].isna().all()
    related = catalog.related_matrix() > 0
    assert (related & ~related.T).any()


def test_statements_about_the_official_files(upstream):
    onet = upstream / "onet" / "db_30_1_text"
    rated = load_catalog().codes

    def read(name, scale):
        frame = pd.read_csv(onet / name, sep="\t", dtype=str, keep_default_na=False)
        return frame[(frame["Scale ID"] == scale) & frame["O*NET-SOC Code"].isin(rated)]

    interests, levels = read("Interests.txt", "OI"), read("Skills.txt", "LV")
    assert set(interests["Domain Source"] + interests["Date"]) == {"Machine Learning11/2023"}
    years = read("Work Values.txt", "EX")["Date"].str[-4:]
    assert (years == "2008").mean() > 0.5 and years.max() == "2020"
    years = levels["Date"].str[-4:]
    assert set(levels["Domain Source"]) == {"Analyst"}
    assert (years.min(), years.max()) == ("2010", "2025")
    irrelevant = levels["Data Value"][levels["Not Relevant"] == "Y"].astype(float)
    assert irrelevant.max() <= 1 and irrelevant.mean() < 0.1
    assert "December 2025 Release" in (onet / "Read Me.txt").read_text("utf-8")

    lines = pd.read_excel(upstream / "bls" / "occupation.xlsx", "Table 1.2", header=1)
    title, code, kind = lines.columns[:3]
    lines = lines[lines[kind] == "Line item"].set_index(code)
    assert "31-1120" in lines.index and not {"31-1121", "31-1122"} & set(lines.index)
    unrated = lines[~lines.index.isin(rated.str[:7])]
    assert unrated[title].str.strip().str.endswith("all other").mean() > 0.5


def test_links_lead_somewhere():
    links = re.findall(r"\]\(([^)]*)\)", PLAIN)
    assert len(links) >= 5
    for link in links:
        assert link.startswith("https://") or (DATA / link).exists(), link


ATTRIBUTION = """
This folder includes information from the O*NET 30.1 Database by the U.S. Department of Labor,
Employment and Training Administration (USDOL/ETA). Used under the CC BY 4.0 license. O*NET® is a
trademark of USDOL/ETA. We have modified some of this information; USDOL/ETA has not approved,
endorsed or tested these modifications."""


def test_attribution_is_complete():
    flat = " ".join(re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", PLAIN).split())
    assert " ".join(ATTRIBUTION.split()) in flat
    assert "https://creativecommons.org/licenses/by/4.0/" in TEXT


def test_commands_of_the_card_exist():
    commands = re.findall(r"^python -m careerlib data (\w+)(.*)$", PLAIN, flags=re.MULTILINE)
    assert [name for name, _ in commands] == ["fetch", "build"]
    for name, arguments in commands:
        known = {opt for one in cli.commands["data"].commands[name].params for opt in one.opts}
        assert set(re.findall(r"--\w+", arguments)) <= known
