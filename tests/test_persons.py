"""Persons made from occupations: drawn as ever, and saying no more than a form asks."""

import hashlib

import numpy as np
import pytest

from careerlib import persons
from careerlib.encoding import BLOCKS, SLOT
from careerlib.persons import LONG_FORM, SHORT_FORM, drop_blocks, only, shuffled


@pytest.mark.parametrize(("draw", "digest"), [
    (lambda catalog, post: persons.short_forms(catalog, 1000),
     "0ad28ba003fa295c9d86eb9f9fd22387eefb5ef95ab5de27807b58519f4bfc6c"),
    (lambda catalog, post: persons.short_forms(post, 3, 0.25),
     "50ebecb83a729292759f499706f9ca4e449ed165dc05a25c2a05ef792857a2f6"),
    (lambda catalog, post: persons.long_forms(catalog, 7),
     "6813fa3c6f8bc450acb20508e17fd82c47d20a885c36e2bded7fec8495f60a01"),
    (lambda catalog, post: persons.random_profiles(500)[:, :50],
     "b08b6bae022a6ea4b1128ca3f16758523d8aa5e5a6ac05aea375fec269c6b76d"),
    (lambda catalog, post: persons.random_profiles(1000, seed=9)[:, :50],
     "effce2db676cc4572e3a9593f724c54973f133fa0b27f99196e5917df1a72fa1"),
])  # fmt: skip
def test_the_draws(draw, digest, catalog, post):
    rows = np.ascontiguousarray(draw(catalog, post))
    assert hashlib.sha256(rows.tobytes()).hexdigest() == digest


@pytest.mark.parametrize(("draw", "form"), [
    (lambda catalog: persons.short_forms(catalog, 1), SHORT_FORM),
    (lambda catalog: persons.long_forms(catalog, 1), LONG_FORM),
    (lambda catalog: persons.random_profiles(894, 1), SHORT_FORM),
])  # fmt: skip
def test_each_names_as_many_as_its_form_asks(draw, form, catalog):
    drawn = draw(catalog)
    for block, (low, high) in form.items():
        stated = (drawn[:, BLOCKS[block]] > 0).sum(axis=1)
        if block == "work values":
            stated = stated[~np.isnan(catalog.work_values).any(axis=1)]
        assert (stated.min(), stated.max()) == (low, high), block
    assert (drawn <= 1).all()
    assert (drawn[:, SLOT["Wage"] : 50] == [0, 0, 1]).all()


def test_who_misjudges_nothing_names_the_highest(catalog):
    named = persons.short_forms(catalog, 1, noise=0)[:, BLOCKS["skills"]] > 0
    importance = catalog.skill_importance
    lowest_named = np.where(named, importance, np.inf).min(axis=1)
    assert (np.where(named, -np.inf, importance).max(axis=1) <= lowest_named).all()


def test_blocks_are_left_empty_or_shuffled_and_nothing_else(catalog):
    form = persons.short_forms(catalog, 1)
    for name, block in BLOCKS.items():
        assert (form[:, block] > 0).any() and not only(form, {*BLOCKS} - {name})[:, block].any()
        mixed = np.sort(shuffled(form, 1)[:, block])
        np.testing.assert_array_equal(mixed, np.sort(form[:, block]))
        dropped = drop_blocks(form, 1)[:, block]
        kept = (dropped > 0).any(axis=1)
        np.testing.assert_array_equal(dropped[kept], form[kept, block])
        assert 0.5 < kept.mean() < 0.72  # one half, and one at least
    assert (drop_blocks(form, 1)[:, 35:41] != form[:, 35:41]).any()


def test_seeds_and_numbers_of_people_are_whole_numbers(catalog, refusal):
    assert "n is 2.5" in refusal(persons.random_profiles, 2.5)
    for seed in (-1, 1.5, 2**32):
        assert f"seed is {seed}" in refusal(persons.short_forms, catalog, seed)
