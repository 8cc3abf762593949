"""Vectors, their named slots, pairs, the cosine; test_frozen holds the vectors' bytes."""

import numpy as np
import pytest

from careerlib.catalog import EDUCATION, INTERESTS, SKILLS, WORK_VALUES
from careerlib.encoding import (
    BLOCKS,
    DIFFERENCE,
    FEATURES,
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


def test_names_of_slots_and_features():
    assert SLOTS == (*SKILLS, *INTERESTS, *WORK_VALUES, "Wage", "Remote", "Education")
    assert len(set(SLOTS)) == 50 and list(SKILLS) == sorted(SKILLS)
    assert tuple(slot for block in BLOCKS.values() for slot in SLOTS[block]) == SLOTS
    for part, block in (("person", PERSON), ("occupation", OCCUPATION), ("difference", DIFFERENCE)):
        assert FEATURES[block] == tuple(f"{part}: {slot}" for slot in SLOTS)


def test_an_occupation_by_hand(post):
    """Chief Executives: Writing 4.12 of 5 and 4.38 of 7, USD 206,420, bachelor's degree."""
    vector = encode_occupations(post)[post.position("Chief Executives")]
    assert vector[SLOT["Writing"]] == pytest.approx(0.6 * 4.12 / 5 + 0.4 * 4.38 / 7)
    assert vector[SLOT["Wage"]] == pytest.approx(1.0321)
    assert vector[SLOT["Education"]] == pytest.approx(3 / 5)


def test_filling_adds_interests_and_values_and_nothing_else(catalog):
    plain, filled = encode_occupations(catalog), encode_occupations(catalog, fill=True)
    rated = slice(BLOCKS["interests"].start, BLOCKS["work values"].stop)
    assert not plain[:, rated].any()
    expected = np.nan_to_num(np.hstack([catalog.interests, catalog.work_values])) / 7
    np.testing.assert_allclose(filled[:, rated], expected)
    plain[:, rated] = filled[:, rated]
    np.testing.assert_array_equal(plain, filled)
    assert np.isfinite(filled).all()


def test_missing_figures(catalog):
    vectors, wages = encode_occupations(catalog), catalog.table["median_wage"]
    actors = catalog.position("Actors")
    assert np.isnan(wages.iloc[actors])
    assert vectors[actors, SLOT["Wage"]] == pytest.approx(wages.median() / 200_000)
    assert (vectors[~catalog.table["has_bls"].to_numpy(), SLOT["Education"]] == 0.5).all()


@pytest.mark.parametrize("education", EDUCATION)
def test_education_levels(catalog, education):
    rows = (catalog.table["education"] == education).to_numpy()
    assert set(encode_occupations(catalog)[rows, SLOT["Education"]]) == {LEVELS[education] / 5}
    person = encode_profiles(Profile(skills=["Writing"], max_education=education))
    assert person[0, SLOT["Education"]] == LEVELS[education] / 5


def test_a_profile_by_hand():
    person = Profile(
        skills={"Writing": 4, "Science": 5}, interests={"Social": 7, "Artistic": 3.5},
        work_values={"Support": 1}, min_wage=50_000, remote=True,
        max_education="Master's degree",
    )  # fmt: skip
    expected = dict.fromkeys(SLOTS, 0.0) | {
        "Writing": 0.8, "Science": 1, "Social": 1, "Artistic": 0.5, "Support": 1 / 7,
        "Wage": 0.25, "Remote": 1, "Education": 0.8,
    }  # fmt: skip
    np.testing.assert_allclose(encode_profiles(person), [list(expected.values())])


def test_sarah_has_the_slots_of_the_procedure():
    (vector,) = encode_profiles(SARAH)
    assert {SLOTS[slot]: vector[slot] for slot in np.flatnonzero(vector)} == pytest.approx({
        "Critical Thinking": 0.6, "Social Perceptiveness": 0.6, "Speaking": 0.6, "Writing": 0.6,
        "Investigative": 5 / 7, "Enterprising": 6 / 7, "Achievement": 6 / 7, "Recognition": 5 / 7,
        "Education": 1,
    })  # fmt: skip


def test_many_profiles_are_encoded_one_by_one():
    both = encode_profiles(iter([SARAH, PART_4]))
    np.testing.assert_array_equal(both, [*encode_profiles(SARAH), *encode_profiles(PART_4)])
    assert encode_profiles([]).shape == (0, 50)


def test_a_pair_is_person_occupation_and_signed_difference():
    one, many = RNG.random(50), RNG.random((3, 50))
    for persons, occupations in ((many, many[::-1]), (one, many), (many, one), (one, one)):
        pairs = pair_features(persons, occupations)
        expected = np.broadcast_arrays(np.atleast_2d(persons), np.atleast_2d(occupations))
        np.testing.assert_array_equal(pairs[:, PERSON], expected[0])
        np.testing.assert_array_equal(pairs[:, OCCUPATION], expected[1])
        np.testing.assert_array_equal(pairs[:, DIFFERENCE], expected[0] - expected[1])


@pytest.mark.parametrize(
    ("persons", "occupations", "what"),
    [
        ((2, 49), (2, 50), "(2, 49) and (2, 50)"),
        ((2, 50), (2, 51), "(2, 50) and (2, 51)"),
        ((2, 50), (3, 50), "(2, 50) and (3, 50)"),
    ],
)
def test_arrays_that_are_no_pairs(refusal, persons, occupations, what):
    assert what in refusal(pair_features, np.zeros(persons), np.zeros(occupations))


def test_cosine():
    first, second = (
        [[1, 0], [3, 4], [1, 1], [1, 0], [0, 0]],
        [[0, 2], [6, 8], [1, 0], [-5, 0], [1, 1]],
    )
    np.testing.assert_allclose(cosine(first, second), [0, 1, np.sqrt(0.5), -1, 0])
    vectors = RNG.normal(size=(6, 50))
    np.testing.assert_allclose(cosine(vectors * 1e6, vectors / 1e6), 1)
    assert cosine(vectors[1], vectors)[1] == pytest.approx(1)
