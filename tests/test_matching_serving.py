"""Constraints remove and say so; who is served, and where lists lead."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from careerlib.evaluation import full_persons, scores_of
from careerlib.matching.serving import pushed, served


@pytest.fixture
def five(catalog):
    """Five occupations with figures set by hand."""
    part = catalog.take(np.arange(5), "five")
    return replace(
        part,
        table=part.table.assign(
            median_wage=[50_000, np.nan, 239_200, 90_000, 90_000],
            wage_top_coded=[False, False, True, False, False],
            education=[
                "No formal educational credential", np.nan, "Master's degree",
                "Some college, no degree", "Postsecondary nondegree award",
            ],
            job_zone=[1, 2, 5, 3, 4],
        ),
    )


def test_served_by_hand(five):
    table = served(np.array([[0, 1], [0, 2], [-1, -1]]), five, by="job_zone")
    assert table["coverage"].tolist() == [1, 1, 0, 0, 1]
    assert table["share_of_lists"].tolist() == [0.5, 0.25, 0, 0, 0.25]
    assert table["ratio"].tolist() == [2.5, 1.25, 0, 0, 1.25]


def test_served_names_major_groups_and_shares_sum_to_one(catalog):
    shown = np.arange(len(catalog)).reshape(-1, 1)
    table = served(shown, catalog)
    assert len(table) == 22 and table["title"].notna().all()
    np.testing.assert_allclose(table["ratio"], 1)
    assert table["share_of_lists"].sum() == pytest.approx(1)


def test_pushed_by_hand(five):
    # Everybody else's occupation, ranked: person of 0 is shown 3, person of 3 is shown 0.
    scores = np.zeros((2, 5))
    scores[0, 3] = scores[1, 0] = 1
    five = replace(five, table=five.table.assign(growth_percent=[1.0, 2, 3, 6, 5]))
    row = pushed({"method": scores}, np.array([0, 3]), five, k=1).loc["method"]
    assert row["wage_ratio"] == pytest.approx(1)
    assert row["wage_ratio_low"] == pytest.approx(9 / 5)
    assert row["wage_ratio_high"] == pytest.approx(5 / 9)
    assert row["share_lower_paid"] == 0.5
    assert row["growth_difference"] == 0 and row["share_shrinking_more"] == 0.5
    assert row["job_zone_difference"] == 0


def test_a_method_that_shows_the_relatives_pushes_as_they_do(catalog):
    relevant = (catalog.related_matrix() > 0).astype(float)
    own = np.flatnonzero(relevant.sum(axis=1) == 20)[:200]
    table = pushed({"relatives": relevant[own]}, own, catalog, k=20)
    pd.testing.assert_series_equal(
        table.loc["relatives"], table.loc["O*NET's relatives"], check_names=False
    )
    with_cosine = pushed(
        {"cosine": scores_of("cosine_filled", full_persons(catalog), catalog)},
        np.arange(len(catalog)), catalog,
    )
    assert with_cosine.notna().all().all()
