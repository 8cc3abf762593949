"""Sweeps: every combination, resumed where one was ended, here and on a Dask cluster."""

import json
import os
import socket
import subprocess
import sys
import threading
from functools import partial

import pandas as pd
import pytest
from conftest import until, write_notebook

from careerlib import ledger
from careerlib.batch import notebooks as batch
from careerlib.project import DATA, NOTEBOOKS, ROOT

# What `finding` and `claim` leave behind, in a kernel that need not import anything for it.
SOURCE = """\
import time
open('log', 'a').write(f'{seed} {n}\\n')
found = {'kind': 'finding', 'name': 'large', 'holds': n > 2000, 'figures': {'half': n / 2}}
claim = {'kind': 'claim', 'name': 'accuracy', 'measured': str(seed), 'figures': {}}
display({'application/vnd.careerlib.ledger+json': [found, claim]}, raw=True)
assert seed != 3, 'three'
time.sleep(pause)
"""
PARAMETERS = "seed: int = 42\nn: int = 1000\npause: float = 0.0"


@pytest.fixture
def notebooks(tmp_path):
    write_notebook(tmp_path / "notebooks", "04_small", SOURCE, parameters=PARAMETERS)
    write_notebook(tmp_path / "notebooks", "05_other", "1 / 0", parameters="count = 1")
    return tmp_path / "notebooks"


def swept(notebooks, given, output="out", **execution):
    """The table of a sweep of what was typed."""
    planned = batch.plan(notebooks, (), given, batch.each)
    return batch.sweep(planned, notebooks.parent / output, **execution)


def test_every_combination_once_and_what_is_done_is_not_done_again(notebooks):
    given, log = {"seed": "3..2", "n": "1000,3000,1000"}, notebooks / "log"
    folder = notebooks.parent / "out/sweep"
    table = swept(notebooks, given)
    asked = ["2 1000", "2 3000", "3 1000", "3 3000"]
    assert sorted(log.read_text().splitlines()) == asked
    assert list(table) == ["notebook", "seed", "n", *batch.COLUMNS]
    assert set(table["notebook"]) == {"04_small"}
    counted = table["kind"].value_counts()
    assert counted.to_dict() == {"finding": 2, "claim": 2, "figure": 2, "failed": 2}
    written = pd.read_csv(folder / "sweep.csv")
    assert written["figure"].value_counts()["half"] == 2
    _, small, large, failed = batch.summary(table).splitlines()
    assert small.split()[-3:] == ["large", "1", "0%"] and large.endswith(" 100%")
    assert failed == "2 runs failed."
    kept = pd.read_csv(folder / "findings.csv")
    assert kept.values.tolist() == [["04_small", 2, 1000, "large", False],
                                    ["04_small", 2, 3000, "large", True]]  # fmt: skip

    # A run whose result is damaged is done again; failures are tried again.
    damaged = next((folder / "runs").iterdir())
    damaged.write_text(damaged.read_text()[:-9])
    assert swept(notebooks, given).equals(table)
    assert len(log.read_text().splitlines()) == len(asked) + 3

    # Another code of the notebook is another run.
    write_notebook(notebooks, "04_small", SOURCE.replace("2000", "0"), parameters=PARAMETERS)
    assert swept(notebooks, {"seed": "2"})["holds"].tolist()[0] is True


def test_what_cannot_be_swept_is_told_in_one_sentence(notebooks, refusal):
    assert "A sweep needs a parameter with its values" in refusal(swept, notebooks, {})
    assert "must be int like its default 42, not ''" in refusal(swept, notebooks, {"seed": "1,,2"})
    assert not (notebooks.parent / "out").exists()


# On a Dask cluster whose workers know only what they are sent.


@pytest.fixture
def cluster(tmp_path):
    """A scheduler; yields its address, its process, and a function that starts a worker."""
    pytest.importorskip("distributed", reason="the extra `batch` is not installed")
    processes, file = [], tmp_path / "scheduler.json"

    def start(kind, options, path=ROOT):
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *options.split()]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": tmp_path}
        variables = {**os.environ, "PYTHONPATH": str(path)}
        processes.append(subprocess.Popen([*command, "--no-dashboard"], env=variables, **quiet))
        return processes[-1]

    scheduler = start("scheduler", f"--port 0 --scheduler-file {file}")
    until(lambda: file.exists() and file.stat().st_size)
    address = json.loads(file.read_text())["address"]
    yield address, scheduler, partial(start, "worker", f"{address} --no-nanny --nthreads 1")
    for process in processes:
        process.kill()
        process.wait()


def test_a_dead_worker_loses_no_result_and_a_dead_scheduler_is_told(
    notebooks, tmp_path, cluster, refusal
):
    def killed_after_one(process, output):
        until(lambda: [*tmp_path.glob(f"{output}/sweep/runs/*.json")])
        process.kill()

    address, scheduler, worker = cluster
    dies, _ = worker(), worker()
    threading.Thread(target=killed_after_one, args=(dies, "out")).start()
    table = swept(notebooks, {"seed": "4..7", "pause": "0.3"}, scheduler=address)
    assert (table["kind"] == "finding").sum() == 4

    threading.Thread(target=killed_after_one, args=(scheduler, "other")).start()
    slow = {"seed": "4..7", "pause": "0.7"}
    told = refusal(swept, notebooks, slow, "other", scheduler=address)
    assert told.startswith("1 of 4 runs are done and kept, the others cannot be executed (")
    assert told.endswith("workers have this careerlib, and repeat the command.")
    assert len([*tmp_path.glob("other/sweep/runs/*.json")]) == 1


def test_a_worker_without_this_careerlib_says_so(notebooks, tmp_path, cluster, refusal):
    address, _, worker = cluster
    other = tmp_path / "other/careerlib"
    other.mkdir(parents=True)
    (other / "__init__.py").touch()
    worker(path=other.parent)
    told = refusal(swept, notebooks, {"seed": "1"}, scheduler=address)
    assert told.startswith("0 of 1 runs are done") and "No module named 'careerlib." in told


def test_a_scheduler_that_is_not_there_or_silent_is_told(notebooks, refusal, monkeypatch):
    pytest.importorskip("distributed", reason="the extra `batch` is not installed")
    monkeypatch.setattr("careerlib.batch.execution.CONNECT", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        here = f"127.0.0.1:{silent.getsockname()[1]}"
        for address in (f"tcp://{here}", f"tls://{here}", "tcp://127.0.0.1:9", "ucx://a:1", "none"):
            told = refusal(swept, notebooks, {"seed": "1"}, scheduler=address)
            assert told.startswith(f"There is no Dask scheduler with a worker at {address} (")


# data/sweep.csv: our findings under many seeds.

KEPT = pd.read_csv(DATA / "sweep.csv")
KEY = ["notebook", "seed", "finding"]


def test_the_kept_sweep_has_every_finding_of_every_notebook_with_a_seed():
    assert list(KEPT) == [*KEY, "holds"] and not KEPT.duplicated(KEY).any()
    runs = KEPT.groupby(["notebook", "finding"])["seed"]
    assert (runs.min() == 0).all() and (runs.max() == runs.size() - 1).all()
    assert runs.size().min() >= 40 and runs.size().max() == 100
    assert {name[:2] for name in KEPT["notebook"]} == {"02", "03", "04", "05", "06", "08", "09"}
    entries = [entry for entry in ledger.read_folder(NOTEBOOKS) if entry["kind"] == "finding"]
    mine = {(e["notebook"], e["name"]) for e in entries if e["notebook"] in set(KEPT["notebook"])}
    assert mine == set(runs.groups)


def test_one_seed_of_a_notebook_again(tmp_path):
    batch.sweep(batch.plan(NOTEBOOKS, ["02"], {"seed": "61"}), tmp_path)
    made = pd.read_csv(tmp_path / "sweep/findings.csv")
    both = made.merge(KEPT, on=KEY, suffixes=("", "_kept"))
    assert len(made) >= 2 and set(made["seed"]) == {61}
    assert both["holds"].tolist() == both["holds_kept"].tolist()
