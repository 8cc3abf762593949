"""Download the official O*NET and BLS files, the input of `python -m careerlib data build`."""

import json
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pooch
import requests
from tqdm import tqdm
from urllib3.exceptions import InvalidHeader, ReadTimeoutError
from urllib3.util import Retry

from careerlib import __version__
from careerlib.bls import read_projections
from careerlib.errors import CareerlibError
from careerlib.onet import read_release

ONET_URL = "https://www.onetcenter.org/dl_files/database/db_30_1_text.zip"
BLS_URL = "https://www.bls.gov/emp/ind-occ-matrix/occupation.xlsx"
ONET_FILE = "db_30_1_text.zip"
BLS_FILE = "occupation.xlsx"
# BLS blocks programs that name nobody to write to: https://www.bls.gov/bls/blsterms.htm
CONTACT_VARIABLE = "CAREERLIB_CONTACT"
CHUNK = 8192  # bytes; also the most that a broken connection can lose


@dataclass(frozen=True)
class Patience:
    """How long a download keeps trying; all but `attempts` in seconds."""

    attempts: int = 4
    first_wait: float = 1  # doubled after each failed attempt
    longest_wait: float = 60  # a server that asks for a longer pause is left alone
    connect: float = 10
    silence: float = 30  # how long the server may send nothing


def fetch(
    output_dir: str | Path,
    *,
    onet_url: str = ONET_URL,
    bls_url: str = BLS_URL,
    onet_check: Callable[[Path], object] = read_release,
    bls_check: Callable[[Path], object] = read_projections,
    contact: str = "",
    patience: Patience = Patience(),
) -> str:
    """Download the O*NET release and the BLS workbook into `output_dir`.

    A file that is already there and passes its check is not downloaded again, and none
    is ever overwritten. A download that was cut off stays beside its target as `.part`,
    and the next call continues it where the server allows that. `contact` is an e-mail
    address for the User-Agent header, by default that of the environment variable
    CAREERLIB_CONTACT. A check raises CareerlibError for a file of the wrong content.

    Returns one sentence: what is where now, and the command that comes next. Raises
    CareerlibError, in one sentence, for a publisher that cannot be reached or refuses,
    for a wrong file, and for a folder that cannot be written.
    """
    folder = Path(output_dir).expanduser()
    agent = _user_agent(contact or os.environ.get(CONTACT_VARIABLE, ""))
    onet, bls = folder / ONET_FILE, folder / BLS_FILE
    try:
        onet_state = _provide(onet, onet_url, onet_check, agent, patience)
        bls_state = _provide(bls, bls_url, bls_check, agent, patience)
    except OSError as error:
        # Pooch wraps two sentences of its own around the system's PermissionError.
        reason = error.strerror or getattr(error.__cause__, "strerror", None) or error
        raise CareerlibError(
            f"Cannot use the folder '{folder}' ({reason}); make it writable, make room, or give "
            "another folder with --output."
        ) from error
    return (
        f"{onet_state} and {bls_state} in '{folder}'; next: python -m careerlib data build "
        f'--onet "{onet}" --bls "{bls}"'
    )


def _provide(
    target: Path, url: str, check: Callable[[Path], object], agent: str, patience: Patience
) -> str:
    """Make sure that `target` is there and good; say in a few words how that came about."""
    if target.exists():
        fault = _fault(target, check) if target.is_file() else "it is not a file"
        if fault:
            raise CareerlibError(
                f"'{target}' is already there but cannot be used: {fault}; move or delete it "
                "and run the same command again."
            )
        how = "found"
    else:
        # None: the publishers give no checksum, so the content check stands in for it.
        registry = pooch.Pooch(target.parent, "", {target.name: None}, {target.name: url})
        registry.fetch(
            target.name, downloader=ResumingDownloader(target, check, agent, patience)
        )
        how = "downloaded"
    return f"{target.name} ({how}, {_megabytes(target)})"


def _fault(path: Path, check: Callable[[Path], object]) -> str | None:
    """What is wrong with the file's content, without a full stop; None for a good file."""
    name = path.name.removesuffix(".part")
    with path.open("rb") as file:
        beginning = file.read(1000).lstrip().lower()
    if beginning.startswith((b"<!doctype html", b"<html")):
        return f"it is a web page, not the file {name}"
    try:
        check(path)
    except CareerlibError as error:
        return str(error).replace(str(path), name).rstrip(".")
    except Exception as error:  # damaged archives raise anything from zlib.error to SyntaxError
        return f"it cannot be read ({type(error).__name__}: {' '.join(str(error).split())})"
    return None


class _TryAgain(Exception):
    """A failure that may pass; `wait` is the pause in seconds that the server asked for."""

    def __init__(self, reason: str, wait: float | None = None):
        super().__init__(reason)
        self.wait = wait


class ResumingDownloader:
    """A downloader for pooch that retries, continues and checks the content.

    Bytes collect in `<target>.part`. What the server called this version of the file (its
    ETag or Last-Modified) is noted in `<target>.part.json`, so that only the same version
    is continued (RFC 9110, sections 13.1.5 and 14).
    """

    def __init__(
        self, target: Path, check: Callable[[Path], object], agent: str, patience: Patience
    ):
        self.target = target
        self.part = target.with_name(f"{target.name}.part")
        self.note = target.with_name(f"{target.name}.part.json")
        self.check = check
        self.agent = agent
        self.patience = patience

    def __call__(self, url: str, output_file: str, registry: pooch.Pooch) -> None:
        # Pooch's empty placeholder: a killed process would leave it behind.
        os.remove(output_file)
        self._transfer_patiently(url)
        fault = _fault(self.part, self.check)
        if fault:
            self._discard()
            raise CareerlibError(
                f"{url} did not deliver the expected file, so it was deleted: {fault}; if that "
                f"happens again, look at the address in a browser and save the right file as "
                f"'{self.target}'."
            )
        os.replace(self.part, output_file)
        self.note.unlink(missing_ok=True)

    def _transfer_patiently(self, url: str) -> None:
        wait = self.patience.first_wait
        for attempt in range(1, self.patience.attempts + 1):
            try:
                return self._transfer(url)
            except _TryAgain as failure:
                pause = wait if failure.wait is None else failure.wait
                if attempt == self.patience.attempts or pause > self.patience.longest_wait:
                    raise CareerlibError(self._given_up(url, failure, attempt)) from failure
                pooch.get_logger().info(
                    f"{self.target.name}: {failure}; trying again in {pause:.3g} s."
                )
                time.sleep(pause)
                wait *= 2

    def _given_up(self, url: str, failure: _TryAgain, attempt: int) -> str:
        tries = "1 attempt" if attempt == 1 else f"{attempt} attempts"
        then = "run the same command again later"
        if self._version(url) and self._received():
            then += f", and it continues after the {_megabytes(self.part)} received so far"
        return (
            f"{url} could not be downloaded in {tries}: {failure}; {then}, or open the address "
            f"in a browser and save the file as '{self.target}'."
        )

    def _transfer(self, url: str) -> None:
        """One request, which completes the part file or raises."""
        headers = {"User-Agent": self.agent, "Accept-Encoding": "identity"}
        version = self._version(url)
        have = self._received() if version else 0
        if have:
            headers |= {"Range": f"bytes={have}-", "If-Range": version}
        timeout = (self.patience.connect, self.patience.silence)
        try:
            with requests.get(url, headers=headers, stream=True, timeout=timeout) as response:
                if response.status_code == 200:
                    return self._receive(response, url, start=0)
                if not have or response.status_code not in (206, 416):
                    raise self._refusal(response, url)
                if response.status_code == 206 and _continues(response, have, version):
                    return self._receive(response, url, start=have)
                if response.headers.get("Content-Range") == f"bytes */{have}":
                    return None  # everything had arrived before the last call ended
        except (requests.ConnectionError, requests.Timeout,
                requests.exceptions.ChunkedEncodingError) as error:
            raise _TryAgain(self._reason(error, url)) from error
        except requests.RequestException as error:
            reason = str(error).partition(". ")[0].rstrip(".")
            raise CareerlibError(
                f"{url} cannot be downloaded ({reason}); check the address."
            ) from error
        self._discard()  # the server cannot continue what is here
        return self._transfer(url)

    def _receive(self, response: requests.Response, url: str, start: int) -> None:
        total = _total(response, start)
        with self.part.open("ab" if start else "wb") as file:
            if not start:
                self._remember(response, url)
            with tqdm(
                desc=self.target.name, initial=start, total=total, unit="B", unit_scale=True,
                disable=None,  # off unless on a terminal; pooch prints a plain line in any case
            ) as bar:
                for chunk in response.iter_content(CHUNK):
                    file.write(chunk)
                    bar.update(len(chunk))
        if total is not None and self._received() != total:
            raise _TryAgain("the connection was cut off")

    def _refusal(self, response: requests.Response, url: str) -> Exception:
        status = response.status_code
        if status in (408, 429) or status >= 500:
            wait = _retry_after(response)
            asked = "" if wait is None else f" and asks for a pause of {wait:.0f} s"
            return _TryAgain(f"the server answered {status} {response.reason}{asked}", wait)
        advice = f"open the address in a browser and save the file as '{self.target}'"
        if status in (401, 403) and "@" not in self.agent:
            advice = (
                f"set the environment variable {CONTACT_VARIABLE} to your e-mail address, which "
                f"bls.gov asks of programs, and run the same command again, or {advice}"
            )
        elif status in (404, 410):
            advice = f"find the file on the publisher's site and save it as '{self.target}'"
        return CareerlibError(f"{url} is refused ({status} {response.reason}); {advice}.")

    def _reason(self, error: requests.RequestException, url: str) -> str:
        """The failure in a few words; the libraries' own text is several nested objects."""
        inner = error.args[0] if error.args else None
        if isinstance(error, requests.ConnectTimeout):
            return f"no connection to {urlsplit(url).netloc} within {self.patience.connect:g} s"
        if isinstance(inner, ReadTimeoutError):
            return f"the server sent nothing for {self.patience.silence:g} s"
        if isinstance(error, requests.exceptions.ChunkedEncodingError):
            return "the connection was cut off"
        if isinstance(error, requests.exceptions.SSLError):
            return f"no secure connection to {urlsplit(url).netloc}"
        if isinstance(error, requests.exceptions.ProxyError):
            return f"the proxy gives no connection to {urlsplit(url).netloc}"
        return f"no connection to {urlsplit(url).netloc}"

    def _received(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _version(self, url: str) -> str | None:
        """What the server called the file that the part belongs to; None if unknown."""
        try:
            note = json.loads(self.note.read_text("utf-8"))
            known = note["url"] == url and isinstance(note["version"], str)
            return note["version"] if known else None
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def _remember(self, response: requests.Response, url: str) -> None:
        note = {"url": url, "version": _version_of(response)}
        self.note.write_text(json.dumps(note), "utf-8")

    def _discard(self) -> None:
        self.part.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)


def _total(response: requests.Response, start: int) -> int | None:
    """Size in bytes of the whole file whose bytes from `start` on are delivered, if stated."""
    if "Content-Encoding" in response.headers:
        return None  # the lengths are those of the compressed form
    stated = re.search(r"/(\d+)$", response.headers.get("Content-Range", ""))
    if stated:
        return int(stated[1])
    length = response.headers.get("Content-Length", "")
    return start + int(length) if length.isdecimal() else None


def _version_of(response: requests.Response) -> str | None:
    """The ETag, or else Last-Modified; None where neither identifies the bytes exactly."""
    if "Content-Encoding" in response.headers:
        return None
    etag = response.headers.get("ETag", "W/")
    return response.headers.get("Last-Modified") if etag.startswith("W/") else etag


def _continues(response: requests.Response, have: int, version: str) -> bool:
    """Whether a 206 holds the bytes after `have` of the same version.

    Some servers honour Range but not If-Range, so the version is compared here as well.
    """
    after = response.headers.get("Content-Range", "").startswith(f"bytes {have}-")
    return after and _version_of(response) in (version, None)


def _retry_after(response: requests.Response) -> float | None:
    """The pause in seconds that the server asks for, given as seconds or as a date."""
    try:
        return Retry().parse_retry_after(response.headers["Retry-After"])
    except (KeyError, InvalidHeader):
        return None


def _user_agent(contact: str) -> str:
    if contact and not (contact.isascii() and contact.isprintable() and "@" in contact):
        raise CareerlibError(
            f"The contact for downloads (environment variable {CONTACT_VARIABLE}) is "
            f"{contact!r}, but has to be a plain e-mail address such as name@example.org."
        )
    about = f"career recommender tutorial; contact {contact}" if contact else (
        "career recommender tutorial"
    )
    return f"careerlib/{__version__} ({about})"


def _megabytes(path: Path) -> str:
    return f"{path.stat().st_size / 1e6:.1f} MB"
