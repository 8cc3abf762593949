"""What a fresh machine relies on: the lock, conda's file and pyproject.toml agree."""

import ast
import importlib.util
import os
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
import zipfile

import pytest
import yaml
from click.testing import CliRunner
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from careerlib.__main__ import EXTRAS, cli
from careerlib.project import ROOT

LOCK = "\n".join(path.read_text() for path in ROOT.glob("requirements*.lock"))
LOCKED = dict(re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", LOCK, re.M))
ENVIRONMENT = (ROOT / "environment.yml").read_text()
*CONDA, PIP = yaml.safe_load(ENVIRONMENT)["dependencies"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRA = PROJECT["project"]["optional-dependencies"]
CORE, TESTS = PROJECT["project"]["dependencies"], PROJECT["dependency-groups"]["test"]
# {package: range} of the core, all extras and the tests.
WANTED = {one.name: one.specifier for one in map(Requirement, sum(EXTRA.values(), CORE + TESTS))}
del WANTED["careerlib"]


def test_the_lock_and_conda_have_the_ranges_of_pyproject():
    for name, specifier in WANTED.items():
        assert LOCKED[name] in specifier, f"{name} {LOCKED[name]} is not {specifier}"
    lines = [Requirement(line) for line in CONDA if not line.startswith(("python=", "pip"))]
    assert {line.name: line.specifier for line in lines} == WANTED
    packages = re.findall(r"^ +- [a-z-]+(?![a-z-]*:).*$", ENVIRONMENT, re.M)
    assert [line for line in packages if "  # " not in line] == ["  - conda-forge"]  # the reasons
    assert PIP == {"pip": ["-e ."]}


def test_versions_license_and_hooks_agree():
    citation, project = yaml.safe_load((ROOT / "CITATION.cff").read_text()), PROJECT["project"]
    said = [citation[key] for key in ("version", "license", "repository-code")]
    assert said == [project["version"], project["license"], project["urls"]["Repository"]]
    (hooks,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [hook["entry"] for hook in hooks["hooks"]] == ["make lint"]
    versions = SpecifierSet(project["requires-python"])
    python = next(line.removeprefix("python=") for line in CONDA if line.startswith("python="))
    assert python in versions
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text())
    tested = workflow["jobs"]["test"]["strategy"]["matrix"]["python"]
    assert tested == [f"3.{v}" for v in range(9, 16) if f"3.{v}" in versions]
    assert "(3, 11) <= sys.version_info[:2] <= (3, 14)" in (ROOT / ".ci" / "setup").read_text()


def test_no_file_names_a_registry_or_a_path_of_a_machine():
    registry = r"pypi\.org|python(?:)hosted|anaconda\.(?:org|com)|index-(?:)url "
    machine = r"(?<![\w.])/(?:home|root|Users|work|opt|farm)/[\w.-]+|C:\\\\?Users"
    git = ["git", "grep", "-oIP", f"{registry}|{machine}", "--", ":!*.csv", ":!Makefile"]
    found = subprocess.run(git, cwd=ROOT, capture_output=True, text=True)
    if found.returncode > 1:
        pytest.skip("not a git checkout, so there is no list of the project's files")
    assert not found.stdout  # of the Makefile aside, which tells uv to leave addresses out
    assert "://" not in LOCK


def test_colabs_cell_gets_the_project_once_and_asks_for_a_restart(tmp_path, monkeypatch):
    """Executed where nothing of ours is; what pip would install is looked at, not installed."""
    cell = runpy.run_path(str(ROOT / ".ci" / "colab.py"))["SOURCE"]
    run, found, called = subprocess.run, importlib.util.find_spec, []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAREERLIB_REPOSITORY", str(ROOT))
    monkeypatch.setattr(subprocess, "run", lambda command, **how: called.append(
        run(command, **how) if command[0] == "git" else command))  # fmt: skip
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SystemExit, match="restart the session"):
        exec(cell, {})
    assert called[0].returncode == 0 and called[1][1:] == "-m pip install -q ..[lesson]".split()
    assert os.path.samefile(".", tmp_path / "career-recommender" / "notebooks")
    monkeypatch.setattr("importlib.util.find_spec", found)
    monkeypatch.chdir(tmp_path)  # as after a restart
    exec(cell, {})
    assert len(called) == 2 and os.path.samefile(".", tmp_path / "career-recommender/notebooks")


def make(*arguments, folder=ROOT):
    # Not as a part of the `make test` that runs this.
    env = {name: text for name, text in os.environ.items() if not name.startswith(("MAKE", "MFL"))}
    options = {"cwd": folder, "env": env, "capture_output": True, "text": True, "timeout": 60}
    return subprocess.run(["make", *arguments], **options)


def test_lab_opens_notebook_01():
    shown = make("-n", "lab", "ARGS=--no-browser").stdout
    assert (ROOT / re.search(r"default_url=/lab/tree/(\S+) .*--no-browser", shown)[1]).is_file()


@pytest.fixture
def setup(tmp_path):
    """Copy of what the set-up needs, in a folder with a space."""
    folder = tmp_path / "a folder"
    shutil.copytree(ROOT / ".ci", folder / ".ci")
    for name in ("Makefile", "requirements.lock", "requirements-llm.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    return folder


@pytest.mark.parametrize("python", ["/usr/bin/false", "/no/such place/python"])
def test_an_unsuitable_python_is_refused_in_one_sentence(setup, python):
    ended = make("setup", f"PYTHON={python}", folder=setup)
    assert ended.returncode != 0
    (said,) = [line for line in ended.stderr.splitlines() if not line.startswith("make")]
    assert said.startswith(f"Error: PYTHON={python} is no Python 3.11 to 3.14")
    assert not [*setup.glob(".venv*")]


@pytest.mark.parametrize("ready", [True, False])
def test_what_stands_is_left_alone_and_so_is_what_uv_made(setup, ready):
    python = setup / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    if ready:
        stamp = 'echo "$(cat requirements.lock pyproject.toml | cksum) $(pwd)" >.venv/ready'
        subprocess.run(stamp, shell=True, cwd=setup, check=True)
    ended = make("setup", "PYTHON=/usr/bin/false", folder=setup)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_a_foreign_environment_without_careerlib_is_told_and_stays(setup):
    (setup / ".venv").mkdir()
    (setup / ".venv" / "mine").touch()
    ended = make("setup", folder=setup)
    assert ended.returncode != 0 and "make did not make, has no careerlib" in ended.stderr
    make("clean", folder=setup)
    assert [path.name for path in (setup / ".venv").iterdir()] == ["mine"]


def test_the_wheel_carries_the_data(tmp_path):
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        wheel.extractall(tmp_path / "site")
    command = [sys.executable, "-m", "careerlib", "recommend", "--method", "post"]
    site = {"cwd": tmp_path / "site", "text": True}
    listed = subprocess.check_output([*command, "--skills", "Writing"], **site)
    assert "Industrial Production Managers" in listed


@pytest.mark.parametrize("module, extra", [*EXTRAS.items(), ("papermill", "notebooks")])
def test_a_missing_package_names_its_one_extra(monkeypatch, module, extra):
    def serve(**options):
        raise ModuleNotFoundError(name=f"{module}.part")

    monkeypatch.setattr(cli.commands["serve"], "callback", serve)
    ended = CliRunner().invoke(cli, ["serve"])
    told = f"Error: The package {module} is missing: pip install 'careerlib[{extra}]'\n"
    assert (ended.exit_code, ended.output) == (1, told) and extra in EXTRA


def test_the_package_stays_small():
    """Nothing over 50 lines a function and 300 a file, 3,200 in all: it has grown too often."""
    total = 0
    for path in (ROOT / "careerlib").rglob("*.py"):
        source = path.read_text("utf-8")
        total += (lines := len(source.splitlines()))
        assert lines <= 300, path
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno - node.lineno < 50, f"{path}: {node.name}"
    assert total <= 3200
