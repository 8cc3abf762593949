"""The one kind of error a reader meets: a sentence that says what is wrong and what to do."""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches
from functools import lru_cache
from numbers import Integral
from reprlib import Repr
from typing import Any

ENDING = re.compile("(ational|ations?|ions?|ings?|ers?|ors?|ments?|als?|ics|ies|es|s|e|y)$")


class CareerlibError(ValueError):
    """A mistake in the input, told in one sentence; IPython shows it without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [f"{type(self).__name__}: {self}"]


@lru_cache(2**15)
def words(name: str) -> tuple[str, ...]:
    """The words of a name in small letters, without apostrophes and without "and"."""
    found = re.findall(r"\w+", re.sub("['\u2019]", "", name.casefold()))
    return tuple(word for word in found if word != "and")


def nearest(name: object, valid: Iterable[str], count: int = 3) -> str:
    """Phrase for the end of a message: "did you mean A, B or C?", or else the valid names.

    Near are those with its initials ("CPS", "S"), or in common with it whole words, stems
    ("Teaching", "Teachers") or beginnings of words ("math"); if there are none, those with similar
    letters.
    """
    name, by_folded, found = (
        str(name)[:60].casefold(),
        {str(v).casefold(): str(v) for v in valid},
        {},
    )
    said = words(name)
    letters, stems = "".join(said), [ENDING.sub("", word) for word in said if len(word) > 2]
    for entry in by_folded:
        own = words(entry)
        roots, first = [ENDING.sub("", word) for word in own], "".join(word[0] for word in own)
        initials, whole = 0 < len(letters) < 4 and first.startswith(letters), {*said} & {*own}
        begun = [one for one in stems if one in roots or len(one) > 3 and f" {one}" in f" {entry}"]
        if whole or initials or begun:
            similar = SequenceMatcher(None, name, entry).ratio()
            found[entry] = len(whole), initials, len(begun), similar
    best = sorted(found, key=found.get, reverse=True)
    best = best or get_close_matches(name, by_folded, count, cutoff=0.55)
    if best:
        return f"did you mean {listed(by_folded[entry] for entry in best[:count])}?"
    names = [*by_folded.values()]
    return f"valid names are {'; '.join(names if len(names) < 60 else [*names[:5], '…'])}."


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
        return limits.repr(value.item() if hasattr(value, "item") else value)
    except ValueError:  # a number of thousands of digits, or an array
        return f"a long {type(value).__name__}"


def check_whole(name: str, value: Any, low: int, high: int, why: str) -> None:
    """Raise CareerlibError unless value is a whole number, low to high. why: what the number is."""
    if isinstance(value, bool) or not isinstance(value, Integral) or not low <= int(value) <= high:
        given = quoted(value)
        raise CareerlibError(f"{name} is {given}, not a whole number from {low} to {high}; {why}.")
