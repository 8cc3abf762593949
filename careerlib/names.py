"""From what people type to names and numbers: ratings, plain words, titles as they say them.

The functions raise ValueError with what is wrong, to be read after the name of a field.
"""

import csv
import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from careerlib.catalog import INTERESTS, KNOWLEDGE, SKILLS, WORK_VALUES, load_catalog
from careerlib.errors import listed, nearest, plain, quoted, words
from careerlib.project import DATA

HIGHEST_SKILL, HIGHEST_RATING = 5.0, 7.0
SCALES = {  # the names that are rated, and the highest rating
    "interests": (INTERESTS, HIGHEST_RATING), "work_values": (WORK_VALUES, HIGHEST_RATING),
    "skills": (SKILLS, HIGHEST_SKILL), "knowledge": (KNOWLEDGE, HIGHEST_SKILL),
}  # fmt: skip
# What counts a name alone: of skills as in the post; elsewhere by its place 7, 6, 5, …
NAMED = {"skills": 3.0, "knowledge": 4.0}
RANKS = {"senior", "sr", "junior", "jr", "lead"}  # a title is looked up without them, too
MOST_NEAR, MOST = 5, 12  # titles that a message suggests, mistakes that it tells
# Only what everybody reads alike: 0100 and 90:00 are other numbers to some YAML readers.
DECIMAL = re.compile(r"[+-]?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
CODE = re.compile(r"(\W*[RIASEC]){1,6}\W*|[riasec]{1,3}")  # of interests: SEC, S-E-C, sec


def rated(block: str, given: Any) -> dict[str, float]:
    """{name: rating} of the block, in O*NET's order, those with an empty rating left out.

    given: {name: rating}, perhaps with their "scale"; or names, as a list or with commas, that
    count as in NAMED. Of interests initials in a row will do.
    """
    names, highest = SCALES[block]
    ratings, scale, pairs = {}, highest, []
    if isinstance(given, str):
        letters = block == "interests" and CODE.fullmatch(given)
        parts = re.findall(r"\w", given) if letters else re.split("[,;]", given)
        given = [part for part in parts if part.strip()]
    if isinstance(given, dict):
        scale = decimal(given.get("scale", highest), 1000, "scale ") or highest
        given = [{name: rating for name, rating in given.items() if name != "scale"}]
    if not isinstance(given, list | tuple):
        raise ValueError(f"is {quoted(given)} (give names, or a table of name: rating)")
    for place, one in enumerate(given):
        alone = NAMED.get(block, max(highest - place, 1))
        pairs += one.items() if isinstance(one, dict) else [(one, alone)]

    def rate(pair: tuple[object, object]) -> None:
        if (name := official(pair[0], names)) in ratings:
            raise ValueError(f"rates {name} twice")
        if plain(pair[1]).strip() not in ("", "None", "~", "null"):
            number = decimal(pair[1], scale, f"{name} ")
            ratings[name] = number if scale == highest else round(number * highest / scale, 2)

    each(pairs, rate)
    return {name: ratings[name] for name in names if name in ratings}


def each(entries: Iterable, check: Callable) -> list:
    """What check gives for each entry; one error tells what is wrong with all, names only once."""
    found, wrong = [], []
    for entry in entries:
        try:
            found.append(check(entry))
        except ValueError as error:
            wrong.append(str(error))
        if len(wrong) == MOST:
            break
    told = ", ".join(wrong)
    if lists := re.search(r" \(valid names are [^)]*\)", told):
        told = told.replace(lists[0], "") + lists[0]
    if told:
        raise ValueError(told)
    return found


def decimal(given: object, highest: float, what: str = "") -> float:
    """The number 0 to `highest`, which may be text."""
    text = quoted(given).strip("'")
    number = float(text) if DECIMAL.fullmatch(text) else -1
    if 0 <= number <= highest:
        return number
    how = f"give a plain decimal number, 0 to {highest:,.0f}"
    if wider := [top for top in (10, 40, 100) if 0 <= number <= top]:
        how += f"; add 'scale: {wider[0]}' if it is out of {wider[0]}"
    raise ValueError(f"{what}is {quoted(given)} ({how})")


def official(given: object, names: tuple[str, ...]) -> str:
    """The one of these names that is given, in whatever case, number and order, or an initial."""
    key = _key(given)
    for name in names:
        if key == _key(name) or names == INTERESTS and key == name[0].lower():
            return name
    raise ValueError(f"has no {quoted(given)} ({hint(given, names)})")


def hint(given: object, names: tuple[str, ...]) -> str:
    """Which names may be meant: by a plain word, also in other blocks; or else the nearest."""
    blocks = {block: SCALES[block][0] for block in ("skills", "knowledge", *SCALES)}
    others = blocks if names in blocks.values() else {}
    found = {block: meant(given, own) for block, own in others.items() if own != names}
    there = ", ".join(f"{block} has {listed(same)}" for block, same in found.items() if same)
    near = meant(given, names)
    said = f"did you mean {listed(near)}? {there}" if near else there
    return said.strip() or nearest(given, names).rstrip(".")


def meant(given: object, names: tuple[str, ...]) -> list[str]:
    """Those of the names that plain_words.csv gives for the word, or that are the word."""
    key = _key(given)
    found = [name for name in plain_words().get(key, []) if name in names]
    return found or [name for name in names if _key(name) == key]


@cache
def plain_words() -> dict[str, list[str]]:
    """{key of a plain word: the names that it may stand for, or an unrated occupation's code}."""
    with (DATA / "plain_words.csv").open(encoding="utf-8") as file:
        return {_key(row["word"]): row["names"].split("; ") for row in csv.DictReader(file)}


def _key(said: object) -> str:
    """The words in any order: "Managers, Marketing" is "Marketing Manager"."""
    return " ".join(sorted(words(plain(said)[:200])))


def occupation_code(said: object) -> str:
    """The O*NET-SOC code of the rated occupation with this title, as O*NET or people say it, or
    with this code; "" for nothing said. ValueError also where several occupations have the title.
    """
    if not isinstance(said, str | None):
        raise ValueError(f"is {quoted(said)} (give one title, such as Marketing Manager)")
    if not said:
        return ""
    catalog, key = load_catalog(), _key(said)
    codes = _codes(key) or _codes(" ".join(word for word in key.split() if word not in RANKS))
    if not codes:
        titles = {_key(t): t for t in [*catalog.reported["title"], *catalog.titles, *catalog.codes]}
        raise ValueError(f"has no {quoted(said)} ({nearest(said, titles.values(), MOST_NEAR)})")
    if len(codes) > 1:
        which = "; ".join(catalog.titles[codes])
        raise ValueError(f"is {quoted(said)}, a title in {len(codes)} occupations ({which})")
    if codes[0] in catalog.codes:
        return codes[0]
    # The nearest are those among whose relatives it comes first, of its own SOC code before others.
    lists = catalog.related[catalog.related["related_code"] == codes[0]]
    lists = lists.assign(other=lists["onet_soc_code"].str[:7] != codes[0][:7])
    lists = lists.sort_values(["other", "rank", "onet_soc_code"])["onet_soc_code"]
    near = "; ".join(catalog.titles[lists[:MOST_NEAR]])
    what = f"an occupation that O*NET has no ratings for ({codes[0]})"
    raise ValueError(f"is {quoted(said)}, {what}; the nearest rated: {near}")


def _codes(key: str) -> list[str]:
    """Of O*NET's own title or code; else of a plain word; else of titles that people report."""
    own, reported = _titles()
    found = [own[_key(name)] for name in plain_words().get(key, []) if _key(name) in own]
    return [own[key]] if key in own else found or [*reported.get(key, [])]


@cache
def _titles() -> tuple[dict[str, str], dict[str, dict]]:
    """{key of O*NET's own title or code: code}, {key of a reported title: {code: None}}."""
    catalog, reported = load_catalog(), {}
    own = {_key(code): code for code in catalog.related["related_code"]}
    for code, title in catalog.titles.items():
        for name in (title.split(", Except")[0], title, code.removesuffix(".00"), code):
            own[_key(name)] = code
    for code, title in catalog.reported[["onet_soc_code", "title"]].to_numpy():
        # "CEO (Chief Executive Officer)" is known whole and by each of its parts.
        for name in (title, *re.split(r"[()]", title)):
            if len(name) > 1:
                reported.setdefault(_key(name), {})[code] = None
    return own, reported
