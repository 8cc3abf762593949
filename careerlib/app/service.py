"""The post's backend, made usable: an API, described at /openapi.json, and one page.

It logs and keeps no profile, except beside a thumb. It asks no language model: whoever reaches the
page would spend the money of who serves it.
"""

import asyncio
import hmac
import json
import logging
import os
import re
import secrets
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from textwrap import shorten
from typing import Annotated, Any, Literal

import pandas as pd
import uvicorn
from anyio import to_thread
from fastapi import FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import BaseModel, Field, TypeAdapter, create_model
from starlette.exceptions import HTTPException
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from uvicorn.protocols.http.h11_impl import H11Protocol

from careerlib import __version__, profile
from careerlib.app.feedback import FAULTS, open_store, record
from careerlib.catalog import RELEASE, load_catalog
from careerlib.encoding import encode_persons
from careerlib.errors import CareerlibError, told
from careerlib.explain import explain
from careerlib.profile import SARAH, Profile
from careerlib.project import OUTPUTS
from careerlib.recommend import METHODS, RANK_BY, recommend

MOST_BYTES = 64 * 1024  # of a request's body
MOST_SECONDS, MOST_OPEN = 10, 500  # for a request to come; connections that have so long
HOSTS = {"localhost", "127.0.0.1", "::1"}  # the names under which the service answers
POLICY = (
    "default-src 'none'; connect-src 'self'; script-src 'nonce-{0}'; style-src 'nonce-{0}'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
           "X-Content-Type-Options": "nosniff"}  # fmt: skip
CATALOG = load_catalog()
TITLES = pd.concat([CATALOG.titles.reset_index(), CATALOG.reported], ignore_index=True)
TITLES["occupation"] = TITLES["onet_soc_code"].map(CATALOG.titles)

app = FastAPI(
    title="A career recommender", version=__version__, docs_url=None, redoc_url=None,
    responses={"default": {"model": create_model("Refusal", error=str)}},
)  # fmt: skip
app.add_middleware(RequestBodyLimitMiddleware, max_body_size=MOST_BYTES)  # also without a length
app.state.feedback, app.state.keep = OUTPUTS / "feedback.db", (100_000, 365)  # lists, days
app.state.key = secrets.token_bytes(32)


@app.middleware("http")
async def _guarded(request: Request, call_next: Callable) -> Response:
    """Only the service's own pages may ask, nobody at length, and no answer stays in a browser."""
    said, why = request.headers, ""
    host = said.get("host", "")
    if re.sub(r":\d*$", "", host).strip("[]").lower() not in HOSTS:
        status, why = 400, "The service has another name; --allow-host gives it one more."
    elif said.get("origin", f"://{host}").partition("://")[2] != host:
        status, why = 403, "A page of another origin asks; open the service's own page."
    elif int(said.get("content-length", 0)) > MOST_BYTES:
        status, why = 413, f"The request is longer than {MOST_BYTES:,} bytes."
    answer = JSONResponse({"error": why}, status) if why else await call_next(request)
    answer.headers.update(HEADERS)
    return answer


class Wanted(BaseModel, extra="forbid"):
    profile: Annotated[Profile, Field(examples=[asdict(SARAH)])]
    method: Literal[tuple(METHODS)] = "matched"
    top: Annotated[int, Field(ge=1, le=50)] = 10
    rank_by: Literal[RANK_BY] = "fit"
    max_job_zone: Annotated[int, Field(ge=1, le=5)] | None = None


class Pressed(BaseModel, extra="forbid"):
    """What came of a list: 1 or -1 for a thumb up or down, 0 for neither, from its top."""

    list: Annotated[str, Field(pattern="^[ -~]*$")]
    pressed: list[Literal[-1, 0, 1]]


@app.get("/", include_in_schema=False)
def page() -> HTMLResponse:
    nonce, text = secrets.token_hex(16), Path(__file__).with_name("service.html").read_text("utf-8")
    names = json.dumps(TypeAdapter(Profile).json_schema()["properties"])
    text = text.replace("NONCE", nonce).replace("SCHEMA", names)
    return HTMLResponse(text, headers={"Content-Security-Policy": POLICY.format(nonce)})


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok", "version": app.version, "onet": RELEASE}


@app.get("/titles")
def titles(q: Annotated[str, Query(min_length=1, max_length=60)]) -> list[dict[str, str]]:
    """The ten shortest job titles with a word that begins so; the occupation each stands for."""
    found = TITLES[TITLES["title"].str.contains(rf"\b{re.escape(q)}", case=False)]
    return found.sort_values("title", key=lambda title: title.str.len()).head(10).to_dict("records")


@app.post("/recommendations")
def recommendations(wanted: Wanted) -> dict[str, str | list[dict]]:
    """What limits removed, what words mean; a row an occupation, best first; of each, what speaks
    for it and against it, and a next step; all that is to be kept, signed, to come with thumbs."""
    rows, name = recommend(**dict(wanted)), secrets.token_hex(16)
    explained = explain(wanted.profile, rows, catalog=CATALOG)
    kept = json.dumps([name, wanted.method, asdict(wanted.profile), *rows["onet_soc_code"]])
    occupations, reasons = (table.to_dict("records") for table in (rows, explained))
    said = {**rows.attrs, "occupations": occupations, "reasons": reasons}
    return {"list": _signature(kept) + kept, **said}


@app.post("/feedback")
def feedback(pressed: Pressed) -> dict[str, int]:
    """Kept once this has answered; the same list sent again replaces itself."""
    signature, kept = pressed.list[:64], pressed.list[64:]
    if not hmac.compare_digest(signature, _signature(kept)):
        raise CareerlibError("No such list was given out here; ask for a list, and press there.")
    name, method, stated, *codes = json.loads(kept)
    if len(codes) != len(pressed.pressed):
        raise CareerlibError(f"The list has {len(codes)} occupations; give a number for each.")
    (person,) = encode_persons(Profile(**stated))
    with open_store(app.state.feedback, make=False) as store:
        record(store, name, method, person, codes, pressed.pressed, app.state.keep)
    return {"kept": len(codes)}


def _signature(text: str) -> str:
    return hmac.digest(app.state.key, text.encode(), "sha256").hex()


@app.exception_handler(HTTPException)
@app.exception_handler(RequestValidationError)
@app.exception_handler(CareerlibError)
async def _refused(request: Request, error: Exception) -> JSONResponse:
    """One sentence on what is wrong; of a profile, the one that Profile itself tells."""
    status, sentence = getattr(error, "status_code", 409), str(getattr(error, "detail", error))
    if isinstance(error.__cause__, FAULTS):
        status = 503  # well said, but not now
    elif isinstance(error.__cause__, RecursionError):
        sentence = "The request is nested too deeply to be read; a profile has three levels."
    elif isinstance(error, RequestValidationError):
        first, *_ = problems = error.errors()
        where = ".".join(map(str, first["loc"]))
        why = shorten(f"{first['msg']} (at {where})", 300, placeholder="...")
        stated = [one for one in problems if one["loc"][1:2] == ("profile",)]
        sentence = profile.sentence(stated) if stated else f"The request cannot be used: {why}."
        status = 404 if first["loc"][2:3] == ("occupation",) else 422  # well said, but not there
    return JSONResponse({"error": sentence}, status, getattr(error, "headers", None))


class Connection(H11Protocol):
    """uvicorn's, with a clock: cut off where a request does not come, and soon in a crowd."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self.look()

    def look(self, before: Any = "nothing yet") -> None:
        """Again and again: is it the request of the last time that is still not there?"""
        reads = not self.cycle or self.cycle.more_body or self.cycle.response_complete
        if reads and self.cycle is before:
            self.transport.abort()
        elif not self.transport.is_closing():
            seconds = MOST_SECONDS if len(self.connections) < MOST_OPEN else 0.4
            self.loop.call_later(seconds, self.look, self.cycle)


class Server(uvicorn.Server):
    """uvicorn's, which ends soon, whatever is in flight: what was acknowledged is in the file."""

    async def main_loop(self) -> None:
        to_thread.current_default_thread_limiter().total_tokens = 4  # at work at once
        await super().main_loop()
        asyncio.get_running_loop().call_later(1, os._exit, 0)


def serve(
    host: str, port: int, allow_host: Sequence[str], feedback: Path, keep: tuple[int, int]
) -> None:
    """Run the service until it is ended; the arguments are the options of `careerlib serve`."""
    app.state.feedback, app.state.keep = feedback, keep
    do = "choose another --host or --port"
    with told(f"Cannot listen at '{host}', port {port}", do, OSError, UnicodeError):
        family, *_, address = socket.getaddrinfo(host or ".", port, type=socket.SOCK_STREAM)[0]
        listening = socket.create_server(address, family=family)
    # It would tell of each connection that it cannot accept, a thousand times a second.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    with suppress(ImportError):  # Windows has no limit of open files, others a low one at first
        import resource

        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 8192), most))
    with listening:
        with open_store(feedback) as store:
            ((app.state.key,),) = store.execute("SELECT key FROM secret")
        recommend(SARAH, top=1)  # fitted now rather than while the first person waits
        address, port = listening.getsockname()[:2]
        HOSTS.update(name.strip("[]").lower() for name in (address, host, *allow_host))
        at = f"[{address}]" if ":" in address else address
        kept = f"thumbs go to {feedback} ({feedback.stat().st_size:,} bytes)"
        print(f"The page is at http://{at}:{port}/ until you press Ctrl-C; {kept}.", flush=True)
        how = {"log_level": "error", "access_log": False, "lifespan": "off"}  # no profile is logged
        with suppress(KeyboardInterrupt):
            Server(uvicorn.Config(app, http=Connection, **how)).run(sockets=[listening])
