"""Runs of the tutorial itself: the same outputs elsewhere, and other parameters."""

import shutil
import time

import nbformat
from test_runner import files_in, started

from careerlib import ledger
from careerlib.project import ROOT

CHOSEN = ("02", "05")


def texts(path):
    """Everything that a notebook shows, without pictures, by cell."""
    notebook = nbformat.read(path, 4)
    return {
        cell.id: [{**output, "data": {**output.get("data", {}), "image/png": None}}
                  for output in cell.get("outputs", [])]
        for cell in notebook.cells
        if cell.id != "injected-parameters"
    }  # fmt: skip


def test_same_outputs_in_another_folder_under_another_hash_seed(tmp_path):
    folder = tmp_path / "a longer name, with spaces & ümlauts"
    for part in ("careerlib", "data", "notebooks"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    begun = time.time()
    only = [word for name in CHOSEN for word in ("--only", name)]
    process = started("refresh", *only, cwd=folder,
                      env={"PYTHONPATH": str(folder), "PYTHONHASHSEED": "4242"})  # fmt: skip
    _, told = process.communicate(timeout=300)
    assert process.returncode == 0, told
    for path in [path for name in CHOSEN for path in (folder / "notebooks").glob(f"{name}_*")]:
        assert texts(path) == texts(ROOT / "notebooks" / path.name), path.name
        assert str(tmp_path) not in path.read_text("utf-8")
        assert path.stat().st_mtime > begun


def test_other_settings_say_that_the_posts_figures_do_not_apply(tmp_path):
    process = started("run", "--output", tmp_path / "out", "--only", "02", "--only", "10",
                      "-p", "seed", "7", cwd=tmp_path)  # fmt: skip
    process.stdout.close()  # a reader who goes away loses nothing
    process.stderr.close()
    process.wait(300)
    assert {"run.json", "book/index.html"} <= files_in(tmp_path / "out")
    table = ledger.ledger(ledger.read_folder(tmp_path / "out"))
    mine = table[table["notebook"].str.startswith("02")]
    assert ledger.OTHER_SETTINGS in set(mine["verdict"])
    assert set(table["verdict"]) - set(mine["verdict"]) == {ledger.NOT_RUN}
    assert str(tmp_path) not in (tmp_path / "out/10_the_ledger.ipynb").read_text("utf-8")
