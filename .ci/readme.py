"""Bring README.md's computed parts, all from the committed notebooks, in step with them.

`make notebooks` calls it; a test compares.
"""

import base64
import json
import re
from pathlib import Path

from careerlib import ledger
from careerlib.project import NOTEBOOKS, ROOT, notebooks_in, write

README = ROOT / "README.md"
PICTURE = NOTEBOOKS / "images" / "controls.png"
TELLING = ("test-accuracy", "realistic", "told-apart", "personal", "proves-ml")


def in_step(text: str) -> str:
    """`text` of README.md with each computed part as the notebooks have it now."""
    minutes, lines = [], ["| notebook | minutes |", "|---|---:|"]
    for path in notebooks_in(NOTEBOOKS):
        first = "".join(_cells(path)[0]["source"])
        title = re.search(r"^# \d\d · (.+)", first, re.M)[1]
        both = re.search(r"About (\d+) minutes to read, (\d+) more", first)
        minutes.append(sum(map(int, both.groups())))
        lines.append(f"| [{path.stem[:2]} · {title}](notebooks/{path.name}) | {minutes[-1]} |")
    table = ledger.ledger(ledger.read_folder(NOTEBOOKS))
    rows = table.loc[list(TELLING), ["claim", "measured", "verdict"]].itertuples(index=False)
    told = [f"**{ledger.headline(table['verdict'])}** Five of them:", ""]
    told += ["| the claim | we measured | verdict |", "|---|---|---|"]
    parts = {
        "picture": f'<img src="notebooks/images/{PICTURE.name}" width="720" alt="{picture()[1]}">',
        "hours": f"All of it takes about {round(sum(minutes) / 60)} hours, exercises included.",
        "notebooks": "\n".join(lines),
        "ledger": "\n".join([*told, *(f"| {' | '.join(row)} |" for row in rows)]),
    }
    for name, part in parts.items():
        edge = "" if name == "hours" else "\n"
        begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        assert text.count(begin) == text.count(end) == 1, f"README.md lacks {begin} or {end}"
        before, _, rest = text.partition(begin)
        text = f"{before}{begin}{edge}{part}{edge}{end}{rest.partition(end)[2]}"
    return text


def picture() -> tuple[bytes, str]:
    """PNG and alternative text of the README's picture, as notebook 04 shows it."""
    (path,) = NOTEBOOKS.glob("04_*.ipynb")
    outputs = next(cell["outputs"] for cell in _cells(path) if cell["id"] == "controls")
    output = next(output for output in outputs if "image/png" in output["data"])
    image = "".join(output["data"]["image/png"])
    return base64.b64decode(image), output["metadata"]["image/png"]["alt"]


def _cells(path: Path) -> list[dict]:
    return json.loads(path.read_text("utf-8"))["cells"]


if __name__ == "__main__":
    write(README, in_step(README.read_text("utf-8")))
    write(PICTURE, picture()[0])
