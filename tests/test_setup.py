"""What a fresh machine relies on: the lock, conda's file and pyproject.toml agree."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import careerlib
from careerlib.__main__ import cli

ROOT = Path(__file__).parent.parent
TOP_LEVEL = {
    ".ci", ".gitignore", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md", "careerlib", "data",
    "environment.yml", "notebooks", "outputs", "pyproject.toml", "requirements-llm.lock",
    "requirements.lock", "tests",
}  # fmt: skip


LOCK = (ROOT / "requirements.lock").read_text()
LOCKED = dict(re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", LOCK, re.M))
ENVIRONMENT = (ROOT / "environment.yml").read_text()
CONDA = [line for line in yaml.safe_load(ENVIRONMENT)["dependencies"] if isinstance(line, str)]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
_extras = PROJECT["project"]["optional-dependencies"].values()
_lines = [*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["test"]]
_wanted = map(Requirement, _lines + [line for extra in _extras for line in extra])
# {package: range} of the core, all extras and the tests.
WANTED = {one.name: one.specifier for one in _wanted if one.name != "careerlib"}


@pytest.fixture(scope="module")
def tracked():
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout, so there is no list of the project's files")
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def test_the_lock_and_conda_have_the_ranges_of_pyproject():
    for name, specifier in WANTED.items():
        assert LOCKED[name] in specifier, f"{name} {LOCKED[name]} is not {specifier}"
    lines = [Requirement(line) for line in CONDA if not line.startswith(("python=", "pip"))]
    assert {line.name: line.specifier for line in lines} == WANTED


def test_python_versions_agree():
    versions = SpecifierSet(PROJECT["project"]["requires-python"])
    python = next(line.removeprefix("python=") for line in CONDA if line.startswith("python="))
    assert python in versions
    assert [v for v in range(9, 16) if f"3.{v}" in versions] == [11, 12, 13]
    assert "(3, 11) <= sys.version_info[:2] <= (3, 13)" in (ROOT / ".ci" / "setup").read_text()


# What is imported under another name than its package's, and what comes with another package.
PACKAGES = {
    "IPython": "ipykernel", "PIL": "pillow", "anyio": "fastapi", "dask": "distributed",
    "httpx2": "openai", "jupyter_client": "nbclient", "jupyter_core": "nbclient",
    "nbconvert": "jupyterlab",
    "pydantic_core": "pydantic", "requests": "pooch",
    "sklearn": "scikit-learn", "starlette": "fastapi", "traitlets": "ipykernel", "xllamacpp": None,
    "yaml": "pyyaml",
}  # fmt: skip
# Used without an import: by pandas, by Jupyter, by Sphinx, or on the command line.
COMMANDS = {
    "editables", "hatchling", "jupyterlab", "mypy", "myst-nb", "nbval", "pillow",
    "pytest-httpserver", "pytest-xdist", "ruff", "sphinx", "sphinx-book-theme", "sphinx-copybutton",
}  # fmt: skip


def test_what_is_imported_is_declared_and_the_reverse():
    files = [*(ROOT / "careerlib").rglob("*.py"), *(ROOT / "tests").glob("*.py")]
    code = [path.read_text("utf-8") for path in files]
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        code += ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    names = {name for text in code for name in re.findall(r"^ *(?:from|import) (\w+)", text, re.M)}
    own = {"careerlib", *sys.stdlib_module_names, *(path.stem for path in files)}
    used = {PACKAGES.get(name, name) for name in names - own} - {None, "packaging"}
    assert used - set(WANTED) == set(), "imported, not declared"
    assert set(WANTED) - used - COMMANDS == set(), "declared, not used"


def test_each_conda_line_states_its_reason():
    packages = re.findall(r"^ +- (?:[a-z-]+[=>]|--).*$", ENVIRONMENT, re.M)
    assert len(packages) > 20
    assert [line for line in packages if not re.search(r"  # \S+", line)] == []


def test_every_locked_package_has_hashes_and_no_address():
    entries = re.split(r"\n(?=[a-z0-9])", LOCK.strip())
    assert len(entries) == len(re.findall(r"^[a-z0-9._-]+==", LOCK, re.M)) >= len(LOCKED)
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert not re.search("://|--index|--find" + "-links", LOCK)


def test_no_file_names_a_registry_or_a_path_of_a_machine(tracked):
    names = ["pypi" + r"\.org", "python" + "hosted", "anaconda" + r"\.(org|com)", "index" + "-url "]
    registry = re.compile("|".join(names))
    machine = re.compile(r"(?<![\w.])/(?:home|root|Users|work|opt|farm)/[\w.-]+|C:\\\\?Users")
    for path in tracked:
        if path.suffix in {".png", ".csv", ".npz"}:
            continue
        text = path.read_text("utf-8")
        if path.name != "Makefile":  # `make lock` tells uv to leave addresses out
            assert not registry.search(text), path.name
        assert not machine.search(text), (path.name, machine.search(text))


def test_the_top_level_stays_small(tracked):
    names = {path.relative_to(ROOT).parts[0] for path in tracked}
    assert names <= TOP_LEVEL, names - TOP_LEVEL


def make(*arguments, folder=ROOT):
    # Not as a part of the `make test` that runs this.
    own = {
        name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFL"))
    }
    command, options = ["make", *arguments], {"capture_output": True, "text": True, "timeout": 60}
    return subprocess.run(command, cwd=folder, env=own, **options)


def test_help_lists_the_targets_of_the_readme():
    shown = make("help").stdout
    named = re.findall(r"`make (\w+)", (ROOT / "README.md").read_text())
    assert [name for name in ("run", "test", "lab", *named) if f"make {name}" not in shown] == []


def test_lab_starts_by_module_from_the_root_with_notebook_01_in_front():
    shown = make("-n", "lab", "ARGS=--no-browser").stdout
    assert "python -m jupyter lab --ServerApp.root_dir=. " in shown and "--no-browser" in shown
    first = re.search(r"default_url=/lab/tree/(\S+)", shown)[1]
    assert first == "notebooks/01_data_loading.ipynb" and (ROOT / first).is_file()
    assert "--allow-root" in shown  # in a container


@pytest.fixture
def setup(tmp_path):
    """Copy of what the set-up needs, in a folder with a space."""
    folder = tmp_path / "a folder"
    folder.mkdir()
    shutil.copytree(ROOT / ".ci", folder / ".ci")
    for name in ("Makefile", "requirements.lock", "requirements-llm.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    return folder


def stand(folder):
    """A .venv that is as good as a whole one."""
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "python").symlink_to(sys.executable)
    locks = b"".join((folder / f).read_bytes() for f in ("requirements.lock", "pyproject.toml"))
    sums = subprocess.run(["cksum"], input=locks, capture_output=True, check=True).stdout.decode()
    (folder / ".venv" / "ready").write_text(f"{sums.strip()}\n{folder}\n")


@pytest.mark.parametrize("python", ["/usr/bin/false", "/no/such place/python"])
def test_an_unsuitable_python_is_refused_in_one_sentence(setup, python):
    (setup / ".venv.lock").mkdir()  # whose owner is gone: it is taken over
    (setup / ".venv.lock" / "owner").write_text("99999999")
    ended = make("setup", f"PYTHON={python}", folder=setup)
    assert ended.returncode != 0
    (said,) = [line for line in ended.stderr.splitlines() if not line.startswith("make")]
    assert said.startswith(f"Error: PYTHON={python} is no Python 3.11 to 3.13")
    assert not [*setup.glob(".venv*")]


def test_what_stands_is_left_alone(setup):
    stand(setup)
    ended = make("setup", "PYTHON=/usr/bin/false", folder=setup)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_an_old_environment_stays_until_the_new_one_stands(setup, tmp_path):
    stand(setup)
    (setup / "requirements.lock").write_text("another")
    # A Python that is suitable but cannot make an environment.
    broken = tmp_path / "broken python"
    broken.write_text(f'#!/bin/sh\n[ "$1" != -m ] || exit 1\necho "{broken}"\n')
    broken.chmod(0o755)
    assert make("setup", f"PYTHON={broken}", folder=setup).returncode != 0
    assert (setup / ".venv" / "ready").exists()
    assert {path.name for path in setup.glob(".venv*")} == {".venv"}


def test_the_wheel_carries_the_data(tmp_path):
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        wheel.extractall(tmp_path / "site")
    lines = [
        "from careerlib import __main__, profile, project, recommend",
        "print(project.DATA)",
        "print(recommend.recommend(profile.SARAH, method='post', top=1)['title'].iloc[0])",
    ]
    ended = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], cwd=tmp_path, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")}, check=True,
    )  # fmt: skip
    data = tmp_path / "site" / "careerlib" / "data"
    assert ended.stdout.splitlines() == [str(data), "Industrial Production Managers"]


def test_a_missing_extra_is_told_in_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    monkeypatch.delitem(sys.modules, "careerlib.sources", raising=False)
    monkeypatch.delattr(careerlib, "sources", raising=False)
    ended = CliRunner().invoke(cli, ["data", "build", "--onet", "a", "--bls", "b"])
    assert ended.exit_code == 1
    told = "Error: The package openpyxl is missing: pip install 'careerlib["
    assert ended.output.startswith(told)


def test_the_package_stays_small():
    """Nothing over 50 lines a function and 300 a file; the whole has grown too often."""
    total = 0
    for path in (ROOT / "careerlib").rglob("*.py"):
        source = path.read_text("utf-8")
        total += (lines := len(source.splitlines()))
        assert lines <= 300, path
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno - node.lineno < 50, f"{path}: {node.name}"
    assert total <= 4_120  # of 3,500 that it should have; lower this as it shrinks
