"""Sweeps: notebooks with every combination of parameters, `careerlib sweep`.

Each run is executed like any other; of what comes back only the findings and claims are kept, in
a file for each run that passed, so that a sweep goes on where it was ended.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from careerlib import ledger
from careerlib.batch.execution import Job, execute_all
from careerlib.batch.notebooks import MOST, Parameters, plan, select
from careerlib.errors import CareerlibError, quoted
from careerlib.project import NOTEBOOKS, OUTPUTS, fingerprint, usable_output, write

COLUMNS = ("kind", "name", "holds", "verdict", "measured", "figure", "value")


def run_sweep(
    only: Sequence[str] = (), parameters: Parameters = (), output: Path | str = OUTPUTS,
    notebooks: Path | str = NOTEBOOKS, findings: Path | str | None = None, **execution: Any,
) -> pd.DataFrame:  # fmt: skip
    """Execute every combination of the parameters that is not done yet.

    parameters: names with values as typed: one, several such as "1000,3000", or a range of whole
    numbers such as "0..99". Of the chosen notebooks those run that declare one of them. findings:
    a file for the columns notebook, seed, finding and holds alone. The rest is as in `run`.

    Returns the table that is written to sweep/sweep.csv in `output`: a row for each finding,
    claim, figure and failed run; columns notebook, one for each parameter, and COLUMNS.
    """
    if not parameters:
        raise CareerlibError("A sweep needs a parameter with its values, such as -p seed 0..99.")
    folder = Path(notebooks).absolute()
    planned = [job for job in plan(select(folder, only), parameters, _each) if job.parameters]
    target = usable_output(usable_output(output) / "sweep")
    files = {_key(job): target / "runs" / f"{_key(job)}.json" for job in planned}
    found = {key: rows for key, file in files.items() if (rows := _kept(file)) is not None}
    waiting = [job for job in planned if _key(job) not in found]
    for job, outcome in execute_all(waiting, folder, **execution):
        if outcome.problem:
            found[_key(job)] = [{"kind": "failed", "name": outcome.problem}]
        else:
            write(files[_key(job)], json.dumps(ledger.read(json.loads(outcome.text))))
            found[_key(job)] = _kept(files[_key(job)]) or []
    rows = [{"notebook": job.name, **job.parameters, **row}
            for job in planned for row in found[_key(job)]]  # fmt: skip
    names = dict.fromkeys(name for job in planned for name in job.parameters)
    table = pd.DataFrame(rows, columns=["notebook", *names, *COLUMNS])
    write(target / "sweep.csv", table.to_csv(index=False, lineterminator="\n"))
    if findings is not None:
        holding = _findings(table).reindex(columns=["notebook", "seed", "finding", "holds"])
        write(Path(findings), holding.to_csv(index=False, lineterminator="\n"))
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
    content = json.dumps([fingerprint(), *job], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:24]


def _kept(file: Path) -> list[dict] | None:
    """The rows of a run that passed; None if it is to be done (again)."""
    try:
        entries = json.loads(file.read_text("utf-8"))
        rows = []
        for entry in entries:
            rows.append({key: value for key, value in entry.items() if key in COLUMNS})
            rows += [{"kind": "figure", "name": entry["name"], "figure": figure, "value": value}
                     for figure, value in entry["figures"].items()]  # fmt: skip
        return rows
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None  # there is none, or it is damaged


def _findings(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["kind"] == "finding"].rename(columns={"name": "finding"})


def _grouped(rows: pd.DataFrame, column: str, *by: str) -> Any:
    """`column` by notebook and the parameters, other than the seed, that vary; then `by`."""
    fixed = ("notebook", "seed", "finding", *COLUMNS)
    varied = [name for name in rows if name not in fixed and rows[name].nunique() > 1]
    return rows.groupby(["notebook", *varied, *by], sort=False, dropna=False)[column]


def shares(table: pd.DataFrame) -> pd.DataFrame:
    """In how many of its runs each finding holds."""
    rows = _findings(table).astype({"holds": bool})
    return _grouped(rows, "holds", "finding").agg(runs="size", holds="mean").reset_index()


def figures(table: pd.DataFrame) -> pd.DataFrame:
    """How each figure spreads: its lowest and highest value, median, and 5 and 95 %."""
    spread = _grouped(table[table["kind"] == "figure"], "value", "name", "figure")
    spread = spread.quantile([0, 0.05, 0.5, 0.95, 1]).unstack()
    return spread.rename(columns="{:.0%}".format).round(4).reset_index()


def summary(table: pd.DataFrame) -> str:
    """What a sweep found, as text for a terminal."""
    text = shares(table).to_string(index=False, formatters={"holds": "{:.0%}".format})
    failed = table.loc[table["kind"] == "failed", "name"]
    told = f"\n{len(failed)} runs failed; the first: {failed.iloc[0]}" if len(failed) else ""
    return text + told
