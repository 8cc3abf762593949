"""Runs: tiny notebooks, real kernels. Nearly everything that can go wrong is one run of them."""

import json
import multiprocessing.util
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from click.testing import CliRunner
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from careerlib import engine, plan
from careerlib.__main__ import cli
from careerlib.project import MARK, ROOT
from careerlib.runner import run_notebooks, summary

LIMIT = 5  # seconds; ample for the others, and three notebooks use all of it
GRACE = 2


def write_notebook(folder: Path, name: str, *sources: str, parameters: str | None = None) -> Path:
    cells = [new_markdown_cell(f"# {name}")]
    if parameters is not None:
        cells.append(new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    cells += [new_code_cell(source) for source in sources]
    for number, cell in enumerate(cells):
        cell.id = f"c{number}"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.ipynb"
    nbformat.write(new_notebook(cells=cells), path)
    return path


def printed(path: Path) -> str:
    """Everything a notebook printed or showed as text."""
    outputs = [out for cell in nbformat.read(path, 4).cells for out in cell.get("outputs", [])]
    return "".join(out.get("text") or out.get("data", {}).get("text/plain", "") for out in outputs)


def files_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def started(*arguments: object, **options) -> subprocess.Popen:
    """The command line in a process group of its own, as in a terminal."""
    command = [sys.executable, "-m", "careerlib", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **options.pop("env", {})}
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
        start_new_session=True, **options,
    )  # fmt: skip


def until(condition, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


# One run of everything that can go wrong.

WORKER = "import os, psutil, signal\nworker = psutil.Process().parent()\n"
NOTEBOOKS = {
    "01_good": "import os, sys, warnings\nfor i in range(3):\n    print(i, flush=True)\n"
    "print('warned', file=sys.stderr)\nwarnings.warn('careful')\ndisplay('shown')\n"
    "print([count, share, flag, label, items, os.getcwd() == os.environ['HERE']])\n"
    "print('from_startup' in globals(), set('abcdef'))",
    "02_failing": "print('before')\nimport json\njson.loads('[')",
    "03_killer": WORKER + "worker.kill()",
    "04_hanging": "import ctypes\nprint('asleep', flush=True)\nctypes.CDLL(None).sleep(1000)",
    # Answers its last cell, and hangs before the kernel can be asked anything else.
    "05_lingering": "import asyncio, time\nasyncio.get_event_loop().call_soon(time.sleep, 1000)",
    "06_stopped": WORKER + "worker.suspend()",
    "07_dying": "import os\nos._exit(3)",
    "08_leaving": "import sys\nsys.exit()",
    "09_plot": "import matplotlib.pyplot as plt\nplt.plot([1]);",
    # Its message cannot be sent, so there is no error output.
    "11_half": "raise ValueError('\\ud83d')",
    "12_long": "import sys\nprint('x' * 300_000, file=sys.stderr)\nraise ValueError('y' * 300_000)",
    "10_the_ledger": "import os\nprint(folder != '.', sorted(os.listdir(folder)))",
}
PARAMETERS = "count: int = 1  # how many\nshare = 0.5\nflag = False\nlabel = 'a'\nitems = []"
EXPECTED = {
    "01_good": ("passed", ""),
    "02_failing": ("failed", "In [1] raised JSONDecodeError: Expecting value"),
    "03_killer": ("failed", "Its worker process was ended"),
    "04_hanging": (f"timed out after {LIMIT} s", "In [1] was running"),
    "05_lingering": (f"timed out after {LIMIT} s", "In [1] was running"),
    "06_stopped": (f"timed out after {LIMIT} s", "Its process did not answer"),
    "07_dying": ("kernel died", "In [1] was running"),
    "08_leaving": ("failed", "In [1] raised SystemExit"),
    "09_plot": ("passed", ""),
    "10_the_ledger": ("passed", ""),
    "11_half": ("failed", "In [1] raised"),
    "12_long": ("failed", "In [1] raised ValueError: yyy"),
}


class FirstRun:
    """Folders and results of the run that most tests look at, in a user's own surroundings."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.notebooks, self.output = folder / "notebooks", folder / "out"
        for name, source in NOTEBOOKS.items():
            parameters = {"01_good": PARAMETERS, "10_the_ledger": "folder = '.'"}.get(name)
            end = [] if name == "05_lingering" else ["print('end')"]
            write_notebook(self.notebooks, name, source, *end, parameters=parameters)
        (self.output / "failed").mkdir(parents=True)
        (self.output / MARK).touch()
        (self.output / "02_failing.ipynb").write_text("an earlier good result")
        (self.output / "11_half.ipynb").write_text("an earlier good result")
        (self.output / "failed/01_good.ipynb").write_text("an earlier failure")
        startup = folder / "ipython/profile_default/startup"
        startup.mkdir(parents=True)
        (startup / "start.py").write_text("from_startup = 'here'\n")
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        patch.setenv("IPYTHONDIR", str(folder / "ipython"))
        patch.setenv("HERE", str(self.notebooks))
        patch.setenv("MPLBACKEND", "Agg")
        multiprocessing.util.get_temp_dir()  # of the fork server, which stays
        patch.setattr("tempfile.tempdir", str(self.temporary))
        patch.setattr(engine, "GRACE", GRACE)
        given = {
            "count": "4",
            "share": "1e-3",
            "flag": "true",
            "label": '0 "x" \\n',
            "items": "[1]",
        }
        self.results = run_notebooks(
            parameters=given.items(), output=self.output, jobs=4, timeout=LIMIT,
            notebooks=self.notebooks,
        )  # fmt: skip


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        yield FirstRun(tmp_path_factory.mktemp("first"), patch)


def test_every_fault_costs_only_its_own_notebook(first):
    assert [result.name for result in first.results] == sorted(NOTEBOOKS)
    for result in first.results:
        status, problem = EXPECTED[result.name]
        assert (result.status, result.problem[: len(problem)]) == (status, problem), result
        assert len(result.problem) < 500
        assert result.seconds < LIMIT + GRACE + 3
        assert bool(result.problem) == bool(problem)
    told = summary(first.results)
    assert "3 of 12 notebooks passed." in told
    recorded = json.loads((first.output / "run.json").read_text())
    assert [entry["status"] for entry in recorded["notebooks"]] == [r.status for r in first.results]


def test_failures_are_kept_with_their_error_and_spoil_nothing(first):
    lost = {"03_killer", "06_stopped"}  # their processes took along what they had
    failed = {f"failed/{name}.ipynb" for name, (_, told) in EXPECTED.items() if told} - {
        f"failed/{name}.ipynb" for name in lost
    }
    good = {
        f"{name}.ipynb" for name in ("01_good", "02_failing", "09_plot", "10_the_ledger", "11_half")
    }
    assert files_in(first.output) == failed | good | {"run.json", MARK}
    for name in ("02_failing", "11_half"):
        assert (first.output / f"{name}.ipynb").read_text() == "an earlier good result"
    for name in failed:
        kept = nbformat.read(first.output / name, 4)
        nbformat.validate(kept)
        assert [o for c in kept.cells for o in c.get("outputs", []) if o.output_type == "error"]
        assert "end" not in printed(first.output / name)
    assert "before" in printed(first.output / "failed/02_failing.ipynb")


def test_parameters_arrive_with_their_types_in_a_kernel_of_its_own(first):
    text = printed(first.output / "01_good.ipynb")
    assert str([4, 0.001, True, '0 "x" \\n', [1], True]) in text
    assert "False {" in text  # no start-up file
    cells = nbformat.read(first.output / "01_good.ipynb", 4).cells
    assert cells[2].id == "injected-parameters"
    assert [cell.execution_count for cell in cells[1:]] == [1, 2, 3, 4]
    names = [output.get("name", output.output_type) for output in cells[3].outputs]
    assert names == ["stdout", "stderr", "display_data", "stdout"]
    assert cells[3].outputs[0].text == "0\n1\n2\n"


def test_plots_are_shown_whatever_the_users_backend_is(first):
    assert os.environ["MPLBACKEND"] == "Agg"
    (plotted, _) = nbformat.read(first.output / "09_plot.ipynb", 4).cells[1:]
    assert [list(output.data) for output in plotted.outputs] == [["image/png", "text/plain"]]


def test_the_ledger_is_last_and_reads_what_was_executed(first):
    path = first.output / "10_the_ledger.ipynb"
    assert printed(path).startswith("True ['.careerlib', '01_good.ipynb', '02_failing.ipynb'")
    assert 'folder = "."' in nbformat.read(path, 4).cells[2].source


def test_nothing_is_left_of_the_processes_and_nothing_of_this_machine_in_the_files(first):
    assert not list(first.temporary.iterdir())
    until(lambda: len([p for p in psutil.Process().children(recursive=True)
                       if "forkserver" in " ".join(p.cmdline())]) <= 1, 5)  # fmt: skip
    for path in first.output.rglob("*_*.ipynb"):
        text = path.read_text()
        for local in (ROOT, first.output, sys.prefix, sys.base_prefix, "/ipykernel_"):
            assert str(local) not in text, (path, local)
        assert '"papermill"' not in text and '"execution"' not in text and "iopub" not in text


def test_a_second_run_gives_the_same_bytes_and_touches_no_other(first):
    before = {name: (first.output / name).read_bytes() for name in files_in(first.output)}
    path = first.notebooks / "08_leaving.ipynb"
    path.write_text(path.read_text().replace("sys.exit()", "1"))
    parameters = json.loads(before["run.json"])["notebooks"][0]["parameters"]
    typed = [(k, v if isinstance(v, str) else json.dumps(v)) for k, v in parameters.items()]
    run_notebooks(["01", "08_leaving.ipynb"], typed, first.output, first.notebooks, jobs=1)
    after = {name: (first.output / name).read_bytes() for name in files_in(first.output)}
    assert set(before) ^ set(after) == {"08_leaving.ipynb", "failed/08_leaving.ipynb"}
    assert {name for name in before if before[name] != after.get(name)} == {
        "run.json", "failed/08_leaving.ipynb",
    }  # fmt: skip


def test_refresh_replaces_what_passed_and_is_unchanged(tmp_path):
    folder, output = tmp_path / "notebooks", tmp_path / "out"
    good = write_notebook(folder, "01_good", "print('made')")
    edit = "from pathlib import Path\npath = Path('02_edited.ipynb')\n"
    edit += "path.write_text(path.read_text().replace('# 02', '# 2'))"
    edited = write_notebook(folder, "02_edited", edit)
    failing = write_notebook(folder, "03_failing", "1 / 0")
    before = failing.read_text(), edited.read_text().replace("# 02", "# 2")
    results = run_notebooks(output=output, notebooks=folder, refresh=True)
    assert [result.status for result in results] == ["passed", "failed", "failed"]
    assert printed(good) == "made\n"
    assert (failing.read_text(), edited.read_text()) == before
    assert nbformat.read(good, 4).metadata.language_info.file_extension == ".py"


# Signals, and readers who go away.


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_ends_everything_at_once_and_keeps_what_is_done(tmp_path, number):
    notebooks, output = tmp_path / "notebooks", tmp_path / "out"
    write_notebook(notebooks, "01_quick", "1")
    note = "import os, time\nopen('pid', 'w').write(str(os.getpid()))\ntime.sleep(1000)"
    write_notebook(notebooks, "02_long", note)
    process = started("run", "--notebooks", notebooks, "--output", output, "--jobs", 2,
                      env={"TMPDIR": str(tmp_path)})  # fmt: skip
    pid = notebooks / "pid"
    until(lambda: pid.exists() and pid.read_text() and (output / "01_quick.ipynb").exists())
    kernel = psutil.Process(int(pid.read_text()))
    process.send_signal(number) if number != signal.SIGINT else os.killpg(process.pid, number)
    _, told = process.communicate(timeout=10)
    assert process.returncode == (130 if number != signal.SIGKILL else -number)
    assert "Traceback" not in told
    if number != signal.SIGKILL:
        assert told.splitlines()[-1].startswith("Interrupted: what had finished is kept")
    until(lambda: not kernel.is_running(), 5)
    assert files_in(output) == {"01_quick.ipynb", MARK}


def test_ctrl_c_while_processes_start_is_clean(tmp_path):
    write_notebook(tmp_path / "notebooks", "01_slow", "import pandas")
    process = started("run", "--notebooks", tmp_path / "notebooks", "--output", tmp_path / "out")
    children = psutil.Process(process.pid).children
    until(lambda: any("forkserver" in " ".join(child.cmdline()) for child in children()))
    time.sleep(0.3)
    os.killpg(process.pid, signal.SIGINT)
    assert process.communicate(timeout=30)[1].splitlines() == [
        "Interrupted: what had finished is kept, the rest is as it was."
    ]


# What is refused before anything runs.


@pytest.fixture
def folder(tmp_path) -> Path:
    write_notebook(tmp_path / "notebooks", "01_first", parameters=PARAMETERS + "\npair = (1, 2)")
    write_notebook(tmp_path / "notebooks", "02_second", parameters="seed: int = 42")
    return tmp_path / "notebooks"


REFUSED = {
    "count": ["2.0", "010", "0x10", "1_000", "1:30", "true", "", "\u0661", "9" * 5000],
    "share": ["half", "nan", ".inf", "1e999", "1:30", "01.5", "", "."],
    "flag": ["1", "yes", "maybe"],
    "items": ["a", "{}", "[1", "[" * 100_000],
    "pair": ["[1, 2]"],
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_value_of_the_wrong_type_is_refused(folder, refusal, name):
    for text in REFUSED[name]:
        told = refusal(run_notebooks, notebooks=folder, parameters=[(name, text)],
                       output=folder.parent / "out")  # fmt: skip
        assert told.startswith(f"Parameter {name} of notebook 01_first must be ")
        assert len(told) < 200
    assert not (folder.parent / "out").exists()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"parameters": [("cout", "1")]}, "has a parameter 'cout'; did you mean count?"),
        ({"only": ["02"], "parameters": [("count", "1")]}, "valid names are seed."),
        ({"parameters": [("seed", "1"), ("seed", "2")]}, "'seed' is given twice"),
        ({"only": ["02_secnd"]}, "No notebook is called '02_secnd'; did you mean 02_second?"),
        ({"notebooks": "nowhere"}, "There are no notebooks"),
        ({"output": ""}, "--output is empty"),
        ({"output": "mine"}, "mine holds files that no run has made"),
        ({"output": "notebooks"}, "notebooks holds files that no run has made"),
        ({"output": "mine/index.html"}, "Cannot write into the output folder mine/index.html"),
    ],
)
def test_what_cannot_be_run_is_told_in_one_sentence(
    folder, refusal, monkeypatch, options, expected
):
    monkeypatch.chdir(folder.parent)
    (folder.parent / "mine").mkdir()
    (folder.parent / "mine/index.html").write_text("somebody's own")
    before = files_in(folder.parent)
    assert expected in refusal(run_notebooks, **{"notebooks": folder, "output": "out"} | options)
    assert files_in(folder.parent) == before


@pytest.mark.parametrize("text", ["", "[]", '{"cells": 3}', '{"cells": [{}]}', "[" * 100_000])
def test_a_file_that_is_no_notebook_is_refused(folder, refusal, text):
    (folder / "02_second.ipynb").write_text(text)
    told = refusal(run_notebooks, notebooks=folder, output=folder.parent / "out")
    assert "02_second.ipynb is not a notebook of format 4" in told


def test_a_file_given_as_a_parameter_is_taken_from_where_the_run_was_started(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    Path("me.yml").touch()
    path = folder / "01_first.ipynb"
    assert plan.value_of("label", "me.yml", "", path) == os.path.join("..", "me.yml")
    assert plan.value_of("label", "you.yml", "", path) == "you.yml"


# The command line.


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["run", "--output", ""], "--output is empty; name a folder"),
        (["run", "--only", "99"], "No notebook is called '99'"),
        (["recommend", "nowhere.yml"], "nowhere.yml"),
    ],
)
def test_errors_of_the_command_line_are_one_sentence(arguments, expected):
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ") and result.stderr.count("\n") == 1
    assert expected in result.stderr


def test_every_command_has_an_example_and_needs_nothing_heavy():
    for name, command in cli.commands.items():
        for each in getattr(command, "commands", {name: command}).values():
            assert "Example: careerlib" in each.help
    code = "import sys, careerlib.__main__; print([m for m in sys.argv[1:] if m in sys.modules])"
    heavy = ["numpy", "pandas", "nbformat", "papermill", "tqdm", "yaml", "careerlib.runner"]
    process = subprocess.run([sys.executable, "-c", code, *heavy], capture_output=True, text=True)
    assert process.stdout == "[]\n"
