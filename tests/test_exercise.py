"""`check`, then every exercise with the answers of tests/answers (its README.md has the form)."""

import ast
import re
import tomllib
from contextlib import suppress
from pathlib import Path
from pickle import PicklingError, dumps

import nbformat
import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

from careerlib.exercise import check
from careerlib.project import NOTEBOOKS

ANSWERS = sorted(Path(__file__).with_name("answers").glob("*.toml"))
DATA = np.ndarray | pd.DataFrame | pd.Series | BaseEstimator | list | dict | set | float | str


def said(capsys, *arguments, **options):
    check(*arguments, **options)
    return capsys.readouterr().out.strip()


@pytest.mark.parametrize(("answer", "right"), [
    (0.94833, 0.948333333), (0.948, 0.948333), (0.95, 0.948333), ("94.8%", 0.948333),
    ("90.0%", 0.90039), ("94.8 %", 0.948333), (94.8, 0.948333), ("0.948", 0.948333),
    (np.float64(0.948333), 0.948333),
    (7, 7.0), (np.int64(7), 7), ("1,234", 1234), ("1,234.5", 1234.5), (-0.35, -0.3544),
    (0.5, 0.5), (0, 0.0), (" social  skills", "Social Skills"), (True, True), (np.True_, True),
    ("63,200", 63_191.9), (["a", "b"], ("A", "B")), ({"b", "a"}, ["a", "b"]), ({2, 1}, {1, 2}),
    (pd.Series([0.5, 0.33]), np.array([0.5, 1 / 3])), (0.9, lambda: 0.9),
])  # fmt: skip
def test_a_right_answer_may_be_written_or_rounded_in_another_way(answer, right, capsys):
    assert said(capsys, answer, right).startswith("Right: ")


@pytest.mark.parametrize(("answer", "right"), [
    (0.9, 0.948333), (0.94, 0.948333), (1, 0.948333), ("x", 0.5), (95.3, 0.948), (True, 1.5),
    (8, 7), (63_000, 63_191), (np.nan, 0.5), ([1, 2], [1, 2, 3]), ([1, 2], 1), (True, False),
    ("a", "b"), ("", "a"), (0.0, 0.003), ("50%", 50.0),
])  # fmt: skip
def test_a_wrong_answer_gets_the_hint(answer, right, capsys):
    told = said(capsys, answer, right, "look at the ends")
    assert told.endswith("is not it. Hint: look at the ends")


def test_a_slip_is_named_and_costs_nothing_before_there_is_an_answer(capsys):
    slips = {"that is without clipping": lambda: 0.25}
    assert said(capsys, 0.25, 0.5, "clip", slips) == (
        "0.25 is not it: that is without clipping. Hint: clip"
    )
    assert said(capsys, None, lambda: 1 / 0, "clip", {"x": lambda: 1 / 0}).startswith("Your turn")


def typed(line, exercise, checking, scope, capsys):
    """The last words of an exercise with this code in place of its line `answer = None`."""
    if "\n" not in line and not line.startswith("answer ="):
        line = f"answer = ({line})"
    source, n = re.subn(r"^answer = None.*\Z", lambda _: line, exercise.source, flags=re.M)
    assert n == 1, exercise.source
    capsys.readouterr()
    exec(f"{source}\n\n{checking.source}", scope)
    return capsys.readouterr().out.strip().splitlines()


def state(names):
    """Hashes of the data that cells have made; what holds functions or plots has none."""
    hashes = {}
    for name, value in names.items():
        if isinstance(value, DATA) and getattr(value, "dtype", None) is not np.dtype(object):
            with suppress(PicklingError, TypeError, AttributeError, RecursionError):
                hashes[name] = hash(dumps(value))
    return hashes


# seaborn's, of Matplotlib; what a notebook itself shows of warnings, nbval sees.
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::PendingDeprecationWarning")
@pytest.mark.parametrize("answers", ANSWERS, ids=lambda path: path.stem)
def test_the_exercises_take_right_answers_and_no_wrong_ones(answers, names, capsys):
    (path,) = NOTEBOOKS.glob(f"{answers.stem}_*.ipynb")
    tried = tomllib.loads(answers.read_text("utf-8"))
    left_out = ["colab", *tried.pop("left_out", [])]
    cells = nbformat.read(path, 4).cells
    exercises = [cell for cell in cells if "exercise" in cell.metadata.get("tags", [])]
    assert [cell.id for cell in exercises] == [*tried]
    assert {*left_out} <= {cell.id for cell in cells}
    for n, cell in enumerate(cells):
        if cell.cell_type == "code" and cell not in exercises and cell.id not in left_out:
            with suppress(Exception):  # it builds on a cell that is left out
                exec(cell.source, names)
        elif cell in exercises:
            checking, folded = cells[n + 1], cells[n + 2]
            assert {"check", "hide-input"} <= set(checking.metadata["tags"])
            (solution,) = re.findall(r"<details>.*```python\n(.*?)```", folded.source, re.S)
            before, scope = state(names), dict(names)
            *printed, last = typed(solution, cell, checking, scope, capsys)
            assert printed and last.startswith("Right: "), last
            changed = before.items() - state(scope).items()
            assert not {name for name, _ in changed} - {"answer"}, "it changes earlier names"
            right, wrong = tried[cell.id]["right"], tried[cell.id]["wrong"]
            assert len(right) >= 2 and len(wrong) >= 3
            for line in right:
                said = typed(line, cell, checking, dict(names), capsys)
                assert said[-1].startswith("Right: "), (line, said)
            told = [typed(line, cell, checking, dict(names), capsys)[-1] for line in wrong]
            assert all(" is not it" in words and "Hint: " in words for words in told), told
            nodes = ast.walk(ast.parse(checking.source))
            (slips,) = [node.value.keys for node in nodes if getattr(node, "arg", "") == "slips"]
            assert all(ast.literal_eval(slip) in " ".join(told) for slip in slips), told
            exec(cell.source, names)
