"""The notebooks in batch: runs, sweeps of parameters, and the book. What is asked is checked before
anything starts; a failure spoils no other result and no earlier good one."""

import hashlib
import itertools
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
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

from careerlib import ledger, project
from careerlib.batch.execution import Run, environment, execute_all
from careerlib.errors import CareerlibError, nearest, quoted, told
from careerlib.project import NOTEBOOKS, OUTPUTS, notebooks_in, output_folder, shown, write

LEDGER = "10_the_ledger"  # runs last, among the executed notebooks, which it reads
PACKAGES = ("numpy", "pandas", "scikit-learn", "matplotlib", "seaborn", "papermill")
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
TYPES = {"int": int, "float": FiniteFloat, "bool": bool}
COLUMNS = ("kind", "name", "holds", "verdict", "measured", "figure", "value")  # of a sweep
# Beside Sphinx's own, and laid out as they are here, for their links.
PAGES = ("README.md", "pyproject.toml", "LICENSE", "notebooks/images/controls.png",
         "notebooks/glossary.md", "data/README.md", "data/PROCEDURE.md",
         "data/claims.csv")  # fmt: skip


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


def plan(
    folder: Path, only: Sequence[str] = (), parameters: Mapping[str, str] | None = None,
    values: Callable[[str], Sequence[str]] = lambda typed: [typed],
) -> list[Run]:  # fmt: skip
    """One run for each notebook and each combination of the parameters that it declares.

    only: names, or their beginnings; all if empty. values: those in what was typed for a parameter.
    CareerlibError for what does not exist or has another type.
    """
    there, begun = notebooks_in(folder.absolute()), [Path(text).name for text in only or [""]]
    for text in begun:
        if not any(path.name.startswith(text) for path in there):
            hint = nearest(text, [path.stem for path in there]) if there else "give --notebooks."
            name = quoted(text or "01_name.ipynb")
            raise CareerlibError(f"No notebook in {shown(folder)} is called like {name}; {hint}")
    texts = {path: code(path) for path in there if path.name.startswith(tuple(begun))}
    declared = {path: papermill.inspect_notebook(nbformat.reads(texts[path], 4)) for path in texts}
    known = sorted({name for mine in declared.values() for name in mine})
    for name in parameters or {}:
        if name not in known:
            hint = nearest(name, known) if known else "they take no parameters."
            raise CareerlibError(f"No chosen notebook has a parameter {quoted(name)}; {hint}")
    runs = []
    for path, mine in declared.items():
        names = [name for name in parameters or {} if name in mine]
        sets = [dict.fromkeys(value_of(text, mine[name], path) for text in values(parameters[name]))
                for name in names]  # fmt: skip
        for combination in itertools.product(*sets):
            runs.append(Run(path, texts[path], dict(zip(names, combination, strict=True))))
    return runs


def value_of(text: str, parameter: dict[str, str], notebook: Path) -> Any:
    """The typed text as a value of the annotated type; a number is decimal, as in JSON, and a YAML
    file's name becomes what it is from the notebook."""
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


def run(
    planned: Sequence[Run], output: Path | str = OUTPUTS, in_place: bool = False, **execution: Any
) -> pd.DataFrame:
    """Execute notebooks and keep each result, whole or not at all, in `output`; in_place: over its
    source, if it passed. execution: as for `execute_all`. Returns columns notebook, seconds,
    parameters and problem, which is "" if it passed."""
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
        table = pd.DataFrame(sorted(rows), columns=["notebook", "seconds", "parameters", "problem"])
        if not in_place:
            record = {"notebooks": table.to_dict("records"), "python": platform.python_version()}
            record["packages"] = {name: version(name) for name in PACKAGES}
            write(output / "run.json", json.dumps(record, indent=2) + "\n")
    return table


def each(typed: str) -> Sequence[str]:
    """The values in a text of a sweep: a range, or parts between commas."""
    if span := re.fullmatch(r"([0-9]{1,9})\.\.([0-9]{1,9})", typed):
        first, last = sorted(map(int, span.groups()))
        if last - first < 10**5:  # more is a slip
            return [str(number) for number in range(first, last + 1)]
    return typed.split(",")


def sweep(planned: Sequence[Run], output: Path | str = OUTPUTS, **execution: Any) -> pd.DataFrame:
    """Execute, as `run` does, all that has parameters and is not done yet.

    Returns the table that is written to sweep/sweep.csv in `output`: a row for each finding, claim,
    figure and failed run; columns notebook, one for each parameter, and COLUMNS. Beside it
    findings.csv has for each finding and run only whether it holds.
    """
    keys = {_key(one): one for one in planned if one.parameters}
    if not keys:
        raise CareerlibError("A sweep needs a parameter with its values, such as -p seed 0..99.")
    found, rows = {}, []
    with output_folder(output) as output:
        folder = output / "sweep"
        for key in keys:
            with suppress(OSError, ValueError):  # there is none yet, or it is damaged
                found[key] = json.loads((folder / "runs" / f"{key}.json").read_bytes())
        waiting = [one for key, one in keys.items() if key not in found]
        for one, done in execute_all(waiting, **execution):
            key, failed = _key(one), {"kind": "failed", "name": done.problem, "figures": {}}
            found[key] = [failed] if done.problem else ledger.read(json.loads(done.text))
            if not done.problem:
                write(folder / "runs" / f"{key}.json", json.dumps(found[key]))
        for key, one in keys.items():
            about = {"notebook": one.path.stem, **one.parameters}
            for entry in found[key]:
                rows.append(about | entry)
                figure = about | {"kind": "figure", "name": entry["name"]}
                for name, value in entry["figures"].items():
                    rows.append(figure | {"figure": name, "value": value})
        names = dict.fromkeys(name for one in planned for name in one.parameters)
        table = pd.DataFrame(rows, columns=["notebook", *names, *COLUMNS])
        found = table.loc[table["kind"] == "finding", ["notebook", *names, "name", "holds"]]
        files = {"sweep": table, "findings": found.rename(columns={"name": "finding"})}
        for name, content in files.items():
            write(folder / f"{name}.csv", content.to_csv(index=False, lineterminator="\n"))
    return table


def _key(run: Run) -> str:
    """What a run's result depends on: the notebook, its parameters, and careerlib."""
    content = [project.fingerprint(), run.path.stem, run.text, run.parameters]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:24]


def summary(table: pd.DataFrame) -> str:
    """In how many runs of a sweep, by all parameters but the seed, each finding holds."""
    by = [name for name in table if name not in ("seed", *COLUMNS)]
    found = table[table["kind"] == "finding"].astype({"holds": bool})
    shares = found.groupby([*by, "name"], sort=False, dropna=False)["holds"]
    shares = shares.agg(runs="size", holds="mean").reset_index()
    text = shares.to_string(index=False, formatters={"holds": "{:.0%}".format})
    return f"{text}\n{(table['kind'] == 'failed').sum()} runs failed."


def write_book(output: Path | str, notebooks: Path = NOTEBOOKS) -> Path:
    """Make the book of what runs left in `output`, and of the committed notebooks; return its first
    page. CareerlibError if the book cannot be made; an earlier book then stays."""
    with (
        told("The book cannot be made", "it needs a checkout, and room in --output", OSError),
        output_folder(output) as output,
        tempfile.TemporaryDirectory(dir=output, prefix=".book-") as folder,
    ):
        source, made = Path(folder, "source"), Path(folder, "book")
        shutil.copytree(notebooks.parent / "book", source)
        for name in PAGES:
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(notebooks.parent / name, source / name)
        for path in [*notebooks_in(notebooks), *notebooks_in(output)]:  # one that was run wins
            code(path)  # names a damaged one
            shutil.copy(path, source / "notebooks")
        command = [sys.executable, "-m", "sphinx", "-q", str(source), str(made)]
        options = {"env": environment(), "capture_output": True, "encoding": "utf-8"}
        built = subprocess.run(command, errors="replace", **options)
        if built.returncode:
            causes = re.findall(r"^\s*([\w.]*(?:Error|Exception)\b.*)", built.stderr, re.M)
            cause = (causes or [" ".join(built.stderr.split())])[-1][:300].rstrip(".")
            raise CareerlibError(f"The book could not be made: {cause}.")
        shutil.rmtree(output / "book", ignore_errors=True)
        made.rename(output / "book")
    return output / "book" / "index.html"
