"""`check` ends an exercise: is the answer right, and if not, what would it be right for?"""

import re
from collections.abc import Collection, Mapping
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd


def check(answer: Any, right: Any, hint: str = "", slips: Mapping[str, Any] | None = None) -> None:
    """Print what is to be said of the answer, which is None as long as there is none.

    right: a number, a text, True or False, or several of them in a list, array, set or table.
    slips: what a mistake gives, by the words for it: {"that is with all of them": 0.31}. `right`
    and each slip may be a function without arguments, which is called when there is an answer.
    An answer may be rounded to two digits or more, be in percent, or be written as text.
    """
    if answer is None:
        print("Your turn: put your answer in place of None.")
    elif _same(answer, right := _value(right)):
        print(f"Right: {_shown(right)}")
    else:
        slip = next((words for words, wrong in (slips or {}).items() if _same(answer, wrong)), "")
        told = [f"{_shown(answer)} is not it"] + [slip] * bool(slip)
        print(f"{': '.join(told)}.", f"Hint: {hint}" * bool(hint))


def _value(given: Any) -> Any:
    return given() if callable(given) else given


def _same(answer: Any, right: Any) -> bool:
    answer, right = _plain(_value(answer)), _plain(_value(right))
    if isinstance(right, float) and isinstance(answer, float | str):
        return _near(answer, right)
    if isinstance(right, list) and isinstance(answer, list):
        return len(answer) == len(right) and all(map(_same, answer, right))
    return type(answer) is type(right) and answer == right


def _plain(given: Any) -> Any:
    """Numbers as float, texts without case and spacing, everything that has parts as a list."""
    if isinstance(given, pd.DataFrame | pd.Series | pd.Index | np.ndarray | np.generic):
        given = getattr(given, "to_numpy", lambda: given)().tolist()
    if isinstance(given, set | frozenset):
        return sorted(map(_plain, given), key=str)
    if isinstance(given, str):
        return " ".join(given.split()).casefold()
    if isinstance(given, Collection):
        return [_plain(part) for part in given]
    return float(given) if isinstance(given, Real) and not isinstance(given, bool) else given


def _near(answer: float | str, right: float) -> bool:
    """Equal, or equal to `right` as rounded to the digits that the answer has; in percent too."""
    found = re.fullmatch(r"([+-]?[\d,]*\.?\d+(?:e[+-]?\d+)?) ?(%?)", str(answer))
    if not found:
        return False
    number = Decimal(found[1].replace(",", ""))
    percent = [True] if found[2] else [False, True] if abs(right) <= 1 < abs(number) else [False]
    wanted = [100 * right if of_hundred else right for of_hundred in percent]
    written = number.normalize().as_tuple()
    digits = -int(written.exponent) if right % 1 else max(0, -int(written.exponent))
    rounded = float(number) in [round(each, digits) for each in wanted]
    exact = np.isclose(float(number), wanted, rtol=1e-6, atol=1e-9).any()
    if isinstance(answer, str):  # where a last 0 is a digit, too
        written = number.as_tuple()
    return bool(exact or (rounded and len(written.digits) >= 2))


def _shown(value: Any) -> str:
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return " ".join(text.split())[:200]
