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
OTHERS = (NOTEBOOKS / "glossary.md", DATA / "README.md", DATA / "PROCEDURE.md")
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
    try:
        outputs.mkdir(parents=True, exist_ok=True)
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
    others = [path.relative_to(ROOT) for path in OTHERS if path.exists()]
    (source / "notebooks").mkdir()
    for path in others:
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, source / path)
    if (outputs / "sweep" / "sweep.csv").exists():
        others.append(_write_sweep(source, pd.read_csv(outputs / "sweep" / "sweep.csv")))
    paths = {path.name: path for folder in (NOTEBOOKS, outputs)
             for path in folder.glob("[0-9][0-9]_*.ipynb")}  # fmt: skip
    alt, picture, entries = "", "", []
    for name in sorted(paths):
        notebook = json.loads(paths[name].read_text("utf-8"))
        entries += [{"notebook": paths[name].stem, **entry} for entry in ledger.read(notebook)]
        for cell in notebook["cells"]:
            _make_harmless(cell)
            if cell.get("id") == "controls" and "mystnb" in cell["metadata"]:
                alt = cell["metadata"]["mystnb"]["image"]["alt"]
                picture = next(output["data"]["image/png"] for output in cell["outputs"]
                               if "image/png" in output.get("data", {}))  # fmt: skip
        text = json.dumps(notebook).replace("](../README.md", "](../index.md")
        (source / "notebooks" / name).write_text(text, "utf-8")
    (source / "picture.png").write_bytes(b64decode("".join(picture)))
    headline = ledger.headline(ledger.ledger(entries)["verdict"])
    if f"{LEDGER}.ipynb" in paths:
        headline += f" They are in [the ledger](notebooks/{LEDGER}.ipynb)."
    page = Template((SITE / "index.md").read_text("utf-8")).substitute(
        alt=re.sub(r"[^\w ,.:;%()'+-]", "", alt),  # it becomes part of a Markdown line
        headline=headline,
        notebooks="\n".join(f"notebooks/{name.removesuffix('.ipynb')}" for name in sorted(paths)),
        others="\n".join(path.with_suffix("").as_posix() for path in others),
    )
    (source / "index.md").write_text(page, "utf-8")


def _make_harmless(cell: dict[str, Any]) -> None:
    """Leave text, pictures and plain HTML of a cell's outputs, and give its figure the alt."""
    metadata = {"tags": cell["metadata"].get("tags", [])}
    for output in cell.get("outputs", []):
        if "data" not in output:
            continue
        data = {kind: output["data"][kind] for kind in SHOWN if kind in output["data"]}
        size = output.pop("metadata", {}).get("image/png", {})
        if "image/png" in data:
            metadata["mystnb"] = {"image": {"alt": str(size.get("alt", "A figure"))}}
        if "text/html" in data:
            text = "".join(data["text/html"])
            text = re.sub(r"(?is)<(script|style)\b.*?</\1\s*>", "", text)  # with what they contain
            data["text/html"] = bleach.clean(text, TAGS, ATTRIBUTES, strip=True)
        size = {key: int(size[key]) for key in ("width", "height") if key in size}
        output["metadata"] = {"image/png": size}
        output["data"] = data or {"text/plain": "An output that is not shown here."}
    cell["metadata"] = metadata


def _write_sweep(source: Path, table: pd.DataFrame) -> Path:
    """The page of a sweep; its tables are raw HTML, so that no text in them becomes Markdown."""
    shares = sweep.shares(table)
    shares["holds"] = shares["holds"].map("{:.0%}".format)
    lines = ["# The sweep", "Notebooks run again and again with other parameters."]
    for heading, rows in (("How often does each finding hold?", shares),
                          ("How does each figure spread?", sweep.figures(table))):  # fmt: skip
        page = rows.to_html(index=False, border=0)
        area = f'<div class="wide" tabindex="0" role="region" aria-label="{heading}">{page}</div>'
        file = source / f"sweep-{len(lines)}.html"
        file.write_text(area, "utf-8")
        lines += [f"## {heading}", f"```{{raw}} html\n:file: {file.name}\n```"]
    (source / "sweep.md").write_text("\n\n".join(lines) + "\n", "utf-8")
    return Path("sweep.md")
