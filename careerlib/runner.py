"""Run the notebooks in batch: `python -m careerlib run`.

papermill executes each notebook, in processes or on a cluster (engine.py). Here parameters are
checked before anything starts, and what comes back is kept: a failure spoils neither the other
notebooks nor an earlier good result, and the same input gives the same file, byte for byte.
"""

import ast
import contextlib
import json
import math
import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from tqdm import tqdm

from careerlib.engine import Job, Outcome, execute_all, open_executor
from careerlib.errors import CareerlibError, nearest
from careerlib.project import NOTEBOOKS, OUTPUTS, replace_file, shown

LEDGER = "10_the_ledger"  # reads the executed notebooks beside it
MARK = ".careerlib"
RECORDED_VERSIONS = ("numpy", "pandas", "scikit-learn", "matplotlib", "seaborn", "papermill")
EXPECTED = {
    bool: "true or false",
    int: "a whole number in decimal digits",
    float: "a decimal number",
    list: "a list such as [1, 2]",
    dict: 'a mapping such as {"key": 1}',
}


class Result(NamedTuple):
    """One notebook of a run; `problem` and `kept`, the copy showing it, are empty if it passed."""

    name: str
    status: str
    seconds: float
    parameters: dict[str, Any]
    problem: str = ""
    kept: Path | None = None


def run_notebooks(
    only: Sequence[str] = (),
    parameters: Iterable[tuple[str, str]] = (),
    output: Path | str = OUTPUTS,
    jobs: int | None = None,
    timeout: float = 300,
    scheduler: str | None = None,
    notebooks: Path | str = NOTEBOOKS,
    refresh: bool = False,
) -> list[Result]:
    """Execute notebooks side by side and keep each result as a whole file or not at all.

    Args:
        only: names, or beginnings of names, of the notebooks to run; all if empty.
        parameters: pairs of a name and a value as typed on the command line.
        output: folder for executed notebooks, `failed/` and `run.json`.
        jobs: notebooks that run at the same time; two, or one on a single core, if None.
        timeout: seconds for each notebook, start of the kernel included.
        scheduler: address of a Dask scheduler, or "local", to run on a cluster.
        notebooks: folder of the notebooks, also the working directory of the kernels.
        refresh: write a notebook that passed over its source instead of into `output`.

    Returns:
        One `Result` for each notebook, in reading order.

    Raises:
        CareerlibError: before anything runs, for an unknown notebook or parameter, a value
            of the wrong type, a folder that cannot be used; later, if a file cannot be written.
    """
    jobs = check_limits(jobs, timeout)
    folder = Path(notebooks).absolute()
    known = notebooks_in(folder)
    planned = plan(select(known, only), list(parameters))
    target = usable_output(output)
    first = [job for job in planned if job.name != LEDGER]
    last = [_pointed_at(job, folder if refresh else target, folder)
            for job in planned if job.name == LEDGER]  # fmt: skip

    results: list[Result] = []
    with Progress(len(planned)) as progress, contextlib.ExitStack() as stack:
        local = None
        for group, where in ((first, scheduler), (last, None)):
            if group and (local is None or where):
                local = stack.enter_context(open_executor(where, jobs, timeout))
            for job, outcome in execute_all(local, group, folder, timeout, progress.refresh):
                result = _keep(job, outcome, folder, target, refresh)
                results.append(result)
                if not refresh:  # after every notebook: right after a Ctrl-C too
                    _record(target / "run.json", results, [path.stem for path in known])
                progress.done(f"{job.name}: {result.status} ({result.seconds:.1f} s)")
    return sorted(results)


def summary(results: Sequence[Result]) -> str:
    """Table of a run: notebook, seconds, status, and a line of explanation for each failure."""
    width = max(len("notebook"), *(len(result.name) for result in results))
    lines = [f"{'notebook':{width}}  seconds  status"]
    for result in results:
        lines.append(f"{result.name:{width}}  {result.seconds:7.1f}  {result.status}")
        if result.problem:
            kept = f" ({shown(result.kept)})" if result.kept else ""
            lines.append(f"  {result.problem}{kept}")
    passed = sum(not result.problem for result in results)
    lines.append(f"{passed} of {len(results)} notebooks passed.")
    return "\n".join(lines)


# What is checked before anything runs.


def check_limits(jobs: int | None, timeout: float) -> int:
    """The number of jobs; raises CareerlibError for limits that make no sense."""
    if not 0 < timeout <= threading.TIMEOUT_MAX:
        raise CareerlibError(f"The time limit must be a positive number of seconds, not {timeout}.")
    if jobs is None:
        return min(2, os.cpu_count() or 1)
    if jobs < 1:
        raise CareerlibError(f"The number of jobs must be at least 1, not {jobs}.")
    return jobs


def usable_output(output: Path | str) -> Path:
    """The folder, made if need be and marked as a run's own; raises CareerlibError otherwise.

    A folder is refused that has anything in it but no mark: a run would replace its files.
    """
    if str(output) == "":
        raise CareerlibError("--output is empty; name a folder.")
    output = Path(output).absolute()
    try:
        output.mkdir(parents=True, exist_ok=True)
        mark = output / MARK
        if output != OUTPUTS and not mark.exists() and any(output.iterdir()):
            raise CareerlibError(
                f"{shown(output)} holds files that no run has made; choose a new or empty --output."
            )
        mark.write_text("Made by careerlib: its runs replace what is in this folder.\n")
        tempfile.TemporaryFile(dir=output).close()
    except FileExistsError as error:
        raise CareerlibError(
            f"{shown(output)} is a file, but --output must be a folder; choose another name."
        ) from error
    except OSError as error:
        raise CareerlibError(
            f"Cannot write into the output folder {shown(output)}: {error.strerror}; "
            "choose another --output."
        ) from error
    return output


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
            hint = nearest(text, [path.stem for path in known])
            raise CareerlibError(f"No notebook is called {quoted(text)}; {hint}")
        chosen.update(matches)
    return sorted(chosen) if only else known


def plan(paths: list[Path], parameters: list[tuple[str, str]]) -> list[Job]:
    """Read the notebooks and check every parameter against the defaults they declare."""
    read = [(path, *read_notebook(path)) for path in paths]
    check_names([name for name, _ in parameters], [defaults for *_, defaults in read])
    return [
        Job(path.stem, text, {name: value_of(name, typed, defaults[name], path.parent)
                              for name, typed in parameters if name in defaults})
        for path, text, defaults in read
    ]  # fmt: skip


def read_notebook(path: Path) -> tuple[str, dict[str, Any]]:
    """A notebook's text without outputs, and the defaults in its cell tagged `parameters`."""
    # Plain JSON: importing nbformat takes a second, which only the workers should spend.
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        source = ""
        for cell in notebook["cells"]:
            if "parameters" in cell["metadata"].get("tags", []):
                source = source or "".join(cell["source"])
            if cell["cell_type"] == "code":
                cell |= {"outputs": [], "execution_count": None}
        return json.dumps(notebook), _defaults(path.stem, source)
    except OSError as error:
        raise CareerlibError(f"Cannot read {shown(path)}: {error.strerror}.") from error
    except SyntaxError as error:
        raise CareerlibError(
            f"Line {error.lineno} of the parameters cell of notebook {path.stem} is not Python; "
            "keep only lines such as seed: int = 42 there."
        ) from error
    except CareerlibError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CareerlibError(
            f"{shown(path)} is not a notebook of format 4; open it in Jupyter and save it again."
        ) from error


def _defaults(notebook: str, source: str) -> dict[str, Any]:
    defaults = {}
    for statement in ast.parse(source).body:
        target = statement.targets[0] if isinstance(statement, ast.Assign) else statement
        target = target.target if isinstance(target, ast.AnnAssign) else target
        if isinstance(target, ast.Name):
            try:
                defaults[target.id] = ast.literal_eval(statement.value)
            except ValueError:
                defaults[target.id] = ...  # not a literal, so it cannot be set from here
    return defaults


def check_names(given: Sequence[str], declared: Sequence[dict[str, Any]]) -> None:
    """Raise CareerlibError for a parameter that is given twice, or that no notebook has."""
    known = sorted({name for defaults in declared for name in defaults})
    for name in given:
        if given.count(name) > 1:
            raise CareerlibError(f"Parameter {quoted(name)} is given twice; give it once.")
        if name not in known:
            hint = nearest(name[:60], known) if known else "they take no parameters."
            raise CareerlibError(
                f"None of the chosen notebooks has a parameter {quoted(name)}; {hint}"
            )


def value_of(name: str, text: str, default: Any, folder: Path) -> Any:
    """The typed text as a value of the default's type; numbers are decimal, nothing else.

    A text that names a YAML or JSON file here is passed as seen from `folder`, where kernels run.
    """
    if isinstance(default, str) or default is None:
        is_file = Path(text).suffix in (".yml", ".yaml", ".json") and Path(text).is_file()
        return os.path.relpath(text, folder) if is_file else text
    kind = type(default)
    value: Any = None
    with contextlib.suppress(ValueError, RecursionError):
        if kind is bool:
            value = {"true": True, "false": False}.get(text.lower())
        elif kind is int and re.fullmatch(r"[+-]?(0|[1-9][0-9]*)", text):
            value = int(text)
        elif kind is float and re.fullmatch(
            r"[+-]?(0|[1-9][0-9]*)?(\.[0-9]*)?([eE][+-]?[0-9]+)?", text
        ):
            value = float(text)
        elif kind in (list, dict):
            value = json.loads(text)
    valid = type(value) is kind and not (kind is float and not math.isfinite(value))
    if not valid:
        expected = EXPECTED.get(kind, "left as it is")
        raise CareerlibError(
            f"Parameter {name} must be {expected}, like its default {default!r}, not {quoted(text)}."
        )
    return value


def quoted(text: str) -> str:
    """`text` in quotes, cut after forty characters."""
    return repr(text if len(text) <= 40 else f"{text[:40]}...")


# What comes back.


def _pointed_at(job: Job, executed: Path, folder: Path) -> Job:
    """The ledger's notebook, told where the executed notebooks are."""
    if executed == folder or "folder" in job.parameters:
        return job
    return job._replace(parameters=job.parameters | {"folder": os.path.relpath(executed, folder)})


def _keep(job: Job, outcome: Outcome, folder: Path, output: Path, refresh: bool) -> Result:
    """Put the executed notebook where it belongs: a success in place, a failure under failed/."""
    source = folder / f"{job.name}.ipynb"
    failed = output / "failed" / source.name
    if refresh and not outcome.problem and not _unchanged(source, job):
        problem = "The notebook was edited while it ran and is left as it is"
        outcome = outcome._replace(status="failed", problem=problem)
    result = Result(job.name, outcome.status, outcome.seconds, job.parameters, outcome.problem)
    if not outcome.problem:
        content = outcome.content
        if job.name == LEDGER and (place := job.parameters.get("folder")):
            # Where it lies now, that is "here", whatever this machine's folders are called.
            typed = json.dumps(json.dumps(place))[1:-1].encode()
            content = content.replace(b"folder = " + typed, b'folder = \\".\\"')
        write(source if refresh else output / source.name, content)
        with contextlib.suppress(OSError):  # there may be none, or others beside it
            failed.unlink(missing_ok=True)
            failed.parent.rmdir()
        return result
    if outcome.content is None:
        return result
    write(failed, outcome.content)
    return result._replace(kept=failed)


def _unchanged(source: Path, job: Job) -> bool:
    with contextlib.suppress(CareerlibError):
        return read_notebook(source)[0] == job.text
    return False


def write(path: Path, content: bytes) -> None:
    """Write the whole file or nothing."""
    try:
        path.parent.mkdir(exist_ok=True)
        replace_file(path, content)
    except OSError as error:
        raise CareerlibError(f"Cannot write {shown(path)}: {error.strerror}.") from error


def _record(path: Path, results: list[Result], known: list[str]) -> None:
    """Write run.json; notebooks that are not part of this run keep their earlier entry."""
    try:
        earlier = json.loads(path.read_text(encoding="utf-8"))["notebooks"]
        entries = {entry["name"]: entry for entry in earlier if entry["name"] in known}
    except (OSError, ValueError, KeyError, TypeError):
        entries = {}  # there is none yet, or it is not ours
    entries |= {
        result.name: {key: value for key, value in result._asdict().items() if key != "kept"}
        for result in results
    }
    versions = {"python": ".".join(map(str, sys.version_info[:3]))}
    versions |= {package: version(package) for package in RECORDED_VERSIONS}
    run = {"notebooks": [entries[name] for name in sorted(entries)], "versions": versions}
    write(path, (json.dumps(run, indent=2) + "\n").encode())


class Progress:
    """A bar in a terminal; a plain line for each notebook anywhere else."""

    def __init__(self, total: int, unit: str = "notebook") -> None:
        stream = sys.stderr
        # A pseudo-terminal need not know its size, and tqdm then shows nothing.
        sized = stream.isatty() and os.get_terminal_size(stream.fileno()).columns
        options = {"dynamic_ncols": True} if sized else {"ncols": 80, "nrows": 24}
        self.bar = tqdm(total=total, unit=f" {unit}", leave=False, file=stream,
                        disable=not stream.isatty(), **options)  # fmt: skip

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.close()

    def refresh(self) -> None:
        """Let the clock of the bar go on."""
        self.bar.refresh()

    def done(self, line: str) -> None:
        self.bar.update()
        self.bar.set_postfix_str(line)
        if self.bar.disable:
            with contextlib.suppress(OSError):  # nobody reads it any more, as in `run |& head`
                print(line, file=sys.stderr, flush=True)
