"""Persons made from occupations: drawn as ever, and saying no more than a form asks."""

import hashlib

import numpy as np
import pytest

from careerlib.encoding import BLOCKS, SLOT
from careerlib.persons import (
    LONG_FORM,
    SHORT_FORM,
    full_persons,
    long_forms,
    random_profiles,
    short_forms,
)

DRAWN = {
    "full": "a3116ee6450ace419037c3a410796674e84284a64c2665073e3d8d54cc2c3a70",
    "short, 1000": "bb28224b68fe6d589406a405a6c081d15edb9f0bb0789630b2581ec9aecae39c",
    "short, careful": "2a19f9de506853bcef56506532c259f9b11bd5cf9afde0bca5b406852e887b47",
    "long, 7": "b6ab34832bcfb8e7f333b970d8ec62b10ee897c45d87d808444de0a015e0ae6e",
    "random": "b08b6bae022a6ea4b1128ca3f16758523d8aa5e5a6ac05aea375fec269c6b76d",
    "random, 9": "effce2db676cc4572e3a9593f724c54973f133fa0b27f99196e5917df1a72fa1",
}


def test_the_draws(catalog, post):
    persons = {
        "full": full_persons(catalog),
        "short, 1000": short_forms(catalog, 1000),
        "short, careful": short_forms(post, 3, 0.25),
        "long, 7": long_forms(catalog, 7),
        "random": random_profiles(500),
        "random, 9": random_profiles(1000, seed=9),
    }
    for name, rows in persons.items():
        assert hashlib.sha256(np.ascontiguousarray(rows).tobytes()).hexdigest() == DRAWN[name], name


@pytest.mark.parametrize(("make", "form"), [
    (lambda catalog: short_forms(catalog, 1), SHORT_FORM),
    (lambda catalog: long_forms(catalog, 1), LONG_FORM),
    (lambda catalog: random_profiles(894, 1), SHORT_FORM),
])  # fmt: skip
def test_each_names_as_many_as_its_form_asks(make, form, catalog):
    persons = make(catalog)
    for block, (low, high) in form.items():
        stated = (persons[:, BLOCKS[block]] > 0).sum(axis=1)
        if block == "work values":
            stated = stated[~np.isnan(catalog.work_values).any(axis=1)]
        assert (stated.min(), stated.max()) == (low, high), block
    assert (persons[:, : SLOT["Wage"]] <= 1).all()
    assert (persons[:, SLOT["Wage"] :] == [0, 0, 1]).all()


def test_who_misjudges_nothing_names_the_highest(catalog):
    named = short_forms(catalog, 1, noise=0)[:, BLOCKS["skills"]] > 0
    importance = catalog.skill_importance
    lowest_named = np.where(named, importance, np.inf).min(axis=1)
    assert (np.where(named, -np.inf, importance).max(axis=1) <= lowest_named).all()


@pytest.mark.parametrize("seed", [-1, 1.5, 2**32])
def test_seeds_and_numbers_of_people_are_whole_numbers(seed, catalog, refusal):
    assert f"seed is {seed}" in refusal(short_forms, catalog, seed)
    assert f"seed is {seed}" in refusal(random_profiles, 3, seed)
    assert "n is 2.5" in refusal(random_profiles, 2.5)
