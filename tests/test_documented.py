"""Each command that the documents and `--help` name is run: by a test here or by the workflow.

And what the documents compute or repeat is in step with its source.
"""

import re
import runpy
import shlex

import official
import pytest
from click.testing import CliRunner

from careerlib.__main__ import cli
from careerlib.project import ROOT

DOCUMENTS = ["README.md", "CONTRIBUTING.md", "data/README.md", "outputs/README.md"]
TEXTS = [(ROOT / name).read_text("utf-8") for name in DOCUMENTS]
PROGRAMS = "make careerlib python pip uv conda papermill pre-commit dask git"
WORKFLOW = (ROOT / ".github" / "workflows" / "test.yml").read_text("utf-8")
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
HELP = (ROOT / "careerlib/__main__.py").read_text("utf-8")
HERE = [
    "careerlib profile my_profile.yml",
    "careerlib recommend my_profile.yml --top 5",
    'careerlib recommend --interests SEC --skills "Writing, Speaking"',
    'careerlib recommend --from "Marketing Manager" --interests SEC',
    "careerlib data build --onet db_30_1_text.zip --bls occupation.xlsx --output tables",
]
NOT_RUN = {
    "careerlib data fetch --output": "network; test_sources.py fetches from a server on loopback",
    "make data": "network, as above",
    "make lock": "network; for maintainers, test_setup.py checks what comes out",
    "make clean": "deletes",
    "pip install": "network; test_setup.py reads the extras' names, the workflow installs the lock",
    "pre-commit install": "changes the checkout's hooks; they call `make lint`",
    "python -m nbdime --enable": "changes Git's settings",
    "git checkout": "changes the checkout",
    "dask worker --nthreads --no-nanny": "a cluster; the tests of sweeps start one on loopback",
    "python .ci/record.py --writer": "asks a model; test_explain_model.py records a mock",
    "careerlib sweep -p --scheduler": "a cluster, or an hour",
}


def documented():
    """The commands of the documents, of `make help`, and of each `careerlib … --help`."""
    lines = [f"make {name}" for name in re.findall(r"^(\w+):.*## ", MAKEFILE, re.M)]
    lines += re.findall(r"Example: (careerlib .*?)(?:[\"'](?:,|\).*)?)?$", HELP, re.M)
    for text in TEXTS:
        for block in re.findall(r"```(?:bash)?\n(.*?)```", text, re.S):
            lines += block.splitlines()
        lines += re.findall(r"`([^`\n]+)`", text)
    return list(filter(None, map(kind, lines)))


def kind(line):
    """("careerlib run", {"--only", "-p"}) of a line with such a command, else nothing."""
    words = shlex.split(line.partition(" #")[0].replace(".venv/bin/", ""), posix=False)
    if words[:3] == ["python", "-m", "careerlib"]:
        words = words[2:]
    if len(words) < 2 or words[0] not in PROGRAMS.split():
        return None
    count = 3 if words[1] in ("-m", "data", "careerlib") else 2
    return " ".join(words[:count]), {word for word in words[count:] if word.startswith("-")}


def test_each_documented_command_is_run_somewhere():
    lines = [line.strip().removeprefix("- run: ") for line in WORKFLOW.splitlines()]
    lines = [re.sub(r"^timeout \d+ ", "", line).partition(" || ")[0] for line in lines]
    run = list(filter(None, map(kind, [*lines, *HERE, *NOT_RUN])))
    commands = documented()
    assert len(commands) > 40
    for name, options in commands:
        known = [other for other in run if other[0] == name and options <= other[1]]
        assert known, f"'{name}' with {sorted(options)} is run by no test and in no workflow"


@pytest.mark.parametrize("command", HERE)
def test_a_documented_command_works(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if "recommend" in command:
        (tmp_path / "my_profile.yml").write_text("skills: [Writing]")
    if "--bls" in command:
        (tmp_path / "db_30_1_text.zip").write_bytes(official.zipped(official.release()))
        (tmp_path / "occupation.xlsx").write_bytes(official.workbook(official.sheet()))
    ended = CliRunner().invoke(cli, shlex.split(command)[1:])
    assert ended.exit_code == 0, ended.output
    if "--onet" in command:  # without what is needed it says so
        assert "Missing option '--onet'" in CliRunner().invoke(cli, ["data", "build"]).output


def test_the_readmes_computed_parts_are_in_step_with_the_notebooks():
    readme, text = runpy.run_path(str(ROOT / ".ci" / "readme.py")), TEXTS[0]
    assert readme["in_step"](text) == text, "run 'make notebooks', or python .ci/readme.py"
    assert readme["PICTURE"].read_bytes() == readme["picture"]()[0]
    assert readme["in_step"](text.replace("reproduced", "x")) == text
    assert len(text.encode()) < 7 * 1024 and text.count("$") < 2
