"""Findings and claims: sentences about a measurement that say themselves whether they hold.

A notebook shows them one line each and carries them in its outputs, as data of a MIME type of
our own beside the text. So an executed notebook is its own record: `read` takes the results
out of it, for the ledger of notebook 10, for the book and for sweeps.
"""

import html
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from careerlib.errors import CareerlibError, nearest
from careerlib.project import DATA

MIME = "application/vnd.careerlib.ledger+json"
REPRODUCED = "reproduced"
MISLEADING = "reproduced, but misleading"
NOT_SUPPORTED = "not supported"
UNTESTABLE = "cannot be tested here"
VERDICTS = (REPRODUCED, MISLEADING, NOT_SUPPORTED, UNTESTABLE)
OTHER_SETTINGS = "other settings"
NOT_RUN = "not run"


def finding(sentence: str, holds: bool, **figures: float) -> None:
    """Show a conclusion of ours with a tick, or with a cross where it does not hold.

    sentence: static, without a measured number, and the same in every run: it names the finding
    in sweeps. figures: numbers that a sweep keeps with it; they are not shown.
    """
    holds = bool(holds)
    mark, doubt = ("✓", "") if holds else ("✗", " (does not hold with these settings)")
    _show(f"{mark} {sentence}{doubt}", figures, kind="finding", name=sentence, holds=holds)


def claim(
    id: str, measured: str | float, verdict: str | None = None, reason: str = "",
    comparable: bool = True, **figures: float,
) -> None:  # fmt: skip
    """Show a claim of the post or its training note beside what was measured, with a verdict.

    id: a row of data/claims.csv. measured: text, or a number that is written in the row's form.
    verdict: one of VERDICTS, from a rule that stands in the notebook; by default "reproduced"
    where `measured` reads as stated, else "not supported". comparable: False where this run has
    other settings than the post, so that its figure does not apply. figures: as in `finding`.
    Raises CareerlibError for an id or a verdict that does not exist.
    """
    table = claims()
    if id not in table.index:
        raise CareerlibError(f"There is no claim '{id}' in claims.csv; {nearest(id, table.index)}")
    row = table.loc[id]
    if not isinstance(measured, str):
        figures = {"measured": measured, **figures}
        measured = format(measured, row["form"])
    if verdict is None:
        verdict = REPRODUCED if measured == row["stated"] else NOT_SUPPORTED
    if verdict not in VERDICTS:
        raise CareerlibError(f"There is no verdict '{verdict}'; {nearest(verdict, VERDICTS)}")
    if not comparable:
        verdict, reason = OTHER_SETTINGS, "this run has other settings than the post"
    because = f": {reason}" if reason else ""
    text = f"  stated {row['stated']} · measured {measured} · {verdict}{because}"
    entry = {"kind": "claim", "name": id, "measured": measured, "verdict": verdict}
    _show(f"{row['claim']} ({row['document']})\n{text}", figures, **entry, reason=reason)


@cache
def claims() -> pd.DataFrame:
    """The claims of the two documents, indexed by id: document, claim (in our words), stated,
    basis ("printed" in the documents, or resting on the "procedure"), notebook, form."""
    return pd.read_csv(DATA / "claims.csv", index_col="id", keep_default_na=False)


def read(notebook: str | Path | Mapping[str, Any]) -> list[dict[str, Any]]:
    """The entries of an executed notebook (a file, or the notebook itself), in its order."""
    if not isinstance(notebook, Mapping):
        import nbformat

        notebook = nbformat.read(notebook, as_version=4)
    return [
        output["data"][MIME]
        for cell in notebook["cells"]
        for output in cell.get("outputs", ())
        if MIME in output.get("data", ())
    ]


def read_folder(folder: str | Path) -> list[dict[str, Any]]:
    """`read` of all notebooks of a folder, in their order; each entry also names its notebook."""
    return [
        {"notebook": path.stem, **entry}
        for path in sorted(Path(folder).glob("[0-9][0-9]_*.ipynb"))
        for entry in read(path)
    ]


def ledger(entries: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """All claims, indexed by id, with measured, verdict and reason from `read_folder`.

    A claim counts only from its own notebook; one that no notebook made is "not run".
    """
    table = claims().drop(columns="form").assign(measured="", verdict=NOT_RUN, reason="")
    for entry in entries:
        id = entry["name"]
        if entry["kind"] == "claim" and table["notebook"].get(id) == entry["notebook"]:
            for column in ("measured", "verdict", "reason"):
                table.loc[id, column] = entry[column]
    return table


def headline(verdicts: Iterable[str]) -> str:
    """One sentence that counts the verdicts."""
    counts = Counter(verdicts)
    names = (*VERDICTS, OTHER_SETTINGS, NOT_RUN)
    parts = "; ".join(f"{counts[name]} {name}" for name in names if counts[name])
    return f"Of {counts.total()} claims: {parts}."


def _show(text: str, figures: Mapping[str, float], **entry: Any) -> None:
    from IPython.display import display

    entry["figures"] = {name: round(float(value), 6) for name, value in figures.items()}
    lines = "<br>".join(html.escape(line.strip()) for line in text.split("\n"))
    page = f'<div class="careerlib-{entry["kind"]}">{lines}</div>'
    display({"text/plain": text, "text/html": page, MIME: entry}, raw=True)
