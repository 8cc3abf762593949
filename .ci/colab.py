"""Bring the cell `colab` and the metadata of every notebook in step with what is written here.

The cell is the first with code, hidden, and does nothing in a checkout. The metadata are what
JupyterLab writes: to open and save a notebook changes nothing. `make notebooks` calls this.
"""

import json
import platform
import tomllib

from careerlib.batch.notebooks import KERNEL
from careerlib.project import NOTEBOOKS, ROOT, notebooks_in, write

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
SOURCE = """
# In a checkout this does nothing. Elsewhere, on Colab for example, it gets the
# project and its packages: run it, restart the session, run all cells.
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

home = Path("career-recommender/notebooks")
here = home.exists() or Path("../data/tables.json").exists()
if find_spec("careerlib") is None and not here:
    address = "ADDRESS"
    address = os.environ.get("CAREERLIB_REPOSITORY", address)
    clone = ["git", "clone", "-q", "--depth", "1", address, home.parent]
    subprocess.run(clone, check=True)
if home.exists():
    os.chdir(home)
if find_spec("careerlib") is None:
    install = [sys.executable, "-m", "pip", "install", "-q", "..[lesson]"]
    subprocess.run(install, check=True)
    raise SystemExit("Now restart the session, and run all cells.")
""".strip().replace("ADDRESS", PROJECT["urls"]["Repository"])
METADATA = {
    "kernelspec": KERNEL,
    "language_info": {
        "codemirror_mode": {"name": "ipython", "version": 3}, "file_extension": ".py",
        "mimetype": "text/x-python", "name": "python", "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3", "version": platform.python_version(),
    },
}  # fmt: skip


def in_step(notebook: dict) -> dict:
    """The notebook with this cell before its first code cell, in place of an older one."""
    cells = [cell for cell in notebook["cells"] if cell["id"] != "colab"]
    first = next(place for place, cell in enumerate(cells) if cell["cell_type"] == "code")
    cell = {
        "cell_type": "code", "execution_count": None, "id": "colab", "outputs": [],
        "metadata": {"jupyter": {"source_hidden": True}, "tags": ["hide-input"]},
        "source": SOURCE.splitlines(keepends=True),
    }  # fmt: skip
    old = [each for each in notebook["cells"] if each["id"] == "colab"]
    if old and "".join(old[0]["source"]) == SOURCE:  # executed: its number stays
        cell["execution_count"] = old[0]["execution_count"]
    return {**notebook, "metadata": METADATA, "cells": [*cells[:first], cell, *cells[first:]]}


if __name__ == "__main__":
    for path in notebooks_in(NOTEBOOKS):
        notebook = in_step(json.loads(path.read_text("utf-8")))
        text = json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False)
        write(path, f"{text}\n")
