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
    sparse_persons,
)

DRAWN = {
    "full": "a3116ee6450ace419037c3a410796674e84284a64c2665073e3d8d54cc2c3a70",
    "sparse": "1f9d2bb02b77d495ca80c58086e52d513e084f5190b0e553c07e1055ec463e3d",
    "sparse, all counts": "a35ad9f1bc447a960b2571cb7f74a97d0fbeed1356695d5148a948f5331d04a3",
    "short, 1000": "bb28224b68fe6d589406a405a6c081d15edb9f0bb0789630b2581ec9aecae39c",
    "short, careful": "2a19f9de506853bcef56506532c259f9b11bd5cf9afde0bca5b406852e887b47",
    "long, 7": "b6ab34832bcfb8e7f333b970d8ec62b10ee897c45d87d808444de0a015e0ae6e",
    "random": "b08b6bae022a6ea4b1128ca3f16758523d8aa5e5a6ac05aea375fec269c6b76d",
    "random, 9": "effce2db676cc4572e3a9593f724c54973f133fa0b27f99196e5917df1a72fa1",
}


def test_the_draws(catalog, post):
    persons = {
        "full": full_persons(catalog),
        "sparse": sparse_persons(catalog),
        "sparse, all counts": sparse_persons(post, 7, (0, 35), (0, 6), 3, noise=0.75),
        "short, 1000": short_forms(catalog, 1000),
        "short, careful": short_forms(post, 3, 0.25),
        "long, 7": long_forms(catalog, 7),
        "random": random_profiles(500),
        "random, 9": random_profiles(1000, seed=9),
    }
    digests = {
        name: hashlib.sha256(np.ascontiguousarray(rows).tobytes()).hexdigest()
        for name, rows in persons.items()
    }
    assert digests == DRAWN


@pytest.mark.parametrize(
    ("make", "form"),
    [
        (lambda catalog: short_forms(catalog, 1), SHORT_FORM),
        (lambda catalog: long_forms(catalog, 1), LONG_FORM),
        (lambda catalog: random_profiles(894, 1), SHORT_FORM),
        (
            lambda catalog: sparse_persons(catalog),
            {"n_skills": (4, 4), "n_interests": (2, 2), "n_values": (2, 2)},
        ),
    ],
)
def test_each_names_as_many_as_its_form_asks(make, form, catalog):
    persons = make(catalog)
    for block, (low, high) in zip(
        ("skills", "interests", "work values"), form.values(), strict=True
    ):
        stated = (persons[:, BLOCKS[block]] > 0).sum(axis=1)
        if block == "work values":
            stated = stated[~np.isnan(catalog.work_values).any(axis=1)]
        assert (stated.min(), stated.max()) == (low, high), block
    assert (persons[:, : SLOT["Wage"]] <= 1).all()
    assert (persons[:, SLOT["Wage"] :] == [0, 0, 1]).all()


def test_the_highest_are_named(catalog):
    named = sparse_persons(catalog)[:, BLOCKS["skills"]] > 0
    importance = catalog.skill_importance
    lowest_named = np.where(named, importance, np.inf).min(axis=1)
    assert (np.where(named, -np.inf, importance).max(axis=1) <= lowest_named).all()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"seed": -1}, "seed is -1"),
        ({"seed": 1.5}, "seed is 1.5"),
        ({"noise": -0.1}, "noise is -0.1"),
        ({"noise": float("nan")}, "noise is nan"),
        ({"n_skills": 36}, "36 of 35"),
        ({"n_values": (3, 2)}, "(3, 2) of 6"),
    ],
)
def test_what_cannot_be_drawn(arguments, words, catalog, refusal):
    assert words in refusal(sparse_persons, catalog, **arguments)


def test_a_number_of_people_is_a_whole_number(refusal):
    assert "n is 2.5" in refusal(random_profiles, 2.5)
