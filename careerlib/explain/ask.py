"""Questions to a language model through OpenAI's client; every failure is one sentence, the whole
has one time limit, and what arrives is kept at once."""

import hashlib
import json
import os
import re
import time
from contextlib import suppress
from multiprocessing.pool import ThreadPool  # its threads end with the process, also one that hangs
from pathlib import Path
from typing import Any

import openai
from pydantic import BaseModel, HttpUrl

from careerlib.errors import CareerlibError
from careerlib.explain.facts import TEXTS
from careerlib.project import OUTPUTS, write

FAILURES = TEXTS["failures"]
Reply = tuple[BaseModel | None, str]  # an answer, and "live", "cached" or "template" (none)


def client_from_environment() -> openai.OpenAI:
    """A client of OpenAI, or of what OPENAI_BASE_URL names; OPENAI_API_KEY is needed unless that is
    on this machine. Raises CareerlibError, which never shows the key."""
    address = os.environ.get("OPENAI_BASE_URL", "").strip() or "https://api.openai.com/v1"
    # The text of an error, which may be endless, is not read; another host, to which we are
    # redirected, has no business with the profile.
    hooks = {"response": [lambda response: response.is_success or response.close()]}
    how = {"follow_redirects": False, "event_hooks": hooks}
    try:
        here = HttpUrl(address).host in ("localhost", "127.0.0.1", "[::1]")
        web = openai.DefaultHttpxClient(trust_env=not here, **how)
    except (OSError, ValueError):
        what = "OPENAI_BASE_URL, HTTPS_PROXY or SSL_CERT_FILE cannot be used"
        raise CareerlibError(f"{what}; correct or unset them.") from None
    key = os.environ.get("OPENAI_API_KEY", "").strip() or "none" * here
    if not re.fullmatch("[!-~]+", key):
        what = "OPENAI_API_KEY is not set, or holds letters that no key has"
        raise CareerlibError(f"{what}; set it, or use the writer 'template'.")
    return openai.OpenAI(api_key=key, base_url=address, timeout=60, http_client=web)


def ask_all(
    questions: list[tuple], client: openai.OpenAI, model: str, at_once: int = 4,
    sampling: dict[str, float] | None = None, seconds: float = 120.0,
    cache: Path | str | None = OUTPUTS / "answers",
) -> tuple[list[Reply], list[str]]:  # fmt: skip
    """A reply to each question (messages, and the schema of an answer), in order, and a notice of
    each failure. sampling: temperature and the like. seconds: for all. cache: a folder or None."""
    request = {"model": model, "max_completion_tokens": 1500, **(sampling or {})}
    ends, replies, notices = time.monotonic() + seconds, [], {}
    with ThreadPool(at_once) as pool:
        for waiting in [pool.apply_async(_reply, (client, request, cache, *q)) for q in questions]:
            try:
                replies.append(waiting.get(max(0.0, ends - time.monotonic())))
            except Exception as error:  # whatever a server causes costs one answer
                replies.append((None, "template"))
                # In our words: what a server says of an error may hold the key.
                kinds = (kind.__name__ for kind in type(error).__mro__)
                said = next(FAILURES[kind] for kind in kinds if kind in FAILURES)
                at = client.base_url.netloc.decode()
                notices[f"The model {model} at {at} {said.format(error=error)}."] = True
    return replies, [*notices]


def _reply(client: openai.OpenAI, request: dict, cache: Any, messages: list, schema: Any) -> Reply:
    """From the cache, or asked and kept there; without one nothing is found, and nothing kept."""
    kind = {"name": "answer", "strict": True, "schema": schema.model_json_schema()}
    form = {"type": "json_schema", "json_schema": kind}
    request = {**request, "messages": messages, "response_format": form}
    # Everything that decides an answer names it, the server included.
    asked = json.dumps([str(client.base_url), request], sort_keys=True).encode()
    path = Path(cache or os.devnull, f"{hashlib.sha256(asked).hexdigest()[:40]}.json")
    with suppress(OSError, ValueError):  # it is not there, or damaged
        return schema.model_validate_json(path.read_bytes()), "cached"
    text = _asked(client, request)
    answer = schema.model_validate_json(text[text.find("{") : text.rfind("}") + 1])  # of a fence
    # Twelve letters of the key in a row, whatever is put between them.
    texts = answer.model_dump_json(), client.api_key
    said, key = (re.sub(r"[\W_]", "", text).casefold() for text in texts)
    if any(key[at : at + 12] in said for at in range(len(key) - 11)):
        raise openai.OpenAIError("repeated the API key; the answer was dropped")
    with suppress(CareerlibError):  # then it is asked again the next time
        write(path, answer.model_dump_json(indent=1))
    return answer, "live"


def _asked(client: openai.OpenAI, request: dict) -> str:
    """The text of a reply, which is read up to a limit before anything is parsed."""
    body = b""
    with client.chat.completions.with_streaming_response.create(**request) as response:
        for part in response.iter_bytes():
            if len(body := body + part) > 50_000:
                raise openai.OpenAIError("sent more than an answer can be")
    choice = json.loads(body)["choices"][0]
    message, end = choice["message"], choice["finish_reason"]
    if message.get("refusal") or end == "content_filter":
        raise openai.OpenAIError("refused to answer")
    if end == "length":
        raise openai.OpenAIError("was cut off at its limit of tokens")
    return message["content"]
