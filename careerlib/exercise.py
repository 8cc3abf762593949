"""`check` ends an exercise: is the answer right, and if not, what would it be right for?"""

import re
from collections.abc import Mapping
from decimal import Decimal
from math import isclose
from numbers import Real
from typing import Any

import numpy as np


def check(answer: Any, right: Any, hint: str = "", slips: Mapping[str, Any] | None = None) -> None:
    """Print what is to be said of the answer, which is None as long as there is none.

    right: a number, a text, True or False, or several of them in a list, array, set or table.
    slips: what a mistake gives, by the words for it: {"that is with all of them": 0.31}. `right`
    and each slip may be a function without arguments, which is called when there is an answer.
    An answer may be rounded to two digits or more, be in percent, or be written as text.
    """
    if answer is None:
        print("Your turn: put your answer in place of None.")
    elif _same(answer, right := right() if callable(right) else right):
        print(f"Right: {_shown(right)}")
    else:
        slip = next((words for words, wrong in (slips or {}).items() if _same(answer, wrong)), "")
        print(f"{_shown(answer)} is not it{': ' * bool(slip)}{slip}.", f"Hint: {hint}" * bool(hint))


def _same(answer: Any, right: Any) -> bool:
    answer, right = _plain(answer), _plain(right)
    if isinstance(right, float) and isinstance(answer, float | str):
        return _near(answer, right)
    if isinstance(right, list) and isinstance(answer, list):
        return len(answer) == len(right) and all(map(_same, answer, right))
    return type(answer) is type(right) and answer == right


def _plain(given: Any) -> Any:
    """Numbers as float, texts without case and spacing, everything that has parts as a list."""
    given = given() if callable(given) else given
    if isinstance(given, set | frozenset | dict):
        return sorted(map(_plain, given), key=str)
    if isinstance(given, str):
        return " ".join(given.split()).casefold()
    if not isinstance(given, list | tuple):
        given = np.asarray(given).tolist()  # of tables and arrays, and NumPy's own numbers
    if isinstance(given, list | tuple):
        return [_plain(part) for part in given]
    return float(given) if isinstance(given, Real) and not isinstance(given, bool) else given


def _near(answer: float | str, right: float) -> bool:
    """Equal, or equal to `right` as rounded to the digits that the answer has; in percent too."""
    found = re.fullmatch(r"([+-]?[\d,]*\.?\d+(?:e[+-]?\d+)?) ?(%?)", str(answer))
    if not found:
        return False
    number = Decimal(found[1].replace(",", ""))
    if isinstance(answer, float) or "." not in answer:  # else a 0 at its end is a digit
        number = number.normalize()
    _, digits, exponent = number.as_tuple()
    place = exponent if right % 1 else min(exponent, 0)  # a whole number is rounded to no tens
    half = Decimal("5.000001").scaleb(place - 1) if len(digits) > 1 else 0
    percent = [100] if found[2] else [1, 100] if abs(right) <= 1 < abs(number) else [1]
    wanted = [right * scale for scale in percent]
    return any(isclose(number, one, rel_tol=1e-6, abs_tol=max(half, 1e-9)) for one in wanted)


def _shown(value: Any) -> str:
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return " ".join(text.split())[:200]
