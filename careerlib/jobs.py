"""Which notebooks a run executes, and with which parameters: checked before anything runs."""

import ast
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from careerlib.errors import CareerlibError, nearest
from careerlib.project import shown

EXPECTED = {
    bool: "true or false",
    int: "a whole number",
    float: "a finite number",
    list: "a list such as [1, 2]",
    dict: "a mapping such as {key: 1}",
}


@dataclass(frozen=True)
class Job:
    """One notebook to execute: where it is, what it gets, how many code cells it will run."""

    path: Path
    text: str = field(repr=False)
    parameters: dict[str, Any]
    cells: int

    @property
    def name(self) -> str:
        return self.path.stem


def notebooks_in(folder: Path) -> list[Path]:
    found = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    if not found:
        raise CareerlibError(
            f"There are no notebooks named like 01_name.ipynb in {shown(folder)}; "
            "run this from a checkout of the project."
        )
    return found


def select(known: list[Path], only: Sequence[str]) -> list[Path]:
    chosen = set()
    for text in only:
        name = Path(text).name.removesuffix(".ipynb")
        matches = [path for path in known if path.stem == name]
        matches = matches or [path for path in known if name and path.stem.startswith(name)]
        if not matches:
            hint = nearest(text, [path.stem for path in known])
            raise CareerlibError(f"No notebook is called {text!r}; {hint}")
        chosen.update(matches)
    return sorted(chosen) if only else known


def plan(paths: list[Path], parameters: list[tuple[str, str]]) -> list[Job]:
    """Read the notebooks and check every parameter against the defaults they declare."""
    names = [name for name, _ in parameters]
    for name in names:
        if names.count(name) > 1:
            raise CareerlibError(f"Parameter {name} is given twice; give it once.")
    planned, declared = [], set()
    for path in paths:
        text, cells = _read(path)
        defaults = _defaults(path.stem, cells) if parameters else {}
        declared.update(defaults)
        values = {
            name: _value(path.stem, name, value, defaults[name])
            for name, value in parameters
            if name in defaults
        }
        planned.append(Job(path, text, values, sum(cell.runs for cell in cells) + bool(values)))
    for name in names:
        if name not in declared:
            hint = nearest(name, sorted(declared)) if declared else "they take no parameters."
            raise CareerlibError(f"None of the chosen notebooks has a parameter {name!r}; {hint}")
    return planned


class Cell(NamedTuple):
    """What the checks need to know of a cell."""

    kind: str
    source: str
    tags: list[str]

    @property
    def runs(self) -> bool:
        is_code = self.kind == "code" and self.source.strip() != ""
        return is_code and "skip-execution" not in self.tags


def _read(path: Path) -> tuple[str, list[Cell]]:
    # Plain JSON: importing nbformat takes a second, which only the workers should spend.
    try:
        text = path.read_text(encoding="utf-8")
        cells = [
            Cell(cell["cell_type"], "".join(cell["source"]), cell["metadata"].get("tags", []))
            for cell in json.loads(text)["cells"]
        ]
        return text, cells
    except OSError as error:
        raise CareerlibError(f"Cannot read {shown(path)}: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CareerlibError(
            f"{shown(path)} is not a notebook of format 4; open it in Jupyter and save it again."
        ) from error


def _defaults(notebook: str, cells: list[Cell]) -> dict[str, ast.expr]:
    """Names assigned in the cell tagged `parameters`, each with its default as an expression."""
    source = next((cell.source for cell in cells if "parameters" in cell.tags), "")
    try:
        statements = ast.parse(source).body
    except SyntaxError as error:
        raise CareerlibError(
            f"Line {error.lineno} of the parameters cell of notebook {notebook} is not Python; "
            "keep only assignments such as seed = 42 there."
        ) from error
    defaults = {}
    for statement in statements:
        if isinstance(statement, ast.Assign):
            targets = statement.targets
        elif isinstance(statement, ast.AnnAssign) and statement.value:
            targets = [statement.target]
        else:
            continue
        for target in targets:
            if isinstance(target, ast.Name):
                defaults[target.id] = statement.value
    return defaults


def _value(notebook: str, name: str, text: str, default_expression: ast.expr) -> Any:
    """The typed text as a value of the default's type."""
    where = f"Parameter {name} of notebook {notebook}"
    try:
        default = ast.literal_eval(default_expression)
    except ValueError:
        default = ...
    if isinstance(default, str):
        return text
    if default is None:
        return None if text == "null" else text
    kind = type(default)
    if kind not in EXPECTED:
        raise CareerlibError(
            f"{where} cannot be set here, because its default {ast.unparse(default_expression)} "
            "is not a number, text, true or false, list or mapping; edit the notebook instead."
        )
    try:
        value = yaml.safe_load(text)
        if kind is float and type(value) in (int, str):
            value = float(value)  # str: YAML takes 1e-3, without a point, for text
        # What JSON does not give back unchanged (dates, keys that are no text, not-a-number)
        # would not reach the notebook unchanged either.
        valid = type(value) is kind and json.loads(json.dumps(value, allow_nan=False)) == value
    except (yaml.YAMLError, ValueError, TypeError, OverflowError):
        valid = False
    if not valid:
        raise CareerlibError(
            f"{where} must be {EXPECTED[kind]} ({kind.__name__}) like its default {default!r}, "
            f"not {text!r}."
        )
    return value
