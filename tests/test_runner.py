"""The notebook runner: tiny notebooks, real kernels. Kernel starts are shared between tests."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from click.testing import CliRunner
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from careerlib import jobs, runner
from careerlib.__main__ import cli
from careerlib.errors import CareerlibError
from careerlib.project import ROOT
from careerlib.runner import run_notebooks, summary

PARAMETERS = """\
count = 1
share = 0.5
rate: float = 0.1
flag = False
label = "a"
maybe = None
items = []
options = {"a": 0}
pair = (1, 2)
made = len("abc")
"""
# What a user may have around that must not reach a notebook.
STARTUP = "from_startup = 'here'\n"


def write_notebook(folder: Path, name: str, *sources: str, parameters: str | None = None) -> Path:
    cells = [new_markdown_cell(f"# {name}")]
    if parameters is not None:
        cells.append(new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    cells += [new_code_cell(source) for source in sources]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.ipynb"
    nbformat.write(new_notebook(cells=cells), path)
    return path


def printed(path: Path) -> str:
    """Everything a notebook printed or showed as text."""
    outputs = [out for cell in nbformat.read(path, 4).cells for out in cell.get("outputs", [])]
    return "".join(out.get("text") or out.get("data", {}).get("text/plain", "") for out in outputs)


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "careerlib", *map(str, arguments)]


def recorded(output: Path) -> dict[str, dict]:
    run = json.loads((output / "run.json").read_text())
    return {entry["name"]: entry for entry in run["notebooks"]}


def alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be collected does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def files_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


# One large run of everything that can go wrong, started from the command line.


class FirstRun:
    """Folders and results of the run that most tests look at."""

    time_limit = 6  # seconds; ample for the others, and two notebooks use all of it

    def __init__(self, folder: Path) -> None:
        self.notebooks, self.output = folder / "notebooks", folder / "out"
        self.write_notebooks()
        self.write_earlier_results()
        self.environment = os.environ | self.user_environment(folder / "home")
        self.process = subprocess.run(
            command(
                "run", "--notebooks", self.notebooks, "--output", "out", "--jobs", 2,
                "--timeout", self.time_limit, "-p", "count", "4", "-p", "share", "1",
                "-p", "rate", "1e-3", "-p", "flag", "yes", "-p", "label", '007 "x" \\n',
                "-p", "maybe", "null", "-p", "items", "[1, a]", "-p", "options", "{b: 2.5}",
            ),
            cwd=folder, env=self.environment, capture_output=True, text=True, timeout=120,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def write_notebooks(self) -> None:
        folder = self.notebooks
        write_notebook(
            folder,
            "01_good",
            "print([count, share, rate, flag, label, maybe, items, options])",
            """
            import os, sys
            from pathlib import Path
            outputs = Path(os.environ["CAREERLIB_OUTPUTS"])
            (outputs / "metrics").mkdir(exist_ok=True)
            (outputs / "metrics" / "01_good.json").write_text('{"count": %d}' % count)
            here = Path("01_good.ipynb").is_file()
            print(outputs.is_absolute(), here, "from_startup" in globals())
            print(sys.executable == (outputs / "../python.txt").read_text())
            print([os.environ[f"{name}_NUM_THREADS"] for name in ("OPENBLAS", "OMP", "MKL")])
            print(os.environ["MPLBACKEND"])
            import time
            deadline = time.monotonic() + 4
            while not (outputs / "02_runs").exists() and time.monotonic() < deadline:
                time.sleep(0.05)
            print("side by side:", (outputs / "02_runs").exists())
            """.replace("\n            ", "\n"),
            parameters=PARAMETERS,
        )
        (folder.parent / "python.txt").write_text(sys.executable)
        failing = "import careerlib.errors\nprint('before')\ncareerlib.errors.nearest(1, 2)"
        here = "import os\nopen(os.environ['CAREERLIB_OUTPUTS'] + '/02_runs', 'w').close()"
        write_notebook(folder, "02_failing", here, failing, "print('never')")
        write_notebook(folder, "03_killer", "import os", "os.kill(os.getppid(), 9)")
        native = "import ctypes\nprint('asleep', flush=True)\nctypes.CDLL(None).sleep(1000)"
        write_notebook(folder, "04_hanging", "x = 1", native)
        # Answers its last cell, and hangs before the kernel can be asked anything else.
        late = "import asyncio, time\nasyncio.get_event_loop().call_soon(time.sleep, 1000)"
        write_notebook(folder, "05_lingering", late)
        write_notebook(folder, "06_dying", "import os", "os._exit(3)", "print('never')")
        streams = (
            "import sys, time, warnings\n"
            "for i in range(3):\n    print(i, flush=True); time.sleep(0.05)\n"
            "print('warned', file=sys.stderr)\nwarnings.warn('careful')\n"
            "display('shown')\nprint('after')\nprint(set('abcdef'))"
        )
        write_notebook(folder, "07_plain", streams)
        write_notebook(folder, "08_leaving", "import sys", "sys.exit()", "print('never')")

    def write_earlier_results(self) -> None:
        (self.output / "failed").mkdir(parents=True)
        (self.output / "02_failing.ipynb").write_text("an earlier good result")
        (self.output / "failed/07_plain.ipynb").write_text("an earlier failure")

    def user_environment(self, home: Path) -> dict[str, str]:
        startup = home / "ipython/profile_default/startup"
        startup.mkdir(parents=True)
        (startup / "start.py").write_text(STARTUP)
        (home / "python_startup.py").write_text(STARTUP)
        kernel = home / "jupyter/kernels/python3"
        kernel.mkdir(parents=True)
        spec = {"argv": ["false"], "display_name": "another Python", "language": "python"}
        (kernel / "kernel.json").write_text(json.dumps(spec))
        (home / "tmp").mkdir()
        self.temporary = home / "tmp"
        return {
            "IPYTHONDIR": str(home / "ipython"),
            "PYTHONSTARTUP": str(home / "python_startup.py"),
            "JUPYTER_PATH": str(home / "jupyter"),
            "MPLBACKEND": "Agg",
            "OMP_NUM_THREADS": "2",
            "OPENBLAS_NUM_THREADS": "1",
            "TMPDIR": str(self.temporary),
            "PYTHONPATH": str(ROOT),
        }

    def status_line(self, name: str) -> str:
        """Line of a notebook in the final table, and the explanation below it."""
        lines = self.process.stdout.splitlines()
        place = next(i for i, line in enumerate(lines) if line.startswith(name))
        return " ".join(lines[place : place + 2])


@pytest.fixture(scope="module")
def first(tmp_path_factory) -> FirstRun:
    return FirstRun(tmp_path_factory.mktemp("first"))


def test_parameters_arrive_with_the_type_of_their_default(first):
    expected = [4, 1.0, 0.001, True, '007 "x" \\n', None, [1, "a"], {"b": 2.5}]
    assert printed(first.output / "01_good.ipynb").splitlines()[0] == str(expected)


def test_kernel_runs_in_the_notebooks_folder_untouched_by_the_users_setup(first):
    lines = printed(first.output / "01_good.ipynb").splitlines()[1:]
    assert lines[:2] == ["True True False", "True"]  # absolute, beside the notebook, no start-up
    assert lines[2] == "['1', '2', '1']"  # OMP is the user's own choice
    assert "inline" in lines[3]
    assert json.loads((first.output / "metrics/01_good.json").read_text()) == {"count": 4}


def test_injected_parameters_have_a_fixed_place_and_id(first):
    cells = nbformat.read(first.output / "01_good.ipynb", 4).cells
    assert cells[2].id == "injected-parameters"
    assert cells[2].source.startswith("# Parameters\ncount = 4\n")
    assert [cell.execution_count for cell in cells[1:]] == [1, 2, 3, 4]


def test_a_run_with_failures_exits_with_1_and_says_how_many_passed(first):
    assert first.process.returncode == 1
    assert first.process.stdout.splitlines()[-1] == "2 of 8 notebooks passed."
    assert "Traceback" not in first.process.stdout + first.process.stderr


def test_without_a_terminal_there_is_one_plain_line_per_notebook(first):
    lines = first.process.stderr.splitlines()
    assert len(lines) == 8
    assert all(re.fullmatch(r"\w+: [a-z0-9 ]+ \(\d+\.\d s\)", line) for line in lines), lines


def test_a_failure_is_explained_and_kept_and_spoils_nothing(first):
    told = first.status_line("02_failing")
    assert re.search(r"failed +In \[2\] raised TypeError: .*not iterable", told)
    assert told.endswith(f"({Path('out/failed/02_failing.ipynb')})")
    assert (first.output / "02_failing.ipynb").read_text() == "an earlier good result"
    kept = nbformat.read(first.output / "failed/02_failing.ipynb", 4)
    assert "before" in printed(first.output / "failed/02_failing.ipynb")
    (error,) = [o for c in kept.cells for o in c.get("outputs", []) if o.output_type == "error"]
    assert error.ename == "TypeError"
    nbformat.validate(kept)


def test_sys_exit_is_no_success(first):
    assert "In [2] raised SystemExit" in first.status_line("08_leaving")


@pytest.mark.parametrize("name, cell", [("04_hanging", 2), ("05_lingering", 1)])
def test_a_hanging_notebook_is_ended(first, name, cell):
    told = first.status_line(name)
    assert f"timed out after {first.time_limit} s" in told
    assert f"In [{cell}] was running" in told
    kept = nbformat.read(first.output / "failed" / f"{name}.ipynb", 4)
    error = kept.cells[cell].outputs[-1]
    assert (error.output_type, error.evalue) == ("error", f"timed out after {first.time_limit} s")
    assert first.time_limit <= recorded(first.output)[name]["seconds"] < first.time_limit + 4


def test_a_dead_kernel_is_named(first):
    told = first.status_line("06_dying")
    assert "kernel died" in told and "In [2] was running" in told
    assert (first.output / "failed/06_dying.ipynb").is_file()


def test_a_dead_worker_costs_only_its_own_notebook(first):
    assert "Its worker process was ended" in first.status_line("03_killer")
    assert first.process.stdout.count("worker process") == 1  # another took over its work


def test_success_removes_an_earlier_failure(first):
    assert not (first.output / "failed/07_plain.ipynb").exists()


def test_printed_text_is_joined_but_stays_around_what_was_shown(first):
    outputs = nbformat.read(first.output / "07_plain.ipynb", 4).cells[1].outputs
    names = [output.get("name", output.output_type) for output in outputs]
    assert names == ["stdout", "stderr", "display_data", "stdout"]
    assert outputs[0].text == "0\n1\n2\n"
    assert outputs[3].text.startswith("after\n")


def test_outputs_hold_no_absolute_path_and_no_trace_of_the_run(first):
    notebooks = sorted(first.output.rglob("*_*.ipynb"))
    assert len(notebooks) == 8  # two good ones, five failures, the earlier good one
    for path in notebooks:
        text = path.read_text()
        for local in (ROOT, first.output, sys.prefix, sys.base_prefix, "/ipykernel_"):
            assert str(local) not in text, (path, local)
        assert '"papermill"' not in text and '"execution"' not in text
        assert '"version"' not in text


def test_run_json_tells_what_happened(first):
    run = json.loads((first.output / "run.json").read_text())
    entries = recorded(first.output)
    assert list(entries) == [path.stem for path in sorted(first.notebooks.iterdir())]
    assert entries["01_good"]["status"] == "passed"
    assert entries["01_good"]["parameters"]["options"] == {"b": 2.5}
    assert entries["07_plain"]["parameters"] == {}
    assert 0 < entries["07_plain"]["seconds"] == round(entries["07_plain"]["seconds"], 1)
    assert run["versions"]["python"] == "{}.{}.{}".format(*sys.version_info)
    packages = {"numpy", "pandas", "scikit-learn", "matplotlib", "seaborn", "papermill"}
    assert set(run["versions"]) == packages | {"python"}


def test_nothing_temporary_is_left(first):
    assert not [name for name in files_in(first.output) if "tmp" in name]
    assert not list(first.temporary.glob("careerlib-*"))  # what the killed ones left is theirs


def test_notebooks_run_side_by_side(first):
    assert "side by side: True" in printed(first.output / "01_good.ipynb")


# A second run over the first one's results.


@pytest.fixture(scope="module")
def second(first):
    """The run after 02 was repaired: only 02 and 06, from Python, into the same folder."""
    before = {name: (first.output / name).read_bytes() for name in files_in(first.output)}
    entries = recorded(first.output)
    path = first.notebooks / "02_failing.ipynb"
    path.write_text(path.read_text().replace("nearest(1, 2)", "nearest(1, [2])"))
    results = run_notebooks(
        only=["02", "07_plain.ipynb"], output=first.output, notebooks=first.notebooks, jobs=1
    )
    return before, entries, results


def test_a_second_run_gives_the_same_bytes(first, second):
    before, _, results = second
    assert [(result.name, result.passed) for result in results] == [
        ("02_failing", True),
        ("07_plain", True),
    ]
    assert (first.output / "07_plain.ipynb").read_bytes() == before["07_plain.ipynb"]
    assert "careful" in before["07_plain.ipynb"].decode()  # even the place of a warning


def test_only_touches_the_chosen_notebooks(first, second):
    before, entries, _ = second
    touched = {"02_failing.ipynb", "07_plain.ipynb", "run.json"}
    after = files_in(first.output)
    assert after == set(before) - {str(Path("failed/02_failing.ipynb"))}
    for name in after - touched:
        assert (first.output / name).read_bytes() == before[name], name
    merged = recorded(first.output)
    assert merged["02_failing"]["status"] == "passed"
    assert {name: merged[name] for name in merged if name not in ("02_failing", "07_plain")} == {
        name: entries[name] for name in entries if name not in ("02_failing", "07_plain")
    }


def test_summary_of_a_good_run(second):
    assert summary(second[2]).splitlines()[-1] == "2 of 2 notebooks passed."


# refresh


def test_refresh_replaces_what_passed_and_only_that(first, tmp_path, monkeypatch):
    outputs = tmp_path / "outputs"
    monkeypatch.setattr(runner, "OUTPUTS", outputs)
    folder = tmp_path / "notebooks"
    good = write_notebook(folder, "01_good", "import os\nprint(os.environ['CAREERLIB_OUTPUTS'])")
    failing = write_notebook(folder, "02_failing", "1 / 0")
    edited = write_notebook(folder, "03_edited", "open('03_edited.ipynb', 'a').write(' ')")
    executed = folder / "04_executed.ipynb"
    executed.write_bytes((first.output / "07_plain.ipynb").read_bytes())
    old = json.loads(good.read_text()) | {"nbformat_minor": 4}  # from before cells had ids
    for cell in old["cells"]:
        del cell["id"]
        cell["metadata"] = {"tags": ["kept"], "papermill": {}, "execution": {}}
    old["metadata"] = {"authors": [], "papermill": {}, "language_info": {"version": "2.7"}}
    good.write_text(json.dumps(old))
    before = {path: path.read_text() for path in (failing, edited, executed)}

    result = CliRunner().invoke(cli, ["refresh", "--notebooks", str(folder), "--jobs", "2"])

    assert result.exit_code == 1
    assert "2 of 4 notebooks passed." in result.stdout
    assert printed(good).strip() == str(outputs)
    notebook = nbformat.read(good, 4)
    assert [cell.id for cell in notebook.cells] == ["cell-1", "cell-2"]
    assert [cell.metadata for cell in notebook.cells] == [{"tags": ["kept"]}] * 2
    assert notebook.metadata == {
        "authors": [],
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    assert failing.read_text() == before[failing]
    assert edited.read_text() == before[edited] + " "
    assert "edited while it ran" in result.stdout
    assert executed.read_text() == before[executed]  # a refreshed notebook stays as it is
    failures = {str(Path("failed", path.name)) for path in (failing, edited)}
    assert files_in(outputs) == failures
    assert len(files_in(folder)) == 4


# A kernel that never comes up.


def test_a_kernel_that_dies_or_hangs_while_it_starts(tmp_path, monkeypatch):
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(
        "import os, sys, time\n"
        "if any('ipykernel' in word for word in sys.orig_argv):\n"
        f"    if os.path.exists({str(site / 'seen')!r}):\n"
        "        time.sleep(1000)\n"
        f"    os.mkdir({str(site / 'seen')!r})\n"
        "    os.write(2, b'no kernel today')\n"
        "    os._exit(1)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(site))
    for name in ("01_dies", "02_hangs"):
        write_notebook(tmp_path / "notebooks", name, "1")
    dies, hangs = run_notebooks(
        notebooks=tmp_path / "notebooks", output=tmp_path / "out", jobs=1, timeout=3
    )
    assert (dies.status, dies.problem) == (
        "kernel died",
        "The kernel did not start. no kernel today",
    )
    assert (hangs.status, hangs.problem) == ("timed out after 3 s", "The kernel did not start")
    assert 3 <= hangs.seconds < 7
    assert dies.kept.is_file() and hangs.kept.is_file()


# Ctrl-C, in a terminal with its progress bars.


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_ctrl_c_in_a_terminal(tmp_path):
    import pty

    notebooks, output, temporary = tmp_path / "notebooks", tmp_path / "out", tmp_path / "tmp"
    temporary.mkdir()
    write_notebook(notebooks, "01_quick", "print('done')")
    note_pid = "import os, time\nopen('pid', 'w').write(str(os.getpid()))"
    write_notebook(notebooks, "02_long", note_pid, "time.sleep(1000)")
    write_notebook(notebooks, "03_next", "1")
    output.mkdir()
    (output / "02_long.ipynb").write_text("an earlier good result")
    terminal, stderr = pty.openpty()
    process = subprocess.Popen(
        command("run", "--notebooks", notebooks, "--output", output, "--jobs", 2, "--only", "01",
                "--only", "02"),
        stdout=subprocess.PIPE, stderr=stderr, text=True, start_new_session=True,
        env=os.environ | {"TMPDIR": str(temporary), "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    received = []
    reader = threading.Thread(target=read_all, args=(terminal, received))
    reader.start()
    try:
        pid_file = notebooks / "pid"
        deadline = time.monotonic() + 30
        while not (pid_file.exists() and pid_file.read_text() and (output / "run.json").exists()):
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.05)
        time.sleep(1.5)  # the bars move on while a cell takes its time
        kernel = int(pid_file.read_text())
        assert alive(kernel)
        os.killpg(process.pid, signal.SIGINT)
        stdout, _ = process.communicate(timeout=20)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        os.close(stderr)
    reader.join()
    shown = b"".join(received).decode()

    assert process.returncode == 130
    assert stdout == ""
    assert "Traceback" not in shown
    last = shown.replace("\r", "\n").strip().splitlines()[-1]
    assert re.sub(r"\x1b\[\w", "", last).strip() == (
        "Interrupted: what had finished is kept, the rest is as it was."
    )
    assert re.search(r"notebooks: +50%.* 1/2 ", shown)
    assert re.search(r"cells: +67%.* 2/3 .*, 02_long\]", shown)
    assert not alive(kernel)
    assert files_in(output) == {"01_quick.ipynb", "02_long.ipynb", "run.json"}
    assert (output / "02_long.ipynb").read_text() == "an earlier good result"
    assert list(recorded(output)) == ["01_quick"]
    assert not files_in(temporary)


def read_all(terminal: int, received: list[bytes]) -> None:
    with contextlib.suppress(OSError):  # the other end is closed
        while piece := os.read(terminal, 65536):
            received.append(piece)
    os.close(terminal)


# What is refused before anything runs.


@pytest.fixture
def folder(tmp_path) -> Path:
    folder = tmp_path / "notebooks"
    write_notebook(folder, "01_first", "count", parameters=PARAMETERS)
    write_notebook(folder, "02_second", "1")
    write_notebook(folder, "02_second_more", "1", parameters="count = 0.5\nseed = 1")
    return folder


def refused(folder: Path, **options: object) -> str:
    """The sentence of a refused run, after which nothing is there that was not before."""
    before = files_in(folder.parent)
    with pytest.raises(CareerlibError) as caught:
        run_notebooks(notebooks=folder, **({"output": folder.parent / "out"} | options))
    assert files_in(folder.parent) == before
    assert not (folder.parent / "out").exists()
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "name, text, expected",
    [
        ("count", "2.0", "a whole number (int) like its default 1, not '2.0'"),
        ("count", "true", "a whole number (int) like its default 1, not 'true'"),
        ("count", "many", "a whole number (int) like its default 1, not 'many'"),
        ("count", "", "a whole number (int) like its default 1, not ''"),
        ("count", "[1", "a whole number (int) like its default 1, not '[1'"),
        ("count", "2024-13-45", "a whole number (int) like its default 1, not '2024-13-45'"),
        ("share", "true", "a finite number (float) like its default 0.5, not 'true'"),
        ("share", "half", "a finite number (float) like its default 0.5, not 'half'"),
        ("share", ".nan", "a finite number (float) like its default 0.5, not '.nan'"),
        ("share", "nan", "a finite number (float) like its default 0.5, not 'nan'"),
        ("rate", "-.inf", "a finite number (float) like its default 0.1, not '-.inf'"),
        ("rate", "1e999", "a finite number (float) like its default 0.1, not '1e999'"),
        ("rate", "1" + "0" * 400, "a finite number (float) like its default 0.1, not '10000"),
        ("flag", "1", "true or false (bool) like its default False, not '1'"),
        ("flag", "maybe", "true or false (bool) like its default False, not 'maybe'"),
        ("items", "a", "a list such as [1, 2] (list) like its default [], not 'a'"),
        ("items", "{a: 1}", "a list such as [1, 2] (list) like its default [], not '{a: 1}'"),
        ("items", "[.inf]", "a list such as [1, 2] (list) like its default [], not '[.inf]'"),
        ("items", "[2024-01-01]", "(list) like its default [], not '[2024-01-01]'"),
        ("options", "[1]", "a mapping such as {key: 1} (dict) like its default {'a': 0}"),
        ("options", "{1: a}", "a mapping such as {key: 1} (dict) like its default {'a': 0}"),
        ("pair", "[1, 2]", "its default (1, 2) is not a number"),
        ("made", "3", "its default len('abc') is not a number"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused(folder, name, text, expected):
    sentence = refused(folder, only=["01"], parameters=[(name, text)])
    assert sentence.startswith(f"Parameter {name} of notebook 01_first ")
    assert expected in sentence


@pytest.mark.parametrize(
    "name, text, value",
    [
        ("count", "-5", -5),
        ("share", "3", 3.0),
        ("share", "1e-3", 0.001),
        ("flag", "true", True),
        ("label", "12", "12"),
        ("label", "null", "null"),
        ("maybe", "12", "12"),
        ("maybe", "null", None),
        ("items", "[]", []),
        ("options", "{a: [1, {b: null}]}", {"a": [1, {"b": None}]}),
    ],
)
def test_a_value_of_the_right_type_is_converted(folder, name, text, value):
    (job,) = jobs.plan([folder / "01_first.ipynb"], [(name, text)])
    assert (job.parameters, type(job.parameters[name])) == ({name: value}, type(value))


def test_a_parameter_goes_to_each_notebook_that_declares_it(folder):
    planned = jobs.plan(sorted(folder.iterdir()), [("count", "3")])
    assert [repr(job.parameters) for job in planned] == ["{'count': 3}", "{}", "{'count': 3.0}"]
    assert [job.cells for job in planned] == [3, 1, 3]


def test_unknown_names_are_answered_with_the_nearest(folder):
    sentence = refused(folder, parameters=[("cout", "1")])
    assert sentence == "None of the chosen notebooks has a parameter 'cout'; did you mean count?"
    sentence = refused(folder, only=["01"], parameters=[("seed", "1")])
    assert "has a parameter 'seed'; valid names are count, flag" in sentence
    sentence = refused(folder, only=["02_second"], parameters=[("seed", "1")])
    assert sentence.endswith("has a parameter 'seed'; they take no parameters.")
    sentence = refused(folder, only=["02_secnd"])
    assert sentence.startswith("No notebook is called '02_secnd'; did you mean 02_second")
    assert "01_first, 02_second" in refused(folder, only=[""])
    assert "given twice" in refused(folder, parameters=[("count", "1"), ("count", "2")])


def test_only_takes_beginnings_and_whole_names(folder):
    known = sorted(folder.iterdir())

    def names(*only: str) -> list[str]:
        return [path.stem for path in jobs.select(known, only)]

    assert names() == ["01_first", "02_second", "02_second_more"]
    assert names("02") == ["02_second", "02_second_more"]
    assert names("02_second") == ["02_second"]  # a whole name is meant literally
    assert names("02_second_more", "01_", "01") == ["01_first", "02_second_more"]
    assert names("notebooks/01_first.ipynb") == ["01_first"]


def test_bad_notebooks_and_folders_are_told_in_one_sentence(folder, tmp_path):
    assert "There are no notebooks" in refused(tmp_path / "nowhere")
    write_notebook(folder, "03_magic", "1", parameters="a = 1\n%matplotlib inline")
    assert "Line 2 of the parameters cell of notebook 03_magic" in refused(
        folder, parameters=[("a", "1")]
    )
    for cells in ("", "1", "{}", '{"source": "1"}', '{"source": "1", "metadata": {}}'):
        (folder / "03_magic.ipynb").write_text(f'{{"cells": [{cells or "["}]}}')
        assert "03_magic.ipynb is not a notebook of format 4" in refused(folder), cells
    for text in ("", "[]", '{"worksheets": []}'):
        (folder / "03_magic.ipynb").write_text(text)
        assert "03_magic.ipynb is not a notebook of format 4" in refused(folder), text


def test_an_unusable_output_folder_is_refused(folder, tmp_path):
    file = tmp_path / "file"
    file.write_text("mine")
    assert "file is a file, but --output must be a folder" in refused(folder, output=file)
    assert "Cannot write into the output folder" in refused(folder, output=file / "below")
    assert "folder of the notebooks themselves" in refused(folder, output=folder)
    (tmp_path / "link").symlink_to(folder)
    assert "folder of the notebooks themselves" in refused(folder, output=tmp_path / "link")
    assert file.read_text() == "mine"


@pytest.mark.parametrize("options", [{"timeout": 0}, {"timeout": float("nan")}, {"jobs": 0}])
def test_senseless_limits_are_refused(folder, options):
    assert re.search(r"must be (a positive number|at least 1)", refused(folder, **options))


# Files are written whole or not at all.


def test_a_file_that_cannot_be_written_is_told_and_nothing_is_left(tmp_path):
    taken = tmp_path / "out/01.ipynb"
    taken.mkdir(parents=True)
    with pytest.raises(CareerlibError, match=r"Cannot write .*01\.ipynb: "):
        runner._write(taken, "new")
    assert list(taken.parent.iterdir()) == [taken]


def test_an_interrupted_write_leaves_the_earlier_file(tmp_path, monkeypatch):
    path = tmp_path / "01.ipynb"
    path.write_text("old")

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        runner._write(path, "new")
    assert {path: path.read_text() for path in tmp_path.iterdir()} == {path: "old"}


@pytest.mark.parametrize("text", ["", "[]", '{"notebooks": [1]}'])
def test_a_run_json_that_is_not_ours_is_replaced(tmp_path, text):
    path = tmp_path / "run.json"
    path.write_text(text)
    runner._record(path, [runner.Result("01_a", "passed", 1.0, {})], ["01_a"])
    assert list(recorded(tmp_path)) == ["01_a"]


def test_run_json_forgets_notebooks_that_are_gone(tmp_path):
    results = [runner.Result(name, "passed", 1.0, {}) for name in ("01_a", "02_b")]
    runner._record(tmp_path / "run.json", results, ["01_a", "02_b"])
    runner._record(tmp_path / "run.json", [], ["02_b"])
    assert list(recorded(tmp_path)) == ["02_b"]


# The command line.


def test_errors_of_the_command_line_are_one_sentence(folder):
    arguments = ["run", "--notebooks", str(folder), "-p", "share", "half"]
    result = CliRunner().invoke(cli, arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert re.fullmatch(r"Error: Parameter share .*, not 'half'\.\n", result.stderr)


@pytest.mark.parametrize("option", [("--jobs", "0"), ("--timeout", "0"), ("-p", "count")])
def test_click_refuses_values_out_of_range(option):
    assert CliRunner().invoke(cli, ["run", *option]).exit_code == 2


def test_data_commands_pass_their_arguments_on(monkeypatch, tmp_path):
    calls = []
    monkeypatch.setattr("careerlib.sources.build", lambda *args: calls.append(args) or "Built it.")
    monkeypatch.setattr("careerlib.sources.fetch", lambda *args: calls.append(args) or "Got it.")
    build = ["data", "build", "--onet", "db.zip", "--bls", "o.xlsx"]
    results = [
        CliRunner().invoke(cli, [*build, "--output", str(tmp_path)]),
        CliRunner().invoke(cli, build),
        CliRunner().invoke(cli, ["data", "fetch", "--output", str(tmp_path)]),
    ]
    assert [result.output for result in results] == ["Built it.\n", "Built it.\n", "Got it.\n"]
    sources = (Path("db.zip"), Path("o.xlsx"))
    assert calls == [(*sources, tmp_path), (*sources, ROOT / "data"), (tmp_path,)]


def test_help_needs_nothing_heavy():
    code = "import sys, careerlib.__main__; print([m for m in sys.argv[1:] if m in sys.modules])"
    heavy = ["numpy", "pandas", "nbformat", "papermill", "tqdm", "yaml", "careerlib.runner"]
    process = subprocess.run([sys.executable, "-c", code, *heavy], capture_output=True, text=True)
    assert process.stdout == "[]\n"
