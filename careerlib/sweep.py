"""Sweeps: notebooks with every combination of parameters, `python -m careerlib sweep`.

Each run is executed like any other (engine.py); of what comes back only the findings and claims
are kept, one line of `runs.jsonl` for each run, so that a sweep goes on where it was ended.
"""

import contextlib
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from careerlib import ledger
from careerlib.engine import execute_all, open_executor
from careerlib.errors import CareerlibError, quoted
from careerlib.plan import MOST, Job, plan, select
from careerlib.project import NOTEBOOKS, OUTPUTS, fingerprint
from careerlib.runner import check_limits, progress, usable_output, write

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
    """Execute every combination of the parameters that is not done yet.

    parameters: names with values as typed: one, several such as "1000,3000", or a range of whole
    numbers such as "0..99". Of the chosen notebooks those run that declare one of them. findings:
    a file for the columns notebook, seed, finding and holds alone. The rest is as in
    `run_notebooks`, whose CareerlibErrors are raised here too.

    Returns the table that is written to sweep/sweep.csv in `output`: a row for each finding,
    claim, figure and failed run; columns notebook, one for each parameter, and COLUMNS.
    """
    jobs, folder, parameters = (
        check_limits(jobs, timeout),
        Path(notebooks).absolute(),
        [*parameters],
    )
    if not parameters:
        raise CareerlibError("A sweep needs a parameter with its values, such as -p seed 0..99.")
    planned = [job for job in plan(select(folder, only), parameters, _each) if job.parameters]
    target = usable_output(usable_output(output) / "sweep")
    done = _done(target / "runs.jsonl")
    waiting = [job for job in planned if _key(job) not in done]
    with contextlib.ExitStack() as stack:
        store = stack.enter_context(open(target / "runs.jsonl", "a", encoding="utf-8"))
        step, refresh = stack.enter_context(progress(len(waiting), "run"))
        submit = stack.enter_context(open_executor(scheduler if waiting else None, jobs))
        for job, outcome in execute_all(submit, waiting, folder, timeout, refresh):
            problem = f"{outcome.status}: {outcome.problem}" if outcome.problem else ""
            found = [] if problem else ledger.read(json.loads(outcome.content))
            done[_key(job)] = {"key": _key(job), "problem": problem, "found": found}
            store.write(json.dumps(done[_key(job)]) + "\n")
            store.flush()
            values = ", ".join(f"{name}={value}" for name, value in job.parameters.items())
            step(f"{job.name} {values}: {outcome.status}")
    table = pd.DataFrame([row for job in planned for row in _rows(job, done[_key(job)])])
    names = list(dict.fromkeys(name for job in planned for name in job.parameters))
    table = table.reindex(columns=["notebook", *names, *COLUMNS])
    write(target / "sweep.csv", table.to_csv(index=False, lineterminator="\n"))
    if findings is not None:
        rows = _found(table).reindex(columns=["notebook", "seed", "finding", "holds"])
        write(Path(findings), rows.to_csv(index=False, lineterminator="\n"))
    return table


def _each(typed: str) -> list[str]:
    """The values in a text: a range, a JSON list or mapping as it is, or parts between commas."""
    if typed.startswith(("[", "{")):
        return [typed]
    if span := re.fullmatch(r"([0-9]{1,12})\.\.([0-9]{1,12})", typed):
        first, last = int(span[1]), int(span[2])
        if not first <= last < first + MOST:
            raise CareerlibError(f"The range {quoted(typed)} must go up, by less than {MOST:,}.")
        return [str(number) for number in range(first, last + 1)]
    return typed.split(",")


def _key(job: Job) -> str:
    """What a run's result depends on: the notebook's code, its parameters, and careerlib."""
    content = json.dumps([fingerprint(), job.name, job.text, job.parameters], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:24]


def _done(path: Path) -> dict[str, dict]:
    """The runs that passed, by key; a line that was not written to its end is left out."""
    done = {}
    for line in path.read_text("utf-8", "replace").splitlines() if path.exists() else ():
        with contextlib.suppress(ValueError, KeyError, TypeError):
            run = json.loads(line)
            if not run["problem"]:
                done[run["key"]] = run
    return done


def _rows(job: Job, run: dict) -> Iterator[dict]:
    common = {"notebook": job.name, **job.parameters}
    if run["problem"]:
        yield {**common, "kind": "failed", "name": run["problem"]}
    for entry in run["found"]:
        told = {key: value for key, value in entry.items() if key in COLUMNS}
        yield {**common, **told}
        for figure, value in entry["figures"].items():
            yield {**common, "kind": "figure", "name": entry["name"], "figure": figure,
                   "value": value}  # fmt: skip


def _found(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["kind"] == "finding"].rename(columns={"name": "finding"})


def _grouped(rows: pd.DataFrame, column: str, *by: str) -> Any:
    """`column` by notebook and the parameters, other than the seed, that vary; then `by`."""
    fixed = ("notebook", "seed", "finding", *COLUMNS)
    varied = [name for name in rows if name not in fixed and rows[name].nunique() > 1]
    return rows.groupby(["notebook", *varied, *by], sort=False, dropna=False)[column]


def shares(table: pd.DataFrame) -> pd.DataFrame:
    """In how many of its runs each finding holds."""
    rows = _found(table).astype({"holds": bool})
    return _grouped(rows, "holds", "finding").agg(runs="size", holds="mean").reset_index()


def figures(table: pd.DataFrame) -> pd.DataFrame:
    """How each figure spreads: its lowest and highest value, median, and 5 and 95 %."""
    rows = table[table["kind"] == "figure"]
    spread = _grouped(rows, "value", "name", "figure").quantile([0, 0.05, 0.5, 0.95, 1])
    return spread.unstack().rename(columns="{:.0%}".format).round(4).reset_index()


def summary(table: pd.DataFrame) -> str:
    """What a sweep found, as text for a terminal."""
    text = shares(table).to_string(index=False, formatters={"holds": "{:.0%}".format})
    failed = table.loc[table["kind"] == "failed", "name"]
    told = f"\n{len(failed)} runs failed; the first: {failed.iloc[0]}" if len(failed) else ""
    return text + told
