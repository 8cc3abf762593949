"""A server of the OpenAI API on the loopback interface that misbehaves on purpose."""

import gzip
import json
import re
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WORDS = (
    "Your days would have a clear purpose here.", "You can show what you know.",
    "This would suit your way of thinking.", "You may find it dry at times.",
    "Be sure that you can live with it.", "You could start small and see.",
)  # fmt: skip
SIDES = {"speaks_for": "for", "speaks_against": "against", "next_step": "next"}


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


class FaultServer:
    """`behave(handler, count)` answers the count-th request (from 1); `asked` keeps the bodies."""

    def __init__(self):
        self.behave: Callable = answer()
        self.asked: list[dict] = []
        self.headers: list[dict] = []
        outer, lock, self.stopping = self, threading.Lock(), threading.Event()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            stopping = self.stopping

            def do_POST(self):
                self.asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
                with lock:
                    outer.asked.append(self.asked)
                    outer.headers.append({k.casefold(): v for k, v in self.headers.items()})
                    count = len(outer.asked)
                try:
                    outer.behave(self, count)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        self.address = f"http://127.0.0.1:{self._server.server_port}/v1"

    def stop(self):
        self.stopping.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def send(handler, status: int, body: bytes, kind="application/json", **headers):
    handler.send_response(status)
    headers = {"content-type": kind, "content-length": str(len(body)), **headers}
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def completion(content: object, finish="stop", usage: object = None, **message) -> bytes:
    message = {"role": "assistant", "content": content, **message}
    choices = [{"index": 0, "finish_reason": finish, "message": message}]
    usage = usage or {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
    known = {"id": "x", "object": "chat.completion", "created": 1, "model": "m"}
    return json.dumps({**known, "choices": choices, "usage": usage}).encode()


# Ways to behave


def answer(value: dict | str | None = None, change=lambda answer: answer, **how):
    """`value`, or an answer that keeps to the schema, `change`d."""

    def behave(handler, count):
        content = change(good(handler.asked)) if value is None else value
        content = content if isinstance(content, str) else json.dumps(content)
        send(handler, 200, completion(content, **how))

    return behave


def status(code: int, body: dict | None = None, **headers):
    body = json.dumps(body or {"error": {"message": "no", "type": "x", "code": None}}).encode()
    return raw(body, code=code, **headers)


def raw(body: bytes, kind="application/json", code=200, **headers):
    return lambda handler, count: send(handler, code, body, kind, **headers)


def stream(head: str, chunk: bytes | None = b"", pause=0.0):
    """The head, then the chunk again and again; with None the connection ends after the head."""

    def behave(handler, count):
        handler.close_connection = True
        handler.wfile.write(head.encode())
        end = time.monotonic() + 30
        while chunk is not None and time.monotonic() < end and not handler.stopping.is_set():
            handler.wfile.write(chunk)
            time.sleep(pause)

    return behave


OK = "HTTP/1.1 200 OK\r\n"
JSON = f"{OK}content-type: application/json\r\n"
hang = stream("", pause=0.05)
drop = stream(f"{OK}content-le", None)
break_off = stream(f'{JSON}content-length: 5000\r\n\r\n{{"id": "x", ', None)
# A byte now and then: no read ever times out.
trickle = stream(f"{JSON}content-length: 5000\r\n\r\n", b" ", 0.05)
trickle_head = stream(f"{OK}x-slow: ", b" ", 0.05)
endless = stream(f"{JSON}\r\n", b" " * 65536)
endless_html = stream(f"{OK}content-type: text/html\r\n\r\n", b" " * 65536)
endless_gzip = stream(f"{JSON}content-encoding: gzip\r\n\r\n", b" " * 65536)
# A few kilobytes that unpack to fifty megabytes.
bomb = raw(gzip.compress(b" " * 50_000_000), content_encoding="gzip")


def then(first, *others):
    """The first way for the first request, and so on; the last one stays."""
    ways = (first, *others)
    return lambda handler, count: ways[min(count, len(ways)) - 1](handler, count)


def for_title(title: str, special):
    """`special` for requests about one occupation."""

    def behave(handler, count):
        about = re.search(r'Occupation \S+: "(.*)"', handler.asked["messages"][-1]["content"])
        (special if about and about[1] == title else answer())(handler, count)

    return behave
