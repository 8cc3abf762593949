"""The service through its real interface: answers, refusals, bounds, durable feedback, the page."""

import json
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from urllib.parse import urlsplit

import httpx2
import numpy as np
import pytest
from click.testing import CliRunner
from conftest import until
from fastapi.testclient import TestClient

from careerlib.__main__ import cli
from careerlib.app.feedback import open_store, record
from careerlib.app.service import app
from careerlib.profile import read_profile
from careerlib.project import ROOT

LIST = "/recommendations"
STATED = {"profile": {"skills": ["Writing"], "interests": {"Social": 6}}, "top": 3}
BODY = json.dumps(STATED)
ASKED = (
    f"POST {LIST} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    f"Content-Length: {len(BODY)}\r\n\r\n{BODY}"
).encode()
SERVE = "from careerlib.app import service; {}; from careerlib.__main__ import main; main()"
WEB = httpx2.Client(trust_env=False, timeout=20, limits=httpx2.Limits(max_keepalive_connections=0))


class Service(subprocess.Popen):
    """A service in a process of its own, its thumbs in `store`. change: code that runs before."""

    def __init__(self, store, *options, change="pass"):
        options = ["serve", "--port", "0", "--feedback", str(store), *options]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "cwd": ROOT}
        super().__init__([sys.executable, "-c", SERVE.format(change), *options], **pipes)
        self.store, self.said = store, self.stdout.readline()
        self.url = re.search(r"http://\S+:\d+", self.said)[0]
        self.at = urlsplit(self.url)

    def send(self, path, body=None, **headers):
        """The whole answer. body: bytes as they are, a list in chunks, else sent as JSON."""
        headers = {"Content-Type": "application/json", **headers}
        content = body if isinstance(body, bytes | list | None) else json.dumps(body)
        how = {"content": content, "headers": headers}
        return WEB.request("POST" if body else "GET", self.url + path, **how)

    def ask(self, path, body=None, **headers):
        """Status and answer."""
        answer = self.send(path, body, **headers)
        return answer.status_code, answer.json()

    def half(self, sent):
        """A connection on which only this was sent."""
        line = socket.create_connection((self.at.hostname, self.at.port), timeout=20)
        line.sendall(sent)
        return line

    def __exit__(self, *raised):
        self.kill()
        super().__exit__(*raised)


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    store = tmp_path_factory.mktemp("service") / "a" / "feedback.db"
    bounds = "service.MOST_SECONDS, service.MOST_OPEN = 1, 100"
    bounds += "; import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 4096))"
    with Service(store, "--allow-host", "Jobs.example", change=bounds) as service:
        yield service


def presses(service):
    return {"list": service.ask(LIST, STATED)[1]["list"], "pressed": [1, 0, -1]}


def heard(line):
    """All that comes until the other side closes the connection."""
    with line, suppress(ConnectionError):
        return b"".join(iter(lambda: line.recv(10_000), b""))


def test_it_answers(service):
    assert service.ask("/health")[1]["onet"] == "30.1"
    found = service.ask("/titles?q=software dev")[1]
    assert found[0]["occupation"] == "Software Developers" and len(found) == 3
    _, made = service.ask(LIST, STATED)
    assert [row["rank"] for row in made["occupations"]] == [1, 2, 3]
    _, limited = service.ask(LIST, STATED | {"max_job_zone": 2, "rank_by": "openings"})
    assert "removed" in limited["limits"]
    assert all(row["job_zone"] <= 2 for row in limited["occupations"])
    _, nearest = service.ask(LIST, {"profile": {"occupation": "Real Estate Brokers"}})
    assert None in [row["median_wage"] for row in nearest["occupations"]]
    codes = [row["onet_soc_code"] for row in made["occupations"]]
    assert list(dict.fromkeys(row["onet_soc_code"] for row in made["reasons"])) == codes
    assert {row["side"] for row in made["reasons"]} == {"for", "against", "next"}
    assert service.ask(LIST, [BODY.encode()])[0] == 200  # in chunks
    text = service.ask("/openapi.json")[1]
    assert {LIST, "/feedback", "/titles"} <= set(text["paths"])
    assert "\\p{" not in json.dumps(text)  # which JSON Schema's readers cannot use


@pytest.mark.parametrize(("path", "body", "status", "told"), [
    (LIST, {"profile": {"skills": ["Writng"]}}, 422, "did you mean Writing?"),
    (LIST, {"profile": {}}, 409, "empty"),
    (LIST, {"profile": {"occupation": "Wizzard"}}, 404, "'Wizzard' names no rated occupation"),
    (LIST, {**STATED, "method": "mached"}, 422, "'matched'"),
    (LIST, b"{", 422, "JSON"),
    (LIST, b"[" * 30_000, 400, "nested too deeply"),
    (LIST, [b" " * 70_000], 413, "Too Large"),
    (LIST, b" " * 70_000, 413, "longer than 65,536 bytes"),
    (LIST, None, 405, "Method Not Allowed"),
    ("/feedback", {"pressed": [1]}, 409, "has 3 occupations"),
    ("/feedback", {"list": "half a pair: \ud83d"}, 422, "list"),
    (LIST, {**STATED, "a\nb": 1}, 422, "a b"),
    ("/titles", None, 422, "q"),
])  # fmt: skip
def test_wrong_requests_get_one_sentence(service, path, body, status, told):
    if path == "/feedback":
        body = presses(service) | body
    answer = service.send(path, body)
    sentence = answer.json()["error"]
    assert answer.status_code == status and told in sentence
    assert "\n" not in sentence and len(sentence) < 700
    assert status != 405 or answer.headers["Allow"] == "POST"


def test_thumbs_for_what_was_not_given_out_are_refused(service):
    given = presses(service)
    for old, new in {"matched": "post", "Writing": "Speaking", "-": "_", "0": "1", "[": ""}.items():
        other = given["list"].replace(old, new)
        status, answer = service.ask("/feedback", {**given, "list": other})
        assert status == 409 and "No such list" in answer["error"]


def test_only_its_own_pages_may_ask(service):
    for headers, status in {
        ("Host", "evil.example"): 400, ("Host", "127.0.0.1.evil.example"): 400,
        ("Host", "jobs.example"): 200, ("Host", f"localhost:{service.at.port}"): 200,
        ("Origin", "http://evil.example"): 403, ("Origin", "null"): 403,
        ("Origin", "http://127.0.0.1:1"): 403, ("Origin", service.url): 200,
    }.items():  # fmt: skip
        answered, answer = service.ask(LIST, STATED, **dict([headers]))
        assert answered == status and (status == 200) == ("error" not in answer), headers
    for answer in (service.send("/"), service.send("/health"), service.send("/nowhere")):
        said = answer.headers
        assert said["Cache-Control"] == "no-store" and said["Referrer-Policy"] == "no-referrer"
        assert said["X-Content-Type-Options"] == "nosniff"


def test_slow_clients_hold_up_nobody(service):
    resource = pytest.importorskip("resource")
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    slow = [service.half(half) for half in (b"", b"GET / HT", ASKED[:-1]) for _ in range(400)]
    assert service.ask("/health")[0] == 200
    assert not any(heard(line) for line in slow)  # each is closed
    twice = service.half(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n" + ASKED[:-1])
    assert b" 200 " in heard(twice)


def test_what_was_acknowledged_is_in_the_file(service, tmp_path):
    """Two services on one file, one of them killed under load; it has logged no profile."""
    given, host = set(), "::1" if socket.has_dualstack_ipv6() else "127.0.0.1"

    def press(service):
        with suppress(httpx2.TransportError):
            while len(given) < 20:
                body = presses(service)
                assert service.ask("/feedback", body) == (200, {"kept": 3})
                given.add(body["list"])

    with Service(service.store, "--host", host) as other, ThreadPoolExecutor(4) as pool:
        assert other.at.hostname == host and " bytes)" in other.said
        before = presses(other)
        pressing = pool.map(press, (other, service) * 2)
        until(lambda: len(given) >= 8, seconds=20)
        other.kill()
        said = other.communicate()[0]
        assert len([*pressing]) == 4  # none of them has failed
    assert service.ask("/feedback", before)[0] == 200  # a list outlives its service
    assert len(given) >= 20 and "Writing" not in said
    alone = shutil.copy(service.store, tmp_path / "alone.db")
    with closing(sqlite3.connect(alone)) as rows:
        kept = {name for (name,) in rows.execute("SELECT DISTINCT list FROM feedback")}
        stated = rows.execute("SELECT DISTINCT stated FROM feedback").fetchall()
    assert {json.loads(one[64:])[0] for one in (*given, before["list"])} <= kept
    vector = {"Writing": 0.6, "Social": 6 / 7, "Education": 1}
    assert json.loads(stated[0][0]) == pytest.approx(vector)


def test_a_store_that_cannot_be_used_is_said_so(tmp_path, monkeypatch):
    """Also where something else than `careerlib serve` starts the app."""
    store = tmp_path / "feedback.db"
    monkeypatch.setattr(app.state, "feedback", store)
    monkeypatch.setattr("careerlib.app.feedback.LOCKED_SECONDS", 0.1)
    client = TestClient(app, base_url="http://localhost")
    given = {"list": client.post(LIST, json=STATED).json()["list"], "pressed": [1, 0, -1]}

    def press():
        answer = client.post("/feedback", json=given)
        return answer.status_code, answer.json().get("error", "")

    faults = {"unable to open": press()}  # nor is it made, since it may have been moved
    with open_store(store):
        pass
    with closing(sqlite3.connect(store)) as other:
        other.execute("BEGIN EXCLUSIVE")
        faults["locked"] = press()
    assert press()[0] == 200
    whole = store.read_bytes()
    with closing(sqlite3.connect(store)) as other:
        other.execute("CREATE TABLE strange (position, at)")
    faults["another program"] = press()
    for fault, content in {"not a database": b"x" * 9999, "malformed": whole[:5000]}.items():
        store.write_bytes(content)
        faults[fault] = press()
    for fault, (status, told) in faults.items():
        assert status == 503 and fault in told and "\n" not in told


def test_feedback_is_bounded_and_small(tmp_path, refusal):
    file = tmp_path / "f.db"

    def keep(store, name, *bounds, codes=("11-1011.00",)):
        record(store, name, "matched", np.full(50, 0.5), codes, [1] * len(codes), *bounds)

    def names(store):
        return [name for (name,) in store.execute("SELECT list FROM lists ORDER BY rowid")]

    def fill():
        with open_store(file) as store:
            store.execute(f"PRAGMA max_page_count = {file.stat().st_size // 4096}")
            for number in range(99):
                keep(store, f"more {number}")

    with open_store(file) as store:
        for number in range(7):
            keep(store, f"list {number}", (5, 30))
        assert names(store) == [f"list {number}" for number in range(2, 7)]
        store.execute("UPDATE lists SET at = at - 86400 * 31 WHERE rowid < 6")
        keep(store, "list 6", (5, 30))
        assert names(store) == ["list 5", "list 6"]
        for number in range(20):  # fifty rows a list do not repeat what was stated
            keep(store, f"long {number}", codes=("11-1011.00",) * 50)
        assert file.stat().st_size < 150_000
    assert "full" in refusal(fill)
    with open_store(file) as store:
        keep(store, "last")
        assert names(store)[-1] == "last" and "long 19" in names(store)


def test_serve_that_cannot_start_says_why():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        for options, told in {
            ("--host", ""): "choose another --host", ("--host", "192.0.2.1"): "another --host",
            ("--port", str(taken.getsockname()[1])): "in use", ("--feedback", "."): "another file",
        }.items():  # fmt: skip
            done = CliRunner().invoke(cli, ["serve", "--port", "0", *options])
            assert done.exit_code == 1 and told in done.output
            assert done.output.startswith("Error: ") and done.output.count("\n") == 1


def test_the_page_loads_nothing_from_elsewhere(service):
    answer = service.send("/")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert not re.search(r"src=|href=\"(?!data:)|innerHTML", answer.text)
    named = {"https://www.onetonline.org", "http://www.w3.org"}  # a link, and SVG's own name
    assert set(re.findall(r"https?://[^/']*", answer.text)) == named


def test_the_page_in_a_browser(service, browser):
    """By keyboard, on a phone: choose, see the list, press a thumb; a reload loses nothing."""
    page = browser.new_page(viewport={"width": 390, "height": 800}, color_scheme="dark")
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    page.goto(service.url)
    stops = 0
    while page.evaluate("document.activeElement.type") != "submit":
        page.keyboard.press("Tab")
        stops += 1
        if page.evaluate("document.activeElement.closest('#knowledge')"):
            page.keyboard.press("ArrowRight")  # from the first area to the second
            page.keyboard.press("Space")
        if page.evaluate("document.activeElement.name") == "Social":
            page.keyboard.press("ArrowRight")  # from no answer to a little
    assert stops < 15
    page.keyboard.press("Enter")
    page.get_by_text("What raised it").first.wait_for()
    assert page.locator(".card").count() == 10
    assert page.evaluate("document.activeElement.id") == "heading"
    up = page.get_by_role("button", name="Thumb up").first
    with page.expect_response("**/feedback") as answered:
        up.press("Enter")
    assert answered.value.ok and up.get_attribute("aria-pressed") == "true"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.reload()
    page.locator(".card").first.wait_for()
    assert page.get_by_label("Administrative", exact=True).is_checked()
    assert up.get_attribute("aria-pressed") == "true"
    page.get_by_text("Limits and order").click()
    page.get_by_label("Lowest wage").fill("USD 77,777")
    assert "older than your answers" in page.locator("#old").text_content()
    page.get_by_role("button", name="Renew the list").click()
    page.locator("#limits", has_text="The limits").wait_for()
    for place in (0, 1):
        page.locator(".pick").nth(place).check()
    assert page.get_by_role("dialog").locator("tbody tr").count() > 5
    page.get_by_role("button", name="Close").click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save my_profile.yml").click()
    stated = read_profile(saved.value.path())
    assert stated.min_wage == 77_777 and list(stated.knowledge) == ["Administrative"]
    page.route("**/recommendations", lambda route: route.abort())
    page.get_by_role("button", name="Show the list").click()
    page.get_by_text("The service does not answer any more").wait_for()
    assert [line for line in errors if "ERR_FAILED" not in line] == []


def test_it_ends_at_once_with_all_kinds_of_requests_in_flight(tmp_path):
    patient = "service.MOST_SECONDS, service.MOST_OPEN = 99, 9"
    with Service(tmp_path / "feedback.db", change=patient) as service:
        halves = [service.half(half) for half in (b"", b"GET / HT", ASKED[:-1])]
        asked = [service.half(ASKED) for _ in range(30)]
        assert not heard(service.half(b""))  # in a crowd it is less patient
        assert service.ask("/health")[0] == 200
        service.terminate()
        said = service.communicate(timeout=5)[0]
    assert "Traceback" not in said and "Writing" not in said
    assert not any(heard(line) for line in halves)
    assert all(b" 200 " in told or not told for told in map(heard, asked))
