"""The book: executed notebooks as a site of pages that opens from disk, made by Sphinx.

Around the notebooks come a first page, the glossary, the data card and, if there is one, the sweep.
What a notebook printed is data here: only plain HTML of it reaches a page, never anything active.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from base64 import b64decode
from pathlib import Path
from string import Template
from typing import Any

import bleach
import pandas as pd

from careerlib import ledger, sweep
from careerlib.errors import CareerlibError
from careerlib.project import DATA, NOTEBOOKS, ROOT, shown
from careerlib.runner import LEDGER

SITE = Path(__file__).parent / "site"
SHOWN = ("image/png", "text/html", "text/plain")  # forms of outputs that reach a page
# What the HTML of an output may contain: tables of pandas, and text with a little form.
TAGS = ["a", "b", "blockquote", "br", "caption", "code", "div", "em", "i", "li", "ol", "p", "pre",
        "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead",
        "tr", "ul"]  # fmt: skip
ATTRIBUTES = {"*": ["class", "title"], "a": ["href"], "td": ["colspan", "rowspan"],
              "th": ["colspan", "rowspan", "scope"]}  # fmt: skip


def write_book(outputs: Path | str) -> Path:
    """Make the book of what runs and sweeps left in `outputs`; return its first page.

    A notebook that was not run is shown as committed. Raises CareerlibError if the book cannot be
    made; an earlier one then stays.
    """
    outputs = Path(outputs).absolute()
    paths = {path.name: path for folder in (NOTEBOOKS, outputs)
             for path in folder.glob("[0-9][0-9]_*.ipynb")}  # fmt: skip
    try:
        outputs.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=outputs, prefix=".book-") as folder:
            source, made = Path(folder, "source"), Path(folder, "book")
            _write_source(source, [paths[name] for name in sorted(paths)], outputs)
            command = [sys.executable, "-m", "sphinx", "-q", "-j", "2", str(source), str(made)]
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


def _write_source(source: Path, paths: list[Path], outputs: Path) -> None:
    """The folder from which Sphinx makes the book, laid out as the project is, for its links."""
    for folder in ("notebooks", "data", "_static"):
        (source / folder).mkdir(parents=True)
    shutil.copy(SITE / "conf.py", source)
    shutil.copy(SITE / "book.css", source / "_static")
    others = []
    for path in (NOTEBOOKS / "glossary.md", DATA / "README.md", DATA / "PROCEDURE.md"):
        if path.exists():
            shutil.copy(path, source / path.relative_to(ROOT))
            others.append(path.relative_to(ROOT).with_suffix("").as_posix())
    if (outputs / "sweep" / "sweep.csv").exists():
        _write_sweep(source, pd.read_csv(outputs / "sweep" / "sweep.csv"))
        others.append("sweep")
    alt, picture, entries = "", b"", []
    for path in paths:
        notebook = json.loads(path.read_text("utf-8"))
        entries += [{"notebook": path.stem, **entry} for entry in ledger.read(notebook)]
        for cell in notebook["cells"]:
            _make_harmless(cell)
            figures = [out for out in cell.get("outputs", []) if "image/png" in out.get("data", {})]
            if cell.get("id") == "controls" and figures:
                alt = cell["metadata"]["mystnb"]["image"]["alt"]
                picture = b64decode("".join(figures[0]["data"]["image/png"]))
        text = json.dumps(notebook).replace("](../README.md", "](../index.md")
        (source / "notebooks" / path.name).write_text(text, "utf-8")
    (source / "picture.png").write_bytes(picture)
    headline = ledger.headline(ledger.ledger(entries)["verdict"])
    if any(path.stem == LEDGER for path in paths):
        headline += f" They are in [the ledger](notebooks/{LEDGER}.ipynb)."
    page = Template((SITE / "index.md").read_text("utf-8")).substitute(
        alt=re.sub(r"[^\w ,.:;%()+-]", "", alt),  # it becomes part of a Markdown line
        headline=headline,
        notebooks="\n".join(f"notebooks/{path.stem}" for path in paths),
        others="\n".join(others),
    )
    (source / "index.md").write_text(page, "utf-8")


def _make_harmless(cell: dict[str, Any]) -> None:
    """Leave text, pictures and plain HTML of a cell's outputs, and give its figure the alt."""
    metadata = {"tags": cell["metadata"].get("tags", [])}
    for output in cell.get("outputs", []):
        if "data" not in output:
            continue
        data = {kind: output["data"][kind] for kind in SHOWN if kind in output["data"]}
        size = output.get("metadata", {}).get("image/png", {})
        output["metadata"] = {
            "image/png": {key: int(size[key]) for key in ("width", "height") if key in size}
        }
        if "image/png" in data:
            metadata["mystnb"] = {"image": {"alt": str(size.get("alt", "A figure"))}}
        if "text/html" in data:
            text = "".join(data["text/html"])
            text = re.sub(r"(?is)<(script|style)\b.*?</\1\s*>", "", text)  # with what they contain
            data["text/html"] = bleach.clean(text, TAGS, ATTRIBUTES, strip=True)
        output["data"] = data or {"text/plain": "An output that is not shown here."}
    cell["metadata"] = metadata


def _write_sweep(source: Path, table: pd.DataFrame) -> None:
    """The page of a sweep; its tables are files, so that no text in them is taken for Markdown."""
    shares = sweep.shares(table)
    shares["holds"] = shares["holds"].map("{:.0%}".format)
    lines = ["# The sweep", "Notebooks run again and again with other parameters."]
    tables = {"How often does each finding hold?": shares,
              "How does each figure spread?": sweep.figures(table)}  # fmt: skip
    for number, (heading, rows) in enumerate(tables.items()):
        page = rows.to_html(index=False, border=0)
        area = f'<div class="wide" tabindex="0" role="region" aria-label="{heading}">{page}</div>'
        (source / f"sweep-{number}.html").write_text(area, "utf-8")
        lines += [f"## {heading}", f"```{{raw}} html\n:file: sweep-{number}.html\n```"]
    (source / "sweep.md").write_text("\n\n".join(lines) + "\n", "utf-8")
