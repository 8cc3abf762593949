"""Sweeps: notebooks with every combination of parameters, `careerlib sweep`.

Of each run that passed only the findings and claims are kept, in a file of its own, so that a
sweep goes on where it was ended.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd

from careerlib import ledger
from careerlib.batch.execution import Run, execute_all
from careerlib.errors import CareerlibError
from careerlib.project import OUTPUTS, fingerprint, output_folder, write

COLUMNS = ("kind", "name", "holds", "verdict", "measured", "figure", "value")


def run_sweep(
    planned: Sequence[Run], output: Path | str = OUTPUTS, **execution: Any
) -> pd.DataFrame:
    """Execute all that has parameters and is not done yet.

    Returns the table that is written to sweep/sweep.csv in `output`: a row for each finding,
    claim, figure and failed run; columns notebook, one for each parameter, and COLUMNS. Beside it
    findings.csv has for each finding and run only whether it holds. Arguments as in `run`.
    """
    keys = {_key(one): one for one in planned if one.parameters}
    if not keys:
        raise CareerlibError("A sweep needs a parameter with its values, such as -p seed 0..99.")
    parameters = dict.fromkeys(name for one in planned for name in one.parameters)
    with output_folder(output) as output:
        runs, found = output / "sweep" / "runs", {}
        for key in keys:
            with suppress(OSError, ValueError):  # there is none yet, or it is damaged
                found[key] = json.loads((runs / f"{key}.json").read_bytes())
        waiting = [one for key, one in keys.items() if key not in found]
        for one, done in execute_all(waiting, **execution):
            key = _key(one)
            found[key] = [{"kind": "failed", "name": done.problem}]
            if not done.problem:
                found[key] = [*_rows(done)]
                write(runs / f"{key}.json", json.dumps(found[key]))
        rows = [{"notebook": one.path.stem, **one.parameters, **row}
                for key, one in keys.items() for row in found[key]]  # fmt: skip
        table = pd.DataFrame(rows, columns=["notebook", *parameters, *COLUMNS])
        short = _findings(table)[["notebook", *parameters, "finding", "holds"]]
        for name, part in {"sweep": table, "findings": short}.items():
            text = part.to_csv(index=False, lineterminator="\n")
            write(output / "sweep" / f"{name}.csv", text)
    return table


def each(typed: str) -> Sequence:
    """The values in a text: a range, or parts between commas."""
    if span := re.fullmatch(r"([0-9]{1,12})\.\.([0-9]{1,12})", typed):
        first, last = sorted(map(int, span.groups()))
        return range(first, last + 1)
    return typed.split(",")


def _key(run: Run) -> str:
    """What a run's result depends on: the notebook, its parameters, and careerlib."""
    content = json.dumps([fingerprint(), run.path.stem, run.text, run.parameters], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:24]


def _rows(done: Run) -> Iterator[dict[str, Any]]:
    """One for each finding and claim of an executed notebook, and for each of their figures."""
    for entry in ledger.read(json.loads(done.text)):
        yield entry
        for name, value in entry["figures"].items():
            yield {"kind": "figure", "name": entry["name"], "figure": name, "value": value}


def _findings(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["kind"] == "finding"].rename(columns={"name": "finding"})


def shares(table: pd.DataFrame) -> pd.DataFrame:
    """In how many of its runs, by all parameters but the seed, each finding holds."""
    by = [name for name in table if name not in ("seed", *COLUMNS)]
    rows = _findings(table).astype({"holds": bool})
    groups = rows.groupby([*by, "finding"], sort=False, dropna=False)["holds"]
    return groups.agg(runs="size", holds="mean").reset_index()


def summary(table: pd.DataFrame) -> str:
    """What a sweep found, as text for a terminal."""
    text = shares(table).to_string(index=False, formatters={"holds": "{:.0%}".format})
    return f"{text}\n{(table['kind'] == 'failed').sum()} runs failed."
