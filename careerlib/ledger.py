"""Findings and claims: sentences about a measurement that say themselves whether they hold. They
are data in a notebook's outputs, too, where notebook 10, the book and sweeps `read` them."""

import html
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from numbers import Real
from pathlib import Path
from typing import Any

import pandas as pd

from careerlib.project import DATA, notebooks_in

MIME = "application/vnd.careerlib.ledger+json"
VERDICTS = ("reproduced", "reproduced, but misleading", "not supported", "cannot be tested here")
REPRODUCED, MISLEADING, NOT_SUPPORTED, UNTESTABLE = VERDICTS
OTHER_SETTINGS, NOT_RUN = "other settings", "not run"
# The claims of the two documents, by id: document, kind, claim (in our words), stated, basis
# ("printed" in the documents, or resting on the "procedure"), notebook, form.
CLAIMS = pd.read_csv(DATA / "claims.csv", index_col="id", keep_default_na=False)


def finding(sentence: str, holds: bool, **figures: Any) -> None:
    """Show a conclusion of ours with a tick, or with a cross where it does not hold. sentence:
    static, with a place such as {gain:+.1%} for each of the measured figures; so, unfilled, it
    names the finding in sweeps, which keep the figures with it."""
    told = sentence.format(**figures)
    text = f"✓ {told}" if holds else f"✗ {told} (does not hold with these settings)"
    page = f'<div class="careerlib-finding">{html.escape(text)}</div>'
    _show(text, page, [_entry("finding", sentence, figures, holds=bool(holds))])


def claim(
    id: str, measured: str | float, verdict: str = "", reason: str = "",
    comparable: bool = True, **figures: float,
) -> dict[str, Any]:  # fmt: skip
    """A claim of the post or its training note beside what was measured, for `verdicts` to show.

    id: a row of data/claims.csv, else KeyError. measured: text, or a number for the row's form.
    verdict: one of VERDICTS; by default "reproduced" where `measured` reads as stated, else "not
    supported". comparable: whether the settings are the post's. figures: as in `finding`.
    """
    row = CLAIMS.loc[id]
    if not isinstance(measured, str):
        figures, measured = {"measured": measured, **figures}, format(measured, row["form"])
    verdict = verdict or (REPRODUCED if measured == row["stated"] else NOT_SUPPORTED)
    if not comparable:
        verdict, reason = OTHER_SETTINGS, "this run has other settings than the post"
    return _entry("claim", id, figures, measured=measured, verdict=verdict, reason=reason)


def verdicts(*judged: dict[str, Any]) -> None:
    """Show claims as one table: what was claimed, stated, measured, the verdict and its reason."""
    from careerlib.figures import aligned

    table = pd.DataFrame([{**CLAIMS.loc[entry["name"]], **entry} for entry in judged])
    form = "{claim} ({document})\n  stated {stated} · measured {measured} · {verdict}: {reason}"
    text = "\n".join(form.format(**row).removesuffix(": ") for _, row in table.iterrows())
    shown = table[["claim", "stated", "measured", "verdict", "reason"]]
    page = aligned(shown.to_html(index=False, border=0, classes="careerlib-claims"))
    _show(text, page, list(judged))


def read(notebook: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The entries of an executed notebook, in its order."""
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", ())]
    return [entry for output in outputs for entry in output.get("data", {}).get(MIME, ())]


def read_folder(folder: str | Path) -> list[dict[str, Any]]:
    """`read` of all notebooks of a folder, in their order; each entry also names its notebook."""
    made = {path.stem: json.loads(path.read_text("utf-8")) for path in notebooks_in(folder)}
    return [{"notebook": name, **entry} for name in made for entry in read(made[name])]


def ledger(entries: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """All claims, indexed by id, with measured, verdict and reason from `read_folder`. Each counts
    only from its own notebook; one that no notebook made is "not run"."""
    table = CLAIMS.drop(columns="form").assign(measured="", verdict=NOT_RUN, reason="")
    for entry in entries:
        if entry["kind"] == "claim" and table["notebook"].get(entry["name"]) == entry["notebook"]:
            for column in ("measured", "verdict", "reason"):
                table.loc[entry["name"], column] = entry[column]
    return table


def headline(verdicts: Iterable[str]) -> str:
    """One sentence that counts the verdicts."""
    counts = Counter(verdicts)
    named = [name for name in (*VERDICTS, OTHER_SETTINGS, NOT_RUN) if name in counts]
    return f"Of {counts.total()} claims: {'; '.join(f'{counts[name]} {name}' for name in named)}."


def _entry(kind: str, name: str, figures: Mapping[str, Any], **said: Any) -> dict[str, Any]:
    """What an output carries: what was said, and those figures that are numbers."""
    numbers = {n: round(float(v), 6) for n, v in figures.items() if isinstance(v, Real)}
    # A whole number without ".0": JupyterLab would write it so when it saves the notebook.
    numbers = {n: int(v) if v.is_integer() else v for n, v in numbers.items()}
    return {"kind": kind, "name": name, **said, "figures": numbers}


def _show(text: str, page: str, entries: list[dict[str, Any]]) -> None:
    from IPython.display import display

    display({"text/plain": text, "text/html": page, MIME: entries}, raw=True)
