"""The catalog of occupations, on the committed tables."""

import json
import shutil
import time

import numpy as np
import pandas as pd
import pytest

from careerlib.catalog import INTERESTS, SKILLS, TABLES, WORK_VALUES, load_catalog
from careerlib.project import DATA

MATRICES = ["skill_importance", "skill_level", "interests", "work_values"]


def csv(name):
    """The committed table, read without careerlib."""
    return pd.read_csv(DATA / f"{name}.csv")


def test_sizes(catalog, post):
    assert (len(catalog), len(post)) == (894, 150)
    for which in (catalog, post):
        widths = (SKILLS, SKILLS, INTERESTS, WORK_VALUES)
        for key, names in zip(MATRICES, widths, strict=True):
            assert getattr(which, key).shape == (len(which), len(names)), key
        assert len(which.table) == len(which.titles) == len(which.codes) == len(which)
        assert len(which.major_groups) == 22
        assert which.release == "30.1"
    assert (catalog.name, post.name) == ("all", "post")


def test_post_is_the_first_150_eligible_in_code_order(catalog, post):
    assert post.codes.is_monotonic_increasing and post.codes.is_unique
    assert (post.codes[0], post.codes[-1]) == ("11-1011.00", "21-1013.00")
    assert post.codes.str.endswith(".00").all() and post.table["has_bls"].all()
    # None that is eligible was passed over.
    before_the_end = catalog.table.loc[:"21-1013.00"]
    left_out = before_the_end.drop(post.codes)
    assert not (left_out.index.str.endswith(".00") & left_out["has_bls"]).any()


@pytest.mark.parametrize("key", MATRICES)
def test_matrix_rows_belong_to_their_occupations(catalog, post, key):
    ratings = csv(key).set_index("onet_soc_code")
    for which in (catalog, post):
        for position, code in enumerate(which.codes):
            row = getattr(which, key)[position]
            if code in ratings.index:
                assert (row == ratings.loc[code].to_numpy()).all(), code
            else:
                assert np.isnan(row).all(), code


def test_missing_only_where_the_data_card_says(catalog, post):
    for key in MATRICES[:3]:
        assert not np.isnan(getattr(catalog, key)).any(), key
    assert np.isnan(catalog.work_values).all(axis=1).sum() == 21
    assert np.isnan(catalog.work_values).any(axis=1).sum() == 21
    assert np.isnan(post.work_values).all(axis=1).sum() == 4
    figures = ["employment_2024", "employment_2034", "growth_percent", "openings", "education"]
    empty = catalog.table.columns[catalog.table.isna().any()]
    assert set(empty) == {*figures, "median_wage"}
    for figure in figures:
        assert catalog.table[figure].isna().equals(~catalog.table["has_bls"]), figure


@pytest.mark.parametrize("key", MATRICES)
def test_matrices_are_read_only(catalog, post, key):
    for which in (catalog, post, catalog.take([1, 2], "two"), catalog.take(slice(3), "three")):
        with pytest.raises(ValueError, match="read-only"):
            getattr(which, key)[0, 0] = 1


def test_position_by_code_and_title(catalog):
    for position in (0, 17, 893):
        assert catalog.position(catalog.codes[position]) == position
        assert catalog.position(catalog.titles.iloc[position]) == position
    assert catalog.position("chief executives") == catalog.position("11-1011.00") == 0


def test_unknown_occupation(catalog, post, refusal):
    message = refusal(catalog.position, "Softwear Developers")
    assert "No occupation 'Softwear Developers' in the catalog 'all'" in message
    assert "did you mean" in message and "Software Developers" in message
    # A near miss of a code is answered with codes.
    assert "15-1252.00" in refusal(catalog.position, "15-1252.0")
    # An occupation that the smaller catalog lacks is unknown there.
    assert "in the catalog 'post'" in refusal(post.position, "Registered Nurses")


@pytest.mark.parametrize("name", ["pots", "ALL", "", None])
def test_unknown_catalog(refusal, name):
    message = refusal(load_catalog, name)
    assert f"There is no catalog '{name}'" in message
    assert "post" in message or "all" in message
    if name == "pots":
        assert message.endswith("did you mean post?")


def test_take_keeps_the_given_order(catalog):
    positions = [500, 3, 80]
    taken = catalog.take(positions, "three")
    assert taken.name == "three" and list(taken.codes) == list(catalog.codes[positions])
    for key in MATRICES:
        assert np.array_equal(getattr(taken, key), getattr(catalog, key)[positions]), key
    assert set(taken.related["onet_soc_code"]) == set(taken.codes)
    assert len(taken.related) == 60
    assert taken.position(catalog.codes[80]) == 2
    assert len(catalog) == 894


def test_related_matrix_has_each_rank_in_its_place(catalog, post):
    related = csv("related_occupations")
    for which in (catalog, post):
        ranks = which.related_matrix()
        by_code = pd.DataFrame(ranks, index=which.codes, columns=which.codes)
        for row in related[related["onet_soc_code"].isin(which.codes[::40])].itertuples():
            if row.related_code in which.codes:
                assert by_code.loc[row.onet_soc_code, row.related_code] == row.rank


def test_related_matrix_follows_the_order_of_take(catalog):
    positions = np.arange(30)[::-1]
    assert np.array_equal(
        catalog.take(positions, "backwards").related_matrix(),
        catalog.related_matrix()[np.ix_(positions, positions)],
    )


def test_bls_shared_by(catalog, post):
    table = catalog.table
    captains = table[table["soc_code"] == "11-1011"]
    assert list(captains.index) == ["11-1011.00", "11-1011.03"]
    assert list(captains["bls_shared_by"]) == [2, 2]
    # Counting each occupation by its share gives each BLS row once.
    shares = table["employment_2024"] / table["bls_shared_by"]
    rows = table.drop_duplicates("soc_code")["employment_2024"]
    assert shares.sum() == pytest.approx(rows.sum())
    # The post took .00 codes only, so there nothing is shared.
    assert (post.table["bls_shared_by"] == 1).all()


def test_major_group_of_each_occupation_is_one_of_bls(catalog):
    assert set(catalog.table["major_group"]) == set(catalog.major_groups.index)
    assert (catalog.table["major_group"].str[:2] == catalog.codes.str[:2]).all()


@pytest.mark.parametrize("name", ["all", "post"])
def test_loading_is_fast(name):
    seconds = []
    for _ in range(5):
        # Time of this process, so that a busy machine does not count against it.
        start = time.process_time()
        load_catalog(name)
        seconds.append(time.process_time() - start)
    assert min(seconds) < 0.1


# --- Tables that are not as they were built ----------------------------------------------


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(DATA, tmp_path / "data")


def test_a_copy_loads(folder, catalog):
    assert load_catalog(folder=folder).table.equals(catalog.table)


@pytest.mark.parametrize("name", TABLES)
def test_any_change_of_a_table_is_refused(folder, refusal, name):
    path = folder / f"{name}.csv"
    whole = path.read_bytes()
    digit = next(i for i in range(len(whole) // 2, len(whole)) if chr(whole[i]).isdigit())
    other = b"1" if whole[digit : digit + 1] != b"1" else b"2"
    for changed in (
        whole[:digit] + other + whole[digit + 1 :],
        whole[:-1],
        whole + b"\n",
        whole.replace(b"\n", b"\r\n"),
        whole * 10,
        b"",
    ):
        path.write_bytes(changed)
        message = refusal(load_catalog, folder=folder)
        assert f"'{name}.csv'" in message and "git checkout data" in message
    path.unlink()
    assert f"There is no '{name}.csv'" in refusal(load_catalog, folder=folder)


MANIFEST = (DATA / "tables.json").read_text()
HASH = json.loads(MANIFEST)["tables"]["interests"]["sha256"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "damaged"),
        ("{}", "damaged"),
        ("[" * 100_000, "damaged"),
        (MANIFEST[:500], "damaged"),
        (MANIFEST.replace("interests", "pastimes"), "damaged"),
        (MANIFEST.replace(f'"{HASH}"', "Infinity"), "interests.csv"),
        (MANIFEST.replace(f'"{HASH}"', "9" * 5000), "damaged"),
        (MANIFEST.replace(f'"{HASH}"', "null"), "interests.csv"),
        (MANIFEST.replace(HASH, HASH[:-1]), "interests.csv"),
        (MANIFEST.replace('"sha256"', '"sha"'), "damaged"),
        ('{"onet_release": "30.1", "tables": [1, 2]}', "damaged"),
        (MANIFEST.replace('"30.1"', '"30.2"'), "30.2"),
        (MANIFEST.replace('"30.1"', "Infinity"), "inf"),
        (MANIFEST.replace(HASH, HASH[::-1]), "interests.csv"),
    ],
)
def test_a_manifest_that_is_not_ours(folder, refusal, text, named):
    (folder / "tables.json").write_text(text)
    message = refusal(load_catalog, folder=folder)
    assert named in message and len(message.replace(str(folder), "")) < 300


def test_no_tables(tmp_path, refusal):
    assert "There is no 'tables.json'" in refusal(load_catalog, folder=tmp_path)
