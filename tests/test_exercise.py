"""`check`: right answers however they are written, and what it says of wrong ones."""

import numpy as np
import pandas as pd
import pytest

from careerlib.exercise import check


def said(capsys, *arguments, **options):
    check(*arguments, **options)
    return capsys.readouterr().out.strip()


@pytest.mark.parametrize(("answer", "right"), [
    (0.94833, 0.948333333), (0.948, 0.948333), (0.95, 0.948333), ("94.8%", 0.948333),
    ("94.8 %", 0.948333), (94.8, 0.948333), ("0.948", 0.948333), (np.float64(0.948333), 0.948333),
    (7, 7.0), (np.int64(7), 7), ("1,234", 1234), ("1,234.5", 1234.5), (-0.35, -0.3544),
    (0.5, 0.5), (0, 0.0), (" social  skills", "Social Skills"), (True, True), (np.True_, True),
    (["a", "b"], ("A", "B")), (pd.Series([0.5, 0.33]), np.array([0.5, 1 / 3])),
    ({"b", "a"}, ["a", "b"]), ({2, 1}, {1, 2}), (0.9, lambda: 0.9),
])  # fmt: skip
def test_a_right_answer_may_be_written_or_rounded_in_another_way(answer, right, capsys):
    assert said(capsys, answer, right).startswith("Right: ")


@pytest.mark.parametrize(("answer", "right"), [
    (0.9, 0.948333), (0.94, 0.948333), (1, 0.948333), ("x", 0.5), (95.3, 0.948), (True, 1.5),
    (8, 7), (np.nan, 0.5), ([1, 2], [1, 2, 3]), ([1, 2], 1), (True, False), ("a", "b"), ("", "a"),
    (0.0, 0.003), ("50%", 50.0),
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
