"""The catalog of occupations, on the committed tables."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from careerlib import catalog as module
from careerlib.catalog import MATRICES, SCALES, SKILLS, TABLES
from careerlib.catalog import load_catalog as load
from careerlib.errors import CareerlibError
from careerlib.project import DATA


@pytest.fixture(params=["all", "post", "some"])
def which(request, catalog, post):
    """Both catalogs, and one with an order of its own."""
    return {"all": catalog, "post": post, "some": catalog.take([500, 3, 80], "some")}[request.param]


def csv(name):
    """The committed table, read without careerlib."""
    return pd.read_csv(DATA / f"{name}.csv")


@pytest.mark.parametrize("key", MATRICES)
def test_matrix_rows_belong_to_their_occupations_and_stay(which, key):
    ratings = csv(key).set_index("onet_soc_code").reindex(which.codes)
    assert tuple(ratings) == SCALES.get(key, [SKILLS])[0]
    assert np.array_equal(getattr(which, key), ratings, equal_nan=True)
    with pytest.raises(ValueError, match="read-only"):
        getattr(which, key)[0, 0] = 1


def test_an_occupation_is_found_by_its_code_and_title(which):
    for place in range(0, len(which), 17):
        assert which.position(which.codes[place]) == place
        assert which.position(which.titles.iloc[place].upper()) == place


def test_a_title_as_people_say_it_leads_to_its_occupation_or_names_it(catalog):
    for code, title in catalog.reported.iloc[::97].to_numpy():
        try:
            assert catalog.position(title) < len(catalog)
        except CareerlibError as error:
            told = f"'{title}' is not the title of one", catalog.titles[code]
            assert all(words in str(error) for words in told)


def test_no_such_occupation_or_catalog_is_told_with_the_nearest(catalog, post, refusal):
    assert "did you mean Software Developers or" in refusal(catalog.position, "Softwear Developers")
    assert "15-1252.00" in refusal(catalog.position, "15-1252.0")  # a code is answered with codes
    assert "in the catalog 'post' (did you mean" in refusal(post.position, "Registered Nurses")
    assert len(refusal(catalog.position, "xqzw" * 1000)) < 1000
    assert refusal(load, "pots") == "There is no catalog 'pots'; did you mean post?"
    assert "There is no catalog 'None'; valid names are all; post." in refusal(load, None)


def test_related_matrix_has_each_rank_in_its_place(which):
    rows = csv("related_occupations")
    rows = rows[rows[["onet_soc_code", "related_code"]].isin([*which.codes]).all(axis=1)]
    places = [which.codes.get_indexer(rows[end]) for end in ("onet_soc_code", "related_code")]
    assert which.related_matrix[*places].tolist() == rows["rank"].tolist()
    assert (which.related_matrix > 0).sum() == len(rows)


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
