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


class CareerlibError(ValueError):
    """A mistake in the input, told in one sentence; IPython shows it without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [f"{type(self).__name__}: {self}"]


@contextmanager
def told(what: str, do: str, *kinds: type[Exception], raised: type = CareerlibError) -> Iterator:
    """Turns an error of these kinds into one sentence: what failed (why); what to do."""
    try:
        yield
    except kinds as error:
        kind = "" if isinstance(error, CareerlibError) else f"{type(error).__name__}: "
        why = shorten(f"{kind}{error}".rstrip(".: "), 200, placeholder="...")
        raise raised(f"{what} ({why}); {do}.") from error


@lru_cache(2**15)
def words(name: str) -> tuple[str, ...]:
    """The words of a name: small letters, singular, without apostrophes and without "and"."""
    name = re.sub("['\u2019]", "", name.casefold())
    for plural, singular in (r"ies\b", "y"), (r"(ch|sh|ss|x)es\b", r"\1"), (r"([^\Wsu])s\b", r"\1"):
        name = re.sub(plural, singular, name)
    return tuple(word for word in re.findall(r"\w+", name) if word != "and")


def nearest(name: object, valid: Iterable[str], count: int = 3) -> str:
    """Phrase for the end of a message: "did you mean A, B or C?", or else the valid names.

    Near are those with a word that begins so ("Teaching", "Teachers"), else with similar letters.
    """
    names, name = {str(one).casefold(): str(one) for one in valid}, plain(name)[:60].casefold()
    said, found = words(name), {}
    starts = [word[: max(4, len(word) - 3)] for word in said]
    for entry in names:
        own = words(entry)
        begun = sum(any(word.startswith(start) for word in own) for start in starts)
        if begun:
            similar = SequenceMatcher(None, name, entry).ratio()
            found[entry] = len({*said} & {*own}), begun, similar
    best = sorted(found, key=found.get, reverse=True) or get_close_matches(name, names, count, 0.55)
    if best:
        return f"did you mean {listed(names[entry] for entry in best[:count])}?"
    some = [*names.values()]
    return f"valid names are {'; '.join(some if len(some) < 60 else [*some[:5], '…'])}."


def listed(names: Iterable[str]) -> str:
    """The names in a sentence: "A, B or C"; "A; B or C" where one has a comma."""
    *others, last = names
    gap = "; " if "," in "".join([*others, last]) else ", "
    return f"{gap.join(others)} or {last}" if others else last


def quoted(value: Any, longest: int = 40) -> str:
    """The value for a message: printable, and not much longer than `longest`."""
    limits = Repr()
    limits.maxlevel = limits.maxdict = limits.maxlist = limits.maxtuple = limits.maxset = 1
    limits.maxstring = limits.maxother = limits.maxlong = longest
    try:
        text = limits.repr(value.item() if hasattr(value, "item") else value)
        return " ".join(text.split()) if "\n" in text else text
    except ValueError:  # a number of thousands of digits, or an array
        return f"a long {type(value).__name__}"


def plain(value: Any) -> str:
    """A text as it is, anything else as in a message: short, however large or deep it is."""
    return value if isinstance(value, str) else quoted(value)


def check_whole(name: str, value: Any, low: int, high: int, why: str) -> None:
    """Raise CareerlibError unless value is a whole number, low to high. why: what the number is."""
    if isinstance(value, bool) or not isinstance(value, Integral) or not low <= int(value) <= high:
        given = quoted(value)
        raise CareerlibError(f"{name} is {given}, not a whole number from {low} to {high}; {why}.")
