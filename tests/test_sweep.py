"""Sweeps: every combination, resumed where one was ended, here and on a Dask cluster."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pandas as pd
import pytest
from test_runner import started, until, write_notebook

from careerlib import engine, sweep
from careerlib.project import ROOT
from careerlib.sweep import run_sweep

SOURCE = """\
from careerlib.ledger import claim, finding
import os, time
open('log', 'a').write(f'{seed} {n}\\n')
finding('n is large', n > 2000, half=n / 2)
claim('naive-accuracy', str(seed), comparable=False)
assert seed != 3, 'three'
time.sleep(pause)
"""
# The same for a kernel that need not import anything of this project.
PLAIN = """\
import time
open('log', 'a').write(f'{seed} {n}\\n')
entry = {'kind': 'finding', 'name': 'plain', 'holds': True, 'figures': {}}
display({'application/vnd.career' 'lib.ledger+json': entry}, raw=True)
time.sleep(pause)
"""
PARAMETERS = "seed: int = 42\nn: int = 1000\npause: float = 0.0"


@pytest.fixture
def notebooks(tmp_path) -> Path:
    write_notebook(tmp_path / "notebooks", "04_small", SOURCE, parameters=PARAMETERS)
    write_notebook(tmp_path / "notebooks", "05_other", "1 / 0", parameters="count = 1")
    return tmp_path / "notebooks"


def log(notebooks: Path) -> list[str]:
    path = notebooks / "log"
    return sorted(path.read_text().splitlines()) if path.exists() else []


def test_every_combination_once_and_what_is_done_is_not_done_again(notebooks, tmp_path):
    arguments = {"notebooks": notebooks, "output": tmp_path / "out"}
    given = [("seed", "1..3"), ("n", "1000,3000")]
    table = run_sweep(**arguments, parameters=given, findings=tmp_path / "found.csv")
    asked = sorted(f"{seed} {n}" for seed in (1, 2, 3) for n in (1000, 3000))
    assert log(notebooks) == asked
    assert list(table) == ["notebook", "seed", "n", *sweep.COLUMNS]
    assert set(table["notebook"]) == {"04_small"}
    assert table["kind"].value_counts().to_dict() == {
        "finding": 4, "claim": 4, "figure": 4, "failed": 2,
    }  # fmt: skip
    written = pd.read_csv(tmp_path / "out/sweep/sweep.csv")
    assert written["figure"].value_counts().to_dict() == {"half": 4}
    assert sweep.shares(table)["holds"].tolist() == [0, 1]
    assert sweep.figures(table)["50%"].tolist() == [500, 1500]
    assert "2 runs failed; the first: failed: In [3] raised AssertionError: three" in sweep.summary(
        table
    )
    assert pd.read_csv(tmp_path / "found.csv").columns.tolist() == [
        "notebook", "seed", "finding", "holds",
    ]  # fmt: skip

    # A run whose result is lost is done again; failures are tried again.
    next((tmp_path / "out/sweep/runs").iterdir()).unlink()
    again = run_sweep(**arguments, parameters=given)
    assert again.equals(table)
    assert len(log(notebooks)) == len(asked) + 3

    # Another code of the notebook is another run.
    write_notebook(notebooks, "04_small", SOURCE.replace("2000", "0"), parameters=PARAMETERS)
    assert run_sweep(**arguments, parameters=[("seed", "1")])["holds"].tolist()[0] is True


def test_a_sweep_that_is_ended_goes_on_where_it_was(notebooks, tmp_path):
    write_notebook(notebooks, "04_small", PLAIN, parameters=PARAMETERS)
    output, pause = tmp_path / "out", ("pause", "0.3")
    process = started("sweep", "--notebooks", notebooks, "--output", output, "--jobs", 1, "-p",
                      "seed", "4..9", "-p", *pause)  # fmt: skip
    runs = output / "sweep/runs"
    until(lambda: len([*runs.glob("*.json")]) >= 2)
    os.killpg(process.pid, signal.SIGINT)
    assert "Interrupted" in process.communicate(timeout=20)[1]
    done, begun = len([*runs.iterdir()]), len(log(notebooks))
    table = run_sweep(notebooks=notebooks, output=output, parameters=[("seed", "4..9"), pause])
    assert len(log(notebooks)) == begun + 6 - done
    assert sweep.shares(table)["runs"].tolist() == [6]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], "A sweep needs a parameter with its values"),
        ([("seed", "9..1")], "The range '9..1' must go up"),
        ([("seed", "0..999999999999")], "must go up, by less than 100,000"),
        ([("seed", "0..9999"), ("n", "0..9999")], "more than 100,000 runs"),
        ([("seed", "1,,2")], "must be a whole number in decimal digits, like its default 42, not"),
        ([("seed", "1,02")], "not '02'"),
        ([("sed", "1")], "did you mean seed"),
    ],
)
def test_what_cannot_be_swept_is_told_in_one_sentence(
    notebooks, tmp_path, refusal, given, expected
):
    assert expected in refusal(
        run_sweep, notebooks=notebooks, output=tmp_path / "out", parameters=given
    )
    assert not (tmp_path / "out").exists()


# On a Dask cluster whose workers know only what they are sent.


@pytest.fixture
def dask_worker(tmp_path):
    """Starts a scheduler, and a worker for each call; yields its address and that function."""
    pytest.importorskip("distributed", reason="the extra `batch` is not installed")
    processes, environment = [], {**os.environ, "PYTHONPATH": str(ROOT)}
    file = tmp_path / "scheduler.json"

    def start(*arguments: str, **variables: str) -> subprocess.Popen:
        command = [sys.executable, "-m", "distributed.cli.dask_" + arguments[0], *arguments[1:]]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        variables = environment | variables
        processes.append(subprocess.Popen(command, cwd=tmp_path, env=variables, **quiet))
        return processes[-1]

    def worker(**variables: str) -> subprocess.Popen:
        options = ("--no-nanny", "--nthreads", "1", "--no-dashboard")
        return start("worker", address, *options, **variables)

    start("scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", str(file))
    until(lambda: file.exists() and file.stat().st_size)
    address = json.loads(file.read_text())["address"]
    yield address, worker
    for process in processes:
        engine.kill(process.pid)
        process.wait()


def test_a_dead_dask_worker_loses_no_result(notebooks, tmp_path, dask_worker):
    write_notebook(notebooks, "04_small", PLAIN, parameters=PARAMETERS)
    address, worker = dask_worker
    first, _ = worker(), worker()
    runs = tmp_path / "out/sweep/runs"

    def kill_the_first() -> None:
        until(lambda: len([*runs.glob("*.json")]) >= 2)
        first.kill()

    killing = threading.Thread(target=kill_the_first)
    killing.start()
    table = run_sweep(notebooks=notebooks, output=tmp_path / "out", scheduler=address,
                      parameters=[("seed", "4..11"), ("pause", "0.3")])  # fmt: skip
    killing.join()
    assert sweep.shares(table)["runs"].tolist() == [8]


def test_a_worker_without_this_careerlib_says_so(notebooks, tmp_path, dask_worker):
    address, worker = dask_worker
    other = tmp_path / "other/careerlib"
    other.mkdir(parents=True)
    (other / "__init__.py").touch()
    worker(PYTHONPATH=str(other.parent))
    process = started("run", "--notebooks", notebooks, "--output", tmp_path / "out",
                      "--scheduler", address)  # fmt: skip
    _, told = process.communicate(timeout=60)
    assert process.returncode == 1
    assert told.startswith("Error: A worker lacks this version of careerlib")
    assert told.count("\n") == 1


def test_a_scheduler_that_is_not_there_is_told(notebooks, tmp_path, refusal, monkeypatch):
    pytest.importorskip("distributed", reason="the extra `batch` is not installed")
    monkeypatch.setattr(engine, "CONNECT", 1)
    for address in ("tcp://127.0.0.1:9", "nonsense"):
        told = refusal(run_sweep, notebooks=notebooks, output=tmp_path / "out", scheduler=address,
                       parameters=[("seed", "1")])  # fmt: skip
        assert told.startswith(f"There is no Dask scheduler with a worker at {address};")
