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

from careerlib.batch.execution import Job, Outcome, execute_all
from careerlib.errors import CareerlibError, nearest, quoted
from careerlib.project import NOTEBOOKS, OUTPUTS, notebooks_in, output_folder, shown, write

LEDGER = "10_the_ledger"  # runs last, among the executed notebooks, which it reads
PACKAGES = ("numpy", "pandas", "scikit-learn", "matplotlib", "seaborn", "papermill")
MOST = 100_000  # runs of one sweep
TYPES = {"int": int, "float": FiniteFloat, "bool": bool}
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def run(
    only: Sequence[str] = (), parameters: Mapping[str, str] | None = None,
    output: Path | str = OUTPUTS, notebooks: Path = NOTEBOOKS, in_place: bool = False,
    **execution: Any,
) -> pd.DataFrame:  # fmt: skip
    """Execute notebooks side by side and keep each result as a whole file or not at all.

    only: names, or their beginnings; all notebooks if empty. parameters: values as typed. output:
    folder for what is executed. in_place: write a notebook that passed over its source.
    execution (jobs, timeout, scheduler): see `execute_all`.

    Returns columns notebook, seconds, parameters and problem, which is "" if it passed. Raises
    CareerlibError before anything runs for wrong input, or a folder that cannot be used.
    """
    folder, rows = Path(notebooks).absolute(), []
    planned = plan(folder, only, parameters or {})
    planned.sort(key=lambda job: -len(job.text))  # the longest first, so that none is waited for
    with output_folder(output) as output:
        for is_last in (False, True):
            group, where = [job for job in planned if (job.name == LEDGER) == is_last], folder
            executed = [path for path in notebooks_in(output) if path.stem != LEDGER]
            if group and is_last and not in_place and [read_notebook(path) for path in executed]:
                where, execution["scheduler"] = output, None
            for job, outcome in execute_all(group, where, **execution):
                problem = _keep(job, outcome, folder, output, in_place)
                rows.append((job.name, outcome.seconds, job.parameters, problem))
        rows.sort()
        table = pd.DataFrame(rows, columns=["notebook", "seconds", "parameters", "problem"])
        if not in_place:
            versions = {name: version(name) for name in PACKAGES}
            versions["python"] = platform.python_version()
            record = {"notebooks": table.to_dict("records"), "versions": versions}
            write(output / "run.json", json.dumps(record, indent=2) + "\n")
    return table


def summary(table: pd.DataFrame) -> str:
    """The table of a run as text for a terminal, and what is wrong with each that failed."""
    failed = table[table["problem"] != ""]
    status = table["problem"].where(table["problem"] == "", "failed").replace("", "passed")
    lines = [table[["notebook", "seconds"]].assign(status=status).to_string(index=False)]
    lines += [f"{row.notebook}: {row.problem}" for row in failed.itertuples()]
    return "\n".join([*lines, f"{len(table) - len(failed)} of {len(table)} notebooks passed."])


def _keep(job: Job, outcome: Outcome, folder: Path, output: Path, in_place: bool) -> str:
    """Write a success to its place, a failure under failed/; return the problem, if any."""
    name, problem = f"{job.name}.ipynb", outcome.problem
    failed, source = output / "failed" / name, folder / name
    if in_place and not problem and code(source) != job.text:
        problem = "The notebook was edited while it ran and is left as it is"
    if outcome.text:  # a worker of Dask that died has sent none
        write(failed if problem else source if in_place else output / name, outcome.text)
    if not problem:
        failed.unlink(missing_ok=True)
    return problem


def read_notebook(path: Path) -> Any:
    """The notebook in a file; CareerlibError names a file that is none."""
    try:
        notebook = nbformat.from_dict(json.loads(path.read_text("utf-8")))
        nbformat.validate(notebook, version=4)
        notebook.metadata.kernelspec = nbformat.from_dict(KERNEL)
        return notebook
    except Exception as error:  # of many kinds, for there are many ways to be no notebook
        told = f"{shown(path)} is damaged, or not a notebook of format 4.5"
        raise CareerlibError(f"{told}; open it in Jupyter and save it, or replace it.") from error


def code(path: Path) -> str:
    """The text of a notebook without outputs."""
    notebook = read_notebook(path)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.update(outputs=[], execution_count=None)
    return nbformat.writes(notebook)


def select(folder: Path, only: Sequence[str]) -> list[Path]:
    """The notebooks whose names begin with one of `only`; all if that is empty."""
    known, chosen = notebooks_in(folder), set()
    if not known:
        told = f"There are no notebooks named like 01_name.ipynb in {shown(folder)}"
        raise CareerlibError(f"{told}; run this from a checkout of the project.")
    for text in only:
        name = Path(text).name or text
        matches = [path for path in known if name and path.name.startswith(name)]
        if not matches:
            hint = nearest(text, [path.stem for path in known])
            raise CareerlibError(f"No notebook is called {quoted(text)}; {hint}")
        chosen.update(matches)
    return sorted(chosen) if only else known


def plan(
    folder: Path, only: Sequence[str], parameters: Mapping[str, str],
    values: Callable[[str], list[str]] = lambda typed: [typed],
) -> list[Job]:  # fmt: skip
    """One job for each notebook and each combination of the parameters that it declares.

    values: the texts of the values in what was typed.
    """
    texts = {path: code(path) for path in select(folder, only)}
    declared = {path: papermill.inspect_notebook(nbformat.reads(texts[path], 4)) for path in texts}
    known = sorted({name for mine in declared.values() for name in mine})
    for name in parameters:
        if name not in known:
            hint = nearest(name, known) if known else "they take no parameters."
            raise CareerlibError(f"No chosen notebook has a parameter {quoted(name)}; {hint}")
    jobs: list[Job] = []
    for path, mine in declared.items():
        each = {name: [value_of(text, mine[name], path) for text in dict.fromkeys(values(typed))]
                for name, typed in parameters.items() if name in mine}  # fmt: skip
        if len(jobs) + math.prod(map(len, each.values())) > MOST:
            raise CareerlibError(f"These are more than {MOST:,} runs; give fewer values.")
        jobs += [Job(path.stem, texts[path], dict(zip(each, one, strict=True)))
                 for one in itertools.product(*each.values())]  # fmt: skip
    return jobs


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


def given(typed: Sequence[tuple[str, str]], file: Path | None = None) -> dict[str, str]:
    """Parameters as typed, and those of a YAML file of names and values that were not typed."""
    if len(dict(typed)) < len(typed):
        raise CareerlibError("A parameter is given twice; give it once.")
    if file is None:
        return dict(typed)
    try:
        values = yaml.load(file.read_text("utf-8-sig"), yaml.BaseLoader)
        return TypeAdapter(dict[str, str]).validate_python(values) | dict(typed)
    except (OSError, ValueError, yaml.YAMLError) as error:
        told = f"Cannot read {shown(file)} as YAML of parameters, with lines such as seed: 42."
        raise CareerlibError(told) from error
