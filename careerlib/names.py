"""From what people type to names and numbers: ratings, plain words, titles as they say them.

The functions raise ValueError with what is wrong, to be read after the name of a field.
"""

import csv
import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from careerlib.catalog import INTERESTS, KNOWLEDGE, SKILLS, WORK_VALUES, Catalog, load_catalog
from careerlib.errors import listed, nearest, quoted, words
from careerlib.project import DATA

HIGHEST_SKILL, HIGHEST_RATING = 5.0, 7.0
SCALES = {  # the names that are rated, and the highest rating
    "interests": (INTERESTS, HIGHEST_RATING), "work_values": (WORK_VALUES, HIGHEST_RATING),
    "skills": (SKILLS, HIGHEST_SKILL), "knowledge": (KNOWLEDGE, HIGHEST_SKILL),
}  # fmt: skip
NAMED_SKILL = 3.0  # the rating that the post gives to a skill that a person just names
NAMED = {"skills": NAMED_SKILL, "knowledge": 4.0}  # elsewhere a place counts: 7, 6, 5, …
RANKS = {"senior", "sr", "junior", "jr", "lead"}  # a title is looked up without them, too
MOST_NEAR = 5  # occupations or titles that a message suggests
MOST = 12  # mistakes that a message tells
# Only what everybody reads alike: 0100 and 90:00 are other numbers to some YAML readers.
DECIMAL = re.compile(r"[+-]?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
CODE = re.compile(r"(\W*[RIASEC]){1,6}\W*|[riasec]{1,3}")  # of interests: SEC, S-E-C, sec


def rated(block: str, given: Any) -> dict[str, float]:
    """{name: rating} of the block, in O*NET's order, those with an empty rating left out.

    given: {name: rating}, perhaps with the "scale" that they are out of; or names, as a list or
    with commas, that count as in NAMED, or else by place: the highest, one less, … Of interests
    initials in a row will do.
    """
    names, highest = SCALES[block]
    ratings, scale, alone = {}, highest, NAMED.get(block)
    if isinstance(given, str):
        letters = block == "interests" and CODE.fullmatch(given)
        given = re.findall(r"\w" if letters else r"[^,;]*[^,;\s][^,;]*", given)
    if isinstance(given, dict):
        scale = decimal(given.get("scale", highest), 1000, "scale ") or highest
        given = [{name: rating for name, rating in given.items() if name != "scale"}]
    if not isinstance(given, list | tuple):
        raise ValueError(f"is {quoted(given)} (give names, or a table of name: rating)")

    def rate(said: object, rating: object) -> None:
        if (name := official(said, names)) in ratings:
            raise ValueError(f"rates {name} twice")
        if str(rating).strip() not in ("", "None", "~", "null"):
            number = decimal(rating, scale, f"{name} ", (10, 40, 100))
            ratings[name] = number if scale == highest else round(number * highest / scale, 2)

    pairs = [
        pair
        for place, one in enumerate(given)
        for pair in (
            one.items() if isinstance(one, dict) else [(one, alone or max(highest - place, 1))]
        )
    ]
    each(pairs, rate)
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
    if lists := re.search(r" \(valid names are [^)]*\)", told):
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
    said = words(given[:200] if isinstance(given, str) else quoted(given))
    for name in names:
        if said == words(name) or names == INTERESTS and said == (name[0].lower(),):
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


def meant(given: object, names: Iterable[str]) -> list[str]:
    """Those of the names that plain_words.csv gives for the word, or that differ in number only."""
    key = _key(str(given))
    plain = [name for name in plain_words().get(key, []) if name in names]
    return plain or [name for name in names if _key(name) == key]


@cache
def plain_words() -> dict[str, list[str]]:
    """{key of a plain word: the names that it may stand for, or an unrated occupation's code}."""
    with (DATA / "plain_words.csv").open(encoding="utf-8") as file:
        return {_key(row["word"]): row["names"].split("; ") for row in csv.DictReader(file)}


def _key(said: str) -> str:
    """The words in the singular, in any order: "Managers, Marketing" is "Marketing Manager"."""
    text = " ".join(words(said[:200]))
    for plural, singular in (r"ies\b", "y"), (r"(ch|sh|ss|x)es\b", r"\1"), (r"([^\Wsu])s\b", r"\1"):
        text = re.sub(plural, singular, text)
    return " ".join(sorted(text.split()))


def occupation_code(said: object) -> str:
    """The O*NET-SOC code of the rated occupation with this title, as O*NET or people say it.

    A code will do, too; "" for nothing said. ValueError where several occupations have the title,
    O*NET does not rate the occupation, or there is none such.
    """
    if said is None or said == "":
        return ""
    if not isinstance(said, str):
        raise ValueError(f"is {quoted(said)} (give one title, such as Marketing Manager)")
    catalog, known = _titles()
    plain = " ".join(word for word in _key(said).split() if word not in RANKS)
    codes = known.get(_key(said)) or known.get(plain)
    if not codes:
        titles = {_key(t): t for t in [*catalog.reported["title"], *catalog.titles, *catalog.codes]}
        raise ValueError(f"has no {quoted(said)} ({nearest(said, titles.values(), MOST_NEAR)})")
    if len(codes) > 1:
        which = "; ".join(catalog.titles[codes])
        raise ValueError(f"is {quoted(said)}, a title in {len(codes)} occupations ({which})")
    (code,) = codes
    if code in catalog.codes:
        return code
    # The nearest are those of its SOC code, then those among whose relatives it comes first.
    same = catalog.codes[catalog.codes.str[:7] == code[:7]]
    lists = catalog.related[catalog.related["related_code"] == code]
    lists = lists.sort_values(["rank", "onet_soc_code"])["onet_soc_code"]
    near = "; ".join(catalog.titles[[*dict.fromkeys([*same, *lists])][:MOST_NEAR]])
    what = f"an occupation that O*NET has no ratings for ({code})"
    raise ValueError(f"is {quoted(said)}, {what}; the nearest rated: {near}")


@cache
def _titles() -> tuple[Catalog, dict[str, list[str]]]:
    """The catalog, and {key of a title or code: codes}.

    O*NET's own title counts before a plain word, and that before the titles people report.
    """
    catalog, reported = load_catalog(), {}
    own = {_key(code): [code] for code in catalog.related["related_code"].unique()}
    for code, title in catalog.titles.items():
        for name in (title.split(", Except")[0], title, code.removesuffix(".00"), code):
            own[_key(name)] = [code]
    for code, title in catalog.reported[["onet_soc_code", "title"]].to_numpy():
        # "CEO (Chief Executive Officer)" is known whole and by each of its parts.
        for name in (title, *re.split(r"[()]", title)):
            if len(name) > 1:
                reported.setdefault(_key(name), {})[code] = None
    known = {key: [*codes] for key, codes in reported.items()}
    for key, names in plain_words().items():
        codes = [code for name in names for code in own.get(_key(name), [])]
        known[key] = codes or known.get(key, [])
    return catalog, known | own
