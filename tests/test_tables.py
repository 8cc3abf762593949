"""The tables in data/: building them from the sources, and reading them back."""

import json
import os
import shutil
import stat
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from mini_sources import (
    OCCUPATIONS,
    release_files,
    release_texts,
    write_release,
    write_release_zip,
    write_workbook,
)

from careerlib import project, tables
from careerlib.__main__ import cli
from careerlib.catalog import load_catalog
from careerlib.onet import COLUMNS

FILES = [*(f"{name}.csv" for name in tables.SCHEMA), "tables.json"]


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """Paths of the small release and workbook."""
    folder = tmp_path_factory.mktemp("sources")
    return write_release(folder / "release"), write_workbook(folder / "occupation.xlsx")


@pytest.fixture(scope="module")
def built(sources, tmp_path_factory):
    """Tables of the small sources; tests that change them take `folder`."""
    folder = tmp_path_factory.mktemp("built")
    tables.build(*sources, folder)
    return folder


@pytest.fixture
def folder(built, tmp_path):
    return Path(shutil.copytree(built, tmp_path / "data"))


def contents(folder):
    """Bytes of every file, hidden ones too."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def rehash(folder):
    """Bring the manifest in step with altered tables, as a faulty build would."""
    manifest = json.loads((folder / "tables.json").read_text())
    for name, entry in manifest["tables"].items():
        content = (folder / f"{name}.csv").read_bytes()
        entry.update(rows=content.count(b"\n") - 1, sha256=sha256(content).hexdigest())
    (folder / "tables.json").write_text(json.dumps(manifest))


# --- Building ----------------------------------------------------------------------------


def test_tables_of_the_small_sources(built):
    _, frames = tables.read_tables(built)
    occupations = frames["occupations"].set_index("onet_soc_code")
    assert dict(occupations["title"]) == OCCUPATIONS
    # The finer code has the figures of its parent.
    figures = ["employment_2024", "median_wage", "wage_top_coded", "education"]
    expected = [309.4, 239_200, True, "Bachelor's degree"]
    assert list(occupations.loc["11-1011.00", figures]) == expected
    assert list(occupations.loc["11-1011.03", figures]) == expected
    assert np.isnan(occupations.loc["15-1252.00", "median_wage"])
    assert list(occupations["suppressed_ratings"]) == [1, 1, 1]
    assert list(occupations["not_relevant_levels"]) == [2, 2, 2]
    assert len(frames["major_groups"]) == 22


def test_ratings_land_in_the_column_of_their_skill(built):
    _, frames = tables.read_tables(built)
    wide = {"IM": frames["skill_importance"].set_index("onet_soc_code"),
            "LV": frames["skill_level"].set_index("onet_soc_code")}
    for code, _, skill, scale, value, *_ in release_files()["Skills.txt"][1:]:
        assert wide[scale].loc[code, skill] == float(value)


def test_occupation_without_bls_line_has_no_figures(tmp_path):
    files = release_files()
    for lines in files.values():
        for cells in lines[1:]:
            cells[0] = cells[0].replace("15-1252", "15-1299")
    release = write_release(tmp_path / "release", release_texts(files))
    tables.build(release, write_workbook(tmp_path / "occupation.xlsx"), tmp_path / "data")
    table = load_catalog(folder=tmp_path / "data").table
    assert not table.loc["15-1299.00", "has_bls"]
    assert table.loc["15-1299.00", ["employment_2024", "median_wage", "education"]].isna().all()
    assert not table.loc["15-1299.00", "wage_top_coded"]


def test_occupation_without_skills_is_left_out(tmp_path, sources):
    files = release_files()
    files["Skills.txt"] = [cells for cells in files["Skills.txt"] if cells[0] != "15-1252.00"]
    tables.build(write_release(tmp_path / "r", release_texts(files)), sources[1], tmp_path / "data")
    _, frames = tables.read_tables(tmp_path / "data")
    for name, frame in frames.items():
        if name != "major_groups":
            assert set(frame["onet_soc_code"]) == {"11-1011.00", "11-1011.03"}, name


def test_occupation_without_work_values_is_kept(tmp_path, sources):
    files = release_files()
    files["Work Values.txt"] = [
        cells for cells in files["Work Values.txt"] if cells[0] != "15-1252.00"
    ]
    tables.build(write_release(tmp_path / "r", release_texts(files)), sources[1], tmp_path / "data")
    catalog = load_catalog(folder=tmp_path / "data")
    assert list(np.isnan(catalog.work_values).all(axis=1)) == [False, False, True]


@pytest.mark.parametrize("prefix", ["", "db_30_1_text/"], ids=["flat", "subfolder"])
def test_zip_builds_the_same_bytes(built, sources, tmp_path, prefix):
    archive = write_release_zip(tmp_path / "release.zip", prefix=prefix)
    tables.build(archive, sources[1], tmp_path / "data")
    assert contents(tmp_path / "data") == contents(built)


def test_building_again_changes_nothing(sources, folder):
    before = contents(folder)
    sentence = tables.build(*sources, folder)
    assert contents(folder) == before and sorted(before) == sorted(FILES)
    assert "Built 7 tables" in sentence and "3 occupations" in sentence and "30.1" in sentence


def test_manifest_describes_the_files(built):
    manifest = json.loads((built / "tables.json").read_text())
    assert manifest["onet_release"] == "30.1" and manifest["bls_projections"] == "2024-2034"
    for name, entry in manifest["tables"].items():
        content = (built / f"{name}.csv").read_bytes()
        rows = content.count(b"\n") - 1
        assert b"\r" not in content  # the same on every system
        assert entry == {"rows": rows, "sha256": sha256(content).hexdigest()}


# --- What building refuses, and that it loses nothing ------------------------------------


def without_skill(files):
    files["Skills.txt"] = [cells for cells in files["Skills.txt"] if cells[2] != "Writing"]


def without(name):
    def change(files):
        files[name] = [cells for cells in files[name] if cells[0] != "11-1011.03"]

    return change


def other_interest(files):
    for cells in files["Interests.txt"]:
        cells[2] = cells[2].replace("Artistic", "Nautical")


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        (without_skill, ["'Skills.txt' rates other elements", "(Writing)", "use release 30.1"]),
        (other_interest, ["'Interests.txt' rates other elements", "(Artistic, Nautical)"]),
        *(
            (without(name), [f"'{name}' has no row for occupation 11-1011.03", "download"])
            for name in ("Occupation Data.txt", "Job Zones.txt", "Interests.txt",
                         "Related Occupations.txt")
        ),
    ],
)
def test_sources_that_do_not_fit(tmp_path, sources, folder, refusal, change, parts):
    files = release_files()
    change(files)
    before = contents(folder)
    release = write_release(tmp_path / "release", release_texts(files))
    message = refusal(tables.build, release, sources[1], folder)
    assert all(part in message for part in parts), message
    assert contents(folder) == before


@pytest.mark.parametrize("broken", ["O*NET", "BLS"])
def test_error_in_a_source_leaves_the_tables(tmp_path, sources, folder, refusal, broken):
    release, workbook = sources
    if broken == "O*NET":
        release = tmp_path / "nowhere"
    else:
        workbook = tmp_path / "occupation.xlsx"
        workbook.write_text("no workbook")
    before = contents(folder)
    refusal(tables.build, release, workbook, folder)
    assert contents(folder) == before
    # Nor is an output folder made for nothing.
    refusal(tables.build, release, workbook, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_output_that_is_a_file(sources, tmp_path, refusal):
    (tmp_path / "taken").write_text("mine")
    message = refusal(tables.build, *sources, tmp_path / "taken")
    assert "cannot be written to" in message and "taken" in message and "--output" in message
    assert (tmp_path / "taken").read_text() == "mine"


@pytest.mark.skipif(
    os.name == "nt" or os.geteuid() == 0, reason="root may write to any folder, so none refuses"
)
def test_output_without_permission(sources, folder, refusal):
    before = contents(folder)
    folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        message = refusal(tables.build, *sources, folder)
    finally:
        folder.chmod(stat.S_IRWXU)
    assert "cannot be written to" in message and "--output" in message
    assert contents(folder) == before


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_failure_while_writing_loses_nothing(sources, folder, monkeypatch, refusal, failure):
    """The disk is full, or Ctrl-C is pressed, at the fourth table."""
    before = {name: b"earlier " + content for name, content in contents(folder).items()}
    for name, content in before.items():
        (folder / name).write_bytes(content)
    written, write = [], Path.write_bytes

    def failing(path, content):
        if len(written) == 3:
            raise failure
        written.append(path)
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", failing)
    if isinstance(failure, OSError):
        message = refusal(tables.build, *sources, folder)
        assert "cannot be written" in message and "No space left on device" in message
    else:
        with pytest.raises(KeyboardInterrupt):
            tables.build(*sources, folder)
    assert len(written) == 3
    assert contents(folder) == before


def test_command_builds_and_says_so(sources, tmp_path):
    arguments = ["data", "build", "--onet", sources[0], "--bls", sources[1], "--output"]
    result = CliRunner().invoke(cli, [*map(str, arguments), str(tmp_path / "data")])
    assert result.exit_code == 0 and result.stdout.startswith("Built 7 tables")
    assert sorted(contents(tmp_path / "data")) == sorted(FILES)


def test_command_says_one_sentence_on_bad_input(sources, tmp_path):
    arguments = ["data", "build", "--onet", tmp_path / "nowhere", "--bls", sources[1], "--output"]
    result = CliRunner().invoke(cli, [*map(str, arguments), str(tmp_path / "data")])
    assert result.exit_code == 1 and result.stdout == ""
    assert len(result.stderr.splitlines()) == 1 and "nowhere" in result.stderr


# --- Replacing one file ------------------------------------------------------------------


def test_replace_file(tmp_path):
    path = tmp_path / "a.csv"
    project.replace_file(path, b"one")
    project.replace_file(path, b"two")
    assert contents(tmp_path) == {"a.csv": b"two"}
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o644  # not the temporary file's 0600


@pytest.mark.parametrize("failure", [OSError("no"), KeyboardInterrupt()])
def test_replace_file_interrupted(tmp_path, monkeypatch, failure):
    path = tmp_path / "a.csv"
    path.write_bytes(b"one")

    def fail(*_):
        raise failure

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(type(failure)):
        project.replace_file(path, b"two")
    assert contents(tmp_path) == {"a.csv": b"one"}


# --- Reading: files that are not as they were built --------------------------------------


def test_types_are_those_of_the_schema(built):
    _, frames = tables.read_tables(built)
    kinds = {"integer": "i", "flag": "b", "number": "f", "decimal": "f"}
    for name, columns in tables.SCHEMA.items():
        assert list(frames[name]) == [column.name for column in columns]
        for column in columns:
            dtype = frames[name][column.name].dtype
            if column.kind == "text":
                assert isinstance(dtype, pd.StringDtype), column.name
            else:
                assert dtype.kind == ("f" if column.missing else kinds[column.kind]), column.name


@pytest.mark.parametrize("name", tables.SCHEMA)
def test_changed_byte(folder, refusal, name):
    path = folder / f"{name}.csv"
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    message = refusal(load_catalog, folder=folder)
    assert f"Table '{name}.csv' in {folder} was changed since it was built" in message
    assert "git checkout data" in message and "python -m careerlib data build" in message


def test_line_ends_of_another_system(folder, refusal):
    path = folder / "interests.csv"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert "'interests.csv'" in refusal(load_catalog, folder=folder)


@pytest.mark.parametrize("name", tables.SCHEMA)
def test_truncated_table(folder, refusal, name):
    path = folder / f"{name}.csv"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))
    message = refusal(load_catalog, folder=folder)
    assert f"Table '{name}.csv'" in message
    assert f"has {len(lines) - 2} rows of {len(lines) - 1} since it was built" in message


def test_empty_table(folder, refusal):
    (folder / "interests.csv").write_bytes(b"")
    assert "'interests.csv'" in (message := refusal(load_catalog, folder=folder))
    assert "has 0 rows of 3" in message


@pytest.mark.parametrize("name", tables.SCHEMA)
def test_missing_table(folder, refusal, name):
    (folder / f"{name}.csv").unlink()
    message = refusal(load_catalog, folder=folder)
    assert f"Table '{name}.csv' is missing in {folder}" in message
    assert "git checkout data" in message


def test_missing_manifest(folder, refusal):
    (folder / "tables.json").unlink()
    message = refusal(load_catalog, folder=folder)
    assert f"There is no 'tables.json' in {folder}" in message and "git checkout" in message


def test_missing_folder(tmp_path, refusal):
    assert "There is no 'tables.json'" in refusal(load_catalog, folder=tmp_path / "nowhere")


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "",
        lambda text: "[]",
        lambda text: "null",
        lambda text: text.replace('"onet_release"', '"release"'),
        lambda text: text.replace('"interests"', '"hobbies"'),
        lambda text: text.replace('"rows": 3', '"rows": "three"'),
        lambda text: text.replace('"sha256"', '"md5"'),
    ],
)
def test_damaged_manifest(folder, refusal, damage):
    path = folder / "tables.json"
    path.write_text(damage(path.read_text()))
    message = refusal(load_catalog, folder=folder)
    assert f"'tables.json' in {folder} is damaged" in message and "git checkout data" in message


def test_other_release_in_the_manifest(folder, refusal):
    path = folder / "tables.json"
    path.write_text(path.read_text().replace("30.1", "30.2"))
    message = refusal(load_catalog, folder=folder)
    assert "of O*NET release 30.2" in message and "those of 30.1" in message
    assert "git checkout data" in message


# --- Reading: tables whose checksums agree but whose cells are wrong ---------------------


@pytest.mark.parametrize(
    ("name", "column", "bad", "expected"),
    [
        ("occupations", "job_zone", "three", "a whole number from 1 to 5"),
        ("occupations", "job_zone", "2.5", "a whole number from 1 to 5"),
        ("occupations", "job_zone", "6", "a whole number from 1 to 5"),
        ("occupations", "job_zone", "", "a whole number from 1 to 5"),
        ("occupations", "suppressed_ratings", "71", "a whole number from 0 to 70"),
        ("occupations", "not_relevant_levels", "36", "a whole number from 0 to 35"),
        ("occupations", "employment_2024", "many", "a number of at least 0"),
        ("occupations", "employment_2024", "-1.0", "a number of at least 0"),
        ("occupations", "employment_2024", "inf", "a number of at least 0"),
        ("occupations", "growth_percent", "-101.0", "a number of at least -100"),
        ("occupations", "wage_top_coded", "2", "0 or 1"),
        ("occupations", "wage_top_coded", "0.5", "0 or 1"),
        ("occupations", "education", "Kindergarten", "one of No formal"),
        ("occupations", "title", "", "a name"),
        ("skill_importance", "Writing", "0.99", "a number from 1 to 5"),
        ("skill_importance", "Active Learning", "5.01", "a number from 1 to 5"),
        ("skill_level", "Writing", "7.01", "a number from 0 to 7"),
        ("skill_level", "Writing", "", "a number from 0 to 7"),
        ("interests", "Social", "high", "a number from 1 to 7"),
        ("work_values", "Support", "0.0", "a number from 1 to 7"),
        ("related_occupations", "tier", "Distant", "one of Primary-Short"),
        ("related_occupations", "rank", "21", "a whole number from 1 to 20"),
        ("related_occupations", "rank", "last", "a whole number from 1 to 20"),
        ("major_groups", "openings", "some", "a number of at least 0"),
    ],
)
def test_wrong_cell(folder, refusal, name, column, bad, expected):
    path = folder / f"{name}.csv"
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    frame.loc[1, column] = bad
    frame.to_csv(path, index=False, lineterminator="\n")
    rehash(folder)
    message = refusal(load_catalog, folder=folder)
    shown = bad or "nan"
    assert f"Table '{name}.csv', line 3: {column} is '{shown}', expected {expected}" in message
    assert "git checkout data" in message


@pytest.mark.parametrize("change", ["rename", "drop", "swap"])
def test_other_columns(folder, refusal, change):
    path = folder / "interests.csv"
    frame = pd.read_csv(path, dtype=str)
    frame = {
        "rename": lambda: frame.rename(columns={"Social": "Sociable"}),
        "drop": lambda: frame.drop(columns="Social"),
        "swap": lambda: frame[[*frame.columns[:-2], "Conventional", "Enterprising"]],
    }[change]()
    frame.to_csv(path, index=False)
    rehash(folder)
    message = refusal(load_catalog, folder=folder)
    looked_for = "another order" if change == "swap" else "Social"
    assert "Table 'interests.csv' has other columns" in message and looked_for in message


@pytest.mark.parametrize("content", [b"\xff\xfe\n", b"", b"a,b\n1,2,3\n1,2,3,4\n"])
def test_table_that_is_no_csv(folder, refusal, content):
    (folder / "interests.csv").write_bytes(content)
    rehash(folder)
    assert "Table 'interests.csv' is not a CSV table" in refusal(load_catalog, folder=folder)


@pytest.mark.parametrize(
    ("name", "old", "new", "found"),
    [
        ("interests", "15-1252.00", "15-1299.00", "15-1299.00, which 'occupations.csv' lacks"),
        ("work_values", "15-1252.00", "15-1299.00", "15-1299.00, which 'occupations.csv' lacks"),
        ("skill_level", "15-1252.00", "11-1011.03", "lacks occupation 15-1252.00"),
        ("work_values", "15-1252.00", "11-1011.03", "has 3 rows for 2 occupations"),
        ("occupations", "15-1252.00", "11-1011.03", "has 3 rows for 2 occupations"),
        ("related_occupations", "\n15-1252.00", "\n11-1011.03", "lacks occupation 15-1252.00"),
    ],
)
def test_tables_that_disagree_on_occupations(folder, refusal, name, old, new, found):
    path = folder / f"{name}.csv"
    path.write_text(path.read_text().replace(old, new), newline="")
    rehash(folder)
    message = refusal(load_catalog, folder=folder)
    assert f"Table '{name}.csv'" in message and found in message and "git checkout" in message


# --- The official files and the committed tables -----------------------------------------


@pytest.fixture(scope="module")
def official(upstream, tmp_path_factory):
    """Tables built from the official files by the command, under another hash seed."""
    output = tmp_path_factory.mktemp("official")
    onet, bls = upstream / "onet" / "db_30_1_text", upstream / "bls" / "occupation.xlsx"
    subprocess.run(
        [sys.executable, "-m", "careerlib", "data", "build", "--onet", onet, "--bls", bls,
         "--output", output],
        cwd=tables.DATA.parent, env={**os.environ, "PYTHONHASHSEED": "7"}, check=True,
        capture_output=True,
    )
    return output


def test_committed_tables_are_those_of_the_official_files(official):
    for name in FILES:
        assert (tables.DATA / name).read_bytes() == (official / name).read_bytes(), name


def test_official_files_as_zip_build_the_same(official, upstream, tmp_path):
    onet = upstream / "onet" / "db_30_1_text"
    texts = {name: (onet / name).read_bytes() for name in ["Read Me.txt", *COLUMNS]}
    archive = write_release_zip(tmp_path / "release.zip", texts, prefix="db_30_1_text/")
    tables.build(archive, upstream / "bls" / "occupation.xlsx", tmp_path / "data")
    assert contents(tmp_path / "data") == contents(official)


def test_no_rating_was_altered(upstream):
    """Against the text of the official file, digit by digit."""
    official = pd.read_csv(
        upstream / "onet" / "db_30_1_text" / "Skills.txt", sep="\t", dtype=str,
        keep_default_na=False,
    )
    for scale, name in (("IM", "skill_importance"), ("LV", "skill_level")):
        committed = pd.read_csv(tables.DATA / f"{name}.csv", dtype=str, index_col=0)
        long = committed.stack()
        ratings = official[official["Scale ID"] == scale].set_index(
            ["O*NET-SOC Code", "Element Name"]
        )["Data Value"]
        assert len(long) == len(ratings)
        assert (long == ratings.loc[long.index]).all()


def test_data_folder_holds_no_sentence_of_the_database(upstream):
    """Only codes, titles, names and figures: no description, however short."""
    shipped = " ".join(
        path.read_text("utf-8") for path in tables.DATA.iterdir()
        if path.is_file() and path.suffix != ".npz"  # the fitted matcher: arrays
    )
    flat = " ".join(shipped.split()).casefold()
    onet = upstream / "onet" / "db_30_1_text"
    for name, column in (
        ("Occupation Data.txt", "Description"),
        ("Content Model Reference.txt", "Description"),
        ("Job Zone Reference.txt", "Experience"),
    ):
        texts = pd.read_csv(onet / name, sep="\t", dtype=str, keep_default_na=False)[column]
        sentences = [text for text in texts if len(text.split()) > 4]
        assert len(sentences) > 3
        for sentence in sentences:
            assert " ".join(sentence.split()[:8]).casefold() not in flat, sentence


def test_no_cell_is_longer_than_a_title(catalog):
    longest = catalog.titles.str.len().max()
    _, frames = tables.read_tables()
    for frame in frames.values():
        for column in frame.select_dtypes("str"):
            cells = frame[column].dropna()
            assert cells.str.len().max() <= longest
            assert not cells.str.endswith(".").any()
