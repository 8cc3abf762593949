"""Runs of the whole tutorial: the same outputs twice, and other parameters."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from careerlib import claims

ROOT = Path(__file__).parent.parent
PARTS = ("careerlib", "data", "notebooks", "tests/statements.yaml")
IGNORED = "nbval-ignore-output"


def run(folder, hash_seed, *arguments):
    """`python -m careerlib run` with the careerlib of `folder`, under this hash seed."""
    environment = {key: value for key, value in os.environ.items()
                   if not key.startswith(("PYTEST", "CAREERLIB", "OPENAI"))}
    environment |= {"PYTHONPATH": str(folder), "PYTHONHASHSEED": hash_seed}
    return subprocess.run(
        [sys.executable, "-m", "careerlib", "run", "--jobs", "2", *arguments],
        cwd=folder, env=environment, capture_output=True, text=True,
    )


def files(folder):
    """All that must be the same twice: not the seconds, nor what a language model wrote."""
    kept = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.name in ("run.json", "index.html") or "answers" in path.parts:
            continue
        content = path.read_bytes()
        if path.suffix == ".ipynb":
            notebook = nbformat.reads(content.decode(), 4)
            for cell in notebook.cells:
                if IGNORED in cell.metadata.get("tags", []):
                    cell.outputs = []
            content = nbformat.writes(notebook).encode()
        kept[path.relative_to(folder)] = content
    return kept


def texts(notebook):
    """Everything that a notebook prints, without pictures."""
    for cell in nbformat.reads(notebook, 4).cells:
        if IGNORED in cell.metadata.get("tags", []):
            continue
        for output in cell.get("outputs", []):
            data = {key: value for key, value in output.get("data", {}).items()
                    if key != "image/png"}
            yield cell.id, output.get("text"), data


def test_same_outputs_in_two_folders_under_two_hash_seeds(tmp_path):
    made = []
    for name, hash_seed in (("first", "1"), ("a longer name, with spaces", "4242")):
        folder = tmp_path / name
        for part in PARTS:
            if (ROOT / part).is_dir():
                shutil.copytree(ROOT / part, folder / part,
                                ignore=shutil.ignore_patterns("__pycache__", ".*"))
            else:
                (folder / part).parent.mkdir(parents=True)
                shutil.copy(ROOT / part, folder / part)
        ended = run(folder, hash_seed)
        assert ended.returncode == 0, ended.stderr
        made.append(files(folder / "outputs"))
    first, second = made
    assert list(first) == list(second)
    assert len([path for path in first if path.suffix == ".ipynb"]) >= 4
    for path, content in first.items():
        assert content == second[path], f"{path} differs"
    for path in (path for path in first if path.suffix == ".ipynb"):
        committed = (ROOT / "notebooks" / path.name).read_text("utf-8")
        assert list(texts(first[path].decode())) == list(texts(committed)), path


@pytest.fixture(scope="module")
def other_settings(tmp_path_factory):
    output = tmp_path_factory.mktemp("other")
    ended = run(ROOT, "0", "--output", str(output), "--only", "02", "--only", "03", "--only", "04",
                "-p", "seed", "7", "-p", "n_samples", "400", "-p", "share_weak", "0.0",
                "-p", "share_poor", "0.4")
    assert ended.returncode == 0, ended.stderr + ended.stdout
    return output


def test_other_settings_say_that_the_posts_figures_do_not_apply(other_settings):
    for path in other_settings.glob("0[234]_*.ipynb"):
        text = path.read_text("utf-8")
        assert "The post's figures no longer apply" in text
        assert "seed = 7 (post: 42)" in text
        assert f"| {claims.NOT_SUPPORTED} |" not in text


def test_other_settings_reach_the_measurements(other_settings):
    record = json.loads((other_settings / "metrics" / f"{claims.NB03}.json").read_text())
    assert record["parameters"]["share_weak"] == 0
    assert record["measurements"]["n_pairs"] == 400
    assert "weak" not in record["measurements"]["shares"]
    rows = claims.ledger(claims.read_records(other_settings))
    run_elsewhere = rows[rows["notebook"].isin([claims.NB02, claims.NB03, claims.NB04])]
    assert set(run_elsewhere["verdict"]) == {claims.OTHER_SETTINGS}


def test_shares_that_do_not_sum_to_one_fail_with_a_sentence(tmp_path):
    ended = run(ROOT, "0", "--output", str(tmp_path), "--only", "03", "-p", "share_weak", "0.5")
    assert ended.returncode == 1
    assert "The shares of the six match types sum to 1.35, not to 1" in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
