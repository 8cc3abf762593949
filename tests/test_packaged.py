"""Shown, then packaged: what a cell defines and careerlib has too gives the same results."""

import ast
import random
from functools import cache
from importlib import import_module

import nbformat
import numpy as np
import pandas as pd
import pytest

from careerlib.catalog import load_catalog
from careerlib.encoding import encode_occupations
from careerlib.explain import answer, facts
from careerlib.persons import short_forms
from careerlib.profile import SARAH
from careerlib.project import NOTEBOOKS
from careerlib.synthetic import SHARES
from careerlib.training import post_model

RNG = np.random.default_rng(0)
SCORES = RNG.integers(-4, 4, (30, 60)) / 3  # many ties
SHOWN = np.where(RNG.random((30, 12)) < 0.1, -1, RNG.integers(0, 60, (30, 12)))
RELEVANT = RNG.random((30, 60)) < 0.1
VALUES = np.where(RNG.random(60) < 0.1, np.nan, RNG.random(60))


@cache
def catalog():
    return load_catalog()


def persons_of_every_type(make_person):
    vectors = encode_occupations(load_catalog("post"))
    N, R = np.random.RandomState(7), random.Random(7)
    return [make_person(kind, vectors[row], vectors, N, R) for kind in SHARES for row in range(9)]


# How each function is tried: it takes the function and returns what is compared.
TRIALS = {
    "cosine": lambda f: f(np.vstack([RNG_ROWS, np.zeros(50)]), np.ones((7, 50))),
    "make_person": persons_of_every_type,
    "logistic_regression": lambda f: str(f(3).get_params()),
    "confidence": lambda f: [f(p) for p in np.linspace(0, 1, 201)],
    "fold": lambda f: np.hstack([*vars(f(post_model())).values()]),
    "ranked": lambda f: f(SCORES, np.arange(30), 12),
    "recall_at_k": lambda f: [f(SHOWN, RELEVANT, k) for k in (1, 5, 12)],
    "group_bootstrap": lambda f: f(VALUES, np.arange(60) % 7, 300, 5),
    "scale": lambda f: np.concatenate(f(catalog())),
    "statements": lambda f: f(short_forms(catalog(), 1), np.zeros(47), np.ones(47)),
    "training_forms": lambda f: np.vstack(f(catalog(), 3)),
    "correlation": lambda f: f(np.vstack([RNG_ROWS, np.zeros(50)]), RNG_ROWS),
    "targets": lambda f: f(catalog(), np.arange(len(catalog())) % 3 > 0),
    "answer_model": lambda f: str(f(sarahs_facts()).model_json_schema()),
    "broken_rule": lambda f: [bool(f(words, answer.names_of(catalog()))) for words in WORDS],
}
RNG_ROWS = RNG.random((6, 50))
WORDS = ["You would like it here a lot.", "You earn 5 more than others.", "<b>You</b>", "",
         "You have Writing and that helps here.", "Your {name} would open doors here."]  # fmt: skip


@cache
def sarahs_facts():
    return facts.gather(SARAH, catalog(), [7])[0]


def packaged():
    for path in sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb")):
        cells = [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
        own = [cell.source for cell in cells if "packaged" in cell.metadata.get("tags", [])]
        names = [n.name for s in own for n in ast.parse(s).body if isinstance(n, ast.FunctionDef)]
        for name in names:
            yield pytest.param(cells[0].source, own, name, id=f"{path.stem[:2]}-{name}")


MODULES = [import_module(f"careerlib.{name}") for name in (
    "encoding", "synthetic", "training", "evaluation", "matching", "explain.answer",
)]  # fmt: skip


@pytest.mark.parametrize(("imports", "cells", "name"), list(packaged()))
def test_the_cell_gives_what_the_package_gives(imports, cells, name):
    space = {"__name__": "notebook"}
    for source in (imports, *cells):
        exec(source, space)
    theirs = next(getattr(module, name) for module in MODULES if hasattr(module, name))
    assert space[name] is not theirs
    shown, expected = TRIALS[name](space[name]), TRIALS[name](theirs)
    if isinstance(expected, str):
        assert shown == expected
    elif isinstance(expected[0], str):
        assert list(shown) == list(expected)
    else:
        np.testing.assert_allclose(
            pd.DataFrame(np.atleast_2d(shown)), pd.DataFrame(np.atleast_2d(expected)),
            rtol=0, atol=1e-9,
        )  # fmt: skip
