"""From the official files to the tables: the same bytes, or one sentence and nothing changed."""

import gc
import shutil
import socket
import zipfile

import openpyxl
import pytest
from official import sheet, write_release, write_workbook
from werkzeug import Response

from careerlib import sources
from careerlib.catalog import TABLES
from careerlib.project import DATA

COMMITTED = {path.name: path.read_bytes() for path in DATA.glob("*.csv") if path.stem in TABLES}
COMMITTED["tables.json"] = (DATA / "tables.json").read_bytes()


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Folder with `onet`, two zips of it and `bls.xlsx`, never changed."""
    folder = tmp_path_factory.mktemp("files")
    write_release(folder / "onet")
    shutil.make_archive(folder / "onet", "zip", folder / "onet")
    shutil.make_archive(folder / "deep", "zip", folder, "onet")
    write_workbook(folder / "bls.xlsx")
    return folder


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_official_files_give_the_committed_tables(upstream, tmp_path):
    onet, bls = upstream / "onet" / "db_30_1_text", upstream / "bls" / "occupation.xlsx"
    said = sources.build(onet, bls, tmp_path / "new")
    assert said == f"Built 9 tables from O*NET 30.1 and BLS 2024–34 in {tmp_path / 'new'}."
    assert content(tmp_path / "new") == COMMITTED


@pytest.mark.parametrize("how", ["onet", ".", "onet.zip", "deep.zip"])
def test_each_form_of_the_release(files, tmp_path, how):
    """Folder, folder in a folder, zip, folder in a zip."""
    sources.build(files / how, files / "bls.xlsx", tmp_path / "out")
    assert content(tmp_path / "out") == COMMITTED


# --- Damage ------------------------------------------------------------------------------


def whole(name, change):
    """A file becomes what `change` makes of its bytes."""
    return lambda folder: (folder / name).write_bytes(change((folder / name).read_bytes()))


def edit(name, old, new):
    """The first `old` in a file of the release becomes `new`."""
    return whole(f"onet/{name}", lambda text: text.replace(old, new, 1))


def rows(change):
    """The rows of the sheet become what `change` makes of them."""
    return lambda folder: write_workbook(folder / "bls.xlsx", change(sheet()))


def cell(row, column, value):
    def change(rows):
        rows[row][column] = value
        return rows

    return rows(change)


def far_cell(folder):
    workbook = openpyxl.load_workbook(folder / "bls.xlsx")
    workbook["Table 1.2"]["XFD1048576"] = 1
    workbook["Table 1.2"]["D40"] = 1
    workbook.save(folder / "bls.xlsx")


def entry(archive, name, change):
    """An entry of a zip becomes what `change` makes of its bytes."""

    def damage(folder):
        with zipfile.ZipFile(folder / archive) as old:
            texts = {each: old.read(each) for each in old.namelist()}
        texts[name] = change(texts[name])
        with zipfile.ZipFile(folder / archive, "w", zipfile.ZIP_DEFLATED) as new:
            for each, text in texts.items():
                new.writestr(each, text)

    return damage


def entities(text):
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    return f'<!DOCTYPE s [<!ENTITY e0 "ha">{levels}]><worksheet>&e11;</worksheet>'.encode()


WEB_PAGE = b"<!DOCTYPE html>\n<title>Access Denied</title>"
SHEET_1 = "xl/worksheets/sheet1.xml"
# What happens to the files: how, and what the sentence must name.
DAMAGE = {
    "another release": (edit("Read Me.txt", b"30.1", b"30.2"), "O*NET release 30.2"),
    "a release without number": (edit("Read Me.txt", b"30.1", b"30"), "release unknown"),
    "a long number": (edit("Read Me.txt", b"30.1", b"9" * 900 + b".1"), "release 9999"),
    "changed importance": (edit("Skills.txt", b"\t3.25\tIM", b"\t3.26\tIM"), "skill_importance"),
    "changed level": (edit("Skills.txt", b"\t3.25\tLV", b"\t3.24\tLV"), "skill_level"),
    "changed mark": (edit("Skills.txt", b"\tN\n", b"\tY\n"), "occupations"),
    "changed interest": (edit("Interests.txt", b"\t3.25\tOI", b"\t3.20\tOI"), "interests"),
    "changed value": (edit("Work Values.txt", b"\t3.00\tEX", b"\t3\tEX"), "work_values"),
    "changed tier": (edit("Related Occupations.txt", b"-Short", b"-Long"), "related_occupations"),
    "a rating twice": (whole("onet/Interests.txt", lambda t: t + t.splitlines()[-1] + b"\n"),
                       "interests"),
    "a Latin-1 letter": (edit("Occupation Data.txt", b"Chief", b"Ch\xefef"), "occupations"),
    "a cell too many": (edit("Job Zones.txt", b"\t5\n", b"\t5\t5\n"), "occupations"),
    "a header of a million columns": (whole("onet/Interests.txt", lambda t: b"a\t" * 10**6 + t),
                                      "interests"),
    "a web page for a release": (whole("onet.zip", lambda t: WEB_PAGE), "onet.zip"),
    "a damaged release": (whole("onet.zip", lambda t: t[:5000] + b"\0" * 900 + t[5900:]),
                          "onet.zip"),
    "a bomb in a release": (entry("onet.zip", "Skills.txt", lambda t: b"\n" * 25_000_000),
                            "larger"),
    "changed jobs": (cell(30, 3, "1.5"), "occupations"),
    "changed wage": (cell(30, 11, "1.5"), "bls.xlsx"),
    "changed group": (cell(5, 3, "1.5"), "major_groups"),
    "other years": (cell(1, 3, "Employment, 2023"), "2023 and 2034"),
    "a line twice": (rows(lambda r: [*r, r[30]]), "occupations"),
    "an empty sheet": (rows(lambda r: [["Table 1.2"]]), "bls.xlsx"),
    "another sheet": (lambda f: write_workbook(f / "bls.xlsx", name="Table 1.3"), "Table 1.2"),
    "a cell far away": (far_cell, "occupations"),
    "a web page for a workbook": (whole("bls.xlsx", lambda t: WEB_PAGE), "bls.xlsx"),
    "a sheet that breaks off": (entry("bls.xlsx", SHEET_1, lambda t: t[:20_000]), "bls.xlsx"),
    "a bomb in a workbook": (entry("bls.xlsx", SHEET_1, lambda t: t + b" " * 30_000_000),
                             "too large"),
    "a bomb of entities": (entry("bls.xlsx", SHEET_1, entities), "bls.xlsx"),
}  # fmt: skip


@pytest.mark.parametrize("what", DAMAGE)
def test_damage_is_refused_and_the_tables_stay(files, tmp_path, refusal, what):
    damage, named = DAMAGE[what]
    folder = shutil.copytree(files, tmp_path / "files")
    output = tmp_path / "tables"
    output.mkdir()
    (output / "interests.csv").write_text("the old table")
    damage(folder)
    onet = folder / ("onet.zip" if named in ("onet.zip", "larger") else "onet")
    message = refusal(sources.build, onet, folder / "bls.xlsx", output)
    message = message.replace(str(tmp_path), "")
    assert named in message and len(message) < 400, message
    assert "30.1" in message or "2024–34" in message
    assert content(output) == {"interests.csv": b"the old table"}


def test_each_file_of_the_release_is_needed(files, tmp_path, refusal):
    folder = shutil.copytree(files, tmp_path / "files")
    for path in (folder / "onet").iterdir():
        whole = path.read_bytes()
        for part in (b"", whole[: len(whole) // 3], None):
            path.unlink() if part is None else path.write_bytes(part)
            refusal(sources.build, folder / "onet", folder / "bls.xlsx", tmp_path / "out")
        path.write_bytes(whole)
    assert not (tmp_path / "out").exists()


def test_paths_that_lead_nowhere(files, tmp_path, refusal):
    nowhere = tmp_path / "nowhere"
    onet, bls = files / "onet", files / "bls.xlsx"
    assert "nowhere is no O*NET" in refusal(sources.build, nowhere, bls, tmp_path)
    assert "nowhere is not the" in refusal(sources.build, onet, nowhere, tmp_path)
    (tmp_path / "file").touch()
    message = refusal(sources.build, onet, bls, tmp_path / "file")
    assert "cannot be written" in message and "--output" in message


# --- Download ----------------------------------------------------------------------------


# Pooch leaves an answer that it does not want open.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")


@pytest.fixture
def publisher(httpserver, files, tmp_path, monkeypatch):
    """Serves both files, or what `answers` has for one: bodies and statuses in turn.

    `fetch` gets them into tmp_path/upstream, `asked` are the names and agents."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # pooch's pauses
    monkeypatch.setattr("pooch.downloaders.DEFAULT_TIMEOUT", (1, 0.2))
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("CAREERLIB_CONTACT", "somebody@example.org")
    httpserver.answers, httpserver.asked = {}, []

    def respond(request):
        name = request.path[1:]
        httpserver.asked.append((name, request.headers["User-Agent"]))
        answers = httpserver.answers.get(name) or [((files / name).read_bytes(), 200)]
        body, status, *length = answers.pop(0) if len(answers) > 1 else answers[0]
        response = Response(body, status)
        response.automatically_set_content_length = False
        response.content_length = length[0] if length else len(body)
        return response

    urls = {name: httpserver.url_for(f"/{name}") for name in ("onet.zip", "bls.xlsx")}
    monkeypatch.setattr(sources, "URLS", urls)
    for name in urls:
        httpserver.expect_request(f"/{name}").respond_with_handler(respond)
    httpserver.fetch = lambda: sources.fetch(tmp_path / "upstream")
    yield httpserver
    gc.collect()


def test_both_files_arrive_and_only_once(publisher, files, tmp_path):
    said = publisher.fetch()
    assert f'data build --onet "{tmp_path / "upstream" / "onet.zip"}" --bls' in said
    assert publisher.fetch() == said
    agent = "career recommender tutorial somebody@example.org"
    assert publisher.asked == [("onet.zip", agent), ("bls.xlsx", agent)]
    arrived = content(tmp_path / "upstream")
    assert arrived == {name: (files / name).read_bytes() for name in ("onet.zip", "bls.xlsx")}


def test_busy_servers_and_cut_connections_are_tried_again(publisher, files):
    onet, bls = ((files / name).read_bytes() for name in ("onet.zip", "bls.xlsx"))
    publisher.answers["onet.zip"] = [(onet[: len(onet) // 2], 200, len(onet)), (onet, 200)]
    publisher.answers["bls.xlsx"] = [("busy", 503), ("", 429), (bls, 200)]
    publisher.fetch()
    assert len(publisher.asked) == 5


@pytest.mark.parametrize("named", ["503", "403", "ReadTimeout", "ConnectionError", "InvalidHeader"])
def test_a_server_that_refuses_or_does_not_answer(publisher, tmp_path, refusal, monkeypatch, named):
    if named.isdigit():
        publisher.answers["onet.zip"] = [("no", int(named))]
    if named == "InvalidHeader":
        monkeypatch.setenv("CAREERLIB_CONTACT", "somebody\n@example.org")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = {"ReadTimeout": silent.getsockname()[1], "ConnectionError": 9}.get(named)
        if port:
            monkeypatch.setitem(sources.URLS, "onet.zip", f"http://127.0.0.1:{port}/onet.zip")
        message = refusal(publisher.fetch)
    assert named in message and sources.URLS["onet.zip"] in message
    assert "CAREERLIB_CONTACT" in message and len(message) < 500
    assert content(tmp_path / "upstream") == {}


def test_a_folder_that_is_a_file(publisher, tmp_path, refusal):
    (tmp_path / "upstream").touch()
    assert str(tmp_path / "upstream") in refusal(publisher.fetch)
