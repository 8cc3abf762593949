"""Occupation titles in running text: which occupations of the catalog does a text name?"""

import re
from dataclasses import dataclass
from functools import cache

from careerlib.catalog import Catalog

# Everyday words that are titles too: they count only with a capital within a sentence.
EVERYDAY = {"models", "helpers", "editors", "actors", "tellers", "riggers", "tapers", "fallers"}
SHORTEST_PART = 2  # words; "Technologists" alone is no title
IRREGULAR = {"midwives": "midwife", "clergy": "clergy", "nannies": "nanny", "orderlies": "orderly"}


@dataclass(frozen=True)
class Naming:
    """A title found in a text: the titles it may stand for, and where."""

    titles: frozenset[str]
    start: int
    end: int


class Titles:
    """Finds the titles of a catalog in texts, in singular and plural.

    A long title is also found by its parts: "Mechanical Engineering Technologists" for
    "Mechanical Engineering Technologists and Technicians". Where titles overlap, the longest
    counts: a "Physical Therapist Assistant" is no Physical Therapist.
    """

    def __init__(self, titles: list[str]):
        self._titles_of: dict[str, set[str]] = {}
        for title in titles:
            for form in _forms(title):
                self._titles_of.setdefault(form, set()).add(title)
        # One pass over the words instead of a thousand patterns: forms by their first word.
        self._by_first: dict[str, list[tuple[str, ...]]] = {}
        for form in self._titles_of:
            words = tuple(form.split())
            self._by_first.setdefault(words[0], []).append(words)
        for candidates in self._by_first.values():
            candidates.sort(key=len, reverse=True)

    def find(self, text: str) -> list[Naming]:
        """The titles named in a text, in order, without overlaps."""
        tokens = list(re.finditer(r"[\w'\u2019]+", text))
        folded = [token[0].casefold().replace("\u2019", "'") for token in tokens]
        found, place = [], 0
        while place < len(tokens):
            words = self._longest(folded, place)
            if words and not _is_everyday(words, text, tokens[place].start()):
                start, end = tokens[place].start(), tokens[place + len(words) - 1].end()
                found.append(Naming(frozenset(self._titles_of[" ".join(words)]), start, end))
                place += len(words)
            else:
                place += 1
        return found

    def others(self, text: str, own: str) -> list[tuple[str, str]]:
        """(words, title) of each occupation that a text names besides `own`."""
        return [
            (text[naming.start : naming.end], min(naming.titles))
            for naming in self.find(text)
            if own not in naming.titles
        ]

    def without_own(self, text: str, own: str) -> str:
        """The text with each mention of `own` blanked out, same length."""
        for naming in self.find(text):
            if own in naming.titles:
                blank = "_" * (naming.end - naming.start)
                text = text[: naming.start] + blank + text[naming.end :]
        return text

    def _longest(self, folded: list[str], place: int) -> tuple[str, ...] | None:
        for words in self._by_first.get(folded[place], ()):
            if tuple(folded[place : place + len(words)]) == words:
                return words
        return None


@cache
def _titles_of(titles: tuple[str, ...]) -> Titles:
    return Titles(list(titles))


def titles_of(catalog: Catalog) -> Titles:
    """The finder for a catalog, made once."""
    return _titles_of(tuple(catalog.titles))


def _forms(title: str) -> set[str]:
    """The title and its parts, each in plural and singular, as words in lower case."""
    parts = {title}
    head = re.split(r", (?:Except|Including|All Other)\b", title)[0]
    parts.add(head)
    for part in re.split(r", | and |/|--", head):
        part = re.sub(r"^and ", "", part)
        if len(_words(part)) >= SHORTEST_PART and re.search(r"s$|men$|Clergy$", part):
            parts.add(part)
    # "Mechanical Engineering Technologists and Technicians" are two kinds of the same.
    if pair := re.fullmatch(r"(\S.* )(\S+s) and (\S+s)", head):
        parts.add(pair[1] + pair[3])
    forms = set()
    for part in parts:
        words = _words(part)
        if words:
            plurals = _plurals(part)
            forms.add(" ".join(words))
            forms.add(" ".join([*words[:-1], _singular(words[-1])]))
            forms.add(" ".join(_singular(word) if word in plurals else word for word in words))
    return forms


def _words(text: str) -> list[str]:
    return re.findall(r"[\w']+", text.casefold())


def _plurals(title: str) -> set[str]:
    """The last word of each part of a title: what becomes singular in "a nurse or midwife"."""
    return {words[-1] for part in re.split(r", | and ", title) if (words := _words(part))}


def _singular(word: str) -> str:
    if word in IRREGULAR:
        return IRREGULAR[word]
    if word.endswith("ies"):
        return word[:-3] + "y"
    if re.search(r"(?:ss|sh|ch|x)es$", word):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "ics")) else word


def _is_everyday(words: tuple[str, ...], text: str, start: int) -> bool:
    if len(words) > 1 or words[0] not in EVERYDAY | {_singular(word) for word in EVERYDAY}:
        return False
    begins_sentence = not text[:start].strip() or text[:start].rstrip()[-1:] in ".!?"
    return not text[start].isupper() or begins_sentence
