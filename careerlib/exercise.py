"""`check` ends an exercise: is the answer right, and if not, what would it be right for?"""

import re
from collections.abc import Collection, Mapping
from decimal import Decimal
from math import isclose
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
        print(f"{_shown(answer)} is not it{': ' * bool(slip)}{slip}.", f"Hint: {hint}" * bool(hint))


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
    written = Decimal(found[1].replace(",", ""))
    number, short = float(written), written.normalize().as_tuple()
    percent = [True] if found[2] else [False, True] if abs(right) <= 1 < abs(number) else [False]
    wanted = [100 * right if of_hundred else right for of_hundred in percent]
    # A 0 at the end of a text is a digit; a whole number is rounded to no tens.
    digits = len(written.as_tuple().digits if isinstance(answer, str) else short.digits)
    places = max(-int(short.exponent), -99 if right % 1 else 0)
    rounded = digits >= 2 and number in [round(each, places) for each in wanted]
    return rounded or any(isclose(number, each, rel_tol=1e-6, abs_tol=1e-9) for each in wanted)


def _shown(value: Any) -> str:
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return " ".join(text.split())[:200]
