"""What a run or a sweep executes, and with which parameters: checked before anything runs."""

import ast
import contextlib
import json
import math
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from careerlib.engine import Job
from careerlib.errors import CareerlibError, nearest
from careerlib.project import shown

NUMBER = r"[+-]?(0|[1-9][0-9]*)"
EXPECTED = {
    bool: "true or false",
    int: "a whole number in decimal digits",
    float: "a decimal number",
    list: "a list such as [1, 2]",
    dict: 'a mapping such as {"key": 1}',
}


def notebooks_in(folder: Path) -> list[Path]:
    found = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    if not found:
        raise CareerlibError(
            f"There are no notebooks named like 01_name.ipynb in {shown(folder)}; "
            "run this from a checkout of the project."
        )
    return found


def select(known: list[Path], only: Sequence[str]) -> list[Path]:
    """The notebooks whose names are, or begin with, one of `only`; all if that is empty."""
    chosen = set()
    for text in only:
        name = Path(text).name.removesuffix(".ipynb")
        matches = [path for path in known if path.stem == name]
        matches = matches or [path for path in known if name and path.stem.startswith(name)]
        if not matches:
            hint = nearest(text[:60], [path.stem for path in known])
            raise CareerlibError(f"No notebook is called {quoted(text)}; {hint}")
        chosen.update(matches)
    return sorted(chosen) if only else known


def plan(paths: list[Path], parameters: list[tuple[str, str]]) -> list[Job]:
    """One job for each notebook, with the parameters that it declares."""
    jobs = []
    for path, text, defaults in read_all(paths, [name for name, _ in parameters]):
        given = [(name, typed) for name, typed in parameters if name in defaults]
        values = {name: value_of(name, typed, defaults[name], path) for name, typed in given}
        jobs.append(Job(path.stem, text, values))
    return jobs


def read_all(paths: list[Path], given: list[str]) -> list[tuple[Path, str, dict[str, Any]]]:
    """Each notebook with its text and defaults; refuses a given name that none declares."""
    read = [(path, *read_notebook(path)) for path in paths]
    known = sorted({name for *_, defaults in read for name in defaults})
    for name in given:
        if given.count(name) > 1:
            raise CareerlibError(f"Parameter {quoted(name)} is given twice; give it once.")
        if name not in known:
            hint = nearest(name[:60], known) if known else "they take no parameters."
            raise CareerlibError(
                f"None of the chosen notebooks has a parameter {quoted(name)}; {hint}"
            )
    return read


def read_notebook(path: Path) -> tuple[str, dict[str, Any]]:
    """A notebook's text without outputs, and the defaults in its cell tagged `parameters`."""
    # Plain JSON: importing nbformat takes a second, which only the workers should spend.
    try:
        notebook, source = json.loads(path.read_text(encoding="utf-8")), ""
        for cell in notebook["cells"]:
            if "parameters" in cell["metadata"].get("tags", []):
                source = source or "".join(cell["source"])
            if cell["cell_type"] == "code":
                cell |= {"outputs": [], "execution_count": None}
        return json.dumps(notebook), _defaults(source)
    except OSError as error:
        raise CareerlibError(f"Cannot read {shown(path)}: {error.strerror}.") from error
    except SyntaxError as error:
        raise CareerlibError(
            f"Line {error.lineno} of the parameters cell of notebook {path.stem} is not Python; "
            "keep only lines such as seed: int = 42 there."
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CareerlibError(
            f"{shown(path)} is not a notebook of format 4; open it in Jupyter and save it again."
        ) from error


def _defaults(source: str) -> dict[str, Any]:
    defaults: dict[str, Any] = {}
    for statement in ast.parse(source).body:
        target = statement.targets[0] if isinstance(statement, ast.Assign) else statement
        target = target.target if isinstance(target, ast.AnnAssign) else target
        if isinstance(target, ast.Name):
            defaults[target.id] = ...  # not a literal: it cannot be set from here
            with contextlib.suppress(ValueError):
                defaults[target.id] = ast.literal_eval(statement.value)  # type: ignore
    return defaults


def value_of(name: str, text: str, default: Any, notebook: Path) -> Any:
    """The typed text as a value of the default's type; a number is decimal, nothing else.

    A text that names a YAML or JSON file here is passed as seen from the notebook.
    """
    kind, value = type(default), None
    if kind is str or default is None:
        is_file = text.endswith((".yml", ".yaml", ".json")) and Path(text).is_file()
        return os.path.relpath(text, notebook.parent) if is_file else text
    with contextlib.suppress(ValueError, RecursionError):
        if kind is bool:
            value = {"true": True, "false": False}.get(text.lower())
        elif kind is int and re.fullmatch(NUMBER, text):
            value = int(text)
        elif kind is float and re.fullmatch(NUMBER + r"(\.[0-9]*)?([eE][+-]?[0-9]+)?", text):
            value = float(text)
        elif kind in (list, dict):
            value = json.loads(text)
    if type(value) is not kind or (kind is float and not math.isfinite(value)):
        raise CareerlibError(
            f"Parameter {name} of notebook {notebook.stem} must be "
            f"{EXPECTED.get(kind, 'left as it is')}, like its default {default!r}, "
            f"not {quoted(text)}."
        )
    return value


def quoted(text: str) -> str:
    """`text` in quotes, cut after forty characters."""
    return repr(text if len(text) <= 40 else f"{text[:40]}...")
