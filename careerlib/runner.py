"""Run the notebooks in batch: `python -m careerlib run`.

papermill executes each notebook; this module and the two that it calls, jobs.py and
workers.py, close what papermill leaves open. Unknown or mistyped parameters are refused
before anything starts, a notebook has a time limit, a failure spoils neither the other
notebooks nor an earlier good result, and the same input gives the same file, byte for byte.
"""

import contextlib
import json
import os
import sys
import tempfile
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tqdm import tqdm

from careerlib.errors import CareerlibError
from careerlib.jobs import Job, notebooks_in, plan, select
from careerlib.project import NOTEBOOKS, OUTPUTS, replace_file, shown
from careerlib.workers import FAILED, PASSED, Outcome, execute_all

RECORDED_VERSIONS = ("numpy", "pandas", "scikit-learn", "matplotlib", "seaborn", "papermill")


@dataclass(frozen=True)
class Result:
    """One notebook of a run; `problem` and `kept`, the copy showing it, are None if it passed."""

    name: str
    status: str
    seconds: float
    parameters: dict[str, Any]
    problem: str | None = None
    kept: Path | None = None

    @property
    def passed(self) -> bool:
        return self.status == PASSED


def run_notebooks(
    only: Sequence[str] = (),
    parameters: Iterable[tuple[str, str]] = (),
    output: Path | str | None = None,
    jobs: int | None = None,
    timeout: float = 300,
    notebooks: Path | str = NOTEBOOKS,
    refresh: bool = False,
) -> list[Result]:
    """Execute notebooks in parallel and keep each result as a whole file or not at all.

    Args:
        only: names, or beginnings of names, of the notebooks to run; all if empty.
        parameters: pairs of a name and a value as typed on the command line.
        output: folder for executed notebooks, `failed/`, `metrics/` and `run.json`;
            `outputs/` of the project if None.
        jobs: notebooks that run at the same time; two, or one on a single core, if None.
        timeout: seconds for each notebook, start of the kernel included.
        notebooks: folder of the notebooks, also the working directory of the kernels.
        refresh: write a notebook that passed over its source instead of into `output`.

    Returns:
        One `Result` for each notebook, in reading order.

    Raises:
        CareerlibError: before anything runs, for an unknown notebook or parameter, a value
            of the wrong type, a folder that cannot be used; later, if a file cannot be written.
    """
    if not 0 < timeout <= threading.TIMEOUT_MAX:
        raise CareerlibError(f"The time limit must be a positive number of seconds, not {timeout}.")
    if jobs is None:
        jobs = min(2, os.cpu_count() or 1)
    if jobs < 1:
        raise CareerlibError(f"The number of jobs must be at least 1, not {jobs}.")
    folder = Path(notebooks).absolute()
    known = notebooks_in(folder)
    planned = plan(select(known, only), list(parameters))
    target = _usable_output(OUTPUTS if output is None else Path(output), folder)

    results = []
    events = execute_all(planned, min(jobs, len(planned)), timeout, folder, target)
    with contextlib.closing(events), _Progress(planned) as progress:
        for job, news in events:
            if isinstance(news, Outcome):
                result = _keep(job, news, target, refresh)
                results.append(result)
                if not refresh:
                    # Written after every notebook, so that it is also right after a Ctrl-C.
                    _record(target / "run.json", results, [path.stem for path in known])
                progress.finished(job, result)
            else:
                progress.show(job, news)
    return sorted(results, key=lambda result: result.name)


def summary(results: Sequence[Result]) -> str:
    """Table of a run: notebook, seconds, status, and a line of explanation for each failure."""
    width = max(len("notebook"), *(len(result.name) for result in results))
    lines = [f"{'notebook':{width}}  seconds  status"]
    for result in results:
        lines.append(f"{result.name:{width}}  {result.seconds:7.1f}  {result.status}")
        if result.problem:
            kept = f" ({shown(result.kept)})" if result.kept else ""
            lines.append(f"  {result.problem}{kept}")
    passed = sum(result.passed for result in results)
    lines.append(f"{passed} of {len(results)} notebooks passed.")
    return "\n".join(lines)


def _usable_output(output: Path, notebooks: Path) -> Path:
    output = output.absolute()
    if output.exists() and output.samefile(notebooks):
        raise CareerlibError(
            f"{shown(output)} is the folder of the notebooks themselves; choose another --output."
        )
    try:
        output.mkdir(parents=True, exist_ok=True)
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


def _keep(job: Job, outcome: Outcome, output: Path, refresh: bool) -> Result:
    """Put the executed notebook where it belongs: a success in place, a failure under failed/."""
    failed = output / "failed" / job.path.name
    if refresh and outcome.status == PASSED and not _unchanged(job):
        problem = "The notebook was edited while it ran and is left as it is"
        outcome = Outcome(FAILED, outcome.seconds, problem, outcome.text)
    if outcome.status == PASSED:
        _write(job.path if refresh else output / job.path.name, outcome.text)
        with contextlib.suppress(OSError):  # there may be none, or others beside it
            failed.unlink(missing_ok=True)
            failed.parent.rmdir()
        return Result(job.name, outcome.status, outcome.seconds, job.parameters)
    if outcome.text is not None:
        _write(failed, outcome.text)
    kept = failed if outcome.text is not None else None
    return Result(job.name, outcome.status, outcome.seconds, job.parameters, outcome.problem, kept)


def _unchanged(job: Job) -> bool:
    with contextlib.suppress(OSError, ValueError):
        return job.path.read_text(encoding="utf-8") == job.text
    return False


def _write(path: Path, text: str) -> None:
    """Write the whole file or nothing."""
    try:
        path.parent.mkdir(exist_ok=True)
        # Half a surrogate pair, which a notebook may print, becomes the JSON escape it is.
        replace_file(path, text.encode("utf-8", errors="backslashreplace"))
    except OSError as error:
        raise CareerlibError(f"Cannot write {shown(path)}: {error.strerror}.") from error


def _record(path: Path, results: list[Result], known: list[str]) -> None:
    """Write run.json; notebooks that are not part of this run keep their earlier entry."""
    try:
        earlier = json.loads(path.read_text(encoding="utf-8"))["notebooks"]
        entries = {entry["name"]: entry for entry in earlier if entry["name"] in known}
    except (OSError, ValueError, KeyError, TypeError):
        entries = {}  # there is none yet, or it is not ours
    for result in results:
        entries[result.name] = {
            "name": result.name,
            "status": result.status,
            "seconds": result.seconds,
            "parameters": result.parameters,
            **({"problem": result.problem} if result.problem else {}),
        }
    versions = {"python": ".".join(map(str, sys.version_info[:3]))}
    versions |= {package: version(package) for package in RECORDED_VERSIONS}
    run = {"notebooks": [entries[name] for name in sorted(entries)], "versions": versions}
    _write(path, json.dumps(run, indent=2) + "\n")


class _Progress:
    """Two bars in a terminal; one plain line per finished notebook anywhere else."""

    def __init__(self, planned: list[Job]) -> None:
        self.stream = sys.stderr
        self.bars = self.stream.isatty()
        options = {"file": self.stream, "disable": not self.bars, "leave": False}
        # A pseudo-terminal need not know its size, and tqdm then shows nothing.
        sized = self.bars and os.get_terminal_size(self.stream.fileno()).columns
        options |= {"dynamic_ncols": True} if sized else {"ncols": 80, "nrows": 24}
        self.notebooks = tqdm(total=len(planned), desc="notebooks", position=0, **options)
        self.cells = tqdm(
            total=sum(job.cells for job in planned), desc="cells", position=1, **options
        )
        self.running: dict[str, int] = {}  # name: cells done

    def __enter__(self) -> "_Progress":
        return self

    def __exit__(self, *_: object) -> None:
        self.cells.close()
        self.notebooks.close()

    def show(self, job: Job | None, news: str) -> None:
        if news == "started":
            self.running[job.name] = 0
            self._name_running()
        elif news == "cell":
            self.running[job.name] += 1
            self.cells.update()
        else:  # nothing new: let the clocks of the bars go on
            self.notebooks.refresh()
            self.cells.refresh()

    def finished(self, job: Job, result: Result) -> None:
        skipped = job.cells - self.running.pop(job.name)
        self.cells.total -= skipped  # cells after a failure, which will never run
        self._name_running()
        self.notebooks.update()
        if not self.bars:
            line = f"{result.name}: {result.status} ({result.seconds:.1f} s)"
            print(line, file=self.stream, flush=True)

    def _name_running(self) -> None:
        self.cells.set_postfix_str(", ".join(self.running))
