"""The reader of O*NET text releases: what it gives, and what it refuses."""

import zipfile

import pytest
from mini_sources import (
    OCCUPATIONS,
    release_files,
    release_texts,
    write_release,
    write_release_zip,
)
from pandas.testing import assert_frame_equal

from careerlib.catalog import SKILLS
from careerlib.onet import COLUMNS, read_release

TABLES = ["occupations", "skills", "interests", "work_values", "job_zones", "related"]


def same(first, second):
    for table in TABLES:
        assert_frame_equal(getattr(first, table), getattr(second, table))


@pytest.fixture
def broken(tmp_path, refusal):
    """Writes the small release with altered files or texts; returns the refusal."""

    def read(change_files=None, change_texts=None):
        files = release_files()
        if change_files:
            change_files(files)
        texts = release_texts(files)
        if change_texts:
            change_texts(texts)
        return refusal(read_release, write_release(tmp_path / "release", texts))

    return read


# --- What a valid release gives ----------------------------------------------------------


def test_small_release(tmp_path):
    release = read_release(write_release(tmp_path))
    assert release.release == "30.1"
    assert release.occupations.to_dict("list") == {
        "onet_soc_code": list(OCCUPATIONS), "title": list(OCCUPATIONS.values()),
    }
    assert len(release.skills) == len(OCCUPATIONS) * len(SKILLS) * 2
    assert list(release.job_zones["job_zone"]) == [3, 4, 5]
    assert set(release.interests["scale"]) == {"OI"} and len(release.interests) == 18
    assert set(release.work_values["scale"]) == {"EX"} and len(release.work_values) == 18
    assert list(release.related["rank"]) == 3 * list(range(1, 21))


def test_every_rating_arrives_in_its_place(tmp_path):
    release = read_release(write_release(tmp_path))
    found = release.skills.set_index(["onet_soc_code", "element", "scale"])
    for code, _, skill, scale, value, suppress, relevant, _ in release_files()["Skills.txt"][1:]:
        row = found.loc[(code, skill, scale)]
        assert row["value"] == float(value)
        assert row["recommend_suppress"] == (suppress == "Y")
        assert row["not_relevant"] == (relevant == "Y")


def test_order_of_lines_does_not_matter(tmp_path):
    files = release_files()
    backwards = {name: [lines[0], *lines[:0:-1]] for name, lines in files.items()}
    same(
        read_release(write_release(tmp_path / "a")),
        read_release(write_release(tmp_path / "b", release_texts(backwards))),
    )


@pytest.mark.parametrize("prefix", ["", "db_30_1_text/"], ids=["flat", "subfolder"])
def test_zip_gives_the_same_as_folder(tmp_path, prefix):
    folder = write_release(tmp_path / "release")
    archive = write_release_zip(tmp_path / "release.zip", prefix=prefix)
    same(read_release(archive), read_release(folder))


def test_folder_around_the_release_is_accepted(tmp_path):
    folder = write_release(tmp_path / "download" / "db_30_1_text")
    same(read_release(folder.parent), read_release(folder))


def test_windows_line_ends_are_accepted(tmp_path):
    texts = {name: text.replace("\n", "\r\n") for name, text in release_texts().items()}
    same(
        read_release(write_release(tmp_path / "a", texts)),
        read_release(write_release(tmp_path / "b")),
    )


def test_quotation_marks_are_plain_characters(tmp_path):
    files = release_files()
    files["Occupation Data.txt"][1][1] = '"Captains'
    release = read_release(write_release(tmp_path, release_texts(files)))
    assert release.occupations["title"].iloc[0] == '"Captains'


# --- The path ----------------------------------------------------------------------------


def test_missing_path(tmp_path, refusal):
    message = refusal(read_release, tmp_path / "nowhere")
    assert "no folder or zip file" in message and "nowhere" in message and "check" in message


def test_not_a_zip(tmp_path, refusal):
    path = tmp_path / "release.zip"
    path.write_text("<html>Not found</html>")
    message = refusal(read_release, path)
    assert "release.zip is neither a folder nor a complete zip" in message
    assert "db_30_1_text.zip" in message


def test_cut_off_zip(tmp_path, refusal):
    path = write_release_zip(tmp_path / "release.zip")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert "neither a folder nor a complete zip" in refusal(read_release, path)


def test_zip_with_a_damaged_directory(tmp_path, refusal):
    path = write_release_zip(tmp_path / "release.zip")
    content = bytearray(path.read_bytes())
    directory = content.index(b"PK\x01\x02")
    content[directory : directory + 4] = b"xxxx"
    path.write_bytes(content)
    assert "neither a folder nor a complete zip" in refusal(read_release, path)


@pytest.mark.parametrize("name", ["Read Me.txt", "Skills.txt"])
@pytest.mark.parametrize("damage", ["checksum", "stream"])
def test_damaged_zip_member(tmp_path, refusal, name, damage):
    path = write_release_zip(tmp_path / "release.zip")
    with zipfile.ZipFile(path) as archive:
        member = archive.getinfo(name)
        start = member.header_offset + 30 + len(name)
    content = bytearray(path.read_bytes())
    if damage == "stream":
        content[start : start + member.compress_size] = b"\xff" * member.compress_size
    else:  # the checksum in the directory at the end
        entry = content.rindex(b"PK\x01\x02", 0, content.rindex(name.encode()))
        content[entry + 16] ^= 0xFF
    path.write_bytes(content)
    message = refusal(read_release, path)
    assert f"'{name}' cannot be read" in message and "download the release again" in message


@pytest.mark.parametrize("as_zip", [True, False], ids=["zip", "folder"])
def test_no_release_inside(tmp_path, refusal, as_zip):
    write = write_release_zip if as_zip else write_release
    path = write(tmp_path / "other", {"Notes.txt": "Notes\n"})
    message = refusal(read_release, path)
    assert "has no 'Read Me.txt', so it is not an O*NET text release" in message
    assert "db_30_1_text" in message


# --- The release -------------------------------------------------------------------------


@pytest.mark.parametrize("name", COLUMNS)
def test_missing_file(broken, name):
    message = broken(change_texts=lambda texts: texts.pop(name))
    assert "release 30.1 in" in message and f"has no file '{name}'" in message
    assert "get the text files of release 30.1" in message


def test_layout_of_30_3(broken):
    def split_skills(texts):
        texts["Read Me.txt"] = "O*NET 30.3 Database\n"
        texts["Essential Skills.txt"] = texts["Transferable Skills.txt"] = texts.pop("Skills.txt")

    message = broken(change_texts=split_skills)
    assert "release 30.3" in message and "has no file 'Skills.txt'" in message
    assert "Essential Skills.txt and Transferable Skills.txt instead, a newer layout" in message
    assert "db_30_1_text.zip" in message


def test_other_release(broken):
    message = broken(change_texts=lambda texts: texts.update(release_texts(release="30.2")))
    assert "holds O*NET release 30.2" in message and "get db_30_1_text.zip" in message


def test_read_me_without_release(broken):
    message = broken(change_texts=lambda texts: texts.update({"Read Me.txt": "Hello\n"}))
    assert "'Read Me.txt'" in message and "does not name a release" in message


# --- The cells ---------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "columns"), COLUMNS.items(), ids=list(COLUMNS))
def test_missing_column(broken, name, columns):
    for column in columns:
        def rename(files, column=column):
            header = files[name][0]
            header[header.index(column)] = "Something Else"

        message = broken(rename)
        assert f"'{name}' has no column '{column}'" in message
        assert "use release 30.1" in message


@pytest.mark.parametrize("name", COLUMNS)
def test_file_cut_off_in_a_line(broken, name):
    message = broken(change_texts=lambda texts: texts.update({name: texts[name][:-3]}))
    assert f"'{name}' ends in the middle of a line" in message and "download" in message


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("change", ["short", "long"])
def test_line_with_other_fields(broken, name, change):
    def alter(files):
        files[name][2] = files[name][2][:-1] if change == "short" else [*files[name][2], "more"]

    fields = len(release_files()[name][0])
    message = broken(alter)
    assert f"'{name}', line 3 has" in message and f"fields of {fields}" in message


def test_text_that_is_no_utf_8(tmp_path, refusal):
    folder = write_release(tmp_path)
    with (folder / "Job Zones.txt").open("ab") as file:
        file.write(b"\xff\n")
    assert "'Job Zones.txt' cannot be read" in refusal(read_release, folder)


def cell(files, name, line, column):
    """(cells of the line, position of the column); lines count from 1 as in the file."""
    lines = files[name]
    return lines[line - 1], lines[0].index(column)


def first_line(scale):
    """File and line number of the first rating on the scale."""
    for name, lines in release_files().items():
        if "Scale ID" in lines[0]:
            for number, cells in enumerate(lines, start=1):
                if cells[3] == scale:
                    return name, number
    raise AssertionError(scale)


@pytest.mark.parametrize(
    ("scale", "bad", "limits"),
    [
        ("IM", "0.99", "1 to 5"),
        ("IM", "5.01", "1 to 5"),
        ("LV", "-0.01", "0 to 7"),
        ("LV", "7.01", "0 to 7"),
        ("OI", "0.99", "1 to 7"),
        ("OI", "7.01", "1 to 7"),
        ("EX", "0.99", "1 to 7"),
        ("EX", "7.01", "1 to 7"),
        ("IM", "n/a", "1 to 5"),
        ("LV", "", "0 to 7"),
        ("OI", "nan", "1 to 7"),
        ("EX", "inf", "1 to 7"),
    ],
)
def test_rating_off_its_scale(broken, scale, bad, limits):
    name, line = first_line(scale)

    def change(files):
        cells, position = cell(files, name, line, "Data Value")
        cells[position] = bad

    message = broken(change)
    assert f"'{name}', line {line}: Data Value is '{bad}', not a number from {limits}" in message
    assert "download the release again" in message


@pytest.mark.parametrize(
    ("name", "column", "bad", "limits"),
    [
        ("Job Zones.txt", "Job Zone", "6", "1 to 5"),
        ("Job Zones.txt", "Job Zone", "2.5", "1 to 5"),
        ("Job Zones.txt", "Job Zone", "two", "1 to 5"),
        ("Related Occupations.txt", "Index", "0", "1 to 20"),
        ("Related Occupations.txt", "Index", "21", "1 to 20"),
        ("Related Occupations.txt", "Index", "1.5", "1 to 20"),
    ],
)
def test_bad_whole_number(broken, name, column, bad, limits):
    def change(files):
        cells, position = cell(files, name, 3, column)
        cells[position] = bad

    message = broken(change)
    assert f"'{name}', line 3: {column} is '{bad}', not a whole number from {limits}" in message


@pytest.mark.parametrize(
    ("name", "column"),
    [*((name, "O*NET-SOC Code") for name in COLUMNS),
     ("Related Occupations.txt", "Related O*NET-SOC Code")],
)
@pytest.mark.parametrize("bad", ["11-1011", "11-1011.0", "11-1011.00 ", ""])
def test_bad_code(broken, name, column, bad):
    def change(files):
        cells, position = cell(files, name, 3, column)
        cells[position] = bad

    message = broken(change)
    assert f"'{name}', line 3: '{bad}' is no O*NET-SOC code such as 11-1011.00" in message


@pytest.mark.parametrize("name", COLUMNS)
def test_repeated_line(broken, name):
    number = len(release_files()[name]) + 1
    message = broken(lambda files: files[name].append(files[name][1]))
    assert f"'{name}', line {number} repeats 11-1011.00" in message and "download" in message


def test_repeated_relative(broken):
    def change(files):
        lines = files["Related Occupations.txt"]
        lines[2][1] = lines[1][1]

    message = broken(change)
    assert "'Related Occupations.txt', line 3 repeats 11-1011.00 / 11-1011.03;" in message


def test_repeated_rank(broken):
    def change(files):
        files["Related Occupations.txt"][2][3] = "1"

    message = broken(change)
    assert "'Related Occupations.txt', line 3 repeats 11-1011.00 / 1;" in message


def test_unknown_tier(broken):
    def change(files):
        files["Related Occupations.txt"][2][2] = "Distant"

    message = broken(change)
    assert "'Related Occupations.txt', line 3: 'Distant' is none of the tiers" in message


def test_empty_title(broken):
    def change(files):
        files["Occupation Data.txt"][2][1] = " "

    assert "'Occupation Data.txt', line 3 has no title" in broken(change)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Skills.txt", "69 of 70 ratings for occupation 15-1252.00"),
        ("Interests.txt", "5 of 6 ratings for occupation 15-1252.00"),
        ("Work Values.txt", "5 of 6 ratings for occupation 15-1252.00"),
        ("Related Occupations.txt", "19 of 20 related occupations for 15-1252.00"),
    ],
)
def test_incomplete_occupation(broken, name, found):
    def change(files):
        # Cut off at the end of a line: the high-point rows of the ratings come last.
        while files[name][-1][-2] in ("IH", "VH"):
            files[name].pop()
        files[name].pop()

    message = broken(change)
    assert f"'{name}' has {found}, so it is incomplete" in message and "download" in message


@pytest.mark.parametrize(
    ("name", "scales"),
    [("Skills.txt", "IM or LV"), ("Interests.txt", "OI"), ("Work Values.txt", "EX")],
)
def test_no_rating_at_all(broken, name, scales):
    message = broken(lambda files: files.update({name: files[name][:1]}))
    assert f"'{name}' has no rating on the scale {scales}" in message


# --- The official release ----------------------------------------------------------------


def test_official_release(upstream):
    """The counts that the design names as traps."""
    release = read_release(upstream / "onet" / "db_30_1_text")
    skills = set(release.skills["onet_soc_code"])
    interests = set(release.interests["onet_soc_code"])
    values = set(release.work_values["onet_soc_code"])
    assert [len(codes) for codes in (skills, interests, values)] == [894, 923, 874]
    assert len(skills & interests & values) == 873
