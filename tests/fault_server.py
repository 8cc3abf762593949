"""A server of the OpenAI API on the loopback interface that misbehaves on purpose.

A way to behave takes the request's body and gives what is sent, part by part, before the
connection is closed.
"""

import gzip
import json
import re
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from http.client import parse_headers
from itertools import chain, repeat
from socketserver import ThreadingTCPServer

WORDS = (
    "Your days would have a clear purpose here.", "You can show what you know.",
    "This would suit your way of thinking.", "You may find it dry at times.",
    "Be sure that you can live with it.", "You could start small and see.",
)  # fmt: skip
SIDES = {"speaks_for": "for", "speaks_against": "against", "next_step": "next"}
Behave = Callable[[dict], Iterable[bytes]]


class FaultServer(ThreadingTCPServer):
    """Behaves as `behave` says; `asked` and `headers` keep what came."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), None)
        self.behave: Behave = answer()
        self.asked, self.headers, self.stopping = [], [], threading.Event()
        self.address = f"http://127.0.0.1:{self.server_address[1]}/v1"
        threading.Thread(target=self.serve_forever, args=(0.02,)).start()

    def finish_request(self, request, client_address):
        with suppress(OSError), request.makefile("rb") as read, request.makefile("wb", 0) as write:
            if not read.readline():  # the client gave up before it asked
                return
            headers = parse_headers(read)
            asked = json.loads(read.read(int(headers["content-length"])))
            self.headers.append(headers)
            self.asked.append(asked)
            for part in self.behave(asked):
                write.write(part)
                if self.stopping.is_set():
                    break

    def stop(self):
        self.stopping.set()
        self.shutdown()
        self.server_close()


def good(asked: dict) -> dict:
    """An answer that keeps to the schema of the request."""
    schema = asked["response_format"]["json_schema"]["schema"]
    properties, given = schema["properties"], iter(WORDS)
    if "order" in properties:
        return {"order": properties["order"]["items"]["enum"][::-1], "reasons": []}

    def points(side: str, count: int) -> list[dict]:
        kind = schema["$defs"][side]["properties"]["id"]
        ids = kind.get("enum") or [kind["const"]]
        return [{"id": id, "words": next(given)} for id in ids[:count]]

    return {name: points(side, properties[name]["minItems"]) for name, side in SIDES.items()}


def completion(content: object, finish="stop", usage: object = None, **message) -> bytes:
    message = {"role": "assistant", "content": content, **message}
    choices = [{"index": 0, "finish_reason": finish, "message": message}]
    usage = usage or {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
    known = {"id": "x", "object": "chat.completion", "created": 1, "model": "m"}
    return json.dumps({**known, "choices": choices, "usage": usage}).encode()


def head(code=200, kind="application/json", **headers) -> bytes:
    fields = {"content-type": kind, "connection": "close", **headers}
    lines = [f"HTTP/1.1 {code} X", *(f"{k.replace('_', '-')}: {v}" for k, v in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode()


# Ways to behave


def raw(body: bytes, kind="application/json", code=200, **headers) -> Behave:
    return lambda asked: [head(code, kind, content_length=len(body), **headers) + body]


def status(code: int, body: dict | None = None, **headers) -> Behave:
    body = json.dumps(body or {"error": {"message": "no", "type": "x", "code": None}}).encode()
    return raw(body, code=code, **headers)


def answer(value: str | None = None, change: dict | None = None, words="", **how) -> Behave:
    """`value`, or an answer that keeps to the schema, with a `change`, or `words` as JSON text."""

    def behave(asked):
        content = value
        if value is None:
            content = json.dumps({**good(asked), **(change or {})})
            content = content.replace(WORDS[0], words or WORDS[0])
        return raw(completion(content, **how))(asked)

    return behave


def stream(start: bytes, chunk=b" " * 65536, pause=0.0) -> Behave:
    """The start, then the chunk again and again."""
    return lambda asked: chain([start], (time.sleep(pause) or chunk for _ in repeat(0)))


OF_5000 = head(content_length=5000)
hang = stream(b"", b"", 0.05)
drop = lambda asked: [OF_5000[:30]]  # noqa: E731
break_off = lambda asked: [OF_5000 + b'{"id": "x", ']  # noqa: E731
# A byte now and then: no read ever times out.
trickle = stream(OF_5000, b" ", 0.05)
trickle_head = stream(OF_5000[:-2] + b"x-slow: ", b" ", 0.05)
endless = stream(head())
endless_html = stream(head(kind="text/html"))
endless_gzip = stream(head(content_encoding="gzip"))
# A few kilobytes that unpack to fifty megabytes.
bomb = raw(gzip.compress(b" " * 50_000_000), content_encoding="gzip")


def then(*ways: Behave) -> Behave:
    """The first way for the first request, and so on; the last one stays."""
    waiting = chain(ways, repeat(ways[-1]))
    return lambda asked: next(waiting)(asked)


def for_title(title: str, special: Behave) -> Behave:
    """`special` for requests about one occupation."""

    def behave(asked):
        about = re.search(r'Occupation \S+: "(.*)"', asked["messages"][-1]["content"])
        return (special if about and about[1] == title else answer())(asked)

    return behave
