"""From what people type to names and numbers: ratings, plain words, titles as they say them.

The functions raise ValueError with what is wrong, to be read after the name of a field.
"""

import csv
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache
from typing import Any

from careerlib.catalog import INTERESTS, KNOWLEDGE, SKILLS, WORK_VALUES, Catalog, load_catalog
from careerlib.errors import close, listed, quoted, words
from careerlib.project import DATA

BLOCKS = {
    "skills": SKILLS, "knowledge": KNOWLEDGE, "interests": INTERESTS, "work_values": WORK_VALUES,
}  # fmt: skip
RANKS = {"senior", "sr", "junior", "jr", "lead"}  # a title is looked up without them, too
MOST_NEAR = 5  # occupations or titles that a message suggests
MOST = 12  # mistakes that a message tells
# Only what everybody reads alike: 0100 and 90:00 are other numbers to some YAML readers.
DECIMAL = re.compile(r"[+-]?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
CODE = re.compile(r"(\W*[RIASEC]){1,6}\W*|[riasec]{1,3}")  # of interests: SEC, S-E-C, sec


def rated(
    given: Any, names: tuple[str, ...], highest: float, alone: float | None
) -> dict[str, float]:
    """{name: rating} in the order of the names, those with an empty rating left out.

    given: {name: rating}, with "scale" among the names where they are not out of `highest`; or
    names, as a list or with commas, that count as `alone`, or else by place: the highest, one
    less, … Of interests initials in a row will do.
    """
    ratings, scale = {}, highest
    if isinstance(given, str):
        letters = names == INTERESTS and CODE.fullmatch(given)
        given = re.findall(r"\w" if letters else r"[^,;]*[^,;\s][^,;]*", given)
    if isinstance(given, Mapping):
        scale = decimal(given.get("scale", highest), 1000, "scale ") or highest
        given = [{name: rating for name, rating in given.items() if name != "scale"}]
    if not isinstance(given, Iterable if alone else list | tuple):
        raise ValueError(f"is {quoted(given)} (give names, or a table of name: rating)")

    def pairs() -> Iterable[tuple[object, object]]:
        for place, entry in enumerate(given):
            by_place = [(entry, alone or max(highest - place, 1))]
            yield from entry.items() if isinstance(entry, Mapping) else by_place

    def rate(said: object, rating: object) -> None:
        if (name := official(said, names)) in ratings:
            raise ValueError(f"rates {name} twice")
        if not (rating is None or isinstance(rating, str) and not rating.strip()):
            number = decimal(rating, scale, f"{name} ", (10, 40, 100))
            ratings[name] = number if scale == highest else round(number * highest / scale, 2)

    each(pairs(), rate)
    return {name: ratings[name] for name in names if name in ratings}


def each(entries: Iterable[tuple], check: Callable[..., None]) -> None:
    """Call the check with each entry; one error tells what is wrong with all, names only once."""
    wrong: list[str] = []
    for entry in entries:
        try:
            check(*entry)
        except ValueError as error:
            wrong.append(str(error))
        if len(wrong) == MOST:
            break
    told = ", ".join(wrong)
    if lists := re.search(r" \(its names are [^)]*\)", told):
        told = told.replace(lists[0], "") + lists[0]
    if told:
        raise ValueError(told)


def decimal(given: object, highest: float, what: str = "", wider: Iterable[int] = ()) -> float:
    """The number 0 to `highest`, which may be text. wider: highest of other scales, to suggest."""
    text = quoted(given).strip("'")
    number = float(text) if DECIMAL.fullmatch(text) else -1
    if 0 <= number <= highest:
        return number
    more = [f"; add 'scale: {top}' if it is out of {top}" for top in wider if 0 <= number <= top]
    how = f"give a plain decimal number, 0 to {highest:,.0f}{''.join(more[:1])}"
    raise ValueError(f"{what}is {quoted(given)} ({how})")


def official(given: object, names: tuple[str, ...]) -> str:
    """The one of these names that is given, in whatever case, spacing and punctuation.

    An interest is known by its initial, too.
    """
    said = given if isinstance(given, str) else quoted(given)
    if name := _spellings(names).get(tuple(words(said))):
        return name
    raise ValueError(f"has no {quoted(given)} ({hint(said[:60], names)})")


@cache
def _spellings(names: tuple[str, ...]) -> dict[tuple[str, ...], str]:
    initials = {(name[0].lower(),): name for name in names} if names == INTERESTS else {}
    return initials | {tuple(words(name)): name for name in names}


def hint(said: str, names: tuple[str, ...]) -> str:
    """Which names may be meant, also by a plain word, also of other blocks; or else all names."""
    there = []
    for block, others in BLOCKS.items():
        same = [name for name in others if words(name) == words(said)]
        if names in BLOCKS.values() and others != names and (found := same or meant(said, others)):
            there.append(f"{block} has {listed(found)}")
    near = meant(said, names) or ([] if there else close(said, names))
    hints = [f"did you mean {listed(near)}?"] if near else []
    return " ".join([*hints, ", ".join(there)]).strip() or f"its names are {'; '.join(names)}"


def meant(said: str, names: Iterable[str]) -> list[str]:
    """Those of the names that plain_words.csv gives for the word."""
    return [name for name in plain_words().get(_key(said), []) if name in names]


@cache
def plain_words() -> dict[tuple[str, ...], list[str]]:
    """{key of a plain word: the names that it may stand for, or an unrated occupation's code}."""
    with (DATA / "plain_words.csv").open(encoding="utf-8") as file:
        return {_key(row["word"]): row["names"].split("; ") for row in csv.DictReader(file)}


def _key(said: str) -> tuple[str, ...]:
    """The words in the singular, in any order: "Managers, Marketing" is "Marketing Manager"."""
    return tuple(sorted(map(_singular, words(said))))


@lru_cache(2**14)
def _singular(word: str) -> str:
    for ending, short in (("ies", "y"), ("(ch|sh|ss|x)es", r"\1"), ("([^su])s", r"\1")):
        word = re.sub(f"{ending}$", short, word)
    return word


def occupation_code(said: object) -> str:
    """The O*NET-SOC code of the rated occupation with this title, as O*NET or people say it.

    A code will do, too; "" for nothing said. ValueError where several occupations have the title,
    O*NET does not rate the occupation, or there is none such.
    """
    if said is None or said == "":
        return ""
    if not isinstance(said, str):
        raise ValueError(f"is {quoted(said)} (give one title, such as Marketing Manager)")
    catalog, own, reported = _titles()
    whole = _key(said[:200])
    for key in (whole, tuple(word for word in whole if word not in RANKS)):
        plain = [own[_key(name)] for name in plain_words().get(key, []) if _key(name) in own]
        codes = [own[key]] if key in own else plain or reported.get(key, [])
        if len(codes) == 1:
            return codes[0]
        if codes:
            which = "; ".join(catalog.titles[codes])
            raise ValueError(f"is {quoted(said)}, a title in {len(codes)} occupations ({which})")
        for code in (said.strip(), *plain_words().get(key, [])):
            if near := _rated_near(catalog, code):
                what = f"an occupation that O*NET has no ratings for ({code})"
                raise ValueError(f"is {quoted(said)}, {what}; the nearest rated: {'; '.join(near)}")
    names = {
        _key(one): one for one in [*catalog.reported["title"], *catalog.titles, *catalog.codes]
    }
    near = close(said[:60], names.values(), MOST_NEAR)
    ask = f"did you mean: {'; '.join(near)}?" if near else "give the title of an occupation"
    raise ValueError(f"has no {quoted(said)} ({ask})")


@cache
def _titles() -> tuple[Catalog, dict[tuple, str], dict[tuple, list[str]]]:
    """The catalog, {key of O*NET's title or code: code}, {key of a reported title: its codes}."""
    catalog, own, reported = load_catalog(), {}, {}
    for code, title in catalog.titles.items():
        for name in (title.split(", Except")[0], title, code.removesuffix(".00"), code):
            own[_key(name)] = code
    for code, title in catalog.reported[["onet_soc_code", "title"]].to_numpy():
        # "CEO (Chief Executive Officer)" is known whole and by each of its parts.
        for name in (title, *re.split(r"[()]", title)):
            if len(name) > 1 and code not in (codes := reported.setdefault(_key(name), [])):
                codes.append(code)
    return catalog, own, reported


def _rated_near(catalog: Catalog, code: str) -> list[str]:
    """Titles near an unrated occupation, [] for another code: those of its SOC code, then those
    among whose relatives it comes first."""
    related = catalog.related[catalog.related["related_code"] == code]
    if related.empty or code in catalog.codes:
        return []
    same = catalog.codes[catalog.codes.str[:7] == code[:7]]
    lists = related.sort_values(["rank", "onet_soc_code"])["onet_soc_code"]
    return [*catalog.titles[[*dict.fromkeys([*same, *lists])]]][:MOST_NEAR]
