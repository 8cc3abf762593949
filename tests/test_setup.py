"""What a fresh machine relies on: the lock, conda's file and pyproject.toml agree."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parent.parent
TOP_LEVEL = {
    ".ci", ".gitignore", "LICENSE", "Makefile", "README.md", "careerlib", "data",
    "environment.yml", "notebooks", "outputs", "pyproject.toml", "requirements-llm.lock",
    "requirements.lock", "tests",
}


@pytest.fixture(scope="module")
def locked():
    text = (ROOT / "requirements.lock").read_text()
    return dict(re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", text, re.M))


@pytest.fixture(scope="module")
def wanted():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    lines = project["project"]["dependencies"] + project["dependency-groups"]["test"]
    return {Requirement(line).name: Requirement(line).specifier for line in lines}


@pytest.fixture(scope="module")
def conda():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    return [line for line in environment["dependencies"] if isinstance(line, str)]


@pytest.fixture(scope="module")
def tracked():
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout, so there is no list of the project's files")
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def test_the_lock_is_within_pyproject(locked, wanted):
    for name, specifier in wanted.items():
        assert locked[name] in specifier, f"{name} {locked[name]} is not {specifier}"


def test_conda_has_the_locked_versions_of_the_same_packages(locked, wanted, conda):
    pinned = dict(line.split("=", 1) for line in conda if not line.startswith(("python>", "pip")))
    assert set(pinned) == set(wanted)
    assert pinned == {name: locked[name] for name in pinned}


def test_python_versions_agree(conda):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    python = next(line.removeprefix("python") for line in conda if line.startswith("python>"))
    assert SpecifierSet(python) == SpecifierSet(project["requires-python"])
    assert "(3, 11) <= sys.version_info[:2] <= (3, 13)" in (ROOT / "Makefile").read_text()


def test_each_conda_line_states_its_reason():
    lines = (ROOT / "environment.yml").read_text().splitlines()
    packages = [line for line in lines if re.match(r"\s+- [a-z-]+[=>]|\s+- -e", line)]
    assert len(packages) > 20
    for line in packages:
        assert re.search(r"  # \S+", line), line


def test_every_locked_package_has_hashes_and_no_address(locked):
    text = (ROOT / "requirements.lock").read_text()
    entries = re.split(r"\n(?=[a-z0-9])", text.strip())
    assert len(entries) == len(re.findall(r"^[a-z0-9._-]+==", text, re.M)) >= len(locked)
    for entry in entries:
        assert "--hash=sha256:" in entry, entry.split()[0]
    assert "://" not in text
    assert "--index" not in text
    assert "--find" + "-links" not in text


def test_no_file_names_a_registry_or_a_path_of_a_machine(tracked):
    registry = re.compile("pypi" + r"\.org|python" + r"hosted|anaconda" + r"\.(org|com)|index" + "-url ")
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


def test_help_lists_the_targets_of_the_readme():
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    for target in ("run", "test", "lab"):
        assert f"make {target}" in shown.stdout
    for target in re.findall(r"`make (\w+)", (ROOT / "README.md").read_text()):
        assert f"make {target}" in shown.stdout


def test_a_python_that_is_too_old_is_refused(tmp_path):
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    ended = subprocess.run(
        ["make", "PYTHON=", "run"], cwd=tmp_path, capture_output=True, text=True
    )
    assert ended.returncode != 0
    assert "Error: no Python 3.11 to 3.13" in ended.stderr
    assert not (tmp_path / ".venv").exists()
