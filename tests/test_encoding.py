"""Vectors, their named slots, pair features and the cosine."""

import numpy as np
import pandas as pd
import pytest

from careerlib import tables
from careerlib.catalog import EDUCATION, INTERESTS, SKILLS, WORK_VALUES
from careerlib.encoding import (
    BLOCKS,
    DIFFERENCE,
    FEATURES,
    N_SLOTS,
    OCCUPATION,
    PERSON,
    SLOT,
    SLOTS,
    cosine,
    encode_occupations,
    encode_profiles,
    pair_features,
)
from careerlib.profile import PART_4, SARAH, Profile

RNG = np.random.default_rng(0)


def row(name, code):
    """One line of a committed table, read without careerlib."""
    return pd.read_csv(tables.DATA / f"{name}.csv").set_index("onet_soc_code").loc[code]


# --- Layout ------------------------------------------------------------------------------


def test_slots_are_named_in_the_order_of_the_recipe():
    assert N_SLOTS == len(SLOTS) == len(set(SLOTS)) == 50
    assert SLOTS[:35] == tuple(sorted(SKILLS))
    assert SLOTS[35:41] == INTERESTS and SLOTS[41:47] == WORK_VALUES
    assert SLOTS[47:] == ("Wage", "Remote", "Education")
    assert all(SLOTS[position] == name for name, position in SLOT.items())


def test_blocks_cover_the_slots_once():
    covered = [slot for block in BLOCKS.values() for slot in SLOTS[block]]
    assert tuple(covered) == SLOTS


def test_feature_names_are_in_step_with_the_slots():
    assert len(FEATURES) == 150
    for part, block in (("person", PERSON), ("occupation", OCCUPATION), ("difference", DIFFERENCE)):
        assert FEATURES[block] == tuple(f"{part}: {slot}" for slot in SLOTS)


# --- Occupations -------------------------------------------------------------------------


def test_skill_slot_by_hand(post):
    """Chief Executives, Writing: importance 4.12 of 5, level 4.38 of 7."""
    assert row("skill_importance", "11-1011.00")["Writing"] == 4.12
    assert row("skill_level", "11-1011.00")["Writing"] == 4.38
    vector = encode_occupations(post)[post.position("11-1011.00")]
    assert vector[SLOT["Writing"]] == pytest.approx(0.6 * 4.12 / 5 + 0.4 * 4.38 / 7)


@pytest.mark.parametrize("code", ["11-1011.00", "15-1252.00", "21-1013.00"])
def test_every_skill_slot_of_an_occupation(post, code):
    importance, level = row("skill_importance", code), row("skill_level", code)
    vector = encode_occupations(post)[post.position(code)]
    for skill in SKILLS:
        expected = 0.6 * importance[skill] / 5 + 0.4 * level[skill] / 7
        assert vector[SLOT[skill]] == pytest.approx(expected)


def test_wage_and_education_slots_by_hand(post):
    """Chief Executives: $206,420, bachelor's degree."""
    record = row("occupations", "11-1011.00")
    assert record["median_wage"] == 206_420 and record["education"] == "Bachelor's degree"
    vector = encode_occupations(post)[0]
    assert vector[SLOT["Wage"]] == pytest.approx(1.0321)  # above 1: the scale ends at $200,000
    assert vector[SLOT["Education"]] == pytest.approx(3 / 5)


def test_thirteen_slots_of_the_post_are_empty(post):
    vectors = encode_occupations(post)
    empty = [slot for slot, column in zip(SLOTS, vectors.T, strict=True) if not column.any()]
    assert empty == [*INTERESTS, *WORK_VALUES, "Remote"]


def test_skill_slots_stay_in_the_unit_interval(catalog):
    skills = encode_occupations(catalog)[:, BLOCKS["skills"]]
    assert skills.min() >= 0.12 and skills.max() <= 1  # importance starts at 1 of 5


def test_fill_adds_interests_and_values_and_nothing_else(catalog):
    plain, filled = encode_occupations(catalog), encode_occupations(catalog, fill=True)
    np.testing.assert_array_equal(filled[:, BLOCKS["skills"]], plain[:, BLOCKS["skills"]])
    np.testing.assert_array_equal(filled[:, BLOCKS["constraints"]], plain[:, BLOCKS["constraints"]])
    np.testing.assert_allclose(filled[:, BLOCKS["interests"]] * 7, catalog.interests)
    rated = ~np.isnan(catalog.work_values).any(axis=1)
    values = filled[:, BLOCKS["work values"]]
    np.testing.assert_allclose(values[rated] * 7, catalog.work_values[rated])
    assert not values[~rated].any() and (~rated).sum() == 21


def test_vectors_have_no_gap(catalog, post):
    for which in (catalog, post):
        for fill in (False, True):
            vectors = encode_occupations(which, fill=fill)
            assert vectors.shape == (len(which), 50) and np.isfinite(vectors).all()


def test_missing_wage_counts_as_the_median(catalog):
    wages = catalog.table["median_wage"]
    vector = encode_occupations(catalog)[catalog.position("Actors")]
    assert np.isnan(wages.loc["27-2011.00"])
    assert vector[SLOT["Wage"]] == pytest.approx(wages.median() / 200_000)


def test_missing_education_counts_as_the_fallback(catalog):
    without = ~catalog.table["has_bls"].to_numpy()
    assert (encode_occupations(catalog)[without, SLOT["Education"]] == 0.5).all()


LEVELS = {
    "No formal educational credential": 2.5,  # the post's fallback
    "High school diploma or equivalent": 0,
    "Some college, no degree": 1,
    "Postsecondary nondegree award": 1,
    "Associate's degree": 2,
    "Bachelor's degree": 3,
    "Master's degree": 4,
    "Doctoral or professional degree": 5,
}


@pytest.mark.parametrize(("education", "level"), LEVELS.items())
def test_education_levels_of_occupations_and_persons(catalog, education, level):
    rows = (catalog.table["education"] == education).to_numpy()
    assert rows.any()
    assert (encode_occupations(catalog)[rows, SLOT["Education"]] == level / 5).all()
    person = encode_profiles(Profile(skills=["Writing"], max_education=education))
    assert person[0, SLOT["Education"]] == level / 5


def test_education_levels_are_complete():
    assert set(LEVELS) == set(EDUCATION)


def test_rows_do_not_depend_on_their_neighbours(post):
    """Except where a missing wage takes the catalog's median, which the post's lack."""
    vectors = encode_occupations(post, fill=True)
    order = RNG.permutation(len(post))
    shuffled = encode_occupations(post.take(order, "shuffled"), fill=True)
    np.testing.assert_array_equal(shuffled, vectors[order])


# --- Profiles ----------------------------------------------------------------------------


def test_profile_by_hand():
    person = Profile(
        skills={"Writing": 4, "Science": 5}, interests={"Social": 7, "Artistic": 3.5},
        work_values={"Support": 1}, min_wage=50_000, remote=True,
        max_education="Master's degree",
    )
    expected = dict.fromkeys(SLOTS, 0.0) | {
        "Writing": 0.8, "Science": 1, "Social": 1, "Artistic": 0.5, "Support": 1 / 7,
        "Wage": 0.25, "Remote": 1, "Education": 0.8,
    }
    np.testing.assert_allclose(encode_profiles(person), [list(expected.values())])


def test_named_skills_and_defaults():
    (vector,) = encode_profiles(Profile(skills=["Writing"]))
    assert vector[SLOT["Writing"]] == pytest.approx(3 / 5)
    assert vector[SLOT["Education"]] == 1  # any education
    assert vector.sum() == pytest.approx(1.6)


def test_sarah_has_the_slots_of_the_recipe():
    (vector,) = encode_profiles(SARAH)
    used = {SLOTS[position]: vector[position] for position in np.flatnonzero(vector)}
    assert used == pytest.approx({
        "Critical Thinking": 0.6, "Social Perceptiveness": 0.6, "Speaking": 0.6, "Writing": 0.6,
        "Investigative": 5 / 7, "Enterprising": 6 / 7, "Achievement": 6 / 7, "Recognition": 5 / 7,
        "Education": 1,
    })


def test_many_profiles_are_encoded_one_by_one():
    both = encode_profiles([SARAH, PART_4])
    one_by_one = np.vstack([encode_profiles(SARAH), encode_profiles(PART_4)])
    np.testing.assert_array_equal(both, one_by_one)
    np.testing.assert_array_equal(encode_profiles(iter([SARAH, PART_4])), both)
    assert encode_profiles([]).shape == (0, 50)


# --- Pairs -------------------------------------------------------------------------------


def test_pair_is_person_occupation_and_signed_difference():
    persons, occupations = RNG.random((4, 50)), RNG.random((4, 50))
    pairs = pair_features(persons, occupations)
    assert pairs.shape == (4, 150)
    np.testing.assert_array_equal(pairs[:, PERSON], persons)
    np.testing.assert_array_equal(pairs[:, OCCUPATION], occupations)
    np.testing.assert_array_equal(pairs[:, DIFFERENCE], persons - occupations)
    assert pairs[:, DIFFERENCE].min() < 0


@pytest.mark.parametrize("shape", [(50,), (1, 50)])
def test_one_vector_is_paired_with_every_row_of_the_other(shape):
    one, many = RNG.random(shape), RNG.random((3, 50))
    repeated = np.tile(one.reshape(1, 50), (3, 1))
    np.testing.assert_array_equal(pair_features(one, many), pair_features(repeated, many))
    np.testing.assert_array_equal(pair_features(many, one), pair_features(many, repeated))


def test_single_pair():
    assert pair_features(np.zeros(50), np.ones(50)).shape == (1, 150)


@pytest.mark.parametrize(
    ("persons", "occupations", "what"),
    [((2, 49), (2, 50), "The persons have 49"), ((2, 50), (2, 51), "The occupations have 51")],
)
def test_wrong_number_of_slots(refusal, persons, occupations, what):
    message = refusal(pair_features, np.zeros(persons), np.zeros(occupations))
    assert f"{what} columns where a vector has 50 slots" in message


def test_rows_that_do_not_pair(refusal):
    message = refusal(pair_features, np.zeros((2, 50)), np.zeros((3, 50)))
    assert "2 persons for 3 occupations" in message and "as many of each, or one" in message


# --- Cosine ------------------------------------------------------------------------------


def test_cosine_by_hand():
    first = [[1, 0], [3, 4], [1, 1], [1, 0]]
    second = [[0, 2], [6, 8], [1, 0], [-5, 0]]
    np.testing.assert_allclose(cosine(first, second), [0, 1, np.sqrt(0.5), -1])


def test_cosine_ignores_length_and_order_of_arguments():
    first, second = RNG.normal(size=(6, 50)), RNG.normal(size=(6, 50))
    scale = np.geomspace(1e-6, 1e6, 6)[:, np.newaxis]
    plain = cosine(first, second)
    np.testing.assert_allclose(cosine(scale * first, second), plain)
    np.testing.assert_allclose(cosine(second, first), plain)
    np.testing.assert_allclose(cosine(-first, second), -plain)
    assert (np.abs(plain) <= 1 + 1e-12).all()


def test_cosine_of_a_vector_with_itself_is_one():
    vectors = RNG.normal(size=(6, 50))
    np.testing.assert_allclose(cosine(vectors, vectors), 1)


def test_cosine_with_a_zero_vector_is_zero():
    vectors = RNG.normal(size=(3, 50))
    zeros = np.zeros((3, 50))
    assert (cosine(zeros, vectors) == 0).all() and (cosine(zeros, zeros) == 0).all()


def test_cosine_of_one_with_many():
    vectors = RNG.normal(size=(3, 50))
    assert cosine(vectors[1], vectors).shape == (3,)
    assert cosine(vectors[1], vectors)[1] == pytest.approx(1)
