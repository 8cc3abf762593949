"""The one kind of error a reader meets: a sentence that says what is wrong and what to do."""

from collections.abc import Iterable
from difflib import get_close_matches
from numbers import Integral
from typing import Any


class CareerlibError(ValueError):
    """A mistake in the input, told in one sentence.

    The message says what is wrong, where, and what to do. IPython shows the message
    alone, without a traceback, because the mistake is not in the code.
    """

    def _render_traceback_(self) -> list[str]:
        return [f"{type(self).__name__}: {self}"]


def nearest(name: object, valid: Iterable[str], count: int = 3) -> str:
    """Phrase that names the entries of `valid` closest to `name`, for the end of a message.

    Returns "did you mean A, B or C?" for close matches (letter case ignored), and
    otherwise a list of all valid names, cut after twelve.
    """
    valid = [str(entry) for entry in valid]
    by_folded = {entry.casefold(): entry for entry in valid}
    close = get_close_matches(str(name).casefold(), by_folded, n=count, cutoff=0.55)
    if close:
        return f"did you mean {_alternatives([by_folded[entry] for entry in close])}?"
    shown = ", ".join(valid[:12])
    return f"valid names are {shown}{' and so on' if len(valid) > 12 else ''}."


def _alternatives(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def check_whole(name: str, value: Any, low: int, high: int, why: str) -> None:
    """Raise CareerlibError unless the value is a whole number from `low` to `high`.

    why: what the number is, for the end of the sentence.
    """
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    if not whole or not low <= value <= high:
        shown = repr(value)
        shown = shown if len(shown) <= 40 else f"{shown[:37]}..."
        raise CareerlibError(f"{name} is {shown}, not a whole number from {low} to {high}; {why}.")
