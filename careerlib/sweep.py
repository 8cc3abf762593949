"""Sweeps: notebooks with every combination of parameters, `python -m careerlib sweep`.

Each run is executed like any other (engine.py); of what comes back only the findings and claims
are kept, one line of `runs.jsonl` for each run, so that a sweep goes on where it was ended.
"""

import contextlib
import hashlib
import itertools
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from careerlib import ledger
from careerlib.engine import Job, Outcome, execute_all, open_executor
from careerlib.errors import CareerlibError
from careerlib.project import NOTEBOOKS, OUTPUTS, fingerprint, shown
from careerlib.runner import (
    Progress,
    check_limits,
    check_names,
    notebooks_in,
    quoted,
    read_notebook,
    select,
    usable_output,
    value_of,
    write,
)

MOST = 100_000  # runs of one sweep
COLUMNS = ("kind", "name", "holds", "verdict", "measured", "figure", "value")


def run_sweep(
    only: Sequence[str] = (),
    parameters: Iterable[tuple[str, str]] = (),
    output: Path | str = OUTPUTS,
    jobs: int | None = None,
    timeout: float = 300,
    scheduler: str | None = None,
    notebooks: Path | str = NOTEBOOKS,
    findings: Path | str | None = None,
) -> pd.DataFrame:
    """Execute every combination of the parameters that is not done yet, and write `sweep.csv`.

    parameters: names with values as typed: one, several such as "1000,3000", or a range of whole
    numbers such as "0..99". Of the chosen notebooks those run that declare one of them. findings:
    a file for the columns notebook, seed, finding and holds alone. The rest is as in
    `run_notebooks`.

    Returns the table that is in `sweep.csv` in the folder sweep/ of `output`: a row for each
    finding, claim, figure and failed run, with columns notebook, one for each parameter, and
    COLUMNS. Raises CareerlibError, before anything runs, as `run_notebooks` does.
    """
    jobs = check_limits(jobs, timeout)
    folder = Path(notebooks).absolute()
    planned = plan(select(notebooks_in(folder), only), list(parameters))
    usable_output(output)
    target = usable_output(Path(output) / "sweep")
    done = _done(target / "runs.jsonl")
    waiting = [job for job in planned if _key(job) not in done]
    with contextlib.ExitStack() as stack:
        progress = stack.enter_context(Progress(len(waiting), "run"))
        try:
            store = stack.enter_context(open(target / "runs.jsonl", "a", encoding="utf-8"))
            executor = stack.enter_context(open_executor(scheduler, jobs, timeout)) if waiting else None
            for job, outcome in execute_all(executor, waiting, folder, timeout, progress.refresh):
                done[_key(job)] = _entries(outcome)
                store.write(json.dumps({"key": _key(job), **done[_key(job)]}) + "\n")
                store.flush()
                progress.done(f"{job.name} {_written(job.parameters)}: {outcome.status}")
        except OSError as error:
            raise CareerlibError(f"Cannot write to {shown(target)}: {error.strerror}.") from error
    table = pd.DataFrame([row for job in planned for row in _rows(job, done[_key(job)])])
    names = list(dict.fromkeys(name for job in planned for name in job.parameters))
    table = table.reindex(columns=["notebook", *names, *COLUMNS])
    write(target / "sweep.csv", table.to_csv(index=False, lineterminator="\n").encode())
    if findings is not None:
        write(Path(findings), _findings(table).to_csv(index=False, lineterminator="\n").encode())
    return table


def plan(paths: list[Path], parameters: list[tuple[str, str]]) -> list[Job]:
    """One job for each notebook that declares a parameter, and each combination of values."""
    if not parameters:
        raise CareerlibError("A sweep needs a parameter with its values, such as -p seed 0..99.")
    read = [(path, *read_notebook(path)) for path in paths]
    check_names([name for name, _ in parameters], [defaults for *_, defaults in read])
    jobs = []
    for path, text, defaults in read:
        values = {name: [value_of(name, one, defaults[name], folder=path.parent)
                         for one in _each(name, typed, defaults[name])]
                  for name, typed in parameters if name in defaults}  # fmt: skip
        combined = itertools.product(*values.values()) if values else ()
        jobs += [Job(path.stem, text, dict(zip(values, one, strict=True))) for one in combined]
        if len(jobs) > MOST:
            raise CareerlibError(f"These are more than {MOST:,} runs; give fewer values.")
    return jobs


def _each(name: str, typed: str, default: Any) -> list[str]:
    """The values in a text: a range, a list, or just itself."""
    if isinstance(default, (list, dict)):
        return [typed]
    if span := re.fullmatch(r"([0-9]{1,12})\.\.([0-9]{1,12})", typed):
        first, last = int(span[1]), int(span[2])
        if not first <= last < first + MOST:
            raise CareerlibError(
                f"The range {typed} of parameter {name} must go up, by at most {MOST:,}."
            )
        return [str(number) for number in range(first, last + 1)]
    return typed.split(",")


def _key(job: Job) -> str:
    """What a run's result depends on: the notebook's code, its parameters, and careerlib."""
    content = json.dumps([fingerprint(), job.name, job.text, job.parameters], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:24]


def _done(path: Path) -> dict[str, dict]:
    """The runs in `runs.jsonl` that passed, by key; a line that was not finished is left out."""
    done = {}
    with contextlib.suppress(FileNotFoundError):
        for line in path.read_text("utf-8", errors="replace").splitlines():
            with contextlib.suppress(ValueError, KeyError, TypeError):
                run = json.loads(line)
                if not run["problem"]:
                    done[run.pop("key")] = run
    return done


def _entries(outcome: Outcome) -> dict:
    entries = [] if outcome.problem else ledger.read(json.loads(outcome.content))
    return {"problem": outcome.problem and f"{outcome.status}: {outcome.problem}", "found": entries}


def _rows(job: Job, run: dict) -> Iterator[dict]:
    common = {"notebook": job.name, **job.parameters}
    if run["problem"]:
        yield {**common, "kind": "failed", "name": run["problem"]}
    for entry in run["found"]:
        known = {key: entry[key] for key in ("holds", "verdict", "measured") if key in entry}
        yield {**common, "kind": entry["kind"], "name": entry["name"], **known}
        for figure, value in entry["figures"].items():
            yield {**common, "kind": "figure", "name": entry["name"], "figure": figure,
                   "value": value}  # fmt: skip


def _written(parameters: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in parameters.items())


def _findings(table: pd.DataFrame) -> pd.DataFrame:
    rows = table[table["kind"] == "finding"].rename(columns={"name": "finding"})
    return rows.reindex(columns=["notebook", "seed", "finding", "holds"])


def shares(table: pd.DataFrame) -> pd.DataFrame:
    """How often each finding holds: columns notebook, finding, runs, holds (a share).

    Parameters other than the seed that were swept are columns too.
    """
    rows = table[table["kind"] == "finding"].rename(columns={"name": "finding"})
    by = ["notebook", *_settings(table), "finding"]
    groups = rows.assign(holds=rows["holds"].astype(bool)).groupby(by, sort=False, dropna=False)
    return groups["holds"].agg(runs="size", holds="mean").reset_index()


def figures(table: pd.DataFrame) -> pd.DataFrame:
    """How each figure is distributed: runs, lowest, 5 %, median, 95 % and highest value."""
    rows = table[table["kind"] == "figure"].rename(columns={"name": "of"})
    by = ["notebook", *_settings(table), "of", "figure"]
    parts = {f"{share:.0%}": lambda values, share=share: values.quantile(share)
             for share in (0, 0.05, 0.5, 0.95, 1)}  # fmt: skip
    groups = rows.groupby(by, sort=False, dropna=False)["value"]
    return groups.agg(runs="size", **parts).reset_index().round(4)


def _settings(table: pd.DataFrame) -> list[str]:
    """The columns of parameters, other than the seed, that have more than one value."""
    names = [name for name in table.columns if name not in ("notebook", "seed", *COLUMNS)]
    return [name for name in names if table[name].nunique() > 1]


def sweep_summary(table: pd.DataFrame) -> str:
    """What a sweep found, as text for a terminal."""
    failed = table[table["kind"] == "failed"]
    lines = [shares(table).to_string(index=False, formatters={"holds": "{:.0%}".format})]
    if len(failed):
        lines.append(f"{len(failed)} runs failed; the first: {failed['name'].iloc[0]}")
    return "\n".join(lines)
