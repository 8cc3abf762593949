"""data/sweep.csv: our findings under a hundred seeds, two of which are run again."""

import pandas as pd

from careerlib import ledger
from careerlib.project import DATA, NOTEBOOKS
from careerlib.sweep import run_sweep

SWEEP = pd.read_csv(DATA / "sweep.csv")
KEY = ["notebook", "seed", "finding"]


def test_it_has_every_finding_of_every_notebook_with_a_seed():
    assert list(SWEEP) == [*KEY, "holds"] and not SWEEP.duplicated(KEY).any()
    runs = SWEEP.groupby(["notebook", "finding"])["seed"]
    assert (runs.size() == 100).all() and (runs.agg(["min", "max"]) == [0, 99]).all(axis=None)
    committed = [e for e in ledger.read_folder(NOTEBOOKS) if e["kind"] == "finding"]
    with_seed = {(e["notebook"], e["name"]) for e in committed} & set(runs.groups)
    assert with_seed == set(runs.groups)
    notebooks = SWEEP["notebook"].unique()
    assert with_seed == {
        (e["notebook"], e["name"]) for e in committed if e["notebook"] in notebooks
    }
    assert {name[:2] for name in notebooks} == {"02", "03", "04", "05", "06", "08", "09"}


def test_two_seeds_again(tmp_path):
    again = tmp_path / "again.csv"
    run_sweep(parameters=[("seed", "7,61")], output=tmp_path / "out", findings=again)
    kept = SWEEP[SWEEP["seed"].isin([7, 61])]
    expected = kept.sort_values(KEY).reset_index(drop=True)
    pd.testing.assert_frame_equal(
        pd.read_csv(again).sort_values(KEY).reset_index(drop=True), expected
    )
