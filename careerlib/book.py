"""The book: executed notebooks as a site of pages that opens from disk, made by Sphinx.

Around the notebooks come a first page, the glossary, the data card and, if there is one, the sweep.
What a notebook printed is data here: only plain HTML of it reaches a page, never anything active.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import nh3
import pandas as pd

from careerlib import ledger, sweep
from careerlib.errors import CareerlibError
from careerlib.project import DATA, NOTEBOOKS, ROOT, notebooks_in, shown, usable_output

SITE = Path(__file__).parent / "site"
# README.md is no page of the book: the first page takes the picture from it.
OTHERS = (ROOT / "README.md", NOTEBOOKS / "images" / "controls.png", NOTEBOOKS / "glossary.md",
          DATA / "README.md", DATA / "PROCEDURE.md")  # fmt: skip
KEPT = ("image/png", "text/html", "text/plain", ledger.MIME)  # forms of an output; no page has ours
# What the HTML of an output may contain: tables of pandas, and text with a little form.
TAGS = set("a b blockquote br caption code div em i li ol p pre small span strong sub sup table "
           "tbody td tfoot th thead tr ul".split())  # fmt: skip
SPAN = {"colspan", "rowspan"}
ATTRIBUTES = {"*": {"class", "title"}, "a": {"href"}, "td": SPAN, "th": SPAN | {"scope"}}


def write_book(outputs: Path | str) -> Path:
    """Make the book of what runs and sweeps left in `outputs`; return its first page.

    A notebook that was not run is shown as committed. Raises CareerlibError if the book cannot be
    made, or the folder holds somebody else's files; an earlier book then stays.
    """
    outputs = usable_output(outputs)
    if not OTHERS[0].exists():
        raise CareerlibError("The book needs a checkout of the project, with its README.md.")
    try:
        with tempfile.TemporaryDirectory(dir=outputs, prefix=".book-") as folder:
            source, made = Path(folder, "source"), Path(folder, "book")
            _write_source(source, outputs)
            command = [sys.executable, "-m", "sphinx", "-q", str(source), str(made)]
            built = subprocess.run(command, check=False, capture_output=True, text=True)
            if built.returncode:
                told = (built.stderr.strip().splitlines() or ["no reason given"])[-1]
                raise CareerlibError(f"The book could not be made: {told[:300]}")
            shutil.rmtree(outputs / "book", ignore_errors=True)
            made.rename(outputs / "book")
    except OSError as error:
        raise CareerlibError(
            f"The book cannot be written to {shown(outputs)} ({error.strerror}); choose another "
            "folder with --output."
        ) from error
    return outputs / "book" / "index.html"


def _write_source(source: Path, outputs: Path) -> None:
    """The folder from which Sphinx makes the book, laid out as the project is, for its links."""
    shutil.copytree(SITE, source)
    (source / "notebooks").mkdir()
    for path in filter(Path.exists, OTHERS):
        copy = source / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    if (outputs / "sweep" / "sweep.csv").exists():
        _write_sweep(source / "sweep.md", pd.read_csv(outputs / "sweep" / "sweep.csv"))
    for folder in (NOTEBOOKS, outputs):  # what was run replaces what is committed
        for path in notebooks_in(folder):
            # Half a surrogate pair, which a notebook may print, is no text.
            text = json.dumps(json.loads(path.read_text("utf-8")), ensure_ascii=False)
            notebook = json.loads(text.encode("utf-8", "replace"))
            for cell in notebook["cells"]:
                _make_harmless(cell)
            text = json.dumps(notebook).replace("](../README.md", "](../index.md")
            (source / "notebooks" / path.name).write_text(text, "utf-8")
    claims = ledger.ledger(ledger.read_folder(source / "notebooks"))
    page = (source / "index.md").read_text("utf-8")
    page = page.replace("HEADLINE", ledger.headline(claims["verdict"]))
    (source / "index.md").write_text(page, "utf-8")


def _make_harmless(cell: dict[str, Any]) -> None:
    """Leave text, pictures and plain HTML of a cell's outputs, and give its figure the alt."""
    cell["metadata"] = {"tags": cell["metadata"].get("tags", [])}
    for output in cell.get("outputs", []):
        if "data" not in output:
            continue
        data = {kind: output["data"][kind] for kind in KEPT if kind in output["data"]}
        size = output.pop("metadata", {}).get("image/png", {})
        if "image/png" in data:
            cell["metadata"]["mystnb"] = {"image": {"alt": str(size.get("alt", "A figure"))}}
        if "text/html" in data:  # without scripts and styles and what they contain
            text = "".join(data["text/html"])
            data["text/html"] = nh3.clean(text, TAGS, attributes=ATTRIBUTES, link_rel=None)
        size = {key: int(size[key]) for key in ("width", "height") if key in size}
        output["metadata"] = {"image/png": size}
        output["data"] = data or {"text/plain": "An output that is not shown here."}


def _write_sweep(path: Path, table: pd.DataFrame) -> None:
    """The page of a sweep; its tables are HTML on one line, so no text in them becomes Markdown."""
    shares = sweep.shares(table)
    shares["holds"] = shares["holds"].map("{:.0%}".format)
    lines = ["# The sweep", "Notebooks run again and again with other parameters."]
    for heading, rows in (("How often does each finding hold?", shares),
                          ("How does each figure spread?", sweep.figures(table))):  # fmt: skip
        page = " ".join(rows.to_html(index=False, border=0).split())
        area = f'<div class="wide" tabindex="0" role="region" aria-label="{heading}">{page}</div>'
        lines += [f"## {heading}", area]
    path.write_text("\n\n".join(lines) + "\n", "utf-8")
