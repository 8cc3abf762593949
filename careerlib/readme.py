"""The computed parts of README.md, all of them from the committed notebooks."""

import base64
import json
import re
from pathlib import Path

from careerlib import ledger
from careerlib.project import NOTEBOOKS, ROOT, replace_file

PICTURE = NOTEBOOKS / "images" / "controls.png"
TELLING = ("test-accuracy", "realistic", "told-apart", "personal", "proves-ml")


def update() -> None:
    """Rewrite README.md's computed parts and its picture; for `careerlib refresh`."""
    readme = ROOT / "README.md"
    replace_file(readme, in_step(readme.read_text("utf-8")).encode())
    PICTURE.parent.mkdir(exist_ok=True)
    replace_file(PICTURE, picture()[0])


def in_step(text: str) -> str:
    """`text` of README.md with each computed part as the notebooks have it now."""
    minutes, lines = [], ["| notebook | minutes |", "|---|---:|"]
    for path in sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb")):
        first = "".join(_cells(path)[0]["source"])
        title = re.search(r"^# \d\d · (.+)", first, re.M)[1]
        both = re.search(r"About (\d+) minutes to read, (\d+) more", first)
        minutes.append(sum(map(int, both.groups())))
        lines.append(f"| [{path.stem[:2]} · {title}](notebooks/{path.name}) | {minutes[-1]} |")
    alt = f'<img src="notebooks/images/{PICTURE.name}" width="720" alt="{picture()[1]}">'
    hours = f"All of it takes about {round(sum(minutes) / 60)} hours, exercises included."
    parts = {"picture": alt, "hours": hours, "notebooks": "\n".join(lines), "ledger": _ledger()}
    for name, part in parts.items():
        edge = "" if name == "hours" else "\n"
        pattern = rf"(<!-- {name} -->).*?(<!-- /{name} -->)"
        text = re.sub(pattern, lambda m, p=part, e=edge: f"{m[1]}{e}{p}{e}{m[2]}", text, flags=re.S)  # type: ignore
    return text


def picture() -> tuple[bytes, str]:
    """PNG and alternative text of the README's picture, as notebook 04 shows it."""
    (path,) = NOTEBOOKS.glob("04_*.ipynb")
    outputs = next(cell["outputs"] for cell in _cells(path) if cell["id"] == "controls")
    output = next(output for output in outputs if "image/png" in output["data"])
    image = "".join(output["data"]["image/png"])
    return base64.b64decode(image), output["metadata"]["image/png"]["alt"]


def _ledger() -> str:
    table = ledger.ledger(ledger.read_folder(NOTEBOOKS))
    rows = table.loc[list(TELLING), ["claim", "measured", "verdict"]].itertuples(index=False)
    lines = ["| the claim | we measured | verdict |", "|---|---|---|"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return f"**{ledger.headline(table['verdict'])}** Five of them:\n\n" + "\n".join(lines)


def _cells(path: Path) -> list[dict]:
    return json.loads(path.read_text("utf-8"))["cells"]
