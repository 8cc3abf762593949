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

COMMITTED = {path.name: path.read_bytes() for path in DATA.glob("*") if path.stem in TABLES}
COMMITTED["tables.json"] = (DATA / "tables.json").read_bytes()
UPSTREAM = Path(__file__).parents[2] / "shared" / "upstream"
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


@pytest.mark.skipif(not UPSTREAM.is_dir(), reason="the official files are not at hand")
def test_official_files_give_the_committed_tables(tmp_path):
    onet, bls = UPSTREAM / "onet" / "db_30_1_text", UPSTREAM / "bls" / "occupation.xlsx"
    said = sources.build(onet, bls, tmp_path / "new")
    assert said == f"Built 9 tables from O*NET 30.1 and BLS 2024–34 in {tmp_path / 'new'}."
    assert content_of(tmp_path / "new") == COMMITTED


@pytest.mark.parametrize(("form", "folder"), [(dict, ""), (zipped, "a folder/too many/")])
def test_each_form_of_the_release(build, form, folder):
    assert build(form({folder + name: text for name, text in release().items()})) == COMMITTED


def test_a_changed_cell_behind_any_table_is_named_and_refused(build, refusal, monkeypatch):
    read = official.read

    def changed(name):
        cells = read(name)
        cells.iloc[-1, 1] = "1.5"
        return cells

    monkeypatch.setattr(official, "read", changed)
    said = refusal(build, official.release(), official.workbook(official.sheet()))
    assert f"(other cells in {', '.join(TABLES)});" in said


@settings(max_examples=9)
@given(st.data())
def test_a_flipped_byte_gives_the_same_tables_or_is_refused(build, data):
    """Anywhere in the zip of the release, in its largest file, or in the workbook."""
    contents = {"zip": archive(), "text": release()["Skills.txt"], "workbook": workbook()}
    name = data.draw(st.sampled_from([*contents]))
    flipped = bytearray(contents[name])
    flipped[data.draw(st.integers(0, len(flipped) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    files = {"zip": flipped, "text": {**release(), "Skills.txt": bytes(flipped)}}.get(name)
    try:
        made = build(files, flipped if name == "workbook" else None)
    except CareerlibError as error:
        assert len(str(error)) < 700 and "\n" not in str(error)
    else:
        assert made == COMMITTED


WRONG = {  # what the sentence says: release, workbook
    "no file Skills.txt": lambda: ({"Read Me.txt": b"O*NET 30.1 Database"}, None),
    "UnicodeDecodeError": lambda: ({**release(), "Job Zones.txt": b"O*NET-SOC Code\n\xef"}, None),
    "KeyError": lambda: ({**release(), "Job Zones.txt": b"a\tb\n"}, None),
    "the release has no file": lambda: (workbook(), archive()),  # the two swapped
    "BadZipFile: File is not a zip file": lambda: (None, WEB_PAGE),
    "not unique": lambda: (None, official.workbook([*sheet(), sheet()[30]])),
    "Worksheet named 'Table 1.2' not found": lambda: (None, official.workbook(sheet(), "x")),
}


@pytest.mark.parametrize("said", WRONG)
def test_wrong_or_damaged_files_are_one_sentence(build, refusal, said):
    onet, bls = WRONG[said]()
    for form in (onet, zipped(onet)) if isinstance(onet, dict) else (onet,):
        message = refusal(build, form, bls)
        assert said in message and "O*NET 30.1 and BLS 2024–34" in message
        assert "data/ holds the tables" in message and "may have replaced" in message


def test_a_missing_file_and_an_output_that_is_no_folder_are_named(refusal, tmp_path):
    onet, bls, nowhere = tmp_path / "onet", tmp_path / "bls.xlsx", tmp_path / "nowhere"
    onet.write_bytes(archive()), bls.write_bytes(workbook())
    assert "No such file" in refusal(sources.build, nowhere, bls, tmp_path)
    assert "No such file" in refusal(sources.build, onet, nowhere, tmp_path)
    message = refusal(sources.build, onet, bls, onet)
    assert "cannot be written" in message and "--output" in message


@pytest.fixture
def publisher(httpserver, tmp_path, monkeypatch):
    """Serves both files; `fetch` gets them into tmp_path/upstream."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # pooch's pauses
    monkeypatch.setattr(sources, "WAIT", 0.2)
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
    assert said.startswith(f"onet.zip and bls.xlsx are in {tmp_path / 'upstream'}; careerlib data")
    assert publisher.fetch() == said
    asked = [(request.path, request.headers["User-Agent"]) for request, _ in publisher.log]
    agent = "career recommender tutorial somebody@example.org"
    assert asked == [*[("/onet.zip", agent)] * 3, ("/bls.xlsx", agent)]
    assert content_of(tmp_path / "upstream") == {"onet.zip": archive(), "bls.xlsx": workbook()}


@pytest.mark.parametrize("said", ["403", "ReadTimeout", "a web page", "does not stop sending"])
def test_what_is_no_release_leaves_no_file(publisher, tmp_path, refusal, monkeypatch, said):
    publisher.expect_request("/x").respond_with_data(WEB_PAGE, 403 if said == "403" else 200)
    monkeypatch.setattr(sources, "LARGEST", 10 if said == "does not stop sending" else 1000)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1] if said == "ReadTimeout" else publisher.port
        monkeypatch.setitem(sources.URLS, "onet.zip", url := f"http://127.0.0.1:{port}/x")
        message = refusal(publisher.fetch)
    assert said in message.replace(url, "") and url in message
    assert "CAREERLIB_CONTACT" in message and "data/ holds the tables already" in message
    assert content_of(tmp_path / "upstream") == {}
