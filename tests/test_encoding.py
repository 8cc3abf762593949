"""Vectors, their named slots, pairs, the cosine; test_frozen holds the vectors' bytes."""

import numpy as np
import pytest

from careerlib.catalog import EDUCATION, INTERESTS, KNOWLEDGE, SKILLS, WORK_VALUES
from careerlib.encoding import (
    ALL_SLOTS,
    BLOCKS,
    FEATURES,
    SLOT,
    SLOTS,
    cosine,
    encode_occupations,
    encode_persons,
    encode_profiles,
    pair_features,
)
from careerlib.profile import PART_4, SARAH, Profile

RNG = np.random.default_rng(0)
LEVELS = (2.5, 0, 1, 1, 2, 3, 4, 5)  # no credential has the post's fallback


def test_names_of_slots_and_features():
    assert SLOTS == (*SKILLS, *INTERESTS, *WORK_VALUES, "Wage", "Remote", "Education")
    assert len(set(SLOTS)) == 50 and list(SKILLS) == sorted(SKILLS)
    rated = [slot for block in BLOCKS.values() for slot in ALL_SLOTS[block]]
    assert rated == [*SLOTS[:47], *(f"knowledge of {area}" for area in KNOWLEDGE)]
    assert (*rated[:47], "Wage", "Remote", "Education", *rated[47:]) == ALL_SLOTS
    for start, part in zip((0, 50, 100), ("person", "occupation", "difference"), strict=True):
        assert FEATURES[start : start + 50] == tuple(f"{part}: {slot}" for slot in SLOTS)


def test_an_occupation_by_hand(post):
    """Chief Executives: Writing 4.12 of 5 and 4.38 of 7, USD 206,420, bachelor's degree."""
    vector = encode_occupations(post)[post.position("Chief Executives")]
    assert vector[SLOT["Writing"]] == pytest.approx(0.6 * 4.12 / 5 + 0.4 * 4.38 / 7)
    assert vector[SLOT["Wage"]] == pytest.approx(1.0321)
    assert vector[SLOT["Education"]] == pytest.approx(3 / 5)


def test_missing_figures(catalog):
    vectors, wages = encode_occupations(catalog), catalog.table["median_wage"]
    actors = catalog.position("Actors")
    assert np.isnan(wages.iloc[actors])
    assert vectors[actors, SLOT["Wage"]] == pytest.approx(wages.median() / 200_000)
    assert (vectors[~catalog.table["has_bls"].to_numpy(), SLOT["Education"]] == 0.5).all()


@pytest.mark.parametrize(("education", "level"), [*zip(EDUCATION, LEVELS, strict=True)])
def test_education_levels(catalog, education, level):
    rows = (catalog.table["education"] == education).to_numpy()
    assert set(encode_occupations(catalog)[rows, SLOT["Education"]]) == {level / 5}
    person = encode_profiles(Profile(skills=["Writing"], max_education=education))
    assert person[0, SLOT["Education"]] == level / 5


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


def test_knowledge_lies_behind_the_posts_slots(catalog):
    person = encode_persons(Profile(["Mathematics"], knowledge={"Mathematics": 4}))
    assert dict(zip(ALL_SLOTS, person[0], strict=True)) == dict.fromkeys(ALL_SLOTS, 0) | {
        "Mathematics": 0.6, "knowledge of Mathematics": 0.8, "Education": 1,
    }  # fmt: skip
    both = encode_occupations(catalog, fill=True, knowledge=True)
    np.testing.assert_array_equal(both[:, :50], encode_occupations(catalog, fill=True))
    np.testing.assert_array_equal(both[:, 50:], catalog.knowledge / 5)


def test_many_profiles_are_encoded_one_by_one():
    both = encode_profiles(iter([SARAH, PART_4]))
    np.testing.assert_array_equal(both, [*encode_profiles(SARAH), *encode_profiles(PART_4)])
    assert encode_profiles([]).shape == (0, 50)


def test_a_pair_is_person_occupation_and_signed_difference():
    one, many = RNG.random(50), RNG.random((3, 50))
    for persons, occupations in ((many, many[::-1]), (one, many), (many, one), (one, one)):
        p, o = np.broadcast_arrays(np.atleast_2d(persons), np.atleast_2d(occupations))
        np.testing.assert_array_equal(pair_features(persons, occupations), np.hstack([p, o, p - o]))


def test_cosine():
    first = [[1, 0], [3, 4], [1, 1], [1, 0], [0, 0]]
    second = [[0, 2], [6, 8], [1, 0], [-5, 0], [1, 1]]
    np.testing.assert_allclose(cosine(first, second), [0, 1, np.sqrt(0.5), -1, 0])
    vectors = RNG.normal(size=(6, 50))
    np.testing.assert_allclose(cosine(vectors * 1e6, vectors / 1e6), 1)
    assert cosine(vectors[1], vectors)[1] == pytest.approx(1)
