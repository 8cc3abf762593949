"""Questions to a language model, from the cache or over the OpenAI API, and what they cost.

What succeeds is kept on disk the moment it arrives. The key is read from the environment
when it is needed and is held by nothing here: no attribute, message, log line or cache
entry.
"""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

from pydantic import BaseModel
from tqdm import tqdm

from careerlib.errors import CareerlibError
from careerlib.explain.cache import AnswerCache, entry_name
from careerlib.explain.prompts import Messages

OPENAI_MODEL = "gpt-5.4-mini"
NO_KEY_NEEDED = "none"  # what is sent to a server on the loopback interface
CHARACTERS_PER_TOKEN = 4  # a rule of thumb for English


@dataclass(frozen=True)
class Endpoint:
    """Where a model is, and how to ask it.

    base_url: None for OpenAI's own. temperature, frequency_penalty, seed: None leaves them to
        the server (some models refuse them). concurrency: requests at the same time.
    request_seconds: for one question, retries included. total_seconds: for one call,
        whatever happens.
    """

    model: str = OPENAI_MODEL
    base_url: str | None = None
    temperature: float | None = None
    frequency_penalty: float | None = None
    seed: int | None = None
    max_tokens: int = 1500
    concurrency: int = 4
    request_seconds: float = 60.0
    total_seconds: float = 300.0

    @property
    def is_loopback(self) -> bool:
        host = urlsplit(self.base_url or "").hostname or ""
        try:
            return host == "localhost" or ip_address(host).is_loopback
        except ValueError:
            return False

    @property
    def place(self) -> str:
        """Host and port for a message: no user name, password or path."""
        if not self.base_url:
            return "OpenAI"
        parts = urlsplit(self.base_url)
        return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)

    @property
    def settings(self) -> dict:
        """What decides an answer besides the question."""
        return {"model": self.model, "max_tokens": self.max_tokens, **self.sampling}

    @property
    def sampling(self) -> dict[str, float]:
        chosen = {
            "temperature": self.temperature,
            "frequency_penalty": self.frequency_penalty,
            "seed": self.seed,
        }
        return {name: value for name, value in chosen.items() if value is not None}

    def key(self) -> str:
        """OPENAI_API_KEY, or a stand-in for a server on this machine.

        Raises CareerlibError, which never shows the key, where it is missing or could not be
        sent in a header.
        """
        key = os.environ.get("OPENAI_API_KEY", "").strip()
        if not key and self.is_loopback:
            return NO_KEY_NEEDED
        if not key:
            raise CareerlibError(
                "The explainer 'openai' needs a key, but OPENAI_API_KEY is not set; set it, or use "
                "the explainer 'template' or 'local'."
            )
        if not all("!" <= letter <= "~" for letter in key):
            raise CareerlibError(
                "OPENAI_API_KEY holds spaces or letters that no key has (it is not shown here); "
                "copy it again."
            )
        return key


@dataclass(frozen=True)
class Question:
    messages: Messages
    schema: type[BaseModel]


@dataclass(frozen=True)
class Reply:
    """An answer, or the sentence that says why there is none.

    source: "live", "cached", "template", or "" without an answer.
    """

    answer: BaseModel | None
    source: str = ""
    problem: str = ""
    prompt_tokens: int = 0
    answer_tokens: int = 0


@dataclass
class Usage:
    """What a call cost. Tokens are those of live requests."""

    requests: int = 0
    cached: int = 0
    failed: int = 0
    prompt_tokens: int = 0
    answer_tokens: int = 0
    seconds: float = 0.0
    notices: list[str] = field(default_factory=list)


def endpoint_from_environment(model: str | None = None, **limits: float) -> Endpoint:
    """OpenAI, or the server that OPENAI_BASE_URL names."""
    base_url = os.environ.get("OPENAI_BASE_URL", "").strip() or None
    if base_url:
        try:
            parts = urlsplit(base_url)
            good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            good = False
        if not good:
            raise CareerlibError(
                "OPENAI_BASE_URL is not an address such as http://127.0.0.1:8089/v1; correct it or "
                "unset it."
            )
    return Endpoint(model=model or OPENAI_MODEL, base_url=base_url, **limits)


def estimate(questions: Sequence[Question], cached: int, endpoint: Endpoint) -> str:
    """One sentence: how many requests and about how many tokens a call will take."""
    if not questions:
        return f"All {cached} answers are in the cache; {endpoint.model} is not asked."
    letters = sum(len(message["content"]) for ask in questions for message in ask.messages)
    schemas = sum(len(str(ask.schema.model_json_schema())) for ask in questions)
    tokens = round((letters + schemas) / CHARACTERS_PER_TOKEN, -1)
    requests = "1 request" if len(questions) == 1 else f"{len(questions)} requests"
    return (
        f"{requests} to {endpoint.model} at {endpoint.place}, about {tokens:,.0f} tokens in and at "
        f"most {endpoint.max_tokens * len(questions):,} out; {cached} answers are in the cache."
    )


def ask_all(
    questions: Sequence[Question],
    endpoint: Endpoint,
    cache: AnswerCache | None,
    say: Callable[[str], None] = print,
    connect: Callable[[], Endpoint] | None = None,
) -> tuple[list[Reply], Usage]:
    """A reply to each question, in order, from the cache or the model, in bounded time.

    say: gets the estimate before the first request. connect: called only if something must be
    asked, returns the endpoint to use (the local model is started then).

    Raises CareerlibError for a key that is missing or malformed, before anything is sent.
    """
    started = time.monotonic()
    if cache:
        cache.notices.clear()
    names = [entry_name(endpoint.settings, ask.schema, ask.messages) for ask in questions]
    replies: dict[int, Reply] = {}
    for place, (name, ask) in enumerate(zip(names, questions, strict=True)):
        if cache and (found := cache.get(name, ask.schema)):
            replies[place] = Reply(found[0], "cached", "", found[1], found[2])
    open_places = [place for place in range(len(questions)) if place not in replies]
    say(estimate([questions[place] for place in open_places], len(replies), endpoint))
    if open_places:
        endpoint = connect() if connect else endpoint
        # OpenAI's client takes a second to load, and the template never needs it.
        from careerlib.explain.session import Session

        session = Session(endpoint, endpoint.key())
        with tqdm(
            total=len(open_places), unit=" answers", delay=1, disable=None, leave=False
        ) as bar:
            for place, reply in session.run({place: questions[place] for place in open_places}):
                replies[place] = reply
                if reply.answer and cache:
                    cache.put(names[place], reply.answer, reply.prompt_tokens, reply.answer_tokens)
                bar.update()
    ordered = [replies[place] for place in range(len(questions))]
    live = [reply for reply in ordered if reply.source == "live"]
    return ordered, Usage(
        requests=len(open_places),
        cached=len(ordered) - len(open_places),
        failed=sum(reply.answer is None for reply in ordered),
        prompt_tokens=sum(reply.prompt_tokens for reply in live),
        answer_tokens=sum(reply.answer_tokens for reply in live),
        seconds=time.monotonic() - started,
        notices=list(cache.notices) if cache else [],
    )
