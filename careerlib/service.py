"""The post's backend, with the parts that make it usable: an API and one page, on this machine.

`careerlib serve` starts it; /openapi.json describes it. No profile is logged or kept, except
what was stated beside a press of a thumb (see `careerlib.feedback`).
"""

import asyncio
import json
import threading
import uuid
from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
import uvicorn
from fastapi import APIRouter, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from pydantic import BaseModel, BeforeValidator, Field
from starlette import exceptions

import careerlib
from careerlib.catalog import EDUCATION, INTERESTS, SKILLS, WORK_VALUES, load_catalog
from careerlib.encoding import encode_profiles
from careerlib.errors import CareerlibError
from careerlib.explain import explain
from careerlib.feedback import open_store, record
from careerlib.matching import matcher_of
from careerlib.profile import SARAH, Profile, major_groups
from careerlib.recommend import recommend

MOST_BYTES = 64 * 1024  # of a request's body
MOST_SECONDS = 30.0  # for a request, its body included
MOST_ROWS = 50  # of a list

Stated = Annotated[  # so that what is wrong is told by Profile
    Profile,
    BeforeValidator(lambda given: Profile(**given) if isinstance(given, dict) else given),
    Field(examples=[asdict(SARAH)]),
]
Name = Annotated[str, Field(max_length=40)]
Code = Annotated[str, Field(max_length=10, examples=["15-1252.00"])]
router = APIRouter()
catalog = cache(load_catalog)


class Wanted(BaseModel):
    """What to recommend, to whom. writer: of /explanations; a key comes from the environment."""

    profile: Stated
    method: Name = "matched"
    top: Annotated[int, Field(ge=1, le=MOST_ROWS)] = 10
    rank_by: Name = "fit"
    max_job_zone: Annotated[int, Field(ge=1, le=5)] | None = None
    writer: Literal["template", "openai"] = "template"


class Listed(BaseModel):
    """A list: its random name, what limits removed, and one row an occupation, best first."""

    list: str
    method: str
    limits: str
    occupations: list[dict[str, Any]]


class Pressed(BaseModel):
    """What came of a list, from its top: 1 or -1 for a thumb up or down, 0 for neither."""

    list: Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
    method: Name
    profile: Stated
    occupations: Annotated[list[Code], Field(min_length=1, max_length=MOST_ROWS)]
    pressed: Annotated[list[Literal[-1, 0, 1]], Field(min_length=1, max_length=MOST_ROWS)]


@router.get("/")
def page() -> HTMLResponse:
    """The page: a form, the list with its reasons, thumbs."""
    nonce, blocks = uuid.uuid4().hex, {"skills": SKILLS, "interests": INTERESTS}
    names = {**blocks, "work_values": WORK_VALUES, "education": EDUCATION}
    names["fields"] = tuple(major_groups().values())
    text = files("careerlib").joinpath("service.html").read_text("utf-8")
    text = text.replace("NONCE", nonce).replace("NAMES", json.dumps(names))
    policy = (
        f"default-src 'none'; connect-src 'self'; script-src 'nonce-{nonce}'; "
        f"style-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return HTMLResponse(text, headers={"Content-Security-Policy": policy})


@router.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok", "version": careerlib.__version__, "onet": catalog().release}


@router.get("/occupations")
def occupations() -> dict[str, str]:
    """{O*NET-SOC code: title} of all occupations."""
    return catalog().titles.to_dict()


@router.post("/recommendations")
def recommendations(wanted: Wanted) -> Listed:
    rows, name = _recommended(wanted), uuid.uuid4().hex
    limits = rows.attrs.get("limits", "")
    return Listed(list=name, method=wanted.method, limits=limits, occupations=_records(rows))


@router.post("/explanations")
def explanations(wanted: Wanted) -> dict[str, list]:
    """Of each occupation of the same list: what speaks for it and against it, and a next step."""
    reasons = matcher_of(catalog()).reasons if wanted.method == "matched" else None
    unkept = {"cache": None, "say": lambda sentence: None}
    told = explain(
        wanted.profile, _recommended(wanted), wanted.writer, catalog(), reasons, **unkept
    )
    return {"explanations": _records(told.table), "notices": told.notices}


@router.post("/feedback")
def feedback(pressed: Pressed, request: Request) -> dict[str, int]:
    """Kept once this has answered; the same list sent again replaces itself."""
    codes, presses = pressed.occupations, pressed.pressed
    if len(presses) != len(codes):
        raise CareerlibError(
            f"There are {len(presses)} presses for {len(codes)} occupations; send one for each, 0 "
            "where nothing was pressed."
        )
    for code in codes:  # type: ignore
        catalog().position(code)
    (person,) = encode_profiles(pressed.profile)
    with request.app.state.writing:
        record(request.app.state.store, pressed.list, pressed.method, person, codes, presses)
    return {"kept": len(presses)}


def _recommended(wanted: Wanted) -> pd.DataFrame:
    return recommend(
        wanted.profile, wanted.method, wanted.top, None, wanted.max_job_zone, wanted.rank_by
    )


def _records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """In JSON's types; a missing figure is null."""
    return json.loads(rows.to_json(orient="records", double_precision=15))


async def _bounded(request: Request, answer: Callable) -> Response:
    """Refuses bodies that are too long, or do not say how long, and what takes too long."""
    length = request.headers.get("content-length", 0)
    if int(length) > MOST_BYTES or "transfer-encoding" in request.headers:
        return _refused(request, HTTPException(413, f"The body is longer than {MOST_BYTES} bytes."))
    try:
        async with asyncio.timeout(MOST_SECONDS):
            return await answer(request)
    except TimeoutError:
        return _refused(request, HTTPException(503, f"It took over {MOST_SECONDS:.0f} seconds."))


def _refused(request: Request, error: Exception) -> JSONResponse:
    """One sentence on what is wrong."""
    sentence, status = str(error), 422
    if isinstance(error, exceptions.HTTPException):
        sentence, status = str(error.detail), error.status_code
    if isinstance(error, RequestValidationError):
        first = error.errors()[0]
        names = [str(part)[:40] for part in first["loc"][1:4] if isinstance(part, str)]
        where = ".".join(names) or "the body"
        sentence = f"The request cannot be used: {where}: {first['msg'][:160]}."
        if isinstance(cause := first.get("ctx", {}).get("error"), CareerlibError):
            sentence = str(cause)
    return JSONResponse({"error": sentence}, status)


def create_app(feedback: str | Path) -> FastAPI:
    """The service; thumbs go to the SQLite file `feedback`."""
    refusals = (CareerlibError, exceptions.HTTPException, RequestValidationError)
    app = FastAPI(
        title="A career recommender", version=careerlib.__version__, docs_url=None,
        redoc_url=None, exception_handlers=dict.fromkeys(refusals, _refused),  # type: ignore
    )  # fmt: skip
    app.middleware("http")(_bounded)
    app.include_router(router)
    app.state.store, app.state.writing = open_store(feedback), threading.Lock()
    # Fitted now rather than while the first person waits.
    recommend(SARAH, top=1)
    return app


def serve(host: str, port: int, feedback: Path, say: Callable[[str], object]) -> None:
    """Run the service until it is interrupted; nothing that people send is logged."""
    app = create_app(feedback)
    say(f"The page is at http://{host}:{port}/ until you press Ctrl-C; thumbs go to {feedback}.")
    uvicorn.run(app, host=host, port=port, log_level="error", access_log=False)
