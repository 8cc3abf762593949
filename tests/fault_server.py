"""A server of the OpenAI API on the loopback interface that misbehaves on purpose."""

import gzip
import json
import re
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WORDS = (
    "Your days would have a clear purpose here.",
    "You can show what you know.",
    "This would suit your way of thinking.",
    "You may find it dry at times.",
    "Be sure that you can live with it.",
    "You could start small and see.",
)


def good(asked: dict, words=WORDS) -> dict:
    """An answer that keeps to the schema of the request."""
    schema = asked["response_format"]["json_schema"]["schema"]
    properties = schema["properties"]
    if "order" in properties:
        return {"order": properties["order"]["items"]["enum"][::-1], "reasons": []}
    given = iter(words)

    def point(side: str, place: int = 0) -> dict:
        kind = schema["$defs"][side]["properties"]["id"]
        return {"id": (kind.get("enum") or [kind["const"]])[place], "words": next(given)}

    sides = {"speaks_for": "for", "speaks_against": "against", "next_step": "next"}
    return {
        name: [point(side, n) for n in range(properties[name]["minItems"])]
        for name, side in sides.items()
    }


class FaultServer:
    """`behave(handler, count)` answers the count-th request (from 1); `asked` keeps the bodies."""

    def __init__(self):
        self.behave: Callable = answer()
        self.asked: list[dict] = []
        self.headers: list[dict] = []
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                length = int(self.headers.get("content-length", 0))
                body = json.loads(self.rfile.read(length) or b"{}")
                with outer._lock:
                    outer.asked.append(body)
                    outer.headers.append(
                        {name.casefold(): value for name, value in self.headers.items()}
                    )
                    count = len(outer.asked)
                self.server.outer = outer
                try:
                    outer.behave(self, count)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self._thread.start()
        self.address = f"http://127.0.0.1:{self._server.server_port}/v1"

    def stop(self):
        self.stopping.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def send(handler, status: int, body: bytes, kind="application/json", **headers):
    handler.send_response(status)
    handler.send_header("content-type", kind)
    handler.send_header("content-length", str(len(body)))
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def completion(content: str | None, finish="stop", **message) -> bytes:
    return json.dumps(
        {
            "id": "x",
            "object": "chat.completion",
            "created": 1,
            "model": "m",
            "choices": [
                {
                    "index": 0,
                    "finish_reason": finish,
                    "message": {"role": "assistant", "content": content, **message},
                }
            ],
            "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
        }
    ).encode()


# Ways to behave


def answer(value: dict | str | None = None, change=None, **how):
    """`value`, or an answer that keeps to the schema, `change`d."""

    def behave(handler, count):
        outer = handler.server.outer
        with outer._lock:
            asked = outer.asked[count - 1]
        content = value
        if value is None:
            content = good(asked) if change is None else change(good(asked))
        content = content if isinstance(content, str) else json.dumps(content)
        send(handler, 200, completion(content, **how))

    return behave


def status(code: int, body: dict | None = None, **headers):
    body = json.dumps(body or {"error": {"message": "no", "type": "x", "code": None}}).encode()
    return lambda handler, count: send(handler, code, body, **headers)


def raw(body: bytes, kind="application/json"):
    return lambda handler, count: send(handler, 200, body, kind)


def refuse(handler, count):
    send(handler, 200, completion(None, refusal="I would rather not."))


def drop(handler, count):
    """Half a head, then nothing."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-le")
    handler.wfile.flush()
    handler.close_connection = True


def break_off(handler, count):
    """A body that is shorter than announced."""
    handler.send_response(200)
    handler.send_header("content-type", "application/json")
    handler.send_header("content-length", "5000")
    handler.end_headers()
    handler.wfile.write(b'{"id": "x", ')
    handler.close_connection = True


def hang(handler, count):
    handler.server.outer.stopping.wait(30)
    handler.close_connection = True


def trickle(handler, count):
    """A byte now and then: no read ever times out."""
    handler.send_response(200)
    handler.send_header("content-type", "application/json")
    handler.send_header("content-length", "5000")
    handler.end_headers()
    _drip(handler)


def trickle_head(handler, count):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nx-slow: ")
    _drip(handler)


def _drip(handler):
    end = time.monotonic() + 30
    while time.monotonic() < end and not handler.server.outer.stopping.is_set():
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.05)
    handler.close_connection = True


def endless(kind="application/json", encoding="identity", chunk=b" " * 65536):
    """A body that never ends, or one that is small until it is unpacked."""

    def behave(handler, count):
        handler.send_response(200)
        handler.send_header("content-type", kind)
        handler.send_header("content-encoding", encoding)
        handler.end_headers()
        end = time.monotonic() + 30
        while time.monotonic() < end and not handler.server.outer.stopping.is_set():
            handler.wfile.write(chunk)
        handler.close_connection = True

    return behave


def bomb(handler, count):
    """A few kilobytes of gzip that unpack to fifty megabytes."""
    packed = gzip.compress(b" " * 50_000_000)
    send(handler, 200, packed, content_encoding="gzip")


def then(first, *others):
    """The first way for the first request, and so on; the last one stays."""
    ways = (first, *others)
    return lambda handler, count: ways[min(count, len(ways)) - 1](handler, count)


def for_title(title: str, special, otherwise=None):
    """`special` for requests about one occupation."""
    otherwise = otherwise or answer()

    def behave(handler, count):
        with handler.server.outer._lock:
            body = handler.server.outer.asked[count - 1]
        asked = body["messages"][-1]["content"]
        about = re.search(r'Occupation \S+: "(.*)"', asked)
        (special if about and about[1] == title else otherwise)(handler, count)

    return behave
