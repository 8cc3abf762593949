"""Asking a model: every way to fail ends in bounded time, with a sentence and a full list."""

import gzip
import json
import logging
import runpy
import shutil
import time
from unittest.mock import Mock

import httpx2
import openai
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug import Response

from careerlib.catalog import load_catalog
from careerlib.explain import FIELDS, answer_model, explain, gather, messages, names_of, points
from careerlib.explain.ask import ask_all, client_from_environment
from careerlib.profile import SARAH
from careerlib.project import DATA, ROOT

KEY = "marked-key-abcdefghij-do-not-show"
CODES = ["11-3051.00", "15-1244.00", "17-3027.00"]
CATALOG = load_catalog()
WORDS = "Your days would have a clear purpose here."
[FACTS], NAMES = gather(SARAH, CATALOG, [CATALOG.position(CODES[0])]), names_of(CATALOG)
QUESTION = messages(SARAH, FACTS), answer_model(FACTS)


def content(asked, **change):
    """An answer that keeps to the schema of the request, with a change."""
    sides, points = asked["response_format"]["json_schema"]["schema"]["$defs"], {}
    for side, field in FIELDS.items():
        id = sides[side]["properties"]["id"]
        first = (id.get("enum") or [id["const"]])[0]
        points[field] = [{"id": first, "words": WORDS}] if first != "none" else []
    return json.dumps(points | change)


def completion(text, end="stop", **message):
    choice = {"index": 0, "finish_reason": end, "message": {"content": text, **message}}
    usage = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    return httpx2.Response(200, json={"id": "x", "choices": [choice], "usage": usage})


def good(asked):
    return completion(content(asked))


def model(behave=good, host="model.test"):
    """A client whose server is a function from the request to the response."""
    asked = []

    def handle(request):
        asked.append(json.loads(request.content))
        return behave(asked[-1])

    web = httpx2.Client(transport=httpx2.MockTransport(handle))
    address = f"http://{host}/v1"
    client = openai.OpenAI(api_key=KEY, base_url=address, http_client=web, max_retries=0)
    client.asked = asked
    return client


def ask(client=None, codes=CODES, **options):
    options = {"cache": None, "model": "m", "seconds": 20, **options}
    return explain(SARAH, codes, "openai", CATALOG, client=client, **options)


def sources(written):
    return list(written.groupby("onet_soc_code", sort=False)["source"].first())


def test_the_model_gets_facts_and_a_schema_and_nothing_of_the_person_but_ratings():
    client = model()
    written = ask(client, CODES[1:2])
    assert sources(written) == ["live"] and written.attrs["notices"] == []
    assert written["words"].iloc[0] == WORDS
    [body] = client.asked
    assert "enterprising = Enterprising: hardly typical, 3.47 of 7" in str(body["messages"])
    sides = body["response_format"]["json_schema"]["schema"]["$defs"].items()
    assert [side for side, kind in sides if "'enterprising'" in str(kind)] == ["against"]
    assert "sarah" not in json.dumps(body).casefold()


@pytest.mark.parametrize("fence", ["```json\n{}\n```", "\n```\n{}```\n", " {} "])
def test_a_right_answer_in_a_code_fence_counts(fence):
    fenced = model(lambda asked: completion(fence.replace("{}", content(asked))))
    assert sources(ask(fenced)) == ["live"] * 3


AGREED, LONG, SLOW = "was not agreed", "more than an answer can be", "no complete answer in time"
BROKEN, INVENTED = "cannot be reached, or broke off", [{"id": "x", "words": "y"}]
BODIES = b"", b"null", b"{}", b"\xff\xfe{", b"[" * 40_000, b'{"choices": []}'
ZIPPED = {"content": gzip.compress(b" " * 50_000_000), "headers": {"content-encoding": "gzip"}}
FAULTS = [  # what the server does: an error, a response, or a function of the request
    (httpx2.ReadTimeout("x"), SLOW), (httpx2.ConnectError(KEY), BROKEN),
    (httpx2.RemoteProtocolError(KEY), BROKEN),
    (httpx2.Response(401, json={"error": {"message": KEY}}), "check OPENAI_API_KEY"),
    (httpx2.Response(404), "is not known there (404)"),
    (httpx2.Response(429), "refused further requests for now (429), or has no credit left"),
    (httpx2.Response(307, headers={"location": "http://elsewhere.test"}), "status 307"),
    (httpx2.Response(500, html="<html>Bad Gateway</html>"), "status 500"),
    (completion(None, refusal="No."), "refused to answer"),
    (completion("", end="content_filter"), "refused to answer"),
    (completion('{"why": "Critical', end="length"), "was cut off"),
    (httpx2.Response(200, content=iter(lambda: b" " * 65536, b"")), LONG),
    (completion("a" * 100_000), LONG), (httpx2.Response(200, **ZIPPED), LONG),
    (lambda asked: completion(content(asked, extra=1)), AGREED),
    (lambda asked: completion(content(asked, next_step=INVENTED)), AGREED),
    *((httpx2.Response(200, content=body), AGREED) for body in BODIES),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "sentence"), FAULTS)
def test_every_fault_costs_one_explanation(fault, sentence, recwarn):
    fails = fault if callable(fault) else Mock(side_effect=[fault])
    written = ask(model(lambda asked: (fails if CODES[1] in str(asked) else good)(asked)))
    assert list(written["onet_soc_code"].unique()) == CODES
    assert sources(written) == ["live", "template", "live"]
    [notice] = written.attrs["notices"]
    assert notice.startswith("The model m at model.test ") and sentence in notice
    assert "\n" not in notice and len(notice) < 200 and KEY not in notice
    assert not recwarn.list


NESTED = st.recursive(st.none() | st.floats() | st.text(), lambda part: st.lists(part) | (
    st.dictionaries(st.sampled_from(["speaks_for", "id", "words"]), part)))  # fmt: skip


@settings(max_examples=60)
@given(st.text() | NESTED.map(json.dumps))
def test_any_text_of_a_model_gives_an_answer_or_a_notice(text):
    replies, notices = ask_all([QUESTION], model(lambda _: completion(text)), "m", cache=None)
    assert replies == [(None, "template")] and len(notices) == 1


@given(st.text(max_size=300) | st.text("Your {name}. §9!", max_size=60))
def test_any_words_of_a_model_are_shown_or_replaced_and_never_change_a_fact(words):
    facts = [FACTS.on(side)[0] for side in FIELDS]
    said = [[{"id": fact.id, "words": words}] for fact in facts]
    answer = QUESTION[1].model_validate(dict(zip(FIELDS.values(), said, strict=True)))
    for fact, row in zip(facts, points(answer, FACTS, NAMES), strict=True):
        assert (row["id"], row["side"], row["fact"]) == (fact.id, fact.side, fact.text)
        assert not row["broken"] or row["words"] == fact.plain.replace("{name}", fact.name)
        assert not any(sign in row["words"] + row["refused"] for sign in "0123456789<>$*@/[]`\n")


def test_the_whole_call_has_a_limit_that_keeps_what_came(tmp_path):
    def hang(asked):
        time.sleep(0 if CODES[0] in str(asked) else 5)
        return good(asked)

    started = time.monotonic()
    written = ask(model(hang), seconds=1.0, at_once=1, cache=tmp_path)
    assert time.monotonic() - started < 5  # it ends before the server does
    assert sources(written) == ["live", "template", "template"]
    assert written.attrs["notices"] == [f"The model m at model.test gave {SLOW}."]
    assert len(list(tmp_path.iterdir())) == 1


def test_a_second_run_asks_nothing_and_anything_else_is_asked_anew(tmp_path):
    client, other = model(), model(host="other.test")
    first, second = ask(client, cache=tmp_path), ask(client, cache=tmp_path)
    assert len(client.asked) == 3 and sources(second) == ["cached"] * 3
    assert list(second["words"]) == list(first["words"])
    for change in ({"model": "o"}, {"sampling": {"temperature": 0.5}}, {"client": other}):
        assert sources(ask(**{"client": client, "cache": tmp_path, **change})) == ["live"] * 3


def test_a_damaged_cache_is_asked_anew_and_replaced_and_an_unusable_one_costs_nothing(tmp_path):
    ask(model(), CODES[:1], cache=tmp_path)
    [entry] = tmp_path.iterdir()
    for damage in (b"", b"{", b"null", b"\xff", b"[" * 10**5, b" " * 10**6):
        entry.write_bytes(damage)
        told = [sources(ask(model(), CODES[:1], cache=tmp_path)) for _ in range(2)]
        assert told == [["live"], ["cached"]]
    written = ask(model(), cache=entry)  # a file where a folder should be
    assert sources(written) == ["live"] * 3 and written.attrs["notices"] == []


@pytest.mark.parametrize(("name", "values", "sentence"), [
    ("OPENAI_API_KEY", (" \n", f"{KEY}\nx", "€"), "is not set, or holds letters"),
    ("OPENAI_BASE_URL", ("nonsense", "x:80", "ftp://x", "http://", "http://x:99999"), "be used"),
    ("SSL_CERT_FILE", ("/none",), "be used"), ("HTTPS_PROXY", ("x://y",), "be used"),
])  # fmt: skip
def test_an_unusable_environment_is_one_sentence(monkeypatch, refusal, name, values, sentence):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert client_from_environment().api_key == KEY
    for value in values:
        monkeypatch.setenv(name, value)
        message = refusal(ask)
        assert sentence in message and "marked" not in message


@pytest.mark.parametrize(("wait", "code", "sentence"), [
    (0, 200, LONG), (0, 500, "status 500"), (0.05, 200, SLOW),
])  # fmt: skip
def test_what_does_not_end_is_ended_and_this_machine_needs_no_key_and_no_proxy(
    httpserver, monkeypatch, wait, code, sentence
):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("OPENAI_BASE_URL", httpserver.url_for("/v1"))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setattr("openai._base_client.INITIAL_RETRY_DELAY", 0.02)
    chat = httpserver.expect_request("/v1/chat/completions")
    chat.respond_with_handler(lambda request: Response(good(request.json).content))
    assert sources(ask()) == ["live"] * 3
    parts = (time.sleep(wait) or b" " * (1 if wait else 65536) for _ in range(200))
    chat.respond_with_handler(lambda request: Response(parts, code))
    written = ask(codes=CODES[:1], seconds=1.0)
    assert sources(written) == ["template"] and sentence in written.attrs["notices"][0]


ESCAPED = "".join(f"\\u{ord(letter):04x}" for letter in KEY)
SPACED = (KEY[:15] + " " + KEY[15:], " ".join(KEY), KEY.upper(), KEY[:20], ESCAPED)


def test_the_key_is_in_no_output(tmp_path, capfd, caplog, recwarn):
    caplog.set_level(logging.DEBUG)
    error = {"error": {"message": f"key {KEY} is wrong", "code": KEY, "type": KEY}}
    leaks = [
        *(lambda asked, leak=leak: completion(content(asked).replace(WORDS, f"Your key is {leak}."))
          for leak in (KEY, *SPACED)),
        *(Mock(return_value=httpx2.Response(code, json=error)) for code in (400, 401, 429, 500)),
        Mock(return_value=httpx2.Response(200, content=KEY)),
        *(Mock(return_value=completion(f"{KEY} {{", refusal=refusal)) for refusal in (None, KEY)),
    ]  # fmt: skip
    for leak in leaks:
        written = ask(model(leak), CODES[:1], cache=tmp_path)
        assert sources(written) == ["template"] and len(written.attrs["notices"]) == 1
        print(written.to_dict(), written.attrs)
    logged = [str(vars(record)) for record in caplog.records]
    warned = [str(warning.message) for warning in recwarn.list]
    everything = "\n".join((*capfd.readouterr(), *logged, *warned)).casefold()
    assert not any(part.casefold()[3:] in everything for part in (KEY, *SPACED))
    assert not list(tmp_path.iterdir())


# Notebook 07 reads what is recorded; it changes where an answer or a rating is missing or damaged.
def test_recording_keeps_what_others_wrote_and_what_was_rated_by_hand(tmp_path):
    recording = runpy.run_path(str(ROOT / ".ci" / "record.py"))
    judged = json.dumps(dict.fromkeys(recording["Rubric"].model_fields, True))

    def both(asked):
        return completion(judged) if "friendly" in str(asked["response_format"]) else good(asked)

    for name in ("answers.json", "ratings.csv"):
        shutil.copy(DATA / name, tmp_path)
    recording["record"](model(both), {"model": "m"}, tmp_path)
    answers = json.loads((tmp_path / "answers.json").read_text("utf-8"))
    assert [*answers] == ["smollm2-135m-instruct", "m"]
    before, after = (pd.read_csv(folder / "ratings.csv") for folder in (DATA, tmp_path))
    assert after[: len(before)].equals(before)
    assert after[len(before) :]["rater"].tolist() == ["m"] * 40
