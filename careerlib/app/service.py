"""The post's backend, made usable: an API, described at /openapi.json, and one page.

No profile is logged or kept, except what was stated beside a thumb (see `careerlib.app.feedback`).
Lists are made in threads, so that nothing waits for one; thumbs are written one by one (`async`).
"""

import asyncio
import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from pydantic import BaseModel, BeforeValidator, Field, create_model
from starlette.exceptions import HTTPException

from careerlib import __version__
from careerlib.app.feedback import open_store, record
from careerlib.catalog import EDUCATION, INTERESTS, SKILLS, WORK_VALUES, load_catalog
from careerlib.encoding import encode_profiles
from careerlib.errors import CareerlibError
from careerlib.explain import explain
from careerlib.matching import matcher_of
from careerlib.profile import SARAH, Profile, major_groups
from careerlib.recommend import recommend

MOST_BYTES, MOST_SECONDS = 64 * 1024, 30.0  # of a request's body; for a request
MOST_ROWS = 50  # of a list
CATALOG = load_catalog()
app = FastAPI(title="A career recommender", version=__version__, docs_url=None, redoc_url=None)
POLICY = (
    "default-src 'none'; connect-src 'self'; script-src 'nonce-{0}'; style-src 'nonce-{0}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
MAKE = BeforeValidator(lambda given: Profile(**given) if isinstance(given, dict) else given)
Stated = Annotated[Profile, MAKE, Field(examples=[SARAH])]
Name = Annotated[str, Field(max_length=40)]


class Wanted(BaseModel):
    """What to recommend, to whom. writer: of explanations; its key comes from the environment."""

    profile: Stated
    method: Name = "matched"
    top: Annotated[int, Field(ge=1, le=MOST_ROWS)] = 10
    rank_by: Name = "fit"
    max_job_zone: Annotated[int, Field(ge=1, le=5)] | None = None
    writer: Literal["template", "openai"] = "template"


Listed = create_model("Listed", list=str, method=str, limits=str, occupations=list[dict])


class Pressed(BaseModel):
    """What came of a list, from its top: 1 or -1 for a thumb up or down, 0 for neither."""

    list: Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
    method: Name
    profile: Stated
    occupations: Annotated[tuple[Name, ...], Field(min_length=1, max_length=MOST_ROWS)]
    pressed: tuple[Literal[-1, 0, 1], ...]


@app.get("/", include_in_schema=False)
def page() -> HTMLResponse:
    names = {"skills": SKILLS, "interests": INTERESTS, "work_values": WORK_VALUES}
    names |= {"education": EDUCATION, "fields": tuple(major_groups().values())}
    nonce, text = uuid.uuid4().hex, Path(__file__).with_name("service.html").read_text("utf-8")
    text = text.replace("NONCE", nonce).replace("NAMES", json.dumps(names))
    return HTMLResponse(text, headers={"Content-Security-Policy": POLICY.format(nonce)})


@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok", "version": app.version, "onet": CATALOG.release}


@app.get("/occupations")
def occupations() -> dict[str, str]:
    """{O*NET-SOC code: title} of all occupations."""
    return CATALOG.titles.to_dict()


@app.post("/recommendations")
def recommendations(wanted: Wanted) -> Listed:
    """The list's random name, what limits removed, and one row an occupation, best first."""
    rows = _ranked(wanted)
    known = {"list": uuid.uuid4().hex, "method": wanted.method, "limits": rows.attrs["limits"]}
    return {**known, "occupations": _records(rows)}


@app.post("/explanations")
def explanations(wanted: Wanted) -> dict[str, list]:
    """Of each occupation of the same list: what speaks for it and against it, and a next step."""
    reasons = matcher_of(CATALOG).reasons if wanted.method == "matched" else None
    given = wanted.profile, _ranked(wanted), wanted.writer, CATALOG, reasons
    told = explain(*given, cache=None, seconds=20.0)  # no answer is kept; it ends before we do
    return {"explanations": _records(told.table), "notices": told.notices}


@app.post("/feedback")
async def feedback(pressed: Pressed) -> dict[str, int]:
    """Kept once this has answered; the same list sent again replaces itself."""
    codes = [CATALOG.codes[CATALOG.position(name)] for name in pressed.occupations]
    if (sent := len(pressed.pressed)) != len(codes):
        raise CareerlibError(
            f"There are {sent} presses for {len(codes)} occupations; send as many."
        )
    (person,) = encode_profiles(pressed.profile)
    record(app.state.store, pressed.list, pressed.method, person, codes, pressed.pressed)
    return {"kept": sent}


def _ranked(wanted: Wanted) -> pd.DataFrame:
    return recommend(wanted.profile, **wanted.model_dump(exclude={"profile", "writer"}))


def _records(rows: pd.DataFrame) -> list[dict]:
    """In Python's types; a missing figure is None."""
    return rows.astype(object).where(rows.notna(), None).to_dict("records")


@app.middleware("http")
async def _bounded(request: Request, answer: Callable) -> Response:
    """Refuses bodies that are too long, or do not say how long, and what takes too long."""
    length = int(request.headers.get("content-length", 0))
    if length > MOST_BYTES or "transfer-encoding" in request.headers:
        return _refused(request, HTTPException(413, f"The body is longer than {MOST_BYTES} bytes."))
    try:
        return await asyncio.wait_for(answer(request), MOST_SECONDS)
    except TimeoutError:
        return _refused(request, HTTPException(503, f"It took over {MOST_SECONDS:.0f} seconds."))


@app.exception_handler(HTTPException)
@app.exception_handler(RequestValidationError)
@app.exception_handler(CareerlibError)
def _refused(request: Request, error: Exception) -> JSONResponse:
    """One sentence on what is wrong; of a profile, the one that Profile itself tells."""
    sentence = str(getattr(error, "detail", error))
    if isinstance(error, RequestValidationError):
        first = error.errors()[0]
        where = ".".join(str(part)[:40] for part in first["loc"][1:4] if isinstance(part, str))
        sentence = f"The request cannot be used: {where or 'the body'}: {first['msg'][:160]}."
        if isinstance(cause := first.get("ctx", {}).get("error"), CareerlibError):
            sentence = str(cause)
    return JSONResponse({"error": sentence}, getattr(error, "status_code", 422))


def serve(host: str, port: int, feedback: Path, say: Callable[[str], object]) -> None:
    """Run the service until it is interrupted; thumbs go to the SQLite file `feedback`."""
    app.state.store = open_store(feedback)
    recommend(SARAH, top=1)  # fitted now rather than while the first person waits
    say(f"The page is at http://{host}:{port}/ until you press Ctrl-C; thumbs go to {feedback}.")
    uvicorn.run(app, host=host, port=port, log_level="error", access_log=False)  # logs no profile
