"""What a run or a sweep executes, and with which parameters: checked before anything runs."""

import ast
import contextlib
import itertools
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from careerlib.errors import CareerlibError, nearest, quoted
from careerlib.project import notebooks_in, shown

MOST = 100_000  # runs of one sweep
EXPECTED = {
    bool: "true or false",
    int: "a whole number in decimal digits",
    float: "a decimal number",
    list: "a list such as [1, 2]",
    dict: 'a mapping such as {"key": 1}',
}


class Job(NamedTuple):
    """One notebook to execute: its name, its text without outputs, and what it gets."""

    name: str
    text: str
    parameters: dict[str, Any]


def select(folder: Path, only: Sequence[str]) -> list[Path]:
    """The notebooks whose names are, or begin with, one of `only`; all if that is empty."""
    known = notebooks_in(folder)
    if not known:
        raise CareerlibError(
            f"There are no notebooks named like 01_name.ipynb in {shown(folder)}; "
            "run this from a checkout of the project."
        )
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


def plan(
    paths: list[Path],
    parameters: Sequence[tuple[str, str]],
    values: Callable[[str], list[str]] = lambda typed: [typed],
) -> list[Job]:
    """One job for each notebook and each combination of the parameters that it declares.

    values: the texts of the values in what was typed.
    """
    jobs: list[Job] = []
    read = [(path, *read_notebook(path)) for path in paths]
    known = sorted({name for *_, defaults in read for name in defaults})
    given = [name for name, _ in parameters]
    for name in given:
        if given.count(name) > 1:
            raise CareerlibError(f"Parameter {quoted(name)} is given twice; give it once.")
        if name not in known:
            hint = nearest(name[:60], known) if known else "they take no parameters."
            raise CareerlibError(
                f"None of the chosen notebooks has a parameter {quoted(name)}; {hint}"
            )
    for path, text, defaults in read:
        mine = {name: [value_of(name, one, defaults[name], path) for one in values(typed)]
                for name, typed in parameters if name in defaults}  # fmt: skip
        combined = itertools.islice(itertools.product(*mine.values()), MOST + 1)
        jobs += [Job(path.stem, text, dict(zip(mine, one, strict=True))) for one in combined]
        if len(jobs) > MOST:
            raise CareerlibError(f"These are more than {MOST:,} runs; give fewer values.")
    return jobs


def read_notebook(path: Path) -> tuple[str, dict[str, Any]]:
    """A notebook's text without outputs, and the defaults in its cell tagged `parameters`."""
    # Plain JSON: importing nbformat takes a second, which only the processes should spend.
    try:
        notebook, source = json.loads(path.read_text(encoding="utf-8")), ""
        for number, cell in enumerate(notebook["cells"], start=1):
            cell.setdefault("id", f"cell-{number}")  # of a time before cells had ids
            if "parameters" in cell["metadata"].get("tags", []):
                source = source or "".join(cell["source"])
            if cell["cell_type"] == "code":
                cell |= {"outputs": [], "execution_count": None}
        return json.dumps(notebook | {"nbformat": 4, "nbformat_minor": 5}), _defaults(source)
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
    for line in ast.parse(source).body:
        if isinstance(line, ast.Assign | ast.AnnAssign):
            target: Any = line.targets[0] if isinstance(line, ast.Assign) else line.target
            defaults[target.id] = ...  # not a literal: it cannot be set from here
            with contextlib.suppress(ValueError):
                defaults[target.id] = ast.literal_eval(line.value)  # type: ignore
    return defaults


def value_of(name: str, text: str, default: Any, notebook: Path) -> Any:
    """The typed text as a value of the default's type; a number is decimal, as in JSON.

    A text that names a YAML or JSON file here is passed as seen from the notebook.
    """
    kind = type(default)
    if kind is str or default is None:
        is_file = text.endswith((".yml", ".yaml", ".json")) and Path(text).is_file()
        return os.path.relpath(text, notebook.parent) if is_file else text
    if kind in EXPECTED:
        exact = TypeAdapter(kind, config={"strict": True, "allow_inf_nan": False})
        with contextlib.suppress(ValidationError):
            return exact.validate_json(text.lower() if kind is bool else text)
    raise CareerlibError(
        f"Parameter {name} of notebook {notebook.stem} must be "
        f"{EXPECTED.get(kind, 'left as it is')}, like its default {default!r}, not {quoted(text)}."
    )
