"""Persons' vectors and their named slots.

test_frozen holds the bytes of occupations' vectors and of pairs; notebook 01 builds them by hand.
"""

import numpy as np

from careerlib import encoding
from careerlib.encoding import ALL_SLOTS, encode_occupations
from careerlib.profile import Profile


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
