"""Questions to a language model over the OpenAI API; every failure is one sentence, in bounded time
and memory, and what arrives is kept at once."""

import hashlib
import json
import os
import re
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import anyio
import httpx2  # what OpenAI's client is built on
import openai
from anyio.from_thread import start_blocking_portal
from pydantic import BaseModel, HttpUrl, TypeAdapter, ValidationError
from tqdm import tqdm

from careerlib.app import llm
from careerlib.errors import CareerlibError
from careerlib.project import OUTPUTS, replace_file

MOST_BYTES, MOST_LETTERS = 200_000, 8_000  # of a reply, and of the answer in it
Question = tuple[list[dict[str, str]], type[BaseModel]]  # messages, schema
Reply = tuple[BaseModel | None, str]  # an answer, and "live", "cached" or "template" (none)
# In our words: what a server says of an error may hold the key.
FORM, LENGTH = "answered in a form that was not agreed", "sent more than an answer can be"
CUT, WITHHELD = "was cut off at its limit of tokens", "withheld the answer (content filter)"
SENTENCES = {
    TimeoutError: "gave no complete answer in {end.seconds:g} seconds (all: {end.total:g})",
    OSError: "answered, but the cache cannot keep it ({error.strerror})",
    httpx2.ConnectError: "cannot be reached; check that the server runs",
    openai.APIConnectionError: "broke off the connection",
    openai.AuthenticationError: "refused the API key (401); check OPENAI_API_KEY",
    openai.NotFoundError: "is not known there (404); choose another, or check OPENAI_BASE_URL",
    openai.RateLimitError: "refused further requests for now (429), or has no credit left",
    openai.APIStatusError: "answered with status {error.status_code}",
    openai.OpenAIError: "{error}",  # one of ours
    Exception: FORM,
}


class Endpoint(NamedTuple):
    """seconds: for a question with its retries. total: for all. sampling: temperature and so on."""

    model: str = "gpt-5.4-mini"
    base_url: str = "https://api.openai.com/v1"
    sampling: dict[str, float] = {}  # noqa: RUF012 (never changed)
    max_tokens: int = 1500
    at_once: int = 4
    seconds: float = 60.0
    total: float = 300.0

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).netloc.rpartition("@")[2]  # without name and password

    @property
    def is_loopback(self) -> bool:
        return bool(re.fullmatch(r"(localhost|127(\.\d+){3}|\[::1\])(:\d+)?", self.host))

    def says(self, error: BaseException) -> str:
        """What is wrong, in one sentence."""
        error = error.__cause__ if isinstance(error.__cause__, httpx2.ConnectError) else error
        kind = next(kind for kind in type(error).__mro__ if kind in SENTENCES)
        said = SENTENCES[kind].format(end=self, error=error)
        return f"The model {self.model} at {self.host} {said}."


def key_for(endpoint: Endpoint) -> str:
    """OPENAI_API_KEY, or a stand-in for a server on this machine. Checks the address too."""
    try:
        TypeAdapter(HttpUrl).validate_python(endpoint.base_url)
    except ValidationError:
        raise CareerlibError("OPENAI_BASE_URL is not an address; correct it or unset it.") from None
    key = os.environ.get("OPENAI_API_KEY", "").strip() or "none" * endpoint.is_loopback
    if not re.fullmatch("[!-~]+", key):
        what = "holds letters that no key has (it is not shown here)" if key else "is not set"
        raise CareerlibError(f"OPENAI_API_KEY {what}; set it, or use the writer 'template'.")
    return key


def ask_all(
    questions: list[Question], local: bool = False, cache: Path | str | None = OUTPUTS / "answers",
    say: Callable[[str], object] = print, **settings: Any,
) -> tuple[list[Reply], list[str], str]:  # fmt: skip
    """A reply to each question, in order; a notice of each failure; the model's name.

    local: the model of this machine, else OpenAI or what OPENAI_BASE_URL names. cache: a folder or
    None. say: gets the estimate before anything is asked. settings: fields of Endpoint.
    """
    base_url = os.environ.get("OPENAI_BASE_URL", "").strip() or Endpoint().base_url
    endpoint = Endpoint(**{"base_url": base_url, **settings, **(llm.SETTINGS if local else {})})
    key, notices, replies, missing, letters = key_for(endpoint), [], [], {}, 0
    for place, (messages, schema) in enumerate(questions):
        text = json.dumps([messages, schema.model_json_schema()], sort_keys=True)
        # Everything that decides an answer names it, the server included.
        name = hashlib.sha256(f"{endpoint[:4]}{text}".encode()).hexdigest()[:40]
        path = Path(cache) / f"{name}.json" if cache else None
        replies.append((_cached(path, schema, notices), "cached"))
        if not replies[-1][0]:
            missing[place], letters = ((messages, schema), path), letters + len(text)
    say(
        f"Requests to {endpoint.model} at {endpoint.host} that are not in the cache: {len(missing)}"
        f"; about {letters / 4:,.0f} tokens in (a token is some four letters), at most "
        f"{endpoint.max_tokens * len(missing):,} out."
    )
    if missing:
        # A thread, for a notebook runs a loop; a loop, for only there a trickle can be stopped.
        with llm.local_model() if local else nullcontext(endpoint.base_url) as base_url:
            asked = missing, endpoint._replace(base_url=base_url), key, replies, notices
            with start_blocking_portal() as portal:
                portal.call(_ask, *asked)
    return replies, list(dict.fromkeys(notices)), endpoint.model


async def _ask(missing: dict, endpoint: Endpoint, key: str, replies: list, notices: list) -> None:
    """Ask as many at once as the endpoint allows, and keep each answer as it comes."""
    gate, ends = anyio.CapacityLimiter(endpoint.at_once), anyio.current_time() + endpoint.total
    # No redirect, for another host has no business with the profile; no proxy to this machine;
    # nothing packed, for little may not become much; the time limits are ours.
    outside = not endpoint.is_loopback
    try:
        web = openai.DefaultAsyncHttpxClient(follow_redirects=False, trust_env=outside)
    except (OSError, ValueError):
        raise CareerlibError(
            "The proxy or the certificates in the environment cannot be used; correct HTTPS_PROXY "
            "and SSL_CERT_FILE, or unset them."
        ) from None
    web.event_hooks, web.headers["accept-encoding"] = {"response": [_bounded]}, "identity"
    address = endpoint.base_url
    client = openai.AsyncOpenAI(api_key=key, base_url=address, timeout=None, http_client=web)

    async def one(place: int, question: Question, path: Path | None) -> None:
        replies[place] = None, "template"
        async with gate:
            try:
                with anyio.fail_after(min(endpoint.seconds, ends - anyio.current_time())):
                    answer = await _answer(client, question, endpoint, key)
                replies[place] = answer, "live"
                if path:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    replace_file(path, answer.model_dump_json(indent=1).encode())
            except Exception as error:  # noqa: BLE001 (whatever a server causes costs one answer)
                notices.append(endpoint.says(error))
        bar.update()

    bar = tqdm(total=len(missing), unit=" answers", delay=1, disable=None, leave=False)
    with bar:
        async with client, anyio.create_task_group() as tasks:
            for place, asked in missing.items():
                tasks.start_soon(one, place, *asked)


async def _answer(client: Any, question: Question, endpoint: Endpoint, key: str) -> BaseModel:
    """One request. The raw reply, since the client's parsing warns of what is odd and quotes it."""
    messages, schema = question
    settings = {"max_completion_tokens": endpoint.max_tokens, **endpoint.sampling}
    raw = await client.chat.completions.with_raw_response.parse(
        model=endpoint.model, messages=messages, response_format=schema, **settings
    )
    text = raw.http_response.text
    choice = json.loads(text)["choices"][0]
    message, end = choice["message"], choice["finish_reason"]
    problem = {"length": CUT, "content_filter": WITHHELD}.get(end)
    problem = "refused to answer" if message.get("refusal") else problem
    if problem or len(message["content"]) > MOST_LETTERS:
        raise openai.OpenAIError(problem or LENGTH)
    answer = schema.model_validate_json(message["content"])
    if key != "none" and key in text + answer.model_dump_json():
        raise openai.OpenAIError("repeated the API key; the answer was dropped")
    return answer


async def _bounded(response: httpx2.Response) -> None:
    """Read the body up to a limit before anything else does."""
    if response.headers.get("content-encoding", "identity").casefold() != "identity":
        raise openai.OpenAIError(FORM)
    body = bytearray()
    async for part in response.aiter_raw():
        body += part
        if len(body) > MOST_BYTES:
            raise openai.OpenAIError(LENGTH)
    response._content = bytes(body)


def _cached(path: Path | None, schema: type[BaseModel], notices: list[str]) -> BaseModel | None:
    if path:
        try:
            return schema.model_validate_json(path.read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            pass
        except (OSError, ValidationError):
            notices.append(f"The cached answer '{path.name}' is damaged and was ignored.")
    return None
