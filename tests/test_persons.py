"""Vectors of persons: stated, or made from occupations, which say no more than a form asks."""

import hashlib

import numpy as np
import pytest

from careerlib import matching, persons
from careerlib.catalog import load_catalog
from careerlib.encoding import ALL_SLOTS, BLOCKS, SLOT, encode_occupations, encode_persons
from careerlib.persons import LONG_FORM, SHORT_FORM, drop_blocks, only
from careerlib.profile import Profile

CATALOG = load_catalog()


# test_frozen holds the bytes of occupations' vectors; notebook 01 builds them by hand.
def test_a_profile_by_hand_and_knowledge_behind_the_posts_slots(catalog):
    person = Profile(
        {"Writing": 4, "Mathematics": 5}, {"Social": 7}, {"Support": 1}, min_wage=50_000,
        remote=True, max_education="Master's degree", knowledge={"Mathematics": 4},
    )  # fmt: skip
    expected = dict.fromkeys(ALL_SLOTS, 0.0) | {
        "Writing": 0.8, "Mathematics": 1, "Social": 1, "Support": 1 / 7, "Wage": 0.25, "Remote": 1,
        "Education": 0.8, "knowledge of Mathematics": 0.8,
    }  # fmt: skip
    np.testing.assert_allclose(encode_persons(person), [list(expected.values())])
    both = encode_occupations(catalog, fill=True, knowledge=True)
    np.testing.assert_array_equal(both[:, :50], encode_occupations(catalog, fill=True))
    np.testing.assert_array_equal(both[:, 50:], catalog.knowledge / 5)


@pytest.mark.parametrize(("rows", "digest"), [
    (persons.short_forms(load_catalog("post"), 3, 0.25), "50ebecb83a729292"),
    (persons.long_forms(CATALOG, 7), "6813fa3c6f8bc450"),
    (persons.random_profiles(1000, seed=9)[:, :50], "effce2db676cc457"),
])  # fmt: skip
def test_the_draws(rows, digest):
    assert hashlib.sha256(np.ascontiguousarray(rows).tobytes()).hexdigest()[:16] == digest


@pytest.mark.parametrize(("drawn", "form"), [
    (persons.short_forms(CATALOG, 1), SHORT_FORM), (persons.long_forms(CATALOG, 1), LONG_FORM),
    (persons.random_profiles(894, 1), SHORT_FORM),
])  # fmt: skip
def test_each_names_as_many_as_its_form_asks(drawn, form):
    for block, (low, high) in form.items():
        stated = (drawn[:, BLOCKS[block]] > 0).sum(axis=1)
        if block == "work values":
            stated = stated[~np.isnan(CATALOG.work_values).any(axis=1)]
        assert (stated.min(), stated.max()) == (low, high), block
    assert (drawn <= 1).all()
    assert (drawn[:, SLOT["Wage"] : 50] == [0, 0, 1]).all()


def test_blocks_are_left_empty_or_shuffled_and_nothing_else():
    form = persons.short_forms(CATALOG, 1)
    for name, block in BLOCKS.items():
        assert (form[:, block] > 0).any() and not only(form, {*BLOCKS} - {name})[:, block].any()
        mixed = np.sort(matching.shuffled(form, 1)[:, block])
        np.testing.assert_array_equal(mixed, np.sort(form[:, block]))
        dropped = drop_blocks(form, 1)[:, block]
        kept = (dropped > 0).any(axis=1)
        np.testing.assert_array_equal(dropped[kept], form[kept, block])
        assert 0.5 < kept.mean() < 0.72  # one half, and one at least


def test_seeds_are_whole_numbers(refusal):
    for seed in (-1, 1.5, 2**32):
        assert f"seed is {seed}" in refusal(persons.short_forms, CATALOG, seed)
