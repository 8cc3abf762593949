"""Downloads against a faulty publisher on the loopback interface."""

import email.utils
import gzip
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import openpyxl
import pooch
import pytest
import requests

from careerlib.errors import CareerlibError
from careerlib.fetch import BLS_FILE, ONET_FILE, Patience, fetch

REPOSITORY = Path(__file__).parents[1]
UPSTREAM = REPOSITORY.parent / "shared" / "upstream"
needs_upstream = pytest.mark.skipif(
    not UPSTREAM.is_dir(), reason="the official files are not in ../shared/upstream"
)

# Long enough for several chunks; no two parts are alike, so that a splice shows.
PAYLOAD = b"".join(b"%07d\n" % number for number in range(12_500))
HALF = len(PAYLOAD) // 2
QUICK = Patience(attempts=3, first_wait=0.01, longest_wait=2, connect=2, silence=0.3)
WEB_PAGE = b"\n<!DOCTYPE html>\n<html><title>Access Denied</title></html>"


def check_payload(path):
    if path.read_bytes() != PAYLOAD:
        raise CareerlibError(f"{path} is not the payload; get the payload.")


# --- A publisher whose answers are scripted, one function for each request -------------


class Publisher:
    def __init__(self):
        self.script = {}
        self.requests = []  # (path, headers)
        self.released = threading.Event()  # lets stalled answers end
        publisher = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                publisher.requests.append((self.path, self.headers))
                answers = publisher.script[self.path]
                answer = answers.pop(0) if len(answers) > 1 else answers[0]
                try:
                    answer(self)
                except (BrokenPipeError, ConnectionResetError):
                    pass  # the client gave up, as some tests want

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    def close(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def ranges(self, path="/onet"):
        return [headers["Range"] for asked, headers in self.requests if asked == path]


def send(body=PAYLOAD, *, status=200, first=None, then=None, ranges=True, if_range=True, **headers):
    """An answer with `body`, of which only the bytes up to `first` are sent if given.

    `then` is called before the connection is closed there. A server with `ranges` serves
    the rest of a file; without `if_range` it does so whatever version the client has.
    """
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    versions = (headers.get("ETag"), headers.get("Last-Modified"))

    def answer(handler):
        start, code = 0, status
        asked = re.match(r"bytes=(\d+)-", handler.headers["Range"] or "")
        known = handler.headers["If-Range"]
        if asked and ranges and (not if_range or known in versions):
            start, code = int(asked[1]), 206
        if start >= len(body) > 0:
            handler.send_response(416)
            handler.send_header("Content-Range", f"bytes */{len(body)}")
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name, value)
        if code == 206:
            handler.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        handler.send_header("Content-Length", str(len(body) - start))
        handler.end_headers()
        handler.wfile.write(body[start:first])
        handler.wfile.flush()
        if then:
            then()

    return answer


@pytest.fixture
def publisher(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "no_proxy",
                 "NO_PROXY", "CAREERLIB_CONTACT"):
        monkeypatch.delenv(name, raising=False)
    publisher = Publisher()
    publisher.script["/bls"] = [send(b"workbook")]
    yield publisher
    publisher.close()


@pytest.fixture
def get(publisher, tmp_path):
    """Fetch into tmp_path/out with '/onet' answered by the given script."""

    def run(*answers, output=tmp_path / "out", **options):
        if answers:
            publisher.script["/onet"] = list(answers)
        given = {
            "onet_url": f"{publisher.url}/onet", "bls_url": f"{publisher.url}/bls",
            "onet_check": check_payload, "bls_check": lambda path: None, "patience": QUICK,
        }
        return fetch(output, **given | options)

    return run


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


@pytest.fixture
def log(caplog):
    pooch.get_logger().addHandler(caplog.handler)
    yield caplog
    pooch.get_logger().removeHandler(caplog.handler)


def refused(get, *answers, **options):
    """The message of the error that the call ends with, which has to be one sentence."""
    with pytest.raises(CareerlibError) as caught:
        get(*answers, **options)
    message = str(caught.value)
    assert message.endswith(".") and "\n" not in message
    assert not re.search(r"\.\s+[A-Z]", message), message
    assert "Traceback" not in message and "object at 0x" not in message
    return message


def names(folder):
    return sorted(path.name for path in folder.iterdir())


# --- What goes well ---------------------------------------------------------------------


def test_both_files_arrive_and_the_sentence_says_what_comes_next(get, out, publisher, log):
    sentence = get(send())
    assert (out / ONET_FILE).read_bytes() == PAYLOAD
    assert names(out) == [ONET_FILE, BLS_FILE]
    assert sentence == (
        f"{ONET_FILE} (downloaded, 0.1 MB) and {BLS_FILE} (downloaded, 0.0 MB) in '{out}'; "
        "next: python -m careerlib data build "
        f'--onet "{out / ONET_FILE}" --bls "{out / BLS_FILE}"'
    )
    assert f"Downloading file '{ONET_FILE}' from '{publisher.url}/onet'" in log.text


def test_files_have_ordinary_permissions(get, out, tmp_path):
    get(send())
    (tmp_path / "ordinary").touch()
    assert (out / ONET_FILE).stat().st_mode == (tmp_path / "ordinary").stat().st_mode


def test_what_is_there_and_good_is_not_downloaded_again(get, publisher):
    get(send())
    publisher.requests.clear()
    assert f"{ONET_FILE} (found, 0.1 MB) and {BLS_FILE} (found, 0.0 MB)" in get()
    assert publisher.requests == []


def test_a_refused_second_file_keeps_the_first(get, out, publisher):
    publisher.script["/bls"] = [send(b"", status=404), send(b"workbook")]
    assert "/bls is refused" in refused(get, send())
    assert names(out) == [ONET_FILE]
    assert f"{ONET_FILE} (found" in get()
    assert len(publisher.ranges("/onet")) == 1


def test_redirects_are_followed(get, out, publisher):
    publisher.script["/moved"] = [send()]
    get(send(b"", status=302, Location="/moved"))
    assert (out / ONET_FILE).read_bytes() == PAYLOAD


def test_user_agent_is_ours_and_carries_the_contact(get, publisher, monkeypatch):
    monkeypatch.setenv("CAREERLIB_CONTACT", "reader@example.org")
    get(send())
    for _, headers in publisher.requests:
        assert re.fullmatch(
            r"careerlib/[\d.]+ \(career recommender tutorial; contact reader@example\.org\)",
            headers["User-Agent"],
        )
        assert headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("contact", ["reader", "jürgen@example.org", "a@b.org\nHost: x"])
def test_a_contact_that_is_no_address_is_refused(get, contact):
    assert "name@example.org" in refused(get, send(), contact=contact)


def test_home_folder_is_understood(get, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    get(send(), output="~/files")
    assert names(tmp_path / "files") == [ONET_FILE, BLS_FILE]


class Terminal(io.StringIO):
    def isatty(self):
        return True


def trickle(handler):
    """Pauses of 0.1 s that add up to 0.8 s, more than the silence allowed."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(PAYLOAD)))
    handler.end_headers()
    for start in range(0, len(PAYLOAD), len(PAYLOAD) // 8):
        handler.wfile.write(PAYLOAD[start : start + len(PAYLOAD) // 8])
        handler.wfile.flush()
        time.sleep(0.1)


def test_slow_server_shows_progress_in_bytes(get, out, publisher, monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    get(trickle, patience=Patience(silence=0.6))
    assert (out / ONET_FILE).read_bytes() == PAYLOAD
    assert len(publisher.ranges()) == 1
    shown = sys.stderr.getvalue()
    steps = {int(step) for step in re.findall(rf"{re.escape(ONET_FILE)}: +(\d+)%", shown)}
    assert 100 in steps and len(steps) > 3
    assert re.search(r"100k/100k \[.*B/s\]", shown)


def test_no_bar_where_there_is_no_terminal(get, monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    get(send())
    assert sys.stderr.getvalue() == ""


# --- Failures that pass -----------------------------------------------------------------

VERSION = {"ETag": '"first"'}
DATED = {"Last_Modified": "Tue, 09 Dec 2025 12:00:00 GMT"}


@pytest.mark.parametrize("version", [VERSION, DATED, {"ETag": 'W/"weak"', **DATED}])
def test_cut_off_download_continues_with_the_rest(get, out, publisher, log, version):
    get(send(first=HALF, **version), send(**version))
    assert (out / ONET_FILE).read_bytes() == PAYLOAD
    assert names(out) == [ONET_FILE, BLS_FILE]
    asked_first, asked_then = publisher.ranges()
    assert asked_first is None
    start = int(re.fullmatch(r"bytes=(\d+)-", asked_then)[1])
    assert HALF - 8192 <= start <= HALF
    expected = version.get("Last_Modified") or version["ETag"]
    assert publisher.requests[1][1]["If-Range"] == expected
    assert "the connection was cut off; trying again in 0.01 s" in log.text


def test_progress_of_a_continued_download_counts_what_was_there(get, monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    get(send(first=HALF, **VERSION), send(**VERSION))
    steps = [int(step) for step in re.findall(rf"{ONET_FILE}: +(\d+)%", sys.stderr.getvalue())]
    assert steps.count(0) == 1 and 100 in steps  # the second bar does not begin at nothing


def test_server_without_ranges_starts_over(get, out, publisher):
    get(send(first=HALF, **VERSION), send(ranges=False, **VERSION))
    assert (out / ONET_FILE).read_bytes() == PAYLOAD
    assert publisher.ranges()[1] is not None


def test_nothing_is_continued_that_the_server_does_not_identify(get, out, publisher):
    get(send(first=HALF, ETag='W/"weak"'), send(ETag='W/"weak"'))
    assert (out / ONET_FILE).read_bytes() == PAYLOAD
    assert publisher.ranges() == [None, None]


def test_file_that_comes_compressed_is_unpacked_and_never_continued(get, out, publisher):
    packed = gzip.compress(PAYLOAD)
    compressed = {"Content_Encoding": "gzip", **VERSION}
    get(send(packed, first=len(packed) - 5000, **compressed), send(packed, **compressed))
    assert (out / ONET_FILE).read_bytes() == PAYLOAD
    assert publisher.ranges() == [None, None]


@pytest.mark.parametrize("if_range", [True, False])
def test_a_file_that_changed_in_between_is_not_spliced(get, out, if_range):
    old = PAYLOAD.replace(b"0", b"x")
    get(send(old, first=HALF, **VERSION), send(ETag='"second"', if_range=if_range))
    assert (out / ONET_FILE).read_bytes() == PAYLOAD


def test_answer_for_another_range_is_not_spliced(get, out):
    def other_range(handler):
        start = 100 if handler.headers["Range"] else 0
        handler.send_response(206 if start else 200)
        if start:
            handler.send_header("Content-Range", f"bytes {start}-{len(PAYLOAD) - 1}/{len(PAYLOAD)}")
        handler.send_header("ETag", '"first"')
        handler.send_header("Content-Length", str(len(PAYLOAD) - start))
        handler.end_headers()
        handler.wfile.write(PAYLOAD[start:])

    get(send(first=HALF, **VERSION), other_range)
    assert (out / ONET_FILE).read_bytes() == PAYLOAD


def test_a_range_served_in_pieces_is_put_together(get, out, publisher):
    def piece(handler):
        start = int(re.match(r"bytes=(\d+)-", handler.headers["Range"])[1])
        body = PAYLOAD[start : start + 30_000]
        handler.send_response(206)
        handler.send_header("ETag", '"first"')
        end = start + len(body) - 1
        handler.send_header("Content-Range", f"bytes {start}-{end}/{len(PAYLOAD)}")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    get(send(first=HALF, **VERSION), piece)
    assert (out / ONET_FILE).read_bytes() == PAYLOAD
    assert len(publisher.ranges()) == 3


def leave_part(out, body, note):
    out.mkdir()
    (out / f"{ONET_FILE}.part").write_bytes(body)
    text = note if isinstance(note, str) else json.dumps(note)
    (out / f"{ONET_FILE}.part.json").write_text(text, "utf-8")


def test_part_that_is_already_complete_is_used(get, out, publisher):
    leave_part(out, PAYLOAD, {"url": f"{publisher.url}/onet", "version": '"first"'})
    get(send(**VERSION))
    assert names(out) == [ONET_FILE, BLS_FILE]
    assert publisher.ranges() == [f"bytes={len(PAYLOAD)}-"]


def test_part_longer_than_the_file_is_dropped(get, out, publisher):
    leave_part(out, PAYLOAD + b"more", {"url": f"{publisher.url}/onet", "version": '"first"'})
    get(send(**VERSION))
    assert (out / ONET_FILE).read_bytes() == PAYLOAD
    assert publisher.ranges() == [f"bytes={len(PAYLOAD) + 4}-", None]


@pytest.mark.parametrize(
    "note", ["", "[]", "{}", {"url": "http://127.0.0.1/other", "version": '"first"'},
             {"url": "the address", "version": 5}]
)
def test_part_of_something_else_is_dropped(get, out, publisher, note):
    if isinstance(note, dict) and note["url"] == "the address":
        note = note | {"url": f"{publisher.url}/onet"}
    leave_part(out, b"something else", note)
    get(send(**VERSION))
    assert (out / ONET_FILE).read_bytes() == PAYLOAD
    assert publisher.ranges() == [None]


@pytest.mark.parametrize("status", [500, 502, 503, 408, 429])
def test_a_server_in_trouble_is_asked_again(get, out, log, status):
    get(send(b"busy", status=status), send())
    assert (out / ONET_FILE).read_bytes() == PAYLOAD
    assert f"the server answered {status}" in log.text


@pytest.mark.parametrize("as_date", [False, True])
def test_retry_after_is_waited_out(get, out, as_date):
    began = time.time()
    # A date has whole seconds, so one second from now may be up to a second less.
    pause = email.utils.formatdate(began + 1.999, usegmt=True) if as_date else "1"
    get(send(b"", status=429, Retry_After=pause), send())
    assert (out / ONET_FILE).read_bytes() == PAYLOAD
    assert time.time() - began > 0.99


def test_retry_after_that_is_too_long_ends_at_once(get, publisher, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda pause: pytest.fail(f"waits for {pause} s"))
    message = refused(get, send(b"", status=429, Retry_After="3600"))
    assert "in 1 attempt: the server answered 429" in message
    assert "asks for a pause of 3600 s; run the same command again later" in message
    assert len(publisher.ranges()) == 1


def test_retry_after_that_makes_no_sense_is_ignored(get, out):
    get(send(b"", status=503, Retry_After="soon"), send())
    assert (out / ONET_FILE).read_bytes() == PAYLOAD


def test_waits_grow(get, monkeypatch):
    waits = []
    monkeypatch.setattr(time, "sleep", waits.append)
    refused(get, send(b"", status=500), patience=Patience(attempts=4))
    assert waits == [1, 2, 4]


# --- Failures that stay -----------------------------------------------------------------


@pytest.mark.parametrize("status", [500, 503])
def test_trouble_that_stays_ends_after_the_attempts(get, out, publisher, status):
    message = refused(get, send(b"", status=status))
    assert f"/onet could not be downloaded in 3 attempts: the server answered {status}" in message
    assert len(publisher.ranges()) == 3
    assert names(out) == []


def test_missing_file_is_not_asked_for_again(get, out, publisher):
    message = refused(get, send(b"gone", status=404))
    assert "/onet is refused (404 Not Found); find the file on the publisher's site" in message
    assert f"save it as '{out / ONET_FILE}'" in message
    assert len(publisher.ranges()) == 1
    assert names(out) == []


def test_refusal_tells_how_to_leave_a_contact(get, publisher):
    message = refused(get, send(WEB_PAGE, status=403))
    assert "/onet is refused (403 Forbidden); set the environment variable" in message
    assert "CAREERLIB_CONTACT" in message and "save the file as" in message
    assert len(publisher.ranges()) == 1
    message = refused(get, send(WEB_PAGE, status=403), contact="reader@example.org")
    assert "CAREERLIB_CONTACT" not in message and "open the address in a browser" in message


def test_silent_server_ends_in_bounded_time(get, publisher, out):
    began = time.monotonic()
    message = refused(get, lambda handler: publisher.released.wait(10))
    assert "in 3 attempts: the server sent nothing for 0.3 s" in message
    assert time.monotonic() - began < 4
    assert names(out) == []


def test_server_that_stalls_halfway_ends_in_bounded_time(get, publisher, out):
    def wait():
        publisher.released.wait(10)

    began = time.monotonic()
    message = refused(get, send(first=HALF, then=wait, **VERSION), send(first=HALF, then=wait))
    assert "the server sent nothing for 0.3 s; run the same command again later" in message
    assert time.monotonic() - began < 4


def test_what_arrived_is_kept_for_the_next_call(get, publisher, out):
    message = refused(get, send(first=HALF, **VERSION), send(b"", status=500))
    assert re.search(r"500 .*, and it continues after the 0\.\d MB received so far, or", message)
    assert message.endswith(f"in a browser and save the file as '{out / ONET_FILE}'.")
    assert names(out) == [f"{ONET_FILE}.part", f"{ONET_FILE}.part.json"]
    kept = (out / f"{ONET_FILE}.part").stat().st_size
    publisher.requests.clear()
    get(send(**VERSION))
    assert publisher.ranges() == [f"bytes={kept}-"]
    assert names(out) == [ONET_FILE, BLS_FILE]


def test_nothing_is_promised_that_cannot_be_continued(get):
    assert "continues" not in refused(get, send(first=HALF))


def test_unreachable_port(get):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        message = refused(get, onet_url=f"http://{address}/file")
    assert f"in 3 attempts: no connection to {address}; run" in message


def test_plain_http_where_https_is_expected(get, publisher):
    message = refused(get, onet_url=publisher.url.replace("http", "https") + "/onet")
    assert "no secure connection to 127.0.0.1" in message


def test_proxy_that_is_not_there(get, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{taken.getsockname()[1]}")
        message = refused(get, onet_url="http://publisher.invalid/file")
    assert "the proxy gives no connection to publisher.invalid; run" in message


def test_address_where_nobody_answers(get, publisher, monkeypatch):
    def lost(*args, **options):
        raise requests.ConnectTimeout

    monkeypatch.setattr(requests, "get", lost)
    address = publisher.url.removeprefix("http://")
    assert f"in 3 attempts: no connection to {address} within 2 s; run" in refused(get)


@pytest.mark.parametrize("url", ["nonsense", "gopher://127.0.0.1/file", "http://[bad/file"])
def test_address_that_is_none(get, url, publisher):
    assert "check the address" in refused(get, onet_url=url)


def test_redirects_in_a_circle_end(get):
    assert "redirects" in refused(get, send(b"", status=302, Location="/onet"))


# --- Wrong files ------------------------------------------------------------------------


def test_web_page_with_status_200_is_not_kept(get, publisher, out):
    message = refused(get, send(WEB_PAGE, **VERSION))
    assert message.startswith(f"{publisher.url}/onet did not deliver the expected file")
    assert f"it is a web page, not the file {ONET_FILE}" in message
    assert f"save the right file as '{out / ONET_FILE}'" in message
    assert names(out) == []


def test_wrong_content_is_not_kept_and_named_as_the_target(get, out, publisher):
    message = refused(get, send(PAYLOAD + b"more", **VERSION))
    assert f"so it was deleted: {ONET_FILE} is not the payload; get the payload; if" in message
    assert ".part" not in message
    assert names(out) == []
    assert len(publisher.ranges()) == 1


def test_a_check_that_breaks_is_a_wrong_file_too(get, out):
    def broken(path):
        raise IndexError("no such\nentry.")

    message = refused(get, send(), onet_check=broken)
    assert "it cannot be read (IndexError: no such entry.); if" in message
    assert names(out) == []


def test_wrong_file_that_was_there_is_kept(get, out, publisher):
    out.mkdir()
    (out / ONET_FILE).write_bytes(b"mine")
    message = refused(get, send())
    assert f"'{out / ONET_FILE}' is already there but cannot be used: {ONET_FILE} is" in message
    assert "move or delete it and run the same command again" in message
    assert (out / ONET_FILE).read_bytes() == b"mine"
    assert publisher.requests == []


def test_good_file_is_untouched_when_the_other_is_wrong(get, out, publisher):
    get(send())
    (out / BLS_FILE).unlink()
    publisher.script["/bls"] = [send(WEB_PAGE)]
    before = (out / ONET_FILE).stat()
    refused(get)
    assert (out / ONET_FILE).stat() == before
    assert names(out) == [ONET_FILE]


# --- Places that cannot be written ------------------------------------------------------


def test_output_that_is_a_file(get, tmp_path):
    (tmp_path / "file").write_text("mine", "utf-8")
    message = refused(get, send(), output=tmp_path / "file")
    assert "--output" in message and str(tmp_path / "file") in message
    assert "--output" in refused(get, send(), output=tmp_path / "file" / "below")
    assert (tmp_path / "file").read_text("utf-8") == "mine"


def test_target_that_is_a_folder(get, out):
    (out / ONET_FILE).mkdir(parents=True)
    assert "it is not a file; move or delete it" in refused(get, send())


def test_folder_without_permission(get, out, monkeypatch):
    def denied(*args, dir, **options):
        raise PermissionError(13, "Permission denied", str(dir))

    out.mkdir()
    # Not by chmod, which does not stop root.
    monkeypatch.setattr("pooch.utils.tempfile.NamedTemporaryFile", denied)
    message = refused(get, send())
    assert f"Cannot use the folder '{out}' (Permission denied); make it writable" in message


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_full_disk(get, out):
    out.mkdir()
    (out / f"{ONET_FILE}.part").symlink_to("/dev/full")
    message = refused(get, send())
    assert f"Cannot use the folder '{out}' (No space left on device); make it writable" in message


# --- Calls that are aborted -------------------------------------------------------------

# A shell's background jobs ignore SIGINT, and so would what they start.
ABORTED_CALL = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from careerlib.fetch import Patience, fetch
url, folder = sys.argv[1:]
fetch(folder, onet_url=url + "/onet", bls_url=url + "/bls", onet_check=lambda path: None,
      bls_check=lambda path: None, patience=Patience(silence=20))
"""


@pytest.mark.skipif(os.name == "nt", reason="signals are sent in the way of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, getattr(signal, "SIGKILL", None)])
def test_next_call_continues_an_aborted_one(get, out, publisher, number):
    reached = threading.Event()

    def stall():
        reached.set()
        publisher.released.wait(20)

    publisher.script["/onet"] = [send(first=HALF, then=stall, **VERSION), send(**VERSION)]
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", ABORTED_CALL, publisher.url, str(out)],
        cwd=REPOSITORY, stderr=subprocess.PIPE, text=True,
    )
    assert reached.wait(20)
    part = out / f"{ONET_FILE}.part"
    deadline = time.monotonic() + 10
    while not (part.exists() and part.stat().st_size > HALF - 3 * 8192):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(number)
    errors = process.communicate(timeout=20)[1]
    assert process.returncode != 0
    if number == signal.SIGINT:
        assert "KeyboardInterrupt" in errors
    assert names(out) == [f"{ONET_FILE}.part", f"{ONET_FILE}.part.json"]
    kept = part.stat().st_size
    get()
    assert publisher.ranges() == [None, f"bytes={kept}-"]
    assert (out / ONET_FILE).read_bytes() == PAYLOAD
    assert names(out) == [ONET_FILE, BLS_FILE]


# --- The official files, checked by the project's own readers ---------------------------


def zipped(files, folder="db_30_1_text/"):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in files.items():
            archive.writestr(folder + name, content)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def release():
    folder = UPSTREAM / "onet" / "db_30_1_text"
    # The two large files that the reader does not use would only cost time here.
    unused = {"Abilities.txt", "Knowledge.txt"}
    return {
        path.name: path.read_bytes() for path in folder.iterdir() if path.name not in unused
    }


@pytest.fixture(scope="module")
def release_zip(release):
    return zipped(release)


@pytest.fixture
def official(get):
    """Fetch with the default checks, which read the files."""
    from careerlib.bls import read_projections
    from careerlib.onet import read_release

    return lambda *answers: get(*answers, onet_check=read_release, bls_check=read_projections)


@needs_upstream
def test_official_files_pass(official, publisher, release_zip, out):
    workbook = (UPSTREAM / "bls" / "occupation.xlsx").read_bytes()
    publisher.script["/bls"] = [send(workbook)]
    # A slip in the defaults would be silent otherwise.
    publisher.script["/onet"] = [send(release_zip)]
    sentence = fetch(
        out, onet_url=f"{publisher.url}/onet", bls_url=f"{publisher.url}/bls", patience=QUICK
    )
    assert "next: python -m careerlib data build" in sentence
    assert (out / ONET_FILE).read_bytes() == release_zip
    assert (out / BLS_FILE).read_bytes() == workbook


@needs_upstream
def test_other_release_is_not_kept(official, release, out):
    other = release | {"Read Me.txt": release["Read Me.txt"].replace(b"30.1", b"30.0")}
    message = refused(official, send(zipped(other)))
    assert "30.0" in message and "30.1" in message
    assert names(out) == []


@needs_upstream
def test_truncated_zip_is_not_kept(official, release_zip, out):
    message = refused(official, send(release_zip[: len(release_zip) // 2]))
    assert f"{ONET_FILE} is neither a folder nor a complete zip file" in message
    assert names(out) == []


@needs_upstream
def test_damaged_zip_is_not_kept(official, release_zip, out):
    middle = len(release_zip) // 2
    damaged = release_zip[:middle] + bytes(2000) + release_zip[middle + 2000 :]
    assert "did not deliver the expected file" in refused(official, send(damaged))
    assert names(out) == []


def test_some_other_zip_is_not_kept(official, out):
    message = refused(official, send(zipped({"a.txt": "a"})))
    assert "is not an O*NET text release" in message
    assert names(out) == []


def workbook_bytes(sheet, header):
    workbook = openpyxl.Workbook()
    workbook.active.title = sheet
    workbook.active.append(["Table 1.2"])
    workbook.active.append(header)
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


LAST_YEAR = ["2023 National Employment Matrix title", "Employment, 2023", "Employment, 2033"]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (workbook_bytes("Table 1.2", LAST_YEAR), "the years 2023 and 2033"),
        (workbook_bytes("Sheet1", ["a"]), "has no sheet 'Table 1.2'"),
        (b"code,title\n11-1011,Chief Executives\n", "is not a complete Excel workbook"),
        (WEB_PAGE, "it is a web page"),
        (b"", "is not a complete Excel workbook"),
    ],
    ids=["last year", "other workbook", "csv", "web page", "empty"],
)
def test_wrong_workbook_is_not_kept(get, publisher, out, body, found):
    from careerlib.bls import read_projections

    publisher.script["/bls"] = [send(body)]
    message = refused(get, send(), bls_check=read_projections)
    assert message.startswith(f"{publisher.url}/bls did not deliver") and found in message
    assert names(out) == [ONET_FILE]
