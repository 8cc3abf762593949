"""The catalog of occupations, on the committed tables."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careerlib import catalog as module
from careerlib.catalog import MATRICES, NAMES, TABLES
from careerlib.catalog import load_catalog as load
from careerlib.project import DATA


def test_a_catalog_of_some_has_their_ratings_in_its_own_order_and_finds_them(catalog):
    some = catalog.take([500, 3, 80], "some")
    for key in MATRICES:
        ratings = pd.read_csv(DATA / f"{key}.csv", index_col=0).loc[some.codes]
        assert tuple(ratings) == NAMES[key]
        np.testing.assert_array_equal(getattr(some, key), ratings)
        with pytest.raises(ValueError, match="read-only"):
            getattr(some, key)[0, 0] = 1
    typed = [*some.codes, *some.titles.str.upper()]
    assert [some.position(one) for one in typed] == [0, 1, 2] * 2


def test_no_such_occupation_or_catalog_is_told_with_the_nearest(catalog, post, refusal):
    assert "did you mean Software Developers or" in refusal(catalog.position, "Softwear Developers")
    assert "15-1252.00" in refusal(catalog.position, "15-1252.0")  # a code is answered with codes
    assert "in the catalog 'post' (did you mean" in refusal(post.position, "Registered Nurses")
    assert "did you mean Database Architects" in refusal(post.position, "15-1299.07")  # one of 5
    assert len(refusal(catalog.position, "xqzw" * 1000)) < 1000
    assert refusal(load, "pots") == "There is no catalog 'pots'; did you mean post?"
    assert "There is no catalog 'None'; valid names are all; post." in refusal(load, None)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Tables to spoil, which the package reads."""
    monkeypatch.setattr(module, "DATA", tmp_path / "data")
    return shutil.copytree(DATA, tmp_path / "data", dirs_exist_ok=True)


@given(st.sampled_from(TABLES), st.floats(0, 1, exclude_max=True), st.integers(1, 255))
@settings(max_examples=20)
def test_any_flipped_byte_of_a_table_is_refused(folder, refusal, name, where, bits):
    path, whole = folder / f"{name}.csv", (DATA / f"{name}.csv").read_bytes()
    place = int(where * len(whole))
    path.write_bytes(whole[:place] + bytes([whole[place] ^ bits]) + whole[place + 1 :])
    assert f"'{name}.csv'" in refusal(module._table, name)
    path.write_bytes(whole)


def test_a_missing_table_and_a_manifest_that_is_not_ours(folder, refusal):
    whole = (DATA / "tables.json").read_text()
    built = json.loads(whole)["tables"]["interests"]["sha256"]
    for text in ("", "{}", "[" * 100_000, whole[:500], whole.replace(built, built[::-1])):
        (folder / "tables.json").write_text(text)
        assert "'interests.csv' or 'tables.json' in" in refusal(module._table, "interests")
    (folder / "titles.csv").unlink()
    assert "git checkout data" in refusal(module._table, "titles")
