"""The post's backend, with the parts that make it usable: an API and one page, on this machine.

`careerlib serve` starts it; /openapi.json describes it. No profile is logged or kept, except
what was stated beside a press of a thumb (see `careerlib.feedback`).
"""

import asyncio
import threading
import uuid
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import careerlib
from careerlib.catalog import EDUCATION, INTERESTS, SKILLS, WORK_VALUES, load_catalog
from careerlib.encoding import encode_profiles
from careerlib.errors import CareerlibError
from careerlib.explain import explain
from careerlib.feedback import open_store, record
from careerlib.profile import Profile, major_groups
from careerlib.recommend import recommend

MOST_BYTES = 64 * 1024  # of a request's body
MOST_SECONDS = 30.0  # for a request, its body included
MOST_ROWS = 50  # of a list
SARAH = {
    "skills": ["Writing", "Speaking", "Critical Thinking"],
    "interests": {"Enterprising": 6, "Investigative": 5},
    "work_values": {"Achievement": 6, "Recognition": 5},
    "fields": ["Computer and mathematical"],
    "min_wage": 60000,
}
Profiled = Annotated[
    dict[str, Any],
    Field(description="As in a profile's file: see careerlib.profile.Profile.", examples=[SARAH]),
]
Code = Annotated[str, Field(max_length=10, examples=["15-1252.00"])]


class Wanted(BaseModel):
    """What to recommend, to whom."""

    profile: Profiled
    method: Annotated[str, Field(max_length=40)] = "matched"
    top: Annotated[int, Field(ge=1, le=MOST_ROWS)] = 10
    rank_by: Annotated[str, Field(max_length=40)] = "fit"
    max_job_zone: Annotated[int, Field(ge=1, le=5)] | None = None


class Listed(BaseModel):
    """A list: its random name, what limits removed, and one row an occupation, best first."""

    list: str
    method: str
    limits: str
    occupations: list[dict[str, Any]]


class Pressed(BaseModel):
    """What came of a list, from its top: 1 or -1 for a thumb up or down, 0 for neither."""

    list: Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
    method: Annotated[str, Field(max_length=40)]
    profile: Profiled
    occupations: Annotated[list[Code], Field(min_length=1, max_length=MOST_ROWS)]
    pressed: Annotated[list[Literal[-1, 0, 1]], Field(min_length=1, max_length=MOST_ROWS)]


class Bounded:
    """Middleware: refuses bodies that are too long and requests that take too long."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        length, began = 0, False

        async def counted() -> Message:
            nonlocal length
            message = await receive()
            length += len(message.get("body", b""))
            if length > MOST_BYTES:
                raise HTTPException(413, f"The body is longer than {MOST_BYTES // 1024} KB.")
            return message

        async def noted(message: Message) -> None:
            nonlocal began
            began = True
            await send(message)

        try:
            await asyncio.wait_for(self.app(scope, counted, noted), MOST_SECONDS)
        except TimeoutError:
            if not began:
                answer = _refusal(503, f"The request took more than {MOST_SECONDS:.0f} seconds.")
                await answer(scope, receive, send)


def create_app(feedback: str | Path) -> FastAPI:
    """The service; thumbs go to the SQLite file `feedback`."""
    app = FastAPI(
        title="A career recommender", version=careerlib.__version__, docs_url=None, redoc_url=None
    )
    app.add_middleware(Bounded)
    catalog, store, writing = load_catalog(), open_store(feedback), threading.Lock()
    # Fitted now rather than while the first person waits.
    recommend(Profile(**SARAH), top=1)

    @app.exception_handler(CareerlibError)
    def refused(request: Request, error: CareerlibError) -> JSONResponse:
        return _refusal(422, str(error))

    @app.exception_handler(HTTPException)
    def unknown(request: Request, error: HTTPException) -> JSONResponse:
        return _refusal(error.status_code, str(error.detail))

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        names = [str(part)[:40] for part in first["loc"][1:4] if isinstance(part, str)]
        where = ".".join(names) or "the body"
        return _refusal(422, f"The request cannot be used: {where}: {first['msg'][:160]}.")

    @app.get("/", response_class=HTMLResponse)
    def page() -> HTMLResponse:
        """The page: a form, the list with its reasons, thumbs."""
        return _page()

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "ok", "version": careerlib.__version__, "onet": catalog.release}

    @app.get("/occupations")
    def occupations() -> dict[str, str]:
        """{O*NET-SOC code: title} of all occupations."""
        return catalog.titles.to_dict()

    @app.post("/recommendations")
    def recommendations(wanted: Wanted) -> Listed:
        rows = _recommended(wanted)
        return Listed(
            list=uuid.uuid4().hex, method=wanted.method, limits=rows.attrs.get("limits", ""),
            occupations=_plain(rows),
        )  # fmt: skip

    @app.post("/explanations")
    def explanations(wanted: Wanted) -> dict[str, list[dict[str, Any]]]:
        """The same list with a plain explanation of each occupation (written by the template)."""
        profile, rows = _profile(wanted.profile), _recommended(wanted)
        return {"explanations": _plain(explain(profile, rows).table)}

    @app.post("/feedback")
    def feedback_on(pressed: Pressed) -> dict[str, int]:
        """Kept once this has answered; the same list sent again replaces itself."""
        if len(pressed.pressed) != len(pressed.occupations):
            raise CareerlibError(
                f"There are {len(pressed.pressed)} presses for {len(pressed.occupations)} "
                "occupations; send one for each, 0 where nothing was pressed."
            )
        for code in pressed.occupations:
            catalog.position(code)
        (person,) = encode_profiles(_profile(pressed.profile))
        with writing:
            record(
                store, pressed.list, pressed.method, person, pressed.occupations, pressed.pressed
            )
        return {"kept": len(pressed.pressed)}

    return app


def serve(host: str, port: int, feedback: Path, say: Callable[[str], object]) -> None:
    """Run the service until it is interrupted; nothing that people send is logged."""
    import uvicorn

    config = uvicorn.Config(
        create_app(feedback), host=host, port=port, log_level="error", access_log=False
    )
    say(f"The page is at http://{host}:{port}/ until you press Ctrl-C; thumbs go to {feedback}.")
    uvicorn.Server(config).run()


def _profile(given: dict[str, Any]) -> Profile:
    unknown = [key for key in given if key not in Profile.__dataclass_fields__]
    if unknown:
        raise CareerlibError(
            f"The profile has no '{str(unknown[0])[:40]}'; it has "
            f"{', '.join(Profile.__dataclass_fields__)}."
        )
    return Profile(**given)


def _recommended(wanted: Wanted) -> pd.DataFrame:
    return recommend(
        _profile(wanted.profile), wanted.method, wanted.top,
        max_job_zone=wanted.max_job_zone, rank_by=wanted.rank_by,
    )  # fmt: skip


def _plain(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Records in JSON's types; a missing figure is null."""
    known = rows.astype(object).where(rows.notna(), None)
    return [
        {
            key: value.item() if isinstance(value, np.generic) else value
            for key, value in row.items()
        }
        for row in known.to_dict("records")
    ]


def _refusal(status: int, sentence: str) -> JSONResponse:
    return JSONResponse({"error": sentence}, status)


def _page() -> HTMLResponse:
    import json

    nonce = uuid.uuid4().hex
    names = {
        "skills": SKILLS, "interests": INTERESTS, "work_values": WORK_VALUES,
        "fields": list(major_groups().values()), "education": EDUCATION,
    }  # fmt: skip
    text = files("careerlib").joinpath("service.html").read_text("utf-8")
    text = text.replace("NONCE", nonce).replace("NAMES", json.dumps(names))
    policy = (
        f"default-src 'none'; connect-src 'self'; script-src 'nonce-{nonce}'; "
        f"style-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return HTMLResponse(text, headers={"Content-Security-Policy": policy})
