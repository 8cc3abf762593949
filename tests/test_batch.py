"""Runs: tiny notebooks, real kernels. Nearly everything that can go wrong is one run of them."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import nbformat
import psutil
import pytest
import yaml
from click.testing import CliRunner
from conftest import files_in, printed, started, until, write_notebook
from hypothesis import given
from hypothesis import strategies as st

from careerlib.__main__ import cli
from careerlib.batch import notebooks as batch
from careerlib.batch.notebooks import plan, run
from careerlib.errors import CareerlibError
from careerlib.project import MARK, output_folder

# One run of everything that can go wrong.
FAULTS = yaml.safe_load((Path(__file__).parent / "faults.yml").read_text("utf-8"))
FAILED = {name for name, fault in FAULTS.items() if fault["problem"]}
PARAMETERS = FAULTS["01_good"]["parameters"]
GIVEN = {"count": "4", "share": "1e-3", "flag": "true", "label": '0 "x" \\n'}


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """Folders and table of the run that most tests look at, in a user's own surroundings."""
    folder = tmp_path_factory.mktemp("first")
    notebooks, output, temporary = folder / "notebooks", folder / "out", folder / "tmp"
    for name, fault in FAULTS.items():
        cells = fault["source"], "print('end')"
        write_notebook(notebooks, name, *cells, parameters=fault.get("parameters"))
    for name in ("02_failing", "11_half"):
        write_notebook(output, name, "'an earlier good result'")
    write_notebook(output / "failed", "01_good", "'an earlier failure'")
    (output / MARK).touch()
    startup = folder / "profile_default/startup"
    for made in (startup, temporary):
        made.mkdir(parents=True)
    (startup / "start.py").write_text("from_startup = 'here'\n")
    variables = {"IPYTHONDIR": str(folder), "HERE": str(notebooks), "MPLBACKEND": "Agg"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        patch.setattr("tempfile.tempdir", str(temporary))
        table = run(plan(notebooks, (), GIVEN), output, jobs=4, timeout=6)
        yield notebooks, output, temporary, table


def test_every_fault_costs_only_its_own_notebook_and_is_kept_with_it(first):
    _, output, _, table = first
    assert table["notebook"].tolist() == sorted(FAULTS)
    for name, problem in zip(table["notebook"], table["problem"], strict=True):
        expected = FAULTS[name]["problem"]
        assert problem.startswith(expected) and bool(problem) == bool(expected), problem
        assert len(problem) < 500
    recorded = json.loads((output / "run.json").read_text())["notebooks"]
    assert [entry["problem"] for entry in recorded] == table["problem"].tolist()
    earlier = {"02_failing", "11_half"}  # a good one stays, a failure goes
    passed = {f"{name}.ipynb" for name in {*FAULTS} - FAILED | earlier}
    assert files_in(output) == passed | {f"failed/{name}.ipynb" for name in FAILED} | {"run.json"}
    for name in earlier:
        assert "an earlier good result" in (output / f"{name}.ipynb").read_text()
    for name in FAILED:
        kept = nbformat.read(output / f"failed/{name}.ipynb", 4)
        nbformat.validate(kept)
        assert [o for c in kept.cells for o in c.get("outputs", []) if o.output_type == "error"]
        assert "end" not in printed(output / f"failed/{name}.ipynb")
    assert "before" in printed(output / "failed/02_failing.ipynb")


def test_parameters_arrive_with_their_types_in_a_kernel_of_its_own(first):
    output = first[1]
    text = printed(output / "01_good.ipynb")
    assert str([4, 0.001, True, '0 "x" \\n', True]) in text
    assert "False {" in text  # no start-up file
    cells = nbformat.read(output / "01_good.ipynb", 4).cells
    assert cells[2].id == "injected-parameters"
    assert [cell.execution_count for cell in cells[1:]] == [1, 2, 3, 4]
    names = [out.get("name", out.output_type) for out in cells[3].outputs]
    assert names == ["stdout", "stderr", "display_data", "stdout"]
    assert cells[3].outputs[0].text == "0\n1\n2\n"
    (plotted, _) = nbformat.read(output / "09_plot.ipynb", 4).cells[1:]
    assert [list(out.data) for out in plotted.outputs] == [["image/png", "text/plain"]]
    # The ledger is last, and reads what was executed.
    assert "'01_good.ipynb', '02_failing.ipynb'" in printed(output / "10_the_ledger.ipynb")


def test_a_second_run_gives_the_same_bytes_and_leaves_nothing_behind(first, monkeypatch):
    notebooks, output, temporary, _ = first
    before = {name: (output / name).read_bytes() for name in files_in(output)}
    path = notebooks / "08_leaving.ipynb"
    path.write_text(path.read_text().replace("sys.exit()", "1"))
    monkeypatch.setenv("PYTHONHASHSEED", "4242")
    run(plan(notebooks, ["01", "02", "08_leaving.ipynb"], GIVEN), output, jobs=1)
    after = {name: (output / name).read_bytes() for name in files_in(output)}
    changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    assert changed == {"run.json", "08_leaving.ipynb", "failed/08_leaving.ipynb"}
    assert not list(temporary.iterdir())
    for path in output.rglob("*_*.ipynb"):
        found = re.search(
            rf'{temporary}|/ipykernel_|"(papermill|execution)": {{|iopub', path.read_text()
        )
        assert not found, (path, found)


def test_every_output_is_kept_when_several_notebooks_show_much_at_once(tmp_path):
    """Half of these, and twice, was too much once."""
    for name, source in {"01_print": "print(i, flush=True)", "02_show": "display(i)"}.items():
        write_notebook(tmp_path / "notebooks", name, f"for i in range(5000):\n    {source}")
    table = run(plan(tmp_path / "notebooks"), tmp_path / "out")
    assert table["problem"].tolist() == ["", ""]
    lines = [str(i) for i in range(5000)]
    assert printed(tmp_path / "out/01_print.ipynb").split() == lines
    assert printed(tmp_path / "out/02_show.ipynb") == "".join(lines)


def test_a_kernel_that_cannot_start_is_said_so(tmp_path, monkeypatch):
    write_notebook(tmp_path / "notebooks", "01_good", "1")
    monkeypatch.setenv("PYTHONHOME", str(tmp_path / "nowhere"))
    (problem,) = run(plan(tmp_path / "notebooks"), tmp_path / "out")["problem"]
    assert problem.startswith("The kernel did not start: ") and "Attribute" not in problem
    assert (tmp_path / "out/failed/01_good.ipynb").exists()


def test_in_place_replaces_what_passed_and_is_unchanged(tmp_path):
    folder = tmp_path / "notebooks"
    good = write_notebook(folder, "01_good", "print('made')")
    edit = "from pathlib import Path\npath = Path('02_edited.ipynb')\n"
    edit += "path.write_text(path.read_text().replace('# 02', '# 2'))"
    edited = write_notebook(folder, "02_edited", edit)
    failing = write_notebook(folder, "03_failing", "1 / 0")
    before = failing.read_text(), edited.read_text().replace("# 02", "# 2")
    passed, changed, failed = run(plan(folder), tmp_path / "out", in_place=True)["problem"]
    assert not passed and "edited while it ran" in changed and "ZeroDivisionError" in failed
    assert printed(good) == "made\n"
    assert (failing.read_text(), edited.read_text()) == before


def test_the_ledger_alone_reads_the_committed_notebooks(tmp_path, refusal):
    notebooks, output = tmp_path / "notebooks", tmp_path / "out"
    write_notebook(notebooks, "10_the_ledger", "import os\nprint(os.getcwd())")
    for _ in range(2):
        run(plan(notebooks), output)
        assert printed(output / "10_the_ledger.ipynb") == f"{notebooks}\n"
    (output / "02_damaged.ipynb").write_text('{"cells": [')
    assert "02_damaged.ipynb is damaged" in refusal(run, plan(notebooks), output)


# Signals, surroundings, and readers who go away.


def test_a_signal_ends_everything_at_once_and_keeps_what_is_done(tmp_path):
    """Of runs and of sweeps; the last signal is one that no program can refuse."""
    commands = {"SIGINT": "sweep", "SIGHUP": "sweep", "SIGTERM": "run", "SIGKILL": "run"}
    note = "import os, time\nopen('pid', 'w').write(str(os.getpid()))\ntime.sleep(1000)"
    begun, kernels = {}, {}
    for name, command in commands.items():
        folder, temporary = tmp_path / name, tmp_path / name[3:]
        write_notebook(folder, "01_quick", "1", parameters="n: int = 1")
        write_notebook(folder, "02_long", note, parameters="n: int = 1")
        temporary.mkdir()
        typed = [command, "-p", "n", 2, "--notebooks", folder, "--output", folder / "out"]
        begun[name] = started(*typed, env={"TMPDIR": str(temporary)})
    for name, process in begun.items():
        pid, output, number = tmp_path / name / "pid", tmp_path / name / "out", signal.Signals[name]
        until(lambda: pid.exists() and pid.read_text() and files_in(output))  # noqa: B023
        kernels[name] = psutil.Process(int(pid.read_text()))
        process.send_signal(number) if name != "SIGINT" else os.killpg(process.pid, number)
    for name, process in begun.items():
        _, told = process.communicate(timeout=30)
        until(lambda: not kernels[name].is_running())  # noqa: B023
        if name != "SIGKILL":
            assert told.splitlines()[-1].startswith("Interrupted: what had finished is kept")
            assert process.returncode == 130 and "Traceback" not in told
            assert not list((tmp_path / name[3:]).iterdir())
        if commands[name] == "run":
            assert files_in(tmp_path / name / "out") == {"01_quick.ipynb"}


def test_what_the_terminal_is_like_makes_no_difference(tmp_path):
    source = "from careerlib.ledger import finding\nfinding('a → b', True)\nprint('→')"
    write_notebook(tmp_path / "notebooks", "01_good", source, parameters="seed: int = 1")
    variables = {"LC_ALL": "xx_XX.UTF-8", "PYTHONIOENCODING": "cp437"}
    process = started("sweep", "-p", "seed", "7", cwd=tmp_path, env=variables, umask=0o077)
    shown, told = process.communicate(timeout=100)
    assert "01_good seed=7: passed" in told and "a ? b" in shown, told
    assert (tmp_path / "outputs/sweep/sweep.csv").stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_device_is_told_in_one_sentence():
    with open("/dev/full", "w") as full:
        process = started("--help", stdout=full)
        told = process.communicate(timeout=60)[1]
    assert (process.returncode, told) == (1, "Error: [Errno 28] No space left on device.\n")


# What is refused before anything runs.


@given(
    st.sampled_from(["int", "float", "bool", "tuple"]),
    st.text(max_size=9) | st.integers().map(str) | st.floats().map(str) | st.booleans().map(str)
    | st.sampled_from(["010", "0x10", "1_000", "1:30", "\u0661", "9" * 5000, "1e999", "01.5"]),
)  # fmt: skip
def test_a_typed_value_is_of_the_declared_type_or_refused(kind, text):
    declared = {"name": "n", "inferred_type_name": kind, "default": "1"}
    try:
        value = batch.value_of(text, declared, Path("01_first.ipynb"))
    except CareerlibError as error:
        assert str(error).startswith("Parameter n of notebook 01_first must be ")
        assert "like its default 1, not " in str(error) and len(str(error)) < 200
    else:
        assert type(value).__name__ == kind
        assert str(value).lower() == text.lower().strip() or value == float(text)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The notebooks of a current folder in which somebody has other files, too."""
    monkeypatch.chdir(tmp_path)
    write_notebook(tmp_path / "notebooks", "01_first", parameters=PARAMETERS)
    write_notebook(tmp_path / "notebooks", "02_second", parameters="seed: int = 42")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/index.html").write_text("somebody's own")
    return tmp_path / "notebooks"


@pytest.mark.parametrize(("options", "expected"), [
    ({"parameters": {"count": "2.0"}}, "must be int like its default 1, not '2.0'."),
    ({"parameters": {"cout": "1"}}, "has a parameter 'cout'; did you mean count?"),
    ({"only": ["02"], "parameters": {"count": "1"}}, "valid names are seed."),
    ({"only": ["02_secnd"]}, "is called like '02_secnd'; did you mean 02_second?"),
    ({"folder": Path("nowhere")}, "in nowhere is called like '01_name.ipynb'; give --notebooks."),
    ({"output": "mine"}, "folder mine (it holds files that no run has made)"),
    ({"output": "mine/index.html"}, "Cannot write into the output folder mine/index.html"),
    ({"output": "used"}, "folder used (OperationalError: database is locked); wait for the"),
])  # fmt: skip
def test_what_cannot_be_run_is_told_in_one_sentence(folder, refusal, options, expected):
    with output_folder("used"):
        before = files_in(folder.parent)
        chosen = {"folder": folder, "only": (), "parameters": {}} | options
        output = chosen.pop("output", "out")
        assert expected in refusal(lambda: run(plan(**chosen), output))
        assert files_in(folder.parent) == before


@pytest.mark.parametrize("text", ["", '{"cells": 3}', '{"cells": [{}]}', "[" * 100_000])
def test_a_damaged_notebook_is_named(folder, refusal, text):
    (folder / "02_second.ipynb").write_text(text)
    told = refusal(plan, folder)
    assert "02_second.ipynb is damaged, or not a notebook of format 4" in told


def test_parameters_come_from_a_file_as_if_they_were_typed(folder, refusal):
    file = Path("params.yml")
    file.write_text("seed: 010\nlabel: me.yml\nflag: yes\n")
    both = batch.given([("seed", "7")], file)
    assert both == {"seed": "7", "label": "me.yml", "flag": "yes"}
    for text in ("[1]", "seed: [1]", "a: {b", "\x00", "7"):
        file.write_text(text)
        assert "Cannot read params.yml as YAML (" in refusal(batch.given, [], file)
    assert "nowhere.yml'); give a line for each" in refusal(batch.given, [], Path("nowhere.yml"))


# The command line.


def test_errors_of_the_command_line_are_one_sentence():
    result = CliRunner().invoke(cli, ["run", "--in-place", "-p", "seed", "7"])
    told = "Error: --in-place executes the notebooks as they are; leave parameters out.\n"
    assert (result.exit_code, result.stderr) == (1, told)


def test_every_command_has_a_whole_summary_and_needs_nothing_heavy():
    for name, command in cli.commands.items():
        for one in getattr(command, "commands", {name: command}).values():
            assert not one.get_short_help_str(65).endswith("...")
    code = "import sys, careerlib.__main__; print([m for m in sys.argv[1:] if m in sys.modules])"
    heavy = ["numpy", "pandas", "nbformat", "papermill", "tqdm", "yaml", "careerlib.batch"]
    process = subprocess.run([sys.executable, "-c", code, *heavy], capture_output=True, text=True)
    assert process.stdout == "[]\n"
