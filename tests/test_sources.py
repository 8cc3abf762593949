"""From the official files to the tables: the same bytes, or one sentence and nothing changed."""

import socket
import tempfile
from functools import cache
from pathlib import Path

import official
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from official import zipped

from careerlib import sources
from careerlib.catalog import TABLES
from careerlib.errors import CareerlibError
from careerlib.project import DATA

COMMITTED = {f"{name}.csv": (DATA / f"{name}.csv").read_bytes() for name in TABLES}
COMMITTED["tables.json"] = (DATA / "tables.json").read_bytes()
WEB_PAGE = b"<!DOCTYPE html>\n<title>Access Denied</title>"
release, sheet = cache(official.release), cache(official.sheet)
workbook = cache(lambda: official.workbook(sheet()))
archive = cache(lambda: zipped(release()))


def content_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def build(tmp_path):
    """Tables from a release ({name: bytes} of a folder, or a zip) and a workbook."""

    def call(files=None, book=None):
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        onet, bls, output = folder / "onet", folder / "bls.xlsx", folder / "tables"
        for name, content in files.items() if isinstance(files, dict) else ():
            (onet / name).parent.mkdir(parents=True, exist_ok=True)
            (onet / name).write_bytes(content)
        if not onet.exists():
            onet.write_bytes(files or archive())
        bls.write_bytes(book or workbook())
        try:
            sources.build(onet, bls, output)
        except CareerlibError:
            assert not output.exists()
            raise
        return content_of(output)

    return call


def test_official_files_give_the_committed_tables(upstream, tmp_path):
    onet, bls = upstream / "onet" / "db_30_1_text", upstream / "bls" / "occupation.xlsx"
    said = sources.build(onet, bls, tmp_path / "new")
    assert said == f"Built 9 tables from O*NET 30.1 and BLS 2024–34 in {tmp_path / 'new'}."
    assert content_of(tmp_path / "new") == COMMITTED


@pytest.mark.parametrize("folder", ["", "a folder/too many/"])
@pytest.mark.parametrize("form", [dict, zipped])
def test_each_form_of_the_release(build, folder, form):
    assert build(form({folder + name: text for name, text in release().items()})) == COMMITTED


# --- Damage ------------------------------------------------------------------------------


def test_a_changed_cell_behind_any_table_is_named_and_refused(build, refusal, monkeypatch):
    read = official.read

    def changed(name):
        cells = read(name)
        cells.iloc[-1, 1] = "1.5"
        return cells

    monkeypatch.setattr(official, "read", changed)
    said = refusal(build, official.release(), official.workbook(official.sheet()))
    assert f"(other cells in {', '.join(TABLES)});" in said


@pytest.fixture(scope="module")
def read_once(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    (folder / "onet").write_bytes(archive()), (folder / "bls").write_bytes(workbook())
    return sources._tables(sources._release(folder / "onet")), sources._projections(folder / "bls")


@settings(max_examples=30)
@given(st.data())
def test_a_flipped_byte_gives_the_same_tables_or_is_refused(build, monkeypatch, read_once, data):
    """In a file of a folder, anywhere in a zip, or in the workbook."""
    contents = {**release(), "zip": archive(), "workbook": workbook()}
    name = data.draw(st.sampled_from([*contents]))
    flipped = bytearray(contents[name])
    flipped[data.draw(st.integers(0, len(flipped) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    files = {**release(), name: bytes(flipped)} if name.endswith("txt") else None
    tables, projections = read_once
    with monkeypatch.context() as patch:  # what is not flipped is not read again
        if name == "workbook":
            patch.setattr(sources, "_tables", lambda read: {**tables})
        else:
            patch.setattr(sources, "_projections", lambda path: projections)
        try:
            made = build(*{"zip": [flipped], "workbook": [None, flipped]}.get(name, [files]))
        except CareerlibError as error:
            assert len(str(error)) < 700 and "\n" not in str(error)
        else:
            assert made == COMMITTED


ONLY_EXCEL = {name.replace("s.txt", "s.xlsx"): text for name, text in release().items()}
RELEASES = {  # what the sentence says, and a release
    "no file Skills.txt": {**release(), "Skills.txt": None},
    "no file Read Me.txt": {**release(), "Read Me.txt": None},
    "the release is 30.2": {**release(), "Read Me.txt": b"O*NET 30.2 Database"},
    "UnicodeDecodeError": {**release(), "Job Zones.txt": b"O*NET-SOC Code\tJob Zone\n\xef\t1\n"},
    "ValueError: Usecols": {**release(), "Job Zones.txt": b"a\tb\n"},
    "an Excel file was given as --onet": ONLY_EXCEL,
}
FILES = {  # what the sentence says, and the two files
    "years are 2023–2033; BLS may have replaced": lambda: (
        archive(),
        official.workbook([["Table 1.2"], ["Title", "Employment, 2023", "Employment, 2033"]]),
    ),
    "not unique": lambda: (archive(), official.workbook([*sheet(), sheet()[30]])),
    "Worksheet named 'Table 1.2' not found": lambda: (archive(), official.workbook(sheet(), "x")),
    "File is not a zip file": lambda: (archive(), WEB_PAGE),
    "no item named": lambda: (archive(), archive()),
    "an Excel file was given as --onet": lambda: (workbook(), archive()),  # swapped
    "BadZipFile: File is not a zip": lambda: (WEB_PAGE, workbook()),
}


@pytest.mark.parametrize("form", [dict, zipped])
@pytest.mark.parametrize("said", RELEASES)
def test_a_wrong_or_damaged_release_is_one_sentence(build, refusal, said, form):
    files = {name: text for name, text in RELEASES[said].items() if text}
    message = refusal(build, form(files))
    assert said in message and "O*NET 30.1" in message and "data/ holds the tables" in message


@pytest.mark.parametrize("said", FILES)
def test_wrong_or_damaged_files_are_one_sentence(build, refusal, said):
    message = refusal(build, *FILES[said]())
    assert said in message and "BLS 2024–34" in message and "check --onet and --bls" in message


def test_a_missing_file_and_a_folder_that_is_none_are_named(refusal, tmp_path):
    onet, bls, nowhere = tmp_path / "onet", tmp_path / "bls.xlsx", tmp_path / "nowhere"
    onet.write_bytes(archive()), bls.write_bytes(workbook())
    assert "No such file" in refusal(sources.build, nowhere, bls, tmp_path)
    assert "No such file" in refusal(sources.build, onet, nowhere, tmp_path)
    message = refusal(sources.build, onet, bls, onet)
    assert "cannot be written" in message and "--output" in message


# --- Download ----------------------------------------------------------------------------


@pytest.fixture
def publisher(httpserver, tmp_path, monkeypatch):
    """Serves both files; `fetch` gets them into tmp_path/upstream."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # pooch's pauses
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("CAREERLIB_CONTACT", "somebody@example.org")
    files = {"onet.zip": archive(), "bls.xlsx": workbook()}
    for name, content in files.items():
        httpserver.expect_request(f"/{name}").respond_with_data(content)
    monkeypatch.setattr(sources, "URLS", {name: httpserver.url_for(name) for name in files})
    httpserver.fetch = lambda: sources.fetch(tmp_path / "upstream")
    return httpserver


def test_both_files_arrive_once_also_from_a_busy_server(publisher, tmp_path):
    for answer in ("busy", 503), ("", 429):
        publisher.expect_oneshot_request("/onet.zip").respond_with_data(*answer)
    said = publisher.fetch()
    assert f'data build --onet "{tmp_path / "upstream" / "onet.zip"}" --bls' in said
    assert publisher.fetch() == said
    asked = [(request.path, request.headers["User-Agent"]) for request, _ in publisher.log]
    agent = "career recommender tutorial somebody@example.org"
    assert asked == [*[("/onet.zip", agent)] * 3, ("/bls.xlsx", agent)]
    assert content_of(tmp_path / "upstream") == {"onet.zip": archive(), "bls.xlsx": workbook()}


def test_a_web_page_and_a_file_without_end_are_no_release(
    publisher, refusal, tmp_path, monkeypatch
):
    with monkeypatch.context() as patch:
        patch.setattr(sources, "LARGEST", 1000)
        assert "does not stop sending" in refusal(publisher.fetch)
    publisher.clear()
    publisher.expect_request("/onet.zip").respond_with_data(WEB_PAGE)
    assert "perhaps a web page" in refusal(publisher.fetch)
    assert content_of(tmp_path / "upstream") == {}


@pytest.mark.parametrize("named", ["403", "ReadTimeout", "ConnectionError", "InvalidHeader"])
def test_a_server_that_refuses_or_does_not_answer(publisher, tmp_path, refusal, monkeypatch, named):
    monkeypatch.setattr(sources, "WAIT", 0.2)
    publisher.expect_request("/403").respond_with_data("no", 403)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = {"ReadTimeout": silent.getsockname()[1], "ConnectionError": 9}.get(named)
        url = f"http://127.0.0.1:{port or publisher.port}/{named}"
        monkeypatch.setitem(sources.URLS, "onet.zip", url)
        if named == "InvalidHeader":
            monkeypatch.setenv("CAREERLIB_CONTACT", "somebody\n@example.org")
        message = refusal(publisher.fetch)
    assert named in message.replace(url, "") and url in message
    assert "CAREERLIB_CONTACT" in message and "data/ holds the tables already" in message
    assert content_of(tmp_path / "upstream") == {}


def test_a_folder_that_is_a_file(publisher, tmp_path, refusal):
    (tmp_path / "upstream").touch()
    assert str(tmp_path / "upstream") in refusal(publisher.fetch)
