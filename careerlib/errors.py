"""The one kind of error a reader meets: a sentence that says what is wrong and what to do."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import SequenceMatcher, get_close_matches
from functools import lru_cache
from numbers import Integral
from reprlib import Repr
from textwrap import shorten
from typing import Any

BRIEF = Repr()
BRIEF.maxlevel, BRIEF.maxstring, BRIEF.maxother = 1, 60, 60


class CareerlibError(ValueError):
    """A mistake in the input, told in one sentence; IPython shows it without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [f"{type(self).__name__}: {self}"]


@contextmanager
def told(what: str, do: str, *kinds: type[Exception]) -> Iterator:
    """Turns an error of these kinds into one sentence: what failed (why); what to do."""
    try:
        yield
    except kinds as error:
        kind = "" if isinstance(error, CareerlibError) else f"{type(error).__name__}: "
        why = shorten(f"{kind}{error}".rstrip(".: "), 200, placeholder="...")
        raise CareerlibError(f"{what} ({''.join(filter(str.isprintable, why))}); {do}.") from error


@lru_cache(2**15)
def words(name: str) -> tuple[str, ...]:
    """Those of "Marketing Manager" as of "Managers, Marketing": small, singular and sorted."""
    name = re.sub("['\u2019]", "", name.casefold())
    for plural, singular in (r"ies\b", "y"), (r"(ch|sh|ss|x)es\b", r"\1"), (r"([^\Wsu])s\b", r"\1"):
        name = re.sub(plural, singular, name)
    return tuple(sorted(word for word in re.findall(r"\w+", name) if word != "and"))


def nearest(name: object, valid: Iterable[str], count: int = 3) -> str:
    """The end of a message: "did you mean A or B?", or else the valid names. Near are those with a
    word that begins so ("Teaching", "Teachers"), else with similar letters."""
    names, name = {str(one).casefold(): str(one) for one in valid}, str(name)[:60].casefold()
    starts, found = [word[: max(4, len(word) - 3)] for word in words(name)], {}
    for entry in names:
        own = words(entry)
        if begun := sum(any(word.startswith(start) for word in own) for start in starts):
            found[entry] = begun, SequenceMatcher(None, name, entry).ratio()
    best = sorted(found, key=found.get, reverse=True) or get_close_matches(name, names, count, 0.55)
    if best:
        return f"did you mean {' or '.join(names[entry] for entry in best[:count])}?"
    some = [*names.values()]
    return f"valid names are {'; '.join(some if len(some) < 60 else [*some[:5], '…'])}."


def quoted(value: Any) -> str:
    """The value for a message: printable, and short, however large or deep it is."""
    try:
        return " ".join(BRIEF.repr(value.item() if hasattr(value, "item") else value).split())
    except ValueError:  # a number of thousands of digits, or an array
        return f"a long {type(value).__name__}"


def check_whole(name: str, value: Any, low: int, high: int, why: str) -> None:
    """Raise CareerlibError unless value is a whole number, low to high. why: what the number is."""
    if isinstance(value, bool) or not isinstance(value, Integral) or not low <= int(value) <= high:
        given = quoted(value)
        raise CareerlibError(f"{name} is {given}, not a whole number from {low} to {high}; {why}.")
