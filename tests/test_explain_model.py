"""Asking a model: every way to fail ends in bounded time, with a sentence and a full list."""

import asyncio
import io
import json
import logging
import os
import pickle
import socket
import threading
import time

import fault_server as faults
import pytest

from careerlib.catalog import load_catalog
from careerlib.explain import explain, rerank
from careerlib.explain.ask import Endpoint
from careerlib.profile import SARAH
from careerlib.project import replace_file

KEY = "marked-key-abcdefghij-do-not-show"
CODES = ["11-3051.00", "15-1244.00", "17-3027.00"]
ADMINS = "Network and Computer Systems Administrators"
CATALOG = load_catalog()
PATIENCE = 0.8  # seconds for one request


@pytest.fixture
def server(monkeypatch):
    server = faults.FaultServer()
    monkeypatch.setenv("OPENAI_BASE_URL", server.address)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setattr("openai._base_client.INITIAL_RETRY_DELAY", 0.02)
    yield server
    server.stop()


def ask(codes=CODES, function=explain, **options):
    options = {"seconds": PATIENCE, "cache": None, "model": "m", "say": [].append, **options}
    return function(SARAH, codes, "openai", CATALOG, **options)


def sources(written):
    return list(written.table.groupby("onet_soc_code", sort=False)["source"].first())


def test_the_model_gets_facts_and_a_schema_and_nothing_of_the_person_but_ratings(server):
    said = []
    written = ask(say=said.append)
    assert sources(written) == ["live"] * 3
    assert written.notices == []
    assert (written.table["broken"] == "").all()
    assert written.table["words"].iloc[0] == faults.WORDS[0]
    [said] = said
    assert said.startswith("Requests to m at 127.0.0.1:")
    body = next(body for body in server.asked if ADMINS in body["messages"][1]["content"])
    sent = body["messages"][1]["content"]
    assert "enterprising = Enterprising: hardly typical, 3.47 of 7" in sent
    form = body["response_format"]["json_schema"]
    assert form["strict"] is True
    ids = {side: kind["properties"]["id"]["enum"] for side, kind in form["schema"]["$defs"].items()}
    assert [side for side in ids if "enterprising" in ids[side]] == ["against"]
    assert "sarah" not in json.dumps(server.asked).casefold()
    assert "temperature" not in body


X = {"id": "x", "words": "y"}
HTML = b"<html><body>502 Bad Gateway</body></html>"
AGREED = "form that was not agreed"
LENGTH = "more than an answer can be"
SLOW = "gave no complete answer in 0.8 seconds"


INVENTED = [{**X, "id": f"id{n}"} for n in range(5000)]
BODIES = (
    b"", b"null", b"[]", b"{}", b"\xff\xfe{", b"[" * 100_000, b'{"id": "x", "choices": []}', HTML,
    b'{"id": "x", "choices": null}', b'{"choices": [{"index": 0, "finish_reason": "stop"}]}',
    faults.completion(None), faults.completion([KEY]),
)  # fmt: skip
ANSWERS = (
    '{"why": ', "Sure, here is why.", '{"reason": "x"}', "[" * 5_000, '{"next_step": Infinity}',
    {"extra": 1}, {"next_step": 5}, {"next_step": [X]},
)  # fmt: skip
FAULTS = {
    "hang": (faults.hang, SLOW),
    "429": (faults.status(429), "refused further requests for now (429)"),
    "429 soon": (faults.status(429, retry_after="0"), "refused further requests for now (429)"),
    "429 much later": (faults.status(429, retry_after="3600"), "refused further requests"),
    "429 at a date": (faults.status(429, retry_after="Wed, 21 Oct 2099 07:28:00 GMT"), "requests"),
    "no credit": (faults.status(429, {"error": {"code": "insufficient_quota"}}), "no credit"),
    "500 HTML": (faults.raw(HTML, "text/html", 502), "status 502"),
    "drop": (faults.drop, "broke off the connection"),
    "break off": (faults.break_off, "broke off the connection"),
    "refusal": (faults.raw(faults.completion(None, refusal="No.")), "refused to answer"),
    "cut": (faults.answer('{"why": "Critical', finish="length"), "was cut off"),
    "filter": (faults.answer("", finish="content_filter"), "content filter"),
    "HTML": (faults.raw(HTML, "text/html"), AGREED),
    "trickle": (faults.trickle, SLOW),
    "trickling head": (faults.trickle_head, SLOW),
    "wrong key": (faults.status(401, {"error": {"message": KEY}}), "check OPENAI_API_KEY"),
    "unknown model": (faults.status(404), "is not known there (404)"),
    "endless body": (faults.endless, LENGTH),
    "endless error": (faults.endless_html, LENGTH),
    "gzip bomb": (faults.bomb, AGREED),
    "endless gzip": (faults.endless_gzip, AGREED),
    "300,000 letters": (faults.raw(faults.completion("a" * 300_000)), LENGTH),
    "100,000 letters": (faults.answer("a" * 100_000), LENGTH),
    "5,000 invented ids": (faults.answer(change={"speaks_for": INVENTED}), LENGTH),
    "redirect": (faults.status(307, location="http://127.0.0.1:9/v1"), "status 307"),
    **{str(code): (faults.status(code), f"with status {code}") for code in (400, 403, 500)},
    **{f"body {body[:40]}": (faults.raw(body), AGREED) for body in BODIES},
    **{f"answer {text[:20]}": (faults.answer(text), AGREED) for text in ANSWERS[:5]},
    **{f"with {change}": (faults.answer(change=change), AGREED) for change in ANSWERS[5:]},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_costs_one_explanation_and_little_time(server, fault, recwarn):
    behave, sentence = FAULTS[fault]
    server.behave = faults.for_title(ADMINS, behave)
    started = time.monotonic()
    written = ask()
    assert time.monotonic() - started < PATIENCE + 2
    assert list(written.table["onet_soc_code"].unique()) == CODES
    assert sources(written) == ["live", "template", "live"]
    assert (written.table["words"].str.len() > 10).all()
    [notice] = written.notices
    assert sentence in notice and "\n" not in notice and len(notice) < 200
    assert not recwarn.list


@pytest.mark.parametrize("usage", [-1, [1], {"prompt_tokens": "x"}, {"prompt_tokens": {}}])
def test_usage_that_is_no_number_matters_to_nobody(server, usage, recwarn, capfd):
    server.behave = faults.answer(usage=usage)
    assert sources(ask()) == ["live"] * 3
    assert not recwarn.list
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("function", [explain, rerank])
@pytest.mark.parametrize(
    "fault",
    ["hang", "trickle", "500", "drop", "refusal", "answer [[[[[[[[[[[[[[[[[[[[", "endless body"],
)
def test_all_failing_at_once_is_bounded_too_and_keeps_the_order(server, fault, function):
    behave, sentence = FAULTS[fault]
    server.behave, codes = behave, [*CODES, "23-1011.00", "15-2041.00"]
    started = time.monotonic()
    written = ask(codes, function, at_once=5)
    assert time.monotonic() - started < PATIENCE + 2
    assert list(written.table["onet_soc_code"].unique()) == codes
    assert len(written.notices) == 1 and sentence in written.notices[0]


def test_the_whole_call_has_a_limit_that_keeps_what_came(server, tmp_path):
    server.behave = faults.then(faults.answer(), faults.hang)
    started = time.monotonic()
    written = ask(at_once=1, seconds=60, total=1.0, cache=tmp_path)
    assert time.monotonic() - started < 4
    assert sources(written) == ["live", "template", "template"]
    assert "60 seconds (all: 1)" in written.notices[0]
    assert len(list(tmp_path.iterdir())) == 1


PASSING = [faults.status(429), faults.status(429, retry_after="0.05"), faults.status(500)]


@pytest.mark.parametrize("passing", [*PASSING, faults.drop])
def test_passing_trouble_is_tried_again(server, passing):
    server.behave = faults.then(passing, passing, faults.answer())
    assert sources(ask(CODES[:1], seconds=5)) == ["live"]
    assert len(server.asked) == 3


def test_an_unreachable_server_is_said_so(server, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{port}/v1")
    [notice] = ask(seconds=5).notices
    assert notice.endswith(f"at 127.0.0.1:{port} cannot be reached; check that the server runs.")


def test_a_server_on_this_machine_needs_no_key_and_no_proxy(server, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    assert sources(ask(CODES[:1])) == ["live"]


def test_works_inside_a_running_event_loop_and_leaves_no_thread(server):
    before = threading.active_count()

    async def notebook_cell():
        return ask(CODES[:1])

    assert sources(asyncio.run(notebook_cell())) == ["live"]
    time.sleep(0.1)
    assert threading.active_count() <= before + 1  # the server may still hold its connection


def test_an_interruption_stops_at_once_and_keeps_what_came(server, tmp_path, monkeypatch):
    server.behave = faults.then(faults.answer(), faults.hang)

    def impatient(*args):
        replace_file(*args)
        threading.Timer(0.1, os.kill, (os.getpid(), 2)).start()

    monkeypatch.setattr("careerlib.explain.ask.replace_file", impatient)
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        ask(at_once=1, seconds=20, cache=tmp_path)
    assert time.monotonic() - started < 4
    assert len(list(tmp_path.iterdir())) == 1


def test_a_new_order_is_taken_and_one_that_is_none_refused(server):
    written = ask(function=rerank)
    assert list(written.table["onet_soc_code"]) == CODES[::-1]
    server.behave = faults.answer(change={"order": [CODES[0]] * 3})
    written = ask(function=rerank)
    assert list(written.table["onet_soc_code"]) == CODES
    assert written.notices == ["The order of m leaves one out; the old order stands."]


def test_a_second_run_asks_nothing_and_anything_else_is_asked_anew(server, tmp_path, monkeypatch):
    first = ask(cache=tmp_path)
    second = ask(cache=tmp_path)
    assert len(server.asked) == 3
    assert sources(second) == ["cached"] * 3
    assert list(second.table["words"]) == list(first.table["words"])
    for change in ({"model": "other"}, {"sampling": {"temperature": 0.5}}):
        ask(cache=tmp_path, **change)
    assert len(server.asked) == 9
    other = faults.FaultServer()
    monkeypatch.setenv("OPENAI_BASE_URL", other.address)
    assert sources(ask(cache=tmp_path)) == ["live"] * 3
    other.stop()


DAMAGE = (b"", b"{", b"null", b"[]", b"\xff", b'{"next_step": Infinity}', b"[" * 10**5)


@pytest.mark.parametrize("damage", [*DAMAGE, b" " * 10**6])
def test_a_damaged_entry_is_ignored_with_a_notice_and_replaced(server, tmp_path, damage):
    ask(CODES[:1], cache=tmp_path)
    [entry] = tmp_path.iterdir()
    entry.write_bytes(damage)
    written = ask(CODES[:1], cache=tmp_path)
    assert written.notices == [f"The cached answer '{entry.name}' is damaged and was ignored."]
    assert sources(ask(CODES[:1], cache=tmp_path)) == ["cached"]


@pytest.mark.parametrize("name", ["file", "a" * 300])
def test_a_cache_that_cannot_be_used_costs_a_notice_only(server, tmp_path, name):
    (tmp_path / "file").write_text("here is a file")
    written = ask(cache=tmp_path / name)
    assert sources(written) == ["live"] * 3
    assert "the cache cannot keep it" in written.notices[-1]


@pytest.mark.parametrize(("name", "wrong"), [("SSL_CERT_FILE", "/none"), ("HTTPS_PROXY", "x://y")])
def test_an_environment_that_cannot_be_used_is_one_sentence(monkeypatch, refusal, name, wrong):
    monkeypatch.setenv("OPENAI_BASE_URL", "https://example.invalid/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "key")
    monkeypatch.setenv(name, wrong)
    assert "the environment cannot be used" in refusal(ask, cache=None)


NOT_SET, LETTERS = "OPENAI_API_KEY is not set", "OPENAI_API_KEY holds letters"
KEYS = {
    None: NOT_SET,
    "  \n": NOT_SET,
    **dict.fromkeys((f"{KEY}\nx", f"{KEY} x", "\u20ac"), LETTERS),
}
ADDRESSES = ["nonsense", "x:80", "ftp://x", "http://", "http://x:99999"]


@pytest.mark.parametrize(
    ("key", "address", "sentence"),
    [(key, None, sentence) for key, sentence in KEYS.items()]
    + [(KEY, address, "OPENAI_BASE_URL is not an address") for address in ADDRESSES],
)
def test_what_cannot_be_is_refused_unseen(monkeypatch, refusal, key, address, sentence):
    for name, value in (("OPENAI_API_KEY", key), ("OPENAI_BASE_URL", address)):
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)
    for function in (explain, rerank):
        message = refusal(function, SARAH, CODES, "openai")
        assert sentence in message and "marked" not in message


HOSTS = {
    "http://127.0.0.1:80/v1": ("127.0.0.1:80", True), "http://localhost/v1": ("localhost", True),
    "http://[::1]:8/v1": ("[::1]:8", True), "https://e.test/v1": ("e.test", False),
    "http://127.0.0.1.e.test/v1": ("127.0.0.1.e.test", False),
    "https://me:secret@e.test:8443/v1?token=secret": ("e.test:8443", False),
}  # fmt: skip


def test_what_counts_as_this_machine_and_what_is_said_of_an_address():
    ends = {address: Endpoint(base_url=address) for address in HOSTS}
    assert {address: (end.host, end.is_loopback) for address, end in ends.items()} == HOSTS


ERROR = {"error": {"message": f"key {KEY} is wrong", "code": KEY, "type": KEY, "param": KEY}}
ESCAPED = "".join(f"\\u{ord(letter):04x}" for letter in KEY)
LEAKS = [  # ways of a server to make us show the key
    faults.answer(),
    *(faults.answer(words=f"Your key is {key}.") for key in (KEY, ESCAPED)),
    faults.raw(json.dumps({"choices": KEY, "usage": KEY}).encode()),
    faults.answer(usage={"prompt_tokens": KEY}),
    *(faults.status(code, ERROR) for code in (400, 401, 429, 500)),
    faults.answer(f"{KEY} {{"),
    faults.raw(KEY.encode()),
    faults.raw(faults.completion(None, refusal=KEY)),
    faults.drop,
]


def test_the_key_is_in_no_output_and_the_environment_unchanged(
    server, tmp_path, capfd, caplog, recwarn
):
    seen, environment = io.StringIO(), dict(os.environ)
    with caplog.at_level(logging.DEBUG):
        for place, behave in enumerate(LEAKS):
            server.behave = behave
            for function in (explain, rerank):
                written = ask(CODES[:2], function, cache=tmp_path / str(place), say=print)
                print(written, written.table.to_dict(), pickle.dumps(written), file=seen)
    assert dict(os.environ) == environment
    out, err = capfd.readouterr()
    logged = "\n".join(str(vars(record)) for record in caplog.records)
    files = "\n".join(path.read_text() for path in tmp_path.rglob("*") if path.is_file())
    assert files
    assert all(headers["authorization"] == f"Bearer {KEY}" for headers in server.headers)
    warned = str([str(warning.message) for warning in recwarn.list])
    assert KEY[3:] not in "\n".join((seen.getvalue(), out, err, logged, files, warned))
