"""The local model: started, asked, checked and stopped; skipped where the extra is missing."""

import socket
import subprocess
import sys

import httpx2
import pytest
from conftest import until

from careerlib.app import llm
from careerlib.explain import explain
from careerlib.profile import Profile
from careerlib.project import ROOT

installed = pytest.mark.skipif(
    not llm.weights(), reason="the local model is not installed ('make llm'), so not asked"
)


def listens(port, host="127.0.0.1"):
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex((host, int(port))) == 0


def test_a_model_that_is_not_installed_or_cannot_start_is_one_sentence(monkeypatch, refusal):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert "installed ('make llm')" in refusal(llm.writing("local").__enter__)


@installed
def test_the_local_model_answers_within_the_schema():
    with llm.writing("local") as how:
        written = explain(Profile(interests={"Investigative": 6}), ["15-1231.00"], **how)
    assert written.attrs["notices"] == []
    assert set(written["source"]) == {"live"}
    assert list(written["side"]) == ["for", "next"]  # it has nothing against it
    assert set(written["writer"]) == {llm.MODEL}


@installed
def test_the_server_answers_only_who_knows_its_key_and_stops_with_its_block():
    with pytest.raises(ZeroDivisionError), llm.writing("local") as how:
        client = how["client"]
        port, address = client.base_url.port, f"{client.base_url}chat/completions"
        asked = {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}
        for key in ("none", f"{client.api_key}x"):
            headers = {"authorization": f"Bearer {key}", "origin": "http://elsewhere.test"}
            assert httpx2.post(address, json=asked, headers=headers).status_code == 401
        assert client.chat.completions.create(model="x", **asked).choices
        hostname = socket.gethostbyname(socket.gethostname())
        assert hostname.startswith("127.") or not listens(port, hostname)
        raise ZeroDivisionError
    assert not listens(port)


@installed
def test_the_server_ends_when_its_starter_is_killed():
    code = (
        "import time\nfrom careerlib.app import llm\nwith llm.writing('local') as how:\n"
        "    print(how['client'].base_url.port, flush=True)\n    time.sleep(60)"
    )
    command, options = [sys.executable, "-c", code], {"stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=ROOT, **options) as starter:
        port = starter.stdout.readline().strip()
        assert listens(port)
        starter.kill()
    until(lambda: not listens(port), seconds=10)
