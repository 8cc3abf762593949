"""The book: executed notebooks as a site of pages that opens from disk, made by Sphinx.

Around the notebooks come a first page, the glossary, the ledger and, if there is one, the sweep.
What a notebook printed is data here: only plain HTML of it reaches a page, never anything active.
"""

import contextlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from base64 import b64decode
from pathlib import Path
from typing import Any

import bleach
import pandas as pd

from careerlib import ledger, sweep
from careerlib.errors import CareerlibError
from careerlib.runner import LEDGER
from careerlib.project import DATA, NOTEBOOKS, ROOT, shown

START = """# A career recommender, rebuilt and looked at closely

This book rebuilds the career recommender of a published post on real O\\*NET and BLS data: first
the way the post did, every figure to the printed digit; then with the checks that a practitioner
needs; then again, so that it listens to the person who asks.

It is for readers who know some Python and pandas and want to learn to judge such a model, for those
who want to reproduce the post, and for those who run its notebooks with other parameters.

![{alt}](picture.png)

*{alt}*

{headline}{ledger}

```{{toctree}}
:caption: Notebooks
{notebooks}
```

```{{toctree}}
:caption: Reference
{others}
```
"""
CONFIGURATION = """
project = "Career recommender"
author = "The authors of the career recommender notebooks"
html_title = "Career recommender"
extensions = ["myst_nb", "sphinx_copybutton"]
html_theme = "sphinx_book_theme"
html_theme_options = {"use_download_button": False, "use_fullscreen_button": False,
                      "home_page_in_toc": True, "navbar_persistent": []}
html_context = {"default_mode": "auto"}
html_static_path = ["_static"]
html_css_files = ["book.css"]
html_copy_source = html_show_sourcelink = html_show_sphinx = html_show_copyright = False
nb_execution_mode = "off"
nb_render_markdown_format = "commonmark"
myst_heading_anchors = 3
suppress_warnings = ["myst.header", "myst.xref_missing", "toc.not_included"]
"""
STYLE = """
.bd-header, .search-button__kbd-shortcut { display: none; }
.wide { overflow-x: auto; font-size: 0.85em; }
.wide td, .wide th { padding: 0.3em 0.6em; vertical-align: top; text-align: left; }
[class^="careerlib-"] { margin: 0.5rem 0; padding-left: 0.8rem; border-left: 3px solid; }
"""
# What an output may contain: tables of pandas, and text with a little form.
TAGS = {"a", "b", "blockquote", "br", "caption", "code", "div", "em", "h3", "h4", "i", "li", "ol", "p",
        "pre", "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th",
        "thead", "tr", "ul"}  # fmt: skip
ATTRIBUTES = {"*": ["class", "title"], "a": ["href"], "td": ["colspan", "rowspan"],
              "th": ["colspan", "rowspan", "scope"]}  # fmt: skip


def write_book(outputs: Path | str) -> Path:
    """Make the book of what runs and sweeps left in `outputs`; return its first page.

    A notebook that was not run is shown as committed. Raises CareerlibError if the book cannot be
    made; an earlier one then stays.
    """
    outputs = Path(outputs).absolute()
    committed = {path.name: path for path in NOTEBOOKS.glob("[0-9][0-9]_*.ipynb")}
    paths = committed | {path.name: path for path in outputs.glob("[0-9][0-9]_*.ipynb")}
    try:
        with tempfile.TemporaryDirectory(dir=outputs, prefix=".book-") as folder:
            source, made = Path(folder, "source"), Path(folder, "book")
            _write_source(source, [paths[name] for name in sorted(paths)], outputs)
            command = [sys.executable, "-m", "sphinx", "-q", "-j", "2", source, made]
            built = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
            if built.returncode or not (made / "index.html").exists():
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
    (source / "notebooks").mkdir(parents=True)
    (source / "_static").mkdir()
    (source / "data").mkdir()
    (source / "conf.py").write_text(CONFIGURATION)
    (source / "_static" / "book.css").write_text(STYLE)
    pages = [path for path in (NOTEBOOKS / "glossary.md", DATA / "README.md", DATA / "PROCEDURE.md")
             if path.exists()]  # fmt: skip
    for path in pages:
        shutil.copy(path, source / path.relative_to(ROOT))
    picture, entries = ("", b""), []
    for path in paths:
        notebook = json.loads(path.read_text("utf-8"))
        entries += [{"notebook": path.stem, **entry} for entry in ledger.read(notebook)]
        for cell in notebook["cells"]:
            picture = _picture(cell) if cell.get("id") == "controls" else picture
        text = json.dumps(_harmless(notebook)).replace("](../README.md", "](../index.md")
        (source / "notebooks" / path.name).write_text(text, "utf-8")
    (source / "picture.png").write_bytes(picture[1])
    others = [path.relative_to(ROOT).with_suffix("").as_posix() for path in pages]
    with contextlib.suppress(FileNotFoundError, ValueError):
        _write_sweep(source, pd.read_csv(outputs / "sweep" / "sweep.csv"))
        others.append("sweep")
    known = any(path.stem == LEDGER for path in paths)
    (source / "index.md").write_text(
        START.format(
            alt=picture[0],
            headline=ledger.headline(ledger.ledger(entries)["verdict"]),
            ledger=f" They are in [the ledger](notebooks/{LEDGER}.ipynb)." if known else "",
            notebooks="\n".join(f"notebooks/{path.stem}" for path in paths),
            others="\n".join(others),
        ),
        "utf-8",
    )


def _harmless(notebook: dict[str, Any]) -> dict[str, Any]:
    """A notebook whose outputs are text, pictures and plain HTML, and whose figures have their alt."""
    for cell in notebook["cells"]:
        metadata = {"tags": cell["metadata"].get("tags", [])}
        outputs = []
        for output in cell.get("outputs", []):
            if "data" in output:
                data = {kind: output["data"][kind] for kind in ("image/png", "text/html", "text/plain")
                        if kind in output["data"]}  # fmt: skip
                size = output.get("metadata", {}).get("image/png", {})
                output["metadata"] = {
                    "image/png": {key: int(size[key]) for key in ("width", "height") if key in size}
                }
                if "image/png" in data:
                    metadata["mystnb"] = {"image": {"alt": str(size.get("alt", "A figure"))}}
                if "text/html" in data:
                    data["text/html"] = _plain_html("".join(data["text/html"]))
                output["data"] = data
            if output.get("data") != {}:
                outputs.append(output)
        if cell["cell_type"] == "code":
            cell["outputs"] = outputs
        cell["metadata"] = metadata
    return notebook


def _plain_html(text: str) -> str:
    """`text` without scripts, styles, event handlers and links to anything but pages."""
    text = re.sub(r"(?is)<(script|style)\b.*?</\1\s*>", "", text)
    return bleach.clean(text, TAGS, ATTRIBUTES, protocols={"http", "https", "mailto"}, strip=True)


def _picture(cell: dict[str, Any]) -> tuple[str, bytes]:
    """Alternative text and content of the first figure that a cell shows."""
    for output in cell["outputs"]:
        if "image/png" in output.get("data", {}):
            alt = output["metadata"].get("image/png", {}).get("alt", "")
            # It becomes part of a Markdown line.
            return re.sub(r"[^\w ,.:;%()+-]", "", alt), b64decode("".join(output["data"]["image/png"]))
    return "", b""


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
