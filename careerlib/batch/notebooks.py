"""Run the notebooks in batch: `careerlib run`.

Parameters are checked before anything starts. What comes back is kept so that a failure spoils
neither the other notebooks nor an earlier good result.
"""

import itertools
import json
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
import papermill
import yaml
from pydantic import TypeAdapter, ValidationError

from careerlib.batch.execution import Job, Outcome, execute_all
from careerlib.errors import CareerlibError, nearest, quoted
from careerlib.project import (
    NOTEBOOKS,
    OUTPUTS,
    locked,
    notebooks_in,
    read_notebook,
    shown,
    usable_output,
    write,
)

LEDGER = "10_the_ledger"  # reads the executed notebooks in its parameter `folder`
PACKAGES = ("numpy", "pandas", "scikit-learn", "matplotlib", "seaborn", "papermill")
MOST = 100_000  # runs of one sweep
EXACT: Any = {"strict": True, "allow_inf_nan": False}
TYPES: dict[str, tuple[TypeAdapter, str]] = {
    "int": (TypeAdapter(int, config=EXACT), "a whole number in decimal digits"),
    "float": (TypeAdapter(float, config=EXACT), "a decimal number"),
    "bool": (TypeAdapter(bool, config=EXACT), "true or false"),
}
Parameters = Sequence[tuple[str, str]]  # names and values, as typed


class Result(NamedTuple):
    """One notebook of a run; `problem` and `kept`, the copy showing it, are empty if it passed."""

    notebook: str
    seconds: float
    parameters: dict[str, Any]
    problem: str
    kept: str


def run(
    only: Sequence[str] = (), parameters: Parameters = (), output: Path | str = OUTPUTS,
    notebooks: Path | str = NOTEBOOKS, in_place: bool = False, scheduler: str | None = None,
    **execution: Any,
) -> list[Result]:  # fmt: skip
    """Execute notebooks side by side and keep each result as a whole file or not at all.

    only: names, or their beginnings; all notebooks if empty. output: folder for what is executed.
    notebooks: their folder, in which the kernels run too. in_place: write a notebook that passed
    over its source. scheduler, and execution (jobs, timeout): see `execute_all`.

    Returns one `Result` for each notebook, in reading order. Raises CareerlibError before anything
    runs for an unknown notebook or parameter, a wrong value, or a folder that cannot be used.
    """
    folder = Path(notebooks).absolute()
    planned, output, results = plan(select(folder, only), parameters), usable_output(output), []
    last = [job for job in planned if job.name == LEDGER]
    others = [job for job in planned if job.name != LEDGER]
    others.sort(key=lambda job: -len(job.text))  # the longest first, so that none is waited for
    with locked(output, "run"):
        for group, where in ((others, scheduler), (last, None)):
            executed = [path for path in notebooks_in(output) if path.stem != LEDGER]
            if group == last and not in_place and [read_notebook(path) for path in executed]:
                here = {"folder": os.path.relpath(output, folder)}
                group = [job._replace(parameters=here | job.parameters) for job in last]
            for job, outcome in execute_all(group, folder, scheduler=where, **execution):
                results.append(_keep(job, outcome, folder, output, in_place))
        results.sort()
        if not in_place:
            versions = {name: version(name) for name in PACKAGES}
            versions["python"] = sys.version.split()[0]
            record = {"notebooks": [one._asdict() for one in results], "versions": versions}
            write(output / "run.json", json.dumps(record, indent=2) + "\n")
    return results


def summary(results: Sequence[Result]) -> str:
    """Table of a run: notebook, seconds, status, and a line of explanation for each failure."""
    width = max(len(result.notebook) for result in results)
    lines = [f"{'notebook':{width}}  seconds  status"]
    for name, seconds, _, problem, kept in results:
        lines.append(f"{name:{width}}  {seconds:7.1f}  {'failed' if problem else 'passed'}")
        lines += [f"  {problem}" + f" ({kept})" * bool(kept)] if problem else []
    passed = sum(not result.problem for result in results)
    return "\n".join([*lines, f"{passed} of {len(results)} notebooks passed."])


def _keep(job: Job, outcome: Outcome, folder: Path, output: Path, in_place: bool) -> Result:
    """Put the executed notebook where it belongs: a success in place, a failure under failed/."""
    source, failed = folder / f"{job.name}.ipynb", output / "failed" / f"{job.name}.ipynb"
    problem, text = outcome.problem, outcome.text
    if in_place and not problem and code(source) != job.text:
        problem = "The notebook was edited while it ran and is left as it is"
    if job.name == LEDGER and "folder" in job.parameters:
        # Where it lies now, that is "here", whatever this machine's folders are called.
        typed = json.dumps(json.dumps(job.parameters["folder"]))[1:-1]
        text = text.replace(f"folder = {typed}", r"folder = \".\"")
    if text:  # a worker of Dask that died has sent none
        write(failed if problem else source if in_place else output / source.name, text)
    if not problem:
        with suppress(OSError):  # there may be none, or others beside it
            failed.unlink(missing_ok=True)
            failed.parent.rmdir()
    return Result(
        job.name, outcome.seconds, job.parameters, problem, shown(failed) * bool(problem and text)
    )


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
    paths: list[Path], parameters: Parameters,
    values: Callable[[str], list[str]] = lambda typed: [typed],
) -> list[Job]:  # fmt: skip
    """One job for each notebook and each combination of the parameters that it declares.

    values: the texts of the values in what was typed.
    """
    declared = {
        path: papermill.inspect_notebook(nbformat.from_dict(read_notebook(path))) for path in paths
    }
    known = sorted({name for mine in declared.values() for name in mine})
    given = [name for name, _ in parameters]
    for name in given:
        if given.count(name) > 1:
            raise CareerlibError(f"Parameter {quoted(name)} is given twice; give it once.")
        if name not in known:
            hint = nearest(name[:60], known) if known else "they take no parameters."
            raise CareerlibError(
                f"None of the chosen notebooks has a parameter {quoted(name)}; {hint}"
            )
    jobs: list[Job] = []
    for path, mine in declared.items():
        each = {name: [value_of(text, mine[name], path) for text in dict.fromkeys(values(typed))]
                for name, typed in parameters if name in mine}  # fmt: skip
        combined, text = itertools.product(*each.values()), code(path)
        jobs += [Job(path.stem, text, dict(zip(each, one, strict=True)))
                 for one in itertools.islice(combined, MOST + 1)]  # fmt: skip
        if len(jobs) > MOST:
            raise CareerlibError(f"These are more than {MOST:,} runs; give fewer values.")
    return jobs


def code(path: Path) -> str:
    """The text of a notebook without outputs."""
    notebook = read_notebook(path)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
    return json.dumps(notebook)


def value_of(text: str, parameter: dict[str, str], notebook: Path) -> Any:
    """The typed text as a value of the annotated type; a number is decimal, as in JSON.

    A text that names a YAML file here is passed as seen from the notebook.
    """
    kind = parameter["inferred_type_name"]
    if kind == "str":
        is_file = text.endswith((".yml", ".yaml")) and Path(text).is_file()
        return os.path.relpath(text, notebook.parent) if is_file else text
    exact, expected = TYPES.get(kind, (None, "left as it is"))
    with suppress(ValidationError):
        if exact is not None:
            return exact.validate_json(text.lower() if kind == "bool" else text)
    raise CareerlibError(
        f"Parameter {parameter['name']} of notebook {notebook.stem} must be {expected}, like its "
        f"default {parameter['default']}, not {quoted(text)}."
    )


def given(typed: Parameters, file: Path | None = None) -> Parameters:
    """Parameters as typed, and those of a YAML file of names and values that were not typed."""
    try:
        values = yaml.load(file.read_text("utf-8-sig"), yaml.BaseLoader) if file else {}
        names = [name for name, _ in typed]
        return [*typed, *((name, "" + values[name]) for name in values if name not in names)]
    except OSError as error:
        raise CareerlibError(f"Cannot read {shown(file)}: {error.strerror}.") from error
    except (ValueError, TypeError, yaml.YAMLError) as error:
        told = f"{shown(file)} is no YAML file of parameters; write lines such as seed: 42."
        raise CareerlibError(told) from error
