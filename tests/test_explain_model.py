"""Asking a model: every way to fail ends in bounded time, with a sentence and a full list."""

import io
import json
import logging
import os
import pickle
import socket
import threading
import time
import traceback

import fault_server as faults
import pytest

from careerlib.explain import explain, openai_explainer, rerank
from careerlib.explain.cache import AnswerCache
from careerlib.explain.explainers import make_explainer
from careerlib.explain.model import Endpoint, endpoint_from_environment
from careerlib.profile import SARAH

KEY = "marked-key-0123456789-do-not-show"
CODES = ["11-3051.00", "15-1244.00", "17-3027.00"]
ADMINS = "Network and Computer Systems Administrators"
PATIENCE = 0.8  # seconds for one request


@pytest.fixture
def server(monkeypatch):
    server = faults.FaultServer()
    monkeypatch.setenv("OPENAI_BASE_URL", server.address)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setattr("careerlib.explain.session.PAUSE", 0.02)
    yield server
    server.stop()


def ask(said=None, codes=CODES, **options):
    options = {"request_seconds": PATIENCE, "cache": None, **options}
    say = (said if said is not None else []).append
    explainer = openai_explainer(model="m", say=say, **options)
    return explain(codes, SARAH, explainer)


def test_good_answers_are_shown_as_live(server):
    said = []
    found = ask(said)
    assert [item.source for item in found] == ["live"] * 3
    assert {item.written_by for item in found} == {"m"}
    assert found[0].why == faults.GOOD["why"]
    assert found.notices == ()
    usage = found.usage
    assert (usage.requests, usage.prompt_tokens, usage.answer_tokens) == (3, 300, 60)
    assert len(said) == 1
    assert said[0].startswith("3 requests to m at 127.0.0.1:")


def test_the_model_gets_facts_and_a_schema_and_nothing_of_the_person_but_ratings(server):
    ask()
    body = next(body for body in server.asked if ADMINS in body["messages"][1]["content"])
    text = body["messages"][1]["content"]
    expected = "interest:Enterprising = occupation 3.47 of 7 (low, fourth of six), person 6 of 7"
    assert expected in text
    assert "wage = median $96,800 a year" in text
    assert set(body["response_format"]["json_schema"]["schema"]["properties"]) == {
        "why", "next_step", "fact_ids",
    }
    assert body["response_format"]["json_schema"]["strict"] is True
    assert "sarah" not in json.dumps(server.asked).casefold()
    assert "temperature" not in body


HTML = b"<html><body>502 Bad Gateway</body></html>"
FAULTS = {
    "hang": (faults.hang, "no complete answer within 0.8 seconds"),
    "429": (faults.status(429), "refused further requests for now (429)"),
    "429 soon": (faults.status(429, retry_after="0"), "refused further requests for now (429)"),
    "429 much later": (faults.status(429, retry_after="3600"), "refused further requests"),
    "429 at a date": (
        faults.status(429, retry_after="Wed, 21 Oct 2099 07:28:00 GMT"), "refused further requests",
    ),
    "no credit": (
        faults.status(429, {"error": {"message": "x", "code": "insufficient_quota"}}), "no credit",
    ),
    "500": (faults.status(500), "answered with status 500"),
    "500 HTML": (
        lambda handler, count: faults.send(handler, 502, HTML, "text/html"), "status 502",
    ),
    "drop": (faults.drop, "broke off the connection"),
    "break off": (faults.break_off, "broke off the connection"),
    "refusal": (faults.refuse, "refused to answer"),
    "cut": (faults.answer('{"why": "Critical', finish="length"), "was cut off after 1500 tokens"),
    "filter": (faults.answer("", finish="content_filter"), "content filter"),
    "broken JSON": (faults.answer('{"why": '), "form that was not agreed"),
    "prose": (faults.answer("Sure, here is why."), "form that was not agreed"),
    "HTML": (faults.raw(HTML, "text/html"), "form that was not agreed"),
    "HTML as JSON": (faults.raw(HTML), "form that was not agreed"),
    "JSON null": (faults.raw(b"null"), "form that was not agreed"),
    "JSON list": (faults.raw(b"[]"), "form that was not agreed"),
    "empty object": (faults.raw(b"{}"), "form that was not agreed"),
    "nothing": (faults.raw(b""), "form that was not agreed"),
    "not UTF-8": (faults.raw(b"\xff\xfe{"), "form that was not agreed"),
    "deep": (faults.raw(b"[" * 100_000), "form that was not agreed"),
    "no choices": (faults.raw(b'{"id": "x", "choices": []}'), "without content"),
    "null choices": (faults.raw(b'{"id": "x", "choices": null}'), "form that was not agreed"),
    "no message": (faults.raw(b'{"choices": [{"index": 0, "finish_reason": "stop"}]}'), "agreed"),
    "no content": (
        lambda handler, count: faults.send(handler, 200, faults.completion(None)),
        "form that was not agreed",
    ),
    "wrong schema": (faults.answer({"reason": "x"}), "form that was not agreed"),
    "more than the schema": (faults.answer({**faults.GOOD, "extra": 1}), "not agreed"),
    "numbers for text": (faults.answer({**faults.GOOD, "why": 5}), "not agreed"),
    "trickle": (faults.trickle, "no complete answer within 0.8 seconds"),
    "trickling head": (faults.trickle_head, "no complete answer within 0.8 seconds"),
    "wrong key": (
        faults.status(401, {"error": {"message": f"Incorrect API key provided: {KEY}"}}),
        "refused the API key (401); check OPENAI_API_KEY",
    ),
    "no rights": (faults.status(403), "may not use m"),
    "unknown model": (faults.status(404), "knows no model 'm' (404)"),
    "bad request": (faults.status(400), "answered with status 400"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_costs_one_explanation_and_little_time(server, fault):
    behave, sentence = FAULTS[fault]
    server.behave = faults.for_title(ADMINS, behave)
    # One at a time and last, so that what would stop all further requests finds none left.
    started = time.monotonic()
    found = ask(codes=[CODES[0], CODES[2], CODES[1]], concurrency=1)
    assert time.monotonic() - started < PATIENCE + 2
    assert [item.onet_soc_code for item in found] == [CODES[0], CODES[2], CODES[1]]
    assert [item.source for item in found] == ["live", "live", "template"]
    hit = found[2]
    assert hit.why
    assert hit.written_by == "template"
    assert [problem.check for problem in hit.problems] == ["answered"]
    assert sentence in hit.problems[0].reason
    assert found.notices == (hit.problems[0].reason,)
    assert found.notices[0].count("\n") == 0
    assert found.usage.failed == 1


@pytest.mark.parametrize("fault", ["hang", "trickle", "500", "drop"])
def test_all_failing_at_once_is_bounded_too(server, fault):
    server.behave = FAULTS[fault][0]
    started = time.monotonic()
    found = ask(codes=[*CODES, "23-1011.00", "15-2041.00"], concurrency=5)
    assert time.monotonic() - started < PATIENCE + 2
    assert [item.source for item in found] == ["template"] * 5
    assert len(found.notices) == 1


def test_the_whole_call_has_a_limit_that_keeps_what_came(server, tmp_path):
    server.behave = faults.then(faults.answer(), faults.hang)
    started = time.monotonic()
    found = ask(concurrency=1, request_seconds=60, total_seconds=1.0, cache=tmp_path)
    assert time.monotonic() - started < 4
    assert [item.source for item in found] == ["live", "template", "template"]
    assert "within 1 seconds" in found.notices[0]
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("passing", [
    faults.status(429, retry_after="0.05"), faults.status(429), faults.status(500), faults.drop,
])
def test_passing_trouble_is_tried_again(server, passing):
    server.behave = faults.then(passing, passing, faults.answer())
    found = ask(codes=CODES[:1])
    assert found[0].source == "live"
    assert len(server.asked) == 3


def test_retry_after_is_obeyed(server):
    server.behave = faults.then(faults.status(429, retry_after="0.4"), faults.answer())
    started = time.monotonic()
    assert ask(codes=CODES[:1], request_seconds=5)[0].source == "live"
    assert time.monotonic() - started >= 0.4


def test_without_credit_nothing_is_tried_again(server):
    server.behave = FAULTS["no credit"][0]
    ask(codes=CODES[:1])
    assert len(server.asked) == 1


def test_a_refused_key_is_not_tried_on_every_occupation(server):
    server.behave = faults.status(401)
    found = ask(concurrency=1)
    assert len(server.asked) == 1
    assert [item.source for item in found] == ["template"] * 3


def test_an_unreachable_server_is_said_so(monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{port}/v1")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setattr("careerlib.explain.session.PAUSE", 0.02)
    found = ask()
    assert [item.source for item in found] == ["template"] * 3
    assert found.notices == (
        f"The model server at 127.0.0.1:{port} cannot be reached; check that it runs.",
    )


def test_a_proxy_is_not_asked_for_a_server_on_this_machine(server, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    assert ask(codes=CODES[:1])[0].source == "live"


def test_requests_run_at_the_same_time_up_to_the_limit(server):
    running, most, lock = 0, 0, threading.Lock()

    def slowly(handler, count):
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.1)
        with lock:
            running -= 1
        faults.answer()(handler, count)

    server.behave = slowly
    ask(codes=[*CODES, "23-1011.00", "15-2041.00", "29-1141.00"], concurrency=3, request_seconds=9)
    assert most == 3


def test_works_inside_a_running_event_loop(server):
    import asyncio

    async def notebook_cell():
        return ask(codes=CODES[:1])

    assert asyncio.run(notebook_cell())[0].source == "live"


def test_no_thread_is_left_behind(server):
    server.behave = faults.hang
    ask(codes=CODES[:2])
    assert not [thread for thread in threading.enumerate() if thread.name == "ask-model"]


def test_an_interruption_stops_at_once_and_keeps_what_came(server, tmp_path, monkeypatch):
    server.behave = faults.then(faults.answer(), faults.hang)

    class Impatient(AnswerCache):
        def put(self, *args):
            super().put(*args)
            raise KeyboardInterrupt

    monkeypatch.setattr("careerlib.explain.explainers.AnswerCache", Impatient)
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        ask(concurrency=1, request_seconds=20, cache=tmp_path)
    assert time.monotonic() - started < 3
    assert len(list(tmp_path.iterdir())) == 1
    assert not [thread for thread in threading.enumerate() if thread.name == "ask-model"]


# Re-ranking


def test_a_new_order_with_true_reasons_is_taken(server):
    server.behave = faults.answer(
        {
            "order": [
                {"onet_soc_code": CODES[2], "reason": "Your Investigative interest fits here."},
                {"onet_soc_code": CODES[1], "reason": ""},
                {"onet_soc_code": CODES[0], "reason": "Enterprising is its highest interest."},
            ]
        }
    )
    found = rerank(CODES, SARAH, openai_explainer("m", None, say=[].append))
    assert found.order == [CODES[2], CODES[1], CODES[0]]
    assert found.problems == ()


@pytest.mark.parametrize("fault", ["500", "refusal", "broken JSON", "trickle", "unknown model"])
def test_a_failed_re_ranking_keeps_the_order(server, fault):
    server.behave = FAULTS[fault][0]
    explainer = openai_explainer("m", None, say=[].append, request_seconds=PATIENCE)
    found = rerank(CODES, SARAH, explainer)
    assert found.order == CODES
    assert FAULTS[fault][1] in found.notices[0]
    assert found.problems[0].check == "answered"
    assert set(found.table["written_by"]) == {"template"}


# The cache


def test_a_second_run_asks_nothing(server, tmp_path):
    first = ask(cache=tmp_path)
    said = []
    second = ask(said, cache=tmp_path)
    assert len(server.asked) == 3
    assert [item.source for item in second] == ["cached"] * 3
    assert [item.why for item in second] == [item.why for item in first]
    assert (second.usage.requests, second.usage.cached) == (0, 3)
    assert said == ["All 3 answers are in the cache; m is not asked."]


def test_another_model_prompt_or_setting_is_asked_anew(server, tmp_path):
    ask(cache=tmp_path)
    for change in ({"prompt": "post"}, {"temperature": 0.5}):
        asked = len(server.asked)
        ask(cache=tmp_path, **change)
        assert len(server.asked) == asked + 3
    asked = len(server.asked)
    explain(CODES, SARAH, openai_explainer("other", tmp_path, say=[].append))
    assert len(server.asked) == asked + 3


@pytest.mark.parametrize("damage", [
    b"", b"{", b"null", b"[]", b"\xff", b'{"name": "x"}', "answer", "tokens", "name",
])
def test_a_damaged_entry_is_ignored_with_a_notice_and_replaced(server, tmp_path, damage):
    ask(cache=tmp_path, codes=CODES[:1])
    [entry] = tmp_path.iterdir()
    if isinstance(damage, str):
        content = json.loads(entry.read_text())
        content[damage] = {"why": 1}
        damage = json.dumps(content).encode()
    entry.write_bytes(damage)
    found = ask(cache=tmp_path, codes=CODES[:1])
    assert found[0].source == "live"
    assert len(found.notices) == 1
    assert f"'{entry.name}' is damaged" in found.notices[0]
    assert ask(cache=tmp_path, codes=CODES[:1])[0].source == "cached"


def test_a_failure_is_not_cached(server, tmp_path):
    server.behave = faults.refuse
    ask(cache=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_cache_that_cannot_be_written_costs_a_notice_only(server, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("here is a file")
    found = ask(cache=blocked)
    assert [item.source for item in found] == ["live"] * 3
    assert any("cannot be kept" in notice for notice in found.notices)
    assert blocked.read_text() == "here is a file"


# The key


def test_without_a_key_openai_is_refused_before_anything_is_sent(monkeypatch, refusal):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    message = refusal(explain, CODES, SARAH, "openai")
    assert "OPENAI_API_KEY is not set" in message
    assert "OPENAI_API_KEY is not set" in refusal(rerank, CODES, SARAH, "openai")


@pytest.mark.parametrize("blank", ["", "   ", "\n"])
def test_a_blank_key_is_a_missing_key(monkeypatch, refusal, blank):
    monkeypatch.setenv("OPENAI_API_KEY", blank)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    assert "is not set" in refusal(explain, CODES, SARAH, "openai")


@pytest.mark.parametrize("bad", [f"{KEY}\nx", f"{KEY} x", f"{KEY}\u20ac", f"{KEY}\x07"])
def test_a_key_that_no_header_can_carry_is_refused_unseen(monkeypatch, refusal, bad):
    monkeypatch.setenv("OPENAI_API_KEY", bad)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    message = refusal(explain, CODES, SARAH, "openai")
    assert "OPENAI_API_KEY holds" in message
    assert "sk-marked" not in message


@pytest.mark.parametrize(
    "address", ["nonsense", "127.0.0.1:80", "ftp://x/v1", "http://", "http://x:99999"]
)
def test_a_bad_address_is_refused(monkeypatch, refusal, address):
    monkeypatch.setenv("OPENAI_BASE_URL", address)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert "OPENAI_BASE_URL is not an address" in refusal(explain, CODES, SARAH, "openai")


def test_a_server_on_this_machine_needs_no_key(server, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    assert ask(codes=CODES[:1])[0].source == "live"


@pytest.mark.parametrize(("address", "expected"), [
    ("http://127.0.0.1:80/v1", True), ("http://localhost/v1", True), ("http://[::1]:8/v1", True),
    ("http://127.0.0.1.example/v1", False), ("https://example.test/v1", False), (None, False),
])
def test_what_counts_as_this_machine(address, expected):
    assert Endpoint(base_url=address).is_loopback is expected


def test_auto_takes_the_template_without_a_key_and_says_so(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    found = explain(CODES, SARAH, "auto")
    assert {item.source for item in found} == {"template"}
    assert found.notices == ("OPENAI_API_KEY is not set, so the template wrote the explanations.",)


def test_auto_takes_openai_with_a_key(server):
    explainer, notices = make_explainer("auto", model="m", cache=None)
    assert (explainer.name, notices) == ("m", [])


def leaks(server):
    """Ways of a server to make us show the key."""
    echo = {**faults.GOOD, "why": f"Critical Thinking fits, and your key is {KEY}."}
    error = {"error": {"message": f"key {KEY} is wrong", "code": KEY, "type": KEY, "param": KEY}}
    return [
        faults.answer(),
        faults.answer(echo),
        faults.status(401, error),
        faults.status(400, error),
        faults.status(429, error),
        faults.status(500, error),
        faults.answer(f"{KEY} {{"),
        faults.raw(KEY.encode()),
        lambda handler, count: faults.send(handler, 200, faults.completion(None, refusal=KEY)),
        faults.drop,
    ]


def test_the_key_is_in_no_output(server, tmp_path, capfd, caplog):
    seen = io.StringIO()
    with caplog.at_level(logging.DEBUG):
        for place, behave in enumerate(leaks(server)):
            server.behave = behave
            folder = tmp_path / str(place)
            explainer = openai_explainer("m", folder, say=print, request_seconds=PATIENCE)
            print(repr(explainer), vars(explainer), explainer.endpoint, file=seen)
            for function in (explain, rerank):
                found = function(CODES[:2], SARAH, explainer)
                print(repr(found), str(found.table.to_dict()), found.notices, file=seen)
            print(explain(CODES[:2], SARAH, explainer).to_markdown(), file=seen)
            print(pickle.dumps(explain(CODES[:2], SARAH, explainer).items), file=seen)
    out, err = capfd.readouterr()
    logged = "\n".join(str(vars(record)) for record in caplog.records)
    files = "\n".join(path.read_text() for path in tmp_path.rglob("*") if path.is_file())
    assert files
    assert len(server.headers) > 10
    assert all(headers["authorization"] == f"Bearer {KEY}" for headers in server.headers)
    for name, text in {
        "objects": seen.getvalue(), "stdout": out, "stderr": err, "log": logged, "cache": files,
    }.items():
        assert KEY not in text, name
        assert KEY[3:] not in text, name


def test_the_key_is_in_no_traceback(server, monkeypatch):
    """Even an unforeseen error in our own code shows no key, not in its causes either."""
    monkeypatch.setattr(
        "careerlib.explain.session.Session._checked", lambda *_: (_ for _ in ()).throw(OSError("x"))
    )
    with pytest.raises(OSError) as caught:
        ask(codes=CODES[:1])
    text = "".join(traceback.format_exception(caught.value))
    assert KEY not in text


def test_the_place_in_a_message_holds_no_password(monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "https://me:secret@example.test:8443/v1?token=secret")
    endpoint = endpoint_from_environment("m")
    assert endpoint.place == "example.test:8443"


def test_the_environment_is_not_changed(server):
    before = dict(os.environ)
    ask(codes=CODES[:1])
    assert dict(os.environ) == before
