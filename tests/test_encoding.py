"""Vectors, their named slots, pairs, the cosine.

test_frozen holds the bytes of occupations' vectors, and notebook 01 builds them by hand.
"""

import numpy as np

from careerlib import encoding
from careerlib.catalog import KNOWLEDGE
from careerlib.encoding import ALL_SLOTS, SLOTS, encode_occupations, encode_profiles
from careerlib.profile import PART_4, SARAH, Profile

RNG = np.random.default_rng(0)


def test_the_blocks_have_all_slots_that_are_rated():
    rated = [slot for block in encoding.BLOCKS.values() for slot in ALL_SLOTS[block]]
    assert rated == [*SLOTS[:47], *(f"knowledge of {area}" for area in KNOWLEDGE)]
    assert (*SLOTS, *rated[47:]) == ALL_SLOTS and len(set(ALL_SLOTS)) == 83


def test_a_profile_by_hand_and_knowledge_behind_the_posts_slots(catalog):
    person = Profile(
        {"Writing": 4, "Mathematics": 5}, {"Social": 7}, {"Support": 1}, min_wage=50_000,
        remote=True, max_education="Master's degree", knowledge={"Mathematics": 4},
    )  # fmt: skip
    expected = dict.fromkeys(ALL_SLOTS, 0.0) | {
        "Writing": 0.8, "Mathematics": 1, "Social": 1, "Support": 1 / 7, "Wage": 0.25, "Remote": 1,
        "Education": 0.8, "knowledge of Mathematics": 0.8,
    }  # fmt: skip
    np.testing.assert_allclose(encoding.encode_persons(person), [list(expected.values())])
    both = encode_occupations(catalog, fill=True, knowledge=True)
    np.testing.assert_array_equal(both[:, :50], encode_occupations(catalog, fill=True))
    np.testing.assert_array_equal(both[:, 50:], catalog.knowledge / 5)


def test_many_profiles_are_encoded_one_by_one():
    both = encode_profiles(iter([SARAH, PART_4]))
    np.testing.assert_array_equal(both, [*encode_profiles(SARAH), *encode_profiles(PART_4)])
    assert encode_profiles([]).shape == (0, 50)


def test_a_pair_is_person_occupation_and_signed_difference():
    one, many = RNG.random(50), RNG.random((3, 50))
    for pair in ((many, many[::-1]), (one, many), (many, one), (one, one)):
        p, o = np.broadcast_arrays(*map(np.atleast_2d, pair))
        np.testing.assert_array_equal(encoding.pair_features(*pair), np.hstack([p, o, p - o]))


def test_cosine():
    first = [[1, 0], [3, 4], [1, 1], [1, 0], [0, 0]]
    second = [[0, 2], [6, 8], [1, 0], [-5, 0], [1, 1]]
    np.testing.assert_allclose(encoding.cosine(first, second), [0, 1, np.sqrt(0.5), -1, 0])
