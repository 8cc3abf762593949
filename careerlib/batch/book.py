"""The book: executed notebooks as a site of pages that opens from disk, made by Sphinx.

What a notebook printed is data here: only plain HTML of it reaches a page, never anything active.
"""

import base64
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
import nh3
import pandas as pd

from careerlib import ledger
from careerlib.batch import sweep
from careerlib.batch.execution import environment
from careerlib.batch.notebooks import read_notebook
from careerlib.errors import CareerlibError
from careerlib.project import NOTEBOOKS, notebooks_in, output_folder, shown
from careerlib.tables import aligned

SITE = Path(__file__).parent / "site"
# README.md is no page of the book: the first page takes parts of it.
OTHERS = ("README.md", "pyproject.toml", "LICENSE", "notebooks/images/controls.png",
          "notebooks/glossary.md", "data/README.md", "data/PROCEDURE.md",
          "data/claims.csv")  # fmt: skip
KERNEL = {
    "name": "python3",
    "display_name": "Python 3 (ipykernel)",
    "language": "python",
}  # of a download
METADATA = {"kernelspec": KERNEL,
            "language_info": {"name": "python", "pygments_lexer": "ipython3"}}  # fmt: skip
KEPT = ("image/png", "text/html", "text/plain", ledger.MIME)  # forms of an output; no page has ours
TAGS = nh3.ALLOWED_TAGS - {"img", "map", "area"}  # no picture from elsewhere
# Of a style only where a table's words are (careerlib.tables).
ATTRIBUTES = {**nh3.ALLOWED_ATTRIBUTES, "*": {"class", "style"}}
STYLES = {"text-align"}


def write_book(output: Path | str, notebooks: Path = NOTEBOOKS) -> Path:
    """Make the book of what runs and sweeps left in `output`; return its first page.

    A notebook that was not run is shown as committed. CareerlibError if the book cannot be made;
    an earlier book then stays.
    """
    if not (notebooks.parent / "README.md").exists():
        raise CareerlibError("The book needs a checkout of the project, with its README.md.")
    try:
        with (
            output_folder(output) as output,
            tempfile.TemporaryDirectory(dir=output, prefix=".book-") as folder,
        ):
            source, made = Path(folder, "source"), Path(folder, "book")
            _write_source(source, output, notebooks)
            command = [sys.executable, "-m", "sphinx", "-q", str(source), str(made)]
            taken: Any = {"capture_output": True, "encoding": "utf-8", "errors": "replace"}
            built = subprocess.run(command, env=environment(), **taken)
            if built.returncode:
                causes = re.findall(r"^\s*([\w.]*(?:Error|Exception)\b.*)", built.stderr, re.M)
                cause = (causes or [" ".join(built.stderr.split())])[-1][:300].rstrip(".")
                raise CareerlibError(f"The book could not be made: {cause}.")
            shutil.rmtree(output / "book", ignore_errors=True)
            made.rename(output / "book")
    except OSError as error:
        raise CareerlibError(f"The book cannot be written to {shown(output)}: {error}.") from error
    return output / "book" / "index.html"


def _write_source(source: Path, output: Path, notebooks: Path) -> None:
    """The folder from which Sphinx makes the book, laid out as the project is, for its links."""
    shutil.copytree(SITE, source)
    (source / "notebooks" / "images").mkdir(parents=True)
    (source / "data").mkdir()
    for name in OTHERS:
        if (notebooks.parent / name).exists():
            shutil.copy(notebooks.parent / name, source / name)
    for path in [*notebooks_in(notebooks), *notebooks_in(output)]:  # what was run wins
        notebook = read_notebook(path)
        notebook.metadata = METADATA
        for cell in notebook.cells:
            _make_harmless(cell)
        text = nbformat.writes(notebook).replace("](../README.md", "](../index.md")
        # Half a surrogate pair, which a notebook may print, is no text.
        (source / "notebooks" / path.name).write_bytes(text.encode("utf-8", "replace"))
    if (output / "sweep" / "sweep.csv").exists():
        _write_sweep(source / "sweep.md", output / "sweep" / "sweep.csv")
    claims = ledger.ledger(ledger.read_folder(source / "notebooks"))
    page = (source / "index.md").read_text("utf-8")
    page = page.replace("HEADLINE", ledger.headline(claims["verdict"]))
    page = page.replace("SWEEP", "sweep" if (source / "sweep.md").exists() else "")
    (source / "index.md").write_text(page, "utf-8")


def _make_harmless(cell: Any) -> None:
    """Leave text, pictures and plain HTML of a cell's outputs, and give its figure the alt."""
    cell.metadata = {"tags": cell.metadata.get("tags", [])}
    for output in cell.get("outputs", []):
        if "data" not in output:
            continue
        data = {kind: output.data[kind] for kind in KEPT if kind in output.data}
        size = output.metadata.get("image/png", {})
        try:
            image = base64.b64decode("".join(data.get("image/png", "")))
        except ValueError:  # it would break the whole book
            image = b""
        if not image.startswith(b"\x89PNG"):
            data.pop("image/png", None)
        if "text/html" in data:  # without scripts and styles and what they contain
            text = "".join(data["text/html"]).encode("utf-8", "replace").decode()
            data["text/html"] = nh3.clean(
                text, TAGS, attributes=ATTRIBUTES, filter_style_properties=STYLES
            )
        if "image/png" in data:
            alt = {"image": {"alt": str(size.get("alt", "A figure"))}}
            cell.metadata.setdefault("mystnb", alt)
        size = {key: size[key] for key in ("width", "height") if isinstance(size.get(key), int)}
        output.metadata = {"image/png": size}
        output.data = data or {"text/plain": "An output that is not shown here."}


def _write_sweep(path: Path, csv: Path) -> None:
    """The page of a sweep; its tables are HTML on one line, so no text in them becomes Markdown."""
    try:
        table = pd.read_csv(csv)
        tables = {"How often does each finding hold?": sweep.shares(table),
                  "How does each figure spread?": sweep.figures(table)}  # fmt: skip
    except (ValueError, LookupError, TypeError) as error:
        told = f"{shown(csv)} is damaged; make the sweep again, or delete it."
        raise CareerlibError(told) from error
    lines = ["# The sweep", "Notebooks run again and again with other parameters."]
    for heading, rows in tables.items():
        shows = {"holds": "{:.0%}".format}
        page = aligned(rows.to_html(index=False, border=0, formatters=shows))
        page = " ".join(page.split())
        area = f'<div class="wide" tabindex="0" role="region" aria-label="{heading}">{page}</div>'
        lines += [f"## {heading}", area]
    path.write_text("\n\n".join(lines) + "\n", "utf-8")
