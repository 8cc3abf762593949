"""Run the notebooks in batch: `python -m careerlib run`.

papermill executes each notebook, in processes or on a cluster (engine.py). Here parameters are
checked before anything starts, and what comes back is kept: a failure spoils neither the other
notebooks nor an earlier good result, and the same input gives the same file, byte for byte.
"""

import contextlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from tqdm import tqdm

from careerlib.engine import Outcome, execute_all
from careerlib.plan import Job, plan, read_notebook, select
from careerlib.project import NOTEBOOKS, OUTPUTS, shown, usable_output, write

LEDGER = "10_the_ledger"  # reads the executed notebooks in its parameter `folder`
PACKAGES = ("numpy", "pandas", "scikit-learn", "matplotlib", "seaborn", "papermill")


class Result(NamedTuple):
    """One notebook of a run; `problem` and `kept`, the copy showing it, are empty if it passed."""

    name: str
    status: str
    seconds: float
    parameters: dict[str, Any]
    problem: str = ""
    kept: str = ""


def run_notebooks(
    only: Sequence[str] = (),
    parameters: Sequence[tuple[str, str]] = (),
    output: Path | str = OUTPUTS,
    notebooks: Path | str = NOTEBOOKS,
    refresh: bool = False,
    scheduler: str | None = None,
    **execution: Any,
) -> list[Result]:
    """Execute notebooks side by side and keep each result as a whole file or not at all.

    only: names, or their beginnings; all notebooks if empty. parameters: names and values as
    typed. output: folder for what is executed. notebooks: their folder, in which the kernels run
    too. refresh: write a notebook that passed over its source instead of into `output`.
    scheduler, and execution (jobs, timeout): see `execute_all`.

    Returns one `Result` for each notebook, in reading order. Raises CareerlibError before
    anything runs for an unknown notebook or parameter, a value of the wrong type, or a folder
    that cannot be used; later, if a file cannot be written.
    """
    folder = Path(notebooks).absolute()
    planned = plan(select(folder, only), parameters)
    output = usable_output(output)
    last = [job for job in planned if job.name == LEDGER]
    if last and not refresh:  # it reads what was executed
        folders = {"folder": os.path.relpath(output, folder)}
        last = [job._replace(parameters=folders | job.parameters) for job in last]
    others = [job for job in planned if job.name != LEDGER]
    others.sort(key=lambda job: -len(job.text))  # the longest first, so that none is waited for
    rounds = [(others, scheduler), (last, None)]
    results: list[Result] = []
    with progress(len(planned), "notebook") as (step, waiting):
        for group, where in rounds:
            for job, outcome in execute_all(group, folder, waiting, scheduler=where, **execution):
                results.append(_keep(job, outcome, folder, output, refresh))
                step(f"{job.name}: {results[-1].status} ({outcome.seconds:.1f} s)")
    results.sort()
    if not refresh:
        versions = {name: version(name) for name in PACKAGES} | {"python": sys.version.split()[0]}
        run = {"notebooks": [result._asdict() for result in results], "versions": versions}
        write(output / "run.json", json.dumps(run, indent=2) + "\n")
    return results


def summary(results: Sequence[Result]) -> str:
    """Table of a run: notebook, seconds, status, and a line of explanation for each failure."""
    width = max(len(result.name) for result in results)
    lines = [f"{'notebook':{width}}  seconds  status"]
    for name, status, seconds, _, problem, kept in results:
        lines.append(f"{name:{width}}  {seconds:7.1f}  {status}")
        lines += [f"  {problem}{f' ({kept})' if kept else ''}"] if problem else []
    passed = sum(not result.problem for result in results)
    return "\n".join([*lines, f"{passed} of {len(results)} notebooks passed."])


def _keep(job: Job, outcome: Outcome, folder: Path, output: Path, refresh: bool) -> Result:
    """Put the executed notebook where it belongs: a success in place, a failure under failed/."""
    source, content = folder / f"{job.name}.ipynb", outcome.content
    failed = output / "failed" / source.name
    status, problem = outcome.status, outcome.problem
    if refresh and not problem and read_notebook(source)[0] != job.text:
        status, problem = "failed", "The notebook was edited while it ran and is left as it is"
    kept = failed if problem and content is not None else None
    if kept:
        write(kept, content)
    elif not problem:
        if job.name == LEDGER and "folder" in job.parameters:
            # Where it lies now, that is "here", whatever this machine's folders are called.
            typed = json.dumps(json.dumps(job.parameters["folder"]))[1:-1]
            content = content.replace(f"folder = {typed}", r"folder = \".\"")
        write(source if refresh else output / source.name, content)
        with contextlib.suppress(OSError):  # there may be none, or others beside it
            failed.unlink(missing_ok=True)
            failed.parent.rmdir()
    told = shown(kept) if kept else ""
    return Result(job.name, status, outcome.seconds, job.parameters, problem, told)


@contextlib.contextmanager
def progress(total: int, unit: str) -> Iterator[tuple]:
    """A bar in a terminal, nothing elsewhere; gives functions for a line done and for waiting."""
    with tqdm(total=total, unit=f" {unit}", leave=False, disable=None, dynamic_ncols=True) as bar:

        def step(line: str) -> None:
            bar.update()
            with contextlib.suppress(OSError):  # nobody reads it any more, as in `run |& head`
                bar.write(line, file=sys.stderr)

        yield step, bar.refresh
