"""The service through its real interface: answers, refusals, bounds, durable feedback, the page."""

import asyncio
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import closing, suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CHROMIUM = Path("/usr/bin/chromium")
LIST = "/recommendations"
STATED = {"profile": {"skills": ["Writing"], "interests": {"Social": 6}}, "top": 3}


class Service:
    """A service in a process of its own, its thumbs in `store`."""

    def __init__(self, store):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        arguments = ["serve", "--port", str(self.port), "--feedback", str(store)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "careerlib", *arguments],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "OPENAI_API_KEY": ""},
        )  # fmt: skip
        assert "The page is at" in self.process.stdout.readline()
        for _ in range(100):  # it listens at once
            with suppress(OSError):
                self.ask("/health")
                break
            time.sleep(0.1)

    def ask(self, path, body=None):
        """Status and answer; body: bytes as they are, else sent as JSON."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(
            self.url + path, data, {"Content-Type": "application/json"}
        )
        try:
            answer = urllib.request.urlopen(request, timeout=20)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return answer.status, json.loads(answer.read())

    def stop(self, with_signal=signal.SIGTERM):
        self.process.send_signal(with_signal)
        return self.process.communicate(timeout=20)[0]


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    service = Service(tmp_path_factory.mktemp("service") / "feedback.db")
    yield service
    if service.process.poll() is None:
        service.stop(signal.SIGKILL)


def presses(service):
    _, made = service.ask(LIST, STATED)
    codes = [row["onet_soc_code"] for row in made["occupations"]]
    return {"list": made["list"], "method": made["method"], "profile": STATED["profile"],
            "occupations": codes, "pressed": [1, 0, -1]}  # fmt: skip


def test_it_answers(service):
    assert service.ask("/health")[1]["onet"] == "30.1"
    assert service.ask("/occupations")[1]["15-1252.00"] == "Software Developers"
    _, made = service.ask(LIST, STATED)
    assert [row["rank"] for row in made["occupations"]] == [1, 2, 3]
    _, limited = service.ask(LIST, STATED | {"max_job_zone": 2, "rank_by": "openings"})
    assert "removed" in limited["limits"]
    assert all(row["job_zone"] <= 2 for row in limited["occupations"])
    _, told = service.ask("/explanations", STATED)
    codes = [row["onet_soc_code"] for row in made["occupations"]]
    assert list(dict.fromkeys(row["onet_soc_code"] for row in told["explanations"])) == codes
    assert {row["writer"] for row in told["explanations"]} == {"template"}
    assert any(row["side"] == "for" for row in told["explanations"])
    paths = service.ask("/openapi.json")[1]["paths"]
    assert {LIST, "/explanations", "/feedback", "/occupations"} <= set(paths)


@pytest.mark.parametrize(
    ("path", "body", "status", "told"),
    [
        (LIST, {"profile": {"skills": ["Writng"]}}, 422, "did you mean Writing?"),
        (LIST, {"profile": {"nme": 1}}, 422, "has no 'nme'"),
        (LIST, {"profile": {}}, 422, "empty"),
        (LIST, {**STATED, "top": 0}, 422, "top"),
        (LIST, {**STATED, "top": 51}, 422, "top"),
        (LIST, {**STATED, "method": "mached"}, 422, "did you mean matched?"),
        (LIST, {**STATED, "rank_by": "pay"}, 422, "openings"),
        (LIST, {}, 422, "profile"),
        (LIST, b"{", 422, "JSON"),
        (LIST, b"[" * 30_000, 400, "parsing"),
        (LIST, b" " * 70_000, 413, "65536 bytes"),
        (LIST, 3, 422, "body"),
        (LIST, {"profile": 3}, 422, "profile"),
        ("/explanations", {"profile": {"interests": {"Social": 9}}}, 422, "Social"),
        ("/explanations", {**STATED, "writer": "poet"}, 422, "writer"),
        ("/explanations", {**STATED, "writer": "openai"}, 422, "OPENAI_API_KEY is not set"),
        ("/feedback", {"list": "../x"}, 422, "list"),
        ("/feedback", {"pressed": [1]}, 422, "1 presses for 3"),
        ("/feedback", {"pressed": [1, 0, 2]}, 422, "pressed"),
        ("/feedback", {"occupations": ["15-1252.00", "99-9999.99", "11-1011.00"]}, 422, "99-9999"),
        ("/nowhere", None, 404, "Not Found"),
    ],
)
def test_wrong_requests_get_one_sentence(service, path, body, status, told):
    if path == "/feedback":
        body = presses(service) | body
    got, answer = service.ask(path, body)
    assert got == status and told in answer["error"]
    assert "\n" not in answer["error"] and len(answer["error"]) < 700


def test_bodies_that_are_slow_or_of_unknown_length(monkeypatch):
    from careerlib.app import service

    monkeypatch.setattr(service, "MOST_SECONDS", 0.1)

    def status(*headers):
        """Of a request whose body never comes."""
        sent = []

        async def send(message):
            sent.append(message.get("status"))

        scope = {"type": "http", "method": "POST", "path": "/feedback", "query_string": b"",
                 "headers": [(b"content-type", b"application/json"), *headers]}  # fmt: skip
        asyncio.run(service.app(scope, asyncio.Event().wait, send))
        return sent[0]

    assert status((b"content-length", b"10")) == 503
    assert status((b"transfer-encoding", b"chunked")) == 413


def test_killed_it_loses_no_feedback_that_was_acknowledged(tmp_path):
    store = tmp_path / "feedback.db"
    service = Service(store)
    body, kept = presses(service), {f"{number:032x}" for number in range(40)}
    for name in kept:
        assert service.ask("/feedback", body | {"list": name}) == (200, {"kept": 3})
    output = service.stop(signal.SIGKILL)
    with closing(sqlite3.connect(store)) as rows:
        found = {name for (name,) in rows.execute("SELECT DISTINCT list FROM feedback")}
        assert found == kept
        stated = rows.execute("SELECT DISTINCT stated FROM feedback").fetchall()
    vector = {"Writing": 0.6, "Social": 6 / 7, "Education": 1}
    assert json.loads(stated[0][0]) == pytest.approx(vector)
    assert "Writing" not in output  # no profile is logged


def test_the_page_loads_nothing_from_elsewhere(service):
    with urllib.request.urlopen(service.url) as answer:
        policy, text = answer.headers["Content-Security-Policy"], answer.read().decode()
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert not re.search(r"(src|href)=|https?://|innerHTML", text)


def test_the_page_in_a_browser(service):
    """By keyboard, on a phone: choose, see the list, press a thumb, which is then in the store."""
    if not CHROMIUM.is_file():
        pytest.skip("Debian's chromium is not installed, so the page is not tried in a browser")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with playwright.sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=str(CHROMIUM), args=flags)
        page = browser.new_page(viewport={"width": 390, "height": 800}, color_scheme="dark")
        errors = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
        page.goto(service.url)
        page.get_by_label("Social", exact=True).select_option("7")
        page.get_by_label("Writing", exact=True).focus()
        page.keyboard.press("Space")
        page.get_by_role("button", name="Show the list").press("Enter")
        page.get_by_role("listitem").first.wait_for()
        assert page.get_by_role("listitem").count() == 10
        up = page.get_by_role("button", name="Thumb up").first
        with page.expect_response("**/feedback") as answered:
            up.press("Enter")
        assert answered.value.ok and up.get_attribute("aria-pressed") == "true"
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.get_by_label("Lowest wage").fill("9999999")
        page.get_by_role("button", name="Show the list").click()
        page.wait_for_function("document.querySelector('#limits').textContent.includes('removed')")
        assert not errors
        browser.close()
