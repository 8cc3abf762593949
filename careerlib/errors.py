"""The one kind of error a reader meets: a sentence that says what is wrong and what to do."""

from collections.abc import Iterable
from difflib import get_close_matches
from numbers import Integral
from reprlib import Repr
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

    Returns "did you mean A, B or C?" for close matches (letter case ignored) or else names that
    contain it, and otherwise a list of all valid names, cut after twelve.
    """
    valid = [str(entry) for entry in valid]
    by_folded = {entry.casefold(): entry for entry in valid}
    name = str(name).casefold()
    close = get_close_matches(name, by_folded, n=count, cutoff=0.55)
    # One word of a long name does not look like it to difflib.
    close = close or [entry for entry in by_folded if name.strip() and name in entry][:count]
    if close:
        *others, last = [by_folded[entry] for entry in close]
        return f"did you mean {', '.join(others)}{' or ' * bool(others)}{last}?"
    shown = ", ".join(valid[:12])
    return f"valid names are {shown}{' and so on' if len(valid) > 12 else ''}."


def quoted(value: Any, longest: int = 40) -> str:
    """The value for a message: printable, and not much longer than `longest`."""
    limits = Repr()
    limits.maxlevel = limits.maxdict = limits.maxlist = limits.maxtuple = limits.maxset = 1
    limits.maxstring = limits.maxother = limits.maxlong = longest
    try:
        return limits.repr(value.item() if hasattr(value, "item") else value)
    except ValueError:  # a number of thousands of digits, or an array
        return f"a long {type(value).__name__}"


def check_whole(name: str, value: Any, low: int, high: int, why: str) -> None:
    """Raise CareerlibError unless the value is a whole number from `low` to `high`.

    why: what the number is, for the end of the sentence.
    """
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    if not whole or not low <= value <= high:
        given = quoted(value)
        raise CareerlibError(f"{name} is {given}, not a whole number from {low} to {high}; {why}.")
