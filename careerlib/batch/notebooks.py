"""Run the notebooks in batch: `careerlib run`.

Parameters are checked before anything starts. What comes back is kept so that a failure spoils
neither the other notebooks nor an earlier good result.
"""

import itertools
import json
import math
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import papermill
import yaml
from pydantic import FiniteFloat, TypeAdapter, ValidationError

from careerlib.batch.execution import Run, execute_all
from careerlib.errors import CareerlibError, nearest, quoted, told
from careerlib.project import OUTPUTS, notebooks_in, output_folder, shown, write

LEDGER = "10_the_ledger"  # runs last, among the executed notebooks, which it reads
PACKAGES = ("numpy", "pandas", "scikit-learn", "matplotlib", "seaborn", "papermill")
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
MOST = 100_000  # runs of one sweep
TYPES = {"int": int, "float": FiniteFloat, "bool": bool}


def run(
    planned: Sequence[Run], output: Path | str = OUTPUTS, in_place: bool = False, **execution: Any
) -> pd.DataFrame:
    """Execute notebooks side by side and keep each result as a whole file or not at all.

    output: folder for what is executed. in_place: write a notebook that passed over its source.
    execution (jobs, timeout, scheduler): see `execute_all`.

    Returns columns notebook, seconds, parameters and problem, which is "" if it passed.
    CareerlibError for a folder that cannot be used.
    """
    rows, planned = [], sorted(planned, key=lambda one: -len(one.text))  # the longest first
    with output_folder(output) as output:
        for is_last in (False, True):
            group = [one for one in planned if (one.path.stem == LEDGER) == is_last]
            executed = [path for path in notebooks_in(output) if path.stem != LEDGER]
            if is_last and not in_place and [code(path) for path in executed]:  # none is damaged
                group = [one._replace(path=output / one.path.name) for one in group]
                execution["scheduler"] = None
            for one, done in execute_all(group, **execution):
                problem, failed = done.problem, output / "failed" / one.path.name
                if in_place and not problem and code(one.path) != one.text:
                    problem = "The notebook was edited while it ran and is left as it is"
                passed = one.path if in_place else output / one.path.name
                write(failed if problem else passed, done.text)
                if not problem:
                    failed.unlink(missing_ok=True)
                rows.append((one.path.stem, done.seconds, one.parameters, problem))
        columns = ["notebook", "seconds", "parameters", "problem"]
        table = pd.DataFrame(sorted(rows), columns=columns)
        if not in_place:
            record = {"notebooks": table.to_dict("records"), "python": platform.python_version(),
                      "packages": {name: version(name) for name in PACKAGES}}  # fmt: skip
            write(output / "run.json", json.dumps(record, indent=2) + "\n")
    return table


def code(path: Path) -> str:
    """The text of a notebook without outputs; CareerlibError names a file that is none."""
    what = f"{shown(path)} is damaged, or not a notebook of format 4.5"
    with told(what, "open it in Jupyter and save it, or replace it", Exception):  # of many kinds
        notebook = nbformat.from_dict(json.loads(path.read_text("utf-8")))
        nbformat.validate(notebook, version=4)
    notebook.metadata.kernelspec = KERNEL
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.update(outputs=[], execution_count=None)
    return nbformat.writes(notebook)


def select(folder: Path, only: Sequence[str]) -> list[Path]:
    """The notebooks whose names begin with one of `only`; all if that is empty."""
    known, begun = notebooks_in(folder), tuple(Path(text).name for text in only)
    if not known:
        what = f"There are no notebooks named like 01_name.ipynb in {shown(folder)}"
        raise CareerlibError(f"{what}; run this from a checkout of the project.")
    for text in begun:
        if not any(path.name.startswith(text) for path in known):
            hint = nearest(text, [path.stem for path in known])
            raise CareerlibError(f"No notebook is called {quoted(text)}; {hint}")
    return [path for path in known if path.name.startswith(begun or "")]


def plan(
    folder: Path, only: Sequence[str] = (), parameters: Mapping[str, str] | None = None,
    values: Callable[[str], Sequence] = lambda typed: [typed],
) -> list[Run]:  # fmt: skip
    """One run for each notebook and each combination of the parameters that it declares.

    only: names, or their beginnings; all notebooks if empty. parameters: as typed. values: those in
    what was typed. CareerlibError for what does not exist or has another type.
    """
    parameters = parameters or {}
    texts = {path: code(path) for path in select(folder.absolute(), only)}
    declared = {path: papermill.inspect_notebook(nbformat.reads(texts[path], 4)) for path in texts}
    known = sorted({name for mine in declared.values() for name in mine})
    for name in parameters:
        if name not in known:
            hint = nearest(name, known) if known else "they take no parameters."
            raise CareerlibError(f"No chosen notebook has a parameter {quoted(name)}; {hint}")
    runs: list[Run] = []
    for path, mine in declared.items():
        typed = {name: values(text) for name, text in parameters.items() if name in mine}
        if len(runs) + math.prod(map(len, typed.values())) > MOST:
            raise CareerlibError(f"These are more than {MOST:,} runs; give fewer values.")
        each = [dict.fromkeys(value_of(str(one), mine[name], path) for one in typed[name])
                for name in typed]  # fmt: skip
        runs += [Run(path, texts[path], dict(zip(typed, one, strict=True)))
                 for one in itertools.product(*each)]  # fmt: skip
    return runs


def value_of(text: str, parameter: dict[str, str], notebook: Path) -> Any:
    """The typed text as a value of the annotated type; a number is decimal, as in JSON.

    A text that names a YAML file here is passed as seen from the notebook.
    """
    kind = parameter["inferred_type_name"]
    if kind == "str":
        is_file = text.endswith((".yml", ".yaml")) and Path(text).is_file()
        return os.path.relpath(text, notebook.parent) if is_file else text
    with suppress(KeyError, ValidationError):
        return TypeAdapter(TYPES[kind]).validate_json(text.lower(), strict=True)
    about = f"{parameter['name']} of notebook {notebook.stem}"
    expected = f"{kind if kind in TYPES else 'left'} like its default {parameter['default']}"
    raise CareerlibError(f"Parameter {about} must be {expected}, not {quoted(text)}.")


def given(typed: Sequence[tuple[str, str]], file: Path | None) -> dict[str, str]:
    """Parameters of a YAML file of names and values, and as typed, which count instead."""
    if file is None:
        return dict(typed)
    what, kinds = f"Cannot read {shown(file)} as YAML", (OSError, ValueError, yaml.YAMLError)
    with told(what, "give a line for each parameter, such as seed: 42", *kinds):
        values = yaml.load(file.read_text("utf-8-sig"), yaml.BaseLoader)
        return TypeAdapter(dict[str, str]).validate_python(values) | dict(typed)
