"""Keep the computed parts of README.md in step with the committed notebooks.

`python -m careerlib refresh` rewrites what stands between the markers; a test fails when
README.md and the notebooks disagree. Nothing in those parts is typed by hand.
"""

import base64
import re

import nbformat

from careerlib import claims
from careerlib.project import NOTEBOOKS, ROOT, replace_file

PICTURE = NOTEBOOKS / "images" / "controls.png"
PICTURE_FROM = ("04_training_and_metrics", "controls")


def update() -> None:
    """Rewrite README.md's computed parts and its picture from the committed notebooks."""
    readme = ROOT / "README.md"
    replace_file(readme, in_step(readme.read_text("utf-8")).encode())
    PICTURE.parent.mkdir(exist_ok=True)
    replace_file(PICTURE, picture()[0])


def in_step(text: str) -> str:
    """`text` of README.md with each computed part as the notebooks have it now."""
    parts = {"notebooks": _notebook_table(), "ledger": _ledger(), "picture": _picture_line()}
    for name, part in parts.items():
        text = re.sub(
            rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)",
            lambda match, part=part: f"{match[1]}{part}\n{match[2]}", text, flags=re.S,
        )
    return text


def picture() -> tuple[bytes, str]:
    """PNG and caption of the README's picture, as notebook 04 shows it."""
    name, cell_id = PICTURE_FROM
    output = next(cell for cell in _cells(name) if cell.id == cell_id).outputs[0]
    return base64.b64decode(output.data["image/png"]), output.metadata["image/png"]["alt"]


def _notebook_table() -> str:
    lines = ["| notebook | minutes | what it shows |", "|---|---:|---|"]
    for path in sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb")):
        opening = _cells(path.stem)[0].source
        title = re.match(r"# \d\d · (.+)", opening)[1]
        minutes = re.search(r"^About (\d+) minutes", opening, re.M)[1]
        lines.append(f"| [{path.stem}](notebooks/{path.name}) | {minutes} | {title} |")
    return "\n".join(lines)


def _ledger() -> str:
    """The headline and all rows of the ledger, from the tables that the notebooks show."""
    rows = []
    for path in sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb")):
        shown = [cell for cell in _cells(path.stem) if cell.source == "record.ledger()"]
        if not (shown and shown[0].outputs):
            continue  # a notebook that is still being written
        lines = shown[0].outputs[0].data["text/markdown"].split("\n")[2:]
        for line in lines:
            *shown, reason = line.strip("| ").split(" | ")
            rows.append((*shown, reason, path))
    lines = [
        f"| {' | '.join(cells)} | [{path.stem[:2]}](notebooks/{path.name}) |" for *cells, path in rows
    ]
    return "\n".join([
        f"**{claims.headline([verdict for *_, verdict, _, _ in rows])}**",
        "",
        "<details>",
        "<summary>The whole ledger</summary>",
        "",
        "| the claim | of the | stated | we measured | verdict | reason | notebook |",
        "|---|---|---|---|---|---|---|",
        *lines,
        "",
        "</details>",
    ])


def _picture_line() -> str:
    path = PICTURE.relative_to(ROOT).as_posix()
    return f'<img src="{path}" width="720" alt="{picture()[1]}">'


def _cells(name: str) -> list:
    return nbformat.read(NOTEBOOKS / f"{name}.ipynb", 4).cells
