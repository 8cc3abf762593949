"""The report of a run: `claims.csv`, the page `index.html`, and the ledger for a terminal.

The page is one file without scripts that opens from disk. What notebooks and records say
is data here: their raw HTML is shown as text, links lead to https or into the page.
"""

import json
import os
import re
import shutil
import sys
import textwrap
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import click
import jinja2
import mistune
import pandas as pd
import pygments
from markupsafe import Markup, escape
from mistune.core import BlockState
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from careerlib import claims
from careerlib.errors import CareerlibError
from careerlib.project import replace_file
from careerlib.project import shown as path_shown

# A sign for each verdict, so that colour is not needed to tell them apart.
SIGNS = {
    claims.REPRODUCED: "✓", claims.MISLEADING: "◐", claims.NOT_SUPPORTED: "✗",
    claims.UNTESTABLE: "?", claims.OTHER_SETTINGS: "≠", claims.NOT_RUN: "–",
}
COLOURS = {claims.REPRODUCED: "blue", claims.MISLEADING: "yellow", claims.NOT_SUPPORTED: "red"}
WIDEST = 100  # characters of a line in the terminal

PASSED = "passed"
PNG = b"\x89PNG\r\n\x1a\n"
WIDGET = "application/vnd.jupyter.widget-view+json"
# What a damaged file can raise while it is taken apart.
DAMAGE = (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError,
          RecursionError)


def write_report(outputs: Path | str) -> Path:
    """Write `claims.csv` and `index.html` from what a run left in `outputs`.

    Missing, failed and damaged parts are told on the page. The same files give the same
    bytes. Returns the page's path; raises CareerlibError if it cannot be written.
    """
    outputs = Path(outputs)
    run = _read_run(outputs)
    texts = {
        "claims.csv": run.ledger.to_csv(index=False, lineterminator="\n"),
        "index.html": _page(run),
    }
    try:
        for name, text in texts.items():
            # Half a surrogate pair, which a notebook may print, has no UTF-8.
            replace_file(outputs / name, text.encode("utf-8", "replace"))
    except OSError as error:
        raise CareerlibError(
            f"The report cannot be written to {path_shown(outputs)} ({error.strerror}); choose "
            "another folder with --output."
        ) from None
    return outputs / "index.html"


def print_ledger(outputs: Path | str) -> str:
    """The ledger of the run in `outputs`, wrapped to the terminal, plain where there is none.

    Raises CareerlibError if no notebook has been run yet.
    """
    outputs = Path(outputs)
    records, problems = _read_records(outputs)
    if not records and not problems:
        raise CareerlibError(
            f"There are no measurements in {path_shown(outputs)} yet; make a run first, with "
            "'make run' or 'python -m careerlib run'."
        )
    rows = claims.ledger(records)
    width = min(shutil.get_terminal_size().columns, WIDEST)
    coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ

    def styled(text: str, **style: Any) -> str:
        return click.style(text, **style) if coloured else text

    def wrapped(text: str, indent: str) -> str:
        return textwrap.fill(text, max(width, 20), initial_indent=indent,
                             subsequent_indent=indent)

    lines = [styled(wrapped(claims.headline(list(rows["verdict"])), ""), bold=True)]
    lines += [wrapped(problem, "") for problem in problems]
    for notebook, group in rows.groupby("notebook"):
        lines += ["", styled(notebook, bold=True)]
        for row in group.itertuples():
            lines += [
                "",
                styled(wrapped(row.verdict, "  "), fg=COLOURS.get(row.verdict)),
                wrapped(row.claim, "    "),
                wrapped(f"{row.stated} -> {row.measured or '–'}", "    "),
                wrapped(f"({row.reason})", "    "),
            ]
    return "\n".join(lines)


# What a run left behind.


def _load(path: Path) -> Any:
    """The JSON of `path`, its texts without terminal colours and control characters."""
    return _plain(json.loads(path.read_text("utf-8")))


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        value = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", value)
        return re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", "", value)
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    if isinstance(value, dict):
        return {_plain(key): _plain(entry) for key, entry in value.items()}
    return value


@dataclass(frozen=True)
class Entry:
    """What run.json says of a notebook; all None if it says nothing."""

    status: str | None = None
    seconds: float | None = None
    parameters: dict | None = None
    problem: str | None = None


@dataclass(frozen=True)
class Run:
    """What `outputs` holds: records, entries and cells by notebook, and what is wrong with it.

    notebooks: the cells of the executed notebooks; failed: of those under failed/.
    """

    records: dict[str, dict]
    entries: dict[str, Entry]
    versions: dict[str, str]
    notebooks: dict[str, list[dict]]
    failed: dict[str, list[dict]]
    problems: list[str]

    @property
    def ledger(self) -> pd.DataFrame:
        return claims.ledger(self.records)

    @property
    def names(self) -> list[str]:
        """All notebooks that are known in any way, in reading order."""
        named = {claim.notebook for claim in claims.CLAIMS}
        return sorted(named.union(self.entries, self.records, self.notebooks, self.failed))


def _read_run(outputs: Path) -> Run:
    records, problems = _read_records(outputs)
    notebooks = _read_notebooks(outputs, "", problems)
    failed = _read_notebooks(outputs, "failed/", problems)
    entries, versions = {}, {}
    try:
        content = _load(outputs / "run.json")
        versions = {str(name): str(number) for name, number in content["versions"].items()}
        entries = {str(entry["name"]): _entry(entry) for entry in content["notebooks"]}
    except FileNotFoundError:
        problems.append("run.json is missing, so status, seconds and versions are not known.")
    except DAMAGE:
        problems.append("run.json is damaged, so status, seconds and versions are not known; run "
                        "the notebooks again.")
    return Run(records, entries, versions, notebooks, failed, problems)


def _entry(entry: Mapping) -> Entry:
    return Entry(str(entry["status"]), float(entry["seconds"]), dict(entry["parameters"]),
                 entry.get("problem"))


def _read_records(outputs: Path) -> tuple[dict[str, dict], list[str]]:
    """The records that the ledger can use, and a sentence about each one that it cannot."""
    records, problems = {}, []
    for path in sorted((outputs / "metrics").glob("*.json")):
        try:
            record = _load(path)
            # Only a record that holds what the page and the rules need goes on.
            _flat(record["parameters"]), _flat(record["measurements"])
            claims.ledger({path.stem: record}, path.stem)
            records[path.stem] = record
        except DAMAGE:
            problems.append(f"metrics/{path.name} is damaged or of another version, and left out; "
                            "run the notebook again.")
    return records, problems


def _read_notebooks(outputs: Path, folder: str, problems: list[str]) -> dict[str, list[dict]]:
    notebooks = {}
    for path in sorted((outputs / folder).glob("[0-9][0-9]_*.ipynb")):
        try:
            cells = _load(path)["cells"]
            notebooks[path.stem] = [_cell(cell) for cell in cells]
        except DAMAGE:
            problems.append(f"{folder}{path.name} is damaged and left out; run the notebook again.")
    return notebooks


def _cell(cell: Mapping) -> dict:
    """What the page needs of a cell: kind, source, number, tags and outputs."""
    return {
        "kind": str(cell["cell_type"]),
        "source": "".join(cell["source"]),
        "number": cell.get("execution_count"),
        "tags": list(cell["metadata"].get("tags", [])),
        "outputs": list(_outputs(cell.get("outputs", []))),
    }


def _outputs(outputs: list) -> Iterator[dict]:
    """Each output as {"kind": ..., ...}; of several forms the first that the page can show."""
    for output in outputs:
        data = output.get("data", {})
        text = "".join(data.get("text/markdown", data.get("text/plain", "")))
        if output["output_type"] == "stream":
            yield {"kind": str(output["name"]), "text": "".join(output["text"])}
        elif output["output_type"] == "error":
            told = f"{output['ename']}: {output['evalue']}"
            yield {"kind": "error", "text": told, "traceback": "\n".join(output["traceback"])}
        elif "image/png" in data:
            yield _picture(data, output.get("metadata", {}).get("image/png", {}))
        elif WIDGET in data:
            yield {"kind": "note", "text": "A form: open the notebook in JupyterLab to use it."}
        elif "text/markdown" in data:
            yield {"kind": "markdown", "text": text}
        elif "text/plain" in data:
            yield {"kind": "stdout", "text": text}
        else:
            kinds = ", ".join(sorted(data))
            yield {"kind": "note", "text": f"An output that is not shown here ({kinds})."}


def _picture(data: Mapping, shown: Mapping) -> dict:
    content = "".join("".join(data["image/png"]).split())
    if not b64decode(content, validate=True).startswith(PNG):
        raise ValueError("not a PNG picture")
    alternative = shown.get("alt") or "".join(data.get("text/plain", "")) or "A figure"
    size = {side: int(shown[side]) for side in ("width", "height") if side in shown}
    return {"kind": "picture", "png": content, "alt": alternative, "size": size}


# The page.


def _page(run: Run) -> str:
    here = Path(__file__).parent
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(here), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )
    environment.filters |= {"python": _python, "slug": _slug}
    ledger = run.ledger
    counts = Counter(ledger["verdict"])
    shown = [name for name in run.names if name in run.notebooks or name in run.failed]
    return environment.get_template("report.html.j2").render(
        style=Markup((here / "report.css").read_text("utf-8")),
        headline=claims.headline(list(ledger["verdict"])),
        counts=[(verdict, counts[verdict]) for verdict in SIGNS if counts[verdict]],
        signs=SIGNS,
        rows=ledger.to_dict("records"),
        runs=[_run_row(name, run) for name in run.names],
        notebooks=[_notebook(name, run, shown) for name in shown],
        shown=shown,
        problems=run.problems,
        versions=run.versions,
    )


def _run_row(name: str, run: Run) -> dict:
    """A row of the table of the run, with what went wrong if the notebook did not pass."""
    entry = run.entries.get(name, Entry())
    errors = [output for cell in run.failed.get(name, []) for output in cell["outputs"]
              if output["kind"] == "error"]
    status = entry.status or ("failed" if name in run.failed else
                              "not known" if name in run.notebooks else "not run")
    problem = entry.problem or (errors[0]["text"] if errors else "No error text was kept.")
    record = run.records.get(name)
    return {
        "name": name, "status": status, "seconds": entry.seconds,
        "failed": status not in (PASSED, "not run", "not known"),
        "parameters": None if entry.parameters is None else _flat(entry.parameters),
        "problem": problem, "traceback": errors[0]["traceback"] if errors else "",
        "changed": claims.changed_settings(name, record["parameters"]) if record else "",
    }


def _notebook(name: str, run: Run, shown: list[str]) -> dict:
    """A notebook for the page: title, cells as HTML, its sections, its measurements."""
    cells = run.notebooks.get(name, run.failed.get(name))
    render = _Markdown(name, shown)
    title, body = name, []
    for cell in cells:
        if cell["kind"] != "code":
            source = cell["source"]
            heading = re.match(r"\s*# (.+)", source)
            if heading and title == name:
                title, source = render.inline(heading[1]), source[heading.end() :]
            body.append({"kind": "text", "html": render.html(source)})
        elif cell["source"].strip():
            body.append(cell | {
                "outputs": list(_with_captions(cell["outputs"], render)),
                "lines": cell["source"].strip().count("\n") + 1,
                "folded": cell["source"].startswith(("import ", "from ")) and not cell["tags"],
            })
    record = run.records.get(name, {"parameters": {}, "measurements": {}})
    return {
        "name": name, "title": title, "body": body, "sections": render.sections,
        "row": _run_row(name, run), "earlier": name in run.notebooks,
        "settings": _flat(record["parameters"]), "measurements": _flat(record["measurements"]),
    }


def _with_captions(outputs: list[dict], render: "_Markdown") -> Iterator[dict]:
    """The outputs with Markdown as HTML; a picture takes the "Figure: ..." below it along."""
    outputs = list(outputs)
    while outputs:
        output = outputs.pop(0)
        if output["kind"] == "picture":
            captioned = outputs and outputs[0]["kind"] == "markdown"
            if captioned and outputs[0]["text"].lstrip("*").startswith("Figure: "):
                output = output | {"caption": render.inline(outputs.pop(0)["text"].strip("*"))}
        elif output["kind"] == "markdown":
            output = output | {"html": render.html(output["text"])}
        yield output


def _flat(values: Mapping, before: str = "") -> list[tuple[str, str]]:
    """(name, value) of each entry, those of a mapping as "outer · inner"."""
    rows = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            rows += _flat(value, f"{before}{name} · ")
        else:
            shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            rows.append((f"{before}{name}", shown))
    return rows


def _python(source: str) -> Markup:
    """Python code with a class for each kind of word; Pygments escapes the rest."""
    marked = pygments.highlight(source, PythonLexer(), HtmlFormatter(nowrap=True))
    return Markup(marked.rstrip("\n"))


def _slug(text: str) -> str:
    return re.sub(r"\W+", "-", text).strip("-").lower()


class _Markdown(mistune.HTMLRenderer):
    """Renders the Markdown of one notebook as a part of the page.

    Raw HTML is shown as text, except for <details> and <summary>, which fold solutions.
    Headings go below the page's own, `sections` collects them as (id, text).
    """

    def __init__(self, notebook: str, shown: list[str]):
        super().__init__(escape=True)
        self.notebook, self.shown = notebook, shown
        self.sections: list[tuple[str, str]] = []
        self.level, self.ids = 2, Counter()
        self.parse = mistune.create_markdown(renderer=self, plugins=["table", "strikethrough"])

    def html(self, text: str) -> Markup:
        return Markup(_balanced(self.parse(text)))

    def inline(self, text: str) -> Markup:
        """One line of text, without a paragraph around it."""
        state = BlockState()
        return Markup(self.render_tokens(self.parse.inline(text, state.env), state))

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        self.level = max(3, min(level + 1, self.level + 1, 6))  # no level is left out
        words = Markup(text).striptags()
        anchor = f"{_slug(self.notebook)}-{_slug(words)}"
        self.ids[anchor] += 1
        if self.ids[anchor] > 1:
            anchor += f"-{self.ids[anchor]}"
        if self.level == 3:
            self.sections.append((anchor, words))
        return f'<h{self.level} id="{escape(anchor)}">{text}</h{self.level}>\n'

    def link(self, text: str, url: str, title: str | None = None) -> str:
        page, _, section = url.partition("#")
        if re.match(r"https?://", url, re.I):
            target = url
        elif not page or page.endswith(".ipynb"):
            name = Path(unquote(page)).stem or self.notebook
            parts = [_slug(name), _slug(unquote(section))]
            target = "#" + "-".join(filter(None, parts)) if name in self.shown else ""
        else:
            target = ""  # a file that need not be where this page is
        return f'<a href="{escape(target)}">{text}</a>' if target else text

    def image(self, text: str, url: str, title: str | None = None) -> str:
        return f"<em>Picture: {text}</em>"  # a file of its own, which the page cannot hold

    def table(self, text: str) -> str:
        return f'<div class="wide" tabindex="0" role="region" aria-label="Table">' \
               f"<table>\n{text}</table></div>\n"

    def block_code(self, code: str, info: str | None = None) -> str:
        marked = _python(code) if info == "python" else escape(code)
        return f'<pre tabindex="0"><code>{marked}</code></pre>\n'

    def block_html(self, html: str) -> str:
        html = re.sub(r"<!--.*?-->", "", html, flags=re.S)
        return re.sub(r"&lt;(/?(?:details|summary))&gt;", r"<\1>", str(escape(html)))


def _balanced(html: str) -> str:
    """`html` with each <details> and <summary> closed where it was opened, and nowhere else."""
    inside: list[str] = []

    def kept(tag: re.Match) -> str:
        closing, name = tag.groups()
        if not closing:
            inside.append(name)
        elif inside[-1:] == [name]:
            inside.pop()
        else:
            return ""
        return tag[0]

    html = re.sub(r"<(/?)(details|summary)>", kept, html)
    return html + "".join(f"</{name}>" for name in reversed(inside))
