"""Sweeps: notebooks with every combination of parameters, `careerlib sweep`.

Of each run that passed only the findings and claims are kept, in a file of its own, so that a
sweep goes on where it was ended.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import TypeAdapter

from careerlib import ledger
from careerlib.batch.execution import Job, execute_all
from careerlib.batch.notebooks import MOST, plan
from careerlib.errors import CareerlibError, quoted
from careerlib.project import NOTEBOOKS, OUTPUTS, fingerprint, output_folder, write

COLUMNS = ("kind", "name", "holds", "verdict", "measured", "figure", "value")
ENTRIES = TypeAdapter(list[dict])  # of one run


def run_sweep(
    only: Sequence[str] = (), parameters: Mapping[str, str] | None = None,
    output: Path | str = OUTPUTS, notebooks: Path = NOTEBOOKS, findings: Path | None = None,
    **execution: Any,
) -> pd.DataFrame:  # fmt: skip
    """Execute every combination of the parameters that is not done yet.

    parameters: values as typed: one, several such as "1000,3000", or whole numbers such as "0..99".
    Of the chosen notebooks those run that declare one of them. findings: a file for the columns
    notebook, seed, finding and holds alone. The rest is as in `run`.

    Returns the table that is written to sweep/sweep.csv in `output`: a row for each finding,
    claim, figure and failed run; columns notebook, one for each parameter, and COLUMNS.
    """
    if not parameters:
        raise CareerlibError("A sweep needs a parameter with its values, such as -p seed 0..99.")
    folder = Path(notebooks).absolute()
    planned = {_key(job): job for job in plan(folder, only, parameters, _each) if job.parameters}
    with output_folder(output) as output:
        runs = output / "sweep" / "runs"
        runs.mkdir(parents=True, exist_ok=True)
        found: dict[str, list[dict]] = {}
        for key in planned:
            with suppress(OSError, ValueError):  # there is none yet, or it is damaged
                found[key] = ENTRIES.validate_json((runs / f"{key}.json").read_bytes())
        waiting = [job for key, job in planned.items() if key not in found]
        for job, outcome in execute_all(waiting, folder, **execution):
            key = _key(job)
            if outcome.problem:
                found[key] = [{"kind": "failed", "name": outcome.problem}]
            else:
                found[key] = ledger.read(json.loads(outcome.text))
                write(runs / f"{key}.json", json.dumps(found[key]))
        table = _table([(job, found[key]) for key, job in planned.items()])
        write(output / "sweep" / "sweep.csv", table.to_csv(index=False, lineterminator="\n"))
    if findings:
        rows = _of("finding", table).reindex(columns=["notebook", "seed", "finding", "holds"])
        write(findings, rows.to_csv(index=False, lineterminator="\n"))
    return table


def _each(typed: str) -> list[str]:
    """The values in a text: a range, or parts between commas."""
    if span := re.fullmatch(r"([0-9]{1,12})\.\.([0-9]{1,12})", typed):
        first, last = int(span[1]), int(span[2])
        if not first <= last < first + MOST:
            raise CareerlibError(f"The range {quoted(typed)} must go up, by less than {MOST:,}.")
        return [str(number) for number in range(first, last + 1)]
    return typed.split(",")


def _key(job: Job) -> str:
    """What a run's result depends on: the notebook, its parameters, and careerlib."""
    content = json.dumps([fingerprint(), *job], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:24]


def _table(runs: list[tuple[Job, list[dict]]]) -> pd.DataFrame:
    """A row for each entry of each run, and one for each of its figures."""
    rows, names = [], dict.fromkeys(name for job, _ in runs for name in job.parameters)
    for job, entries in runs:
        about = {"notebook": job.name, **job.parameters}
        for entry in entries:
            rows.append(about | entry)
            named = about | {"kind": "figure", "name": entry.get("name")}
            rows += [{**named, "figure": figure, "value": value}
                     for figure, value in entry.get("figures", {}).items()]  # fmt: skip
    return pd.DataFrame(rows, columns=["notebook", *names, *COLUMNS])


def _of(kind: str, table: pd.DataFrame) -> pd.DataFrame:
    return table[table["kind"] == kind].rename(columns={"name": "finding"})


def shares(table: pd.DataFrame) -> pd.DataFrame:
    """In how many of its runs, by all parameters but the seed, each finding holds."""
    by = [name for name in table if name not in ("seed", *COLUMNS)]
    rows = _of("finding", table).astype({"holds": bool})
    groups = rows.groupby([*by, "finding"], sort=False, dropna=False)["holds"]
    return groups.agg(runs="size", holds="mean").reset_index()


def figures(table: pd.DataFrame) -> pd.DataFrame:
    """How the figures of each finding spread over all runs."""
    groups = _of("figure", table).groupby(["notebook", "finding", "figure"], sort=False)["value"]
    return groups.describe(percentiles=[0.05, 0.5, 0.95]).round(4).reset_index()


def summary(table: pd.DataFrame) -> str:
    """What a sweep found, as text for a terminal."""
    text = shares(table).to_string(index=False, formatters={"holds": "{:.0%}".format})
    failed = table.loc[table["kind"] == "failed", "name"]
    told = f"\n{len(failed)} runs failed; the first: {failed.iloc[0]}" if len(failed) else ""
    return text + told
