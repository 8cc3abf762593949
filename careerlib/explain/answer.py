"""What a model may answer: a schema that admits only ids of facts, each on its side, and rules for
words of its own."""

import re
from itertools import chain
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from careerlib.catalog import INTERESTS, KNOWLEDGE, SKILLS, WORK_VALUES, Catalog
from careerlib.explain.facts import TEXTS, Fact, Facts

LONGEST = 160  # letters of a point's words
FIELDS = {"for": "speaks_for", "against": "speaks_against", "next": "next_step"}
MOST = {"for": 3, "against": 2, "next": 1}  # points
# For the server alone: words that do not match cost their point, not the whole answer.
PATTERN = "^Your?[ '][A-Za-z ,'{}_-]{12,100}[.]$"
TYPESET = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "..."})
RULES = TEXTS["rules"]
SIGN = RULES["they hold a digit, a sign or a letter beyond plain English"]
NAMED = "they name a skill, an area of knowledge, an interest, a value or an occupation"


def answer_model(facts):
    """The pydantic model of an answer about this occupation: what is not in it cannot be said."""
    whole, fields = ConfigDict(extra="forbid"), {}
    words = Field(json_schema_extra={"pattern": PATTERN})
    for side, name in FIELDS.items():
        ids = tuple(fact.id for fact in facts.on(side)) or ("none",)
        point = create_model(side, __config__=whole, id=(Literal[ids], ...), words=(str, words))
        most = min(MOST[side], len(facts.on(side)))
        some = Field(min_length=min(1, most), max_length=most)
        fields[name] = (list[point], some)
    return create_model("Answer", __config__=whole, **fields)


def names_of(catalog: Catalog) -> frozenset[str]:
    """What words may not name: slots, and occupations by title and trade ("nurse")."""
    titles = "\n".join(catalog.titles).casefold()
    parts = re.split(r"\n|, | and | or |/|--|\(|\)", titles) + titles.split("\n")
    many = {part for part in parts if part.endswith("s") and " " in part}
    many |= set(re.findall(r"\b[a-z]+(?:er|or|ist|ian|ant|ive)s\b", titles))
    one = {part[:-3] + "y" if part.endswith("ies") else part[:-1] for part in many}
    reported = set(re.findall("^[a-z]+$", "\n".join(catalog.reported["title"]).casefold(), re.M))
    slots = map(str.casefold, (*SKILLS, *KNOWLEDGE, *INTERESTS, *WORK_VALUES))
    names = {*slots, *many, *one, *reported, *(re.sub("y$", "ie", job) + "s" for job in reported)}
    return frozenset(" ".join(re.findall("[a-z]+", name)) for name in names)


def own_words(words: str, fact: Fact) -> str:
    """The words in plain letters, with `{name}` where they spell the fact's name or its id."""
    words = re.sub(r"([{}])\1+", r"\1", words[: 2 * LONGEST].translate(TYPESET)).strip()
    words = words.replace(f"{{{fact.id}}}", "{name}")
    return re.sub(rf"(?i)\{{?\b{re.escape(fact.name)}\b\}}?", "{name}", words)


def broken_rule(words, names):
    """The first rule that a point's words break, "" if none."""
    for sentence, pattern in RULES.items():
        if re.search(pattern, words):
            return sentence
    tokens = re.findall("[a-z]+", words.casefold())
    for at in range(len(tokens)):
        for size in range(1, 11):
            if " ".join(tokens[at : at + size]) in names:
                return NAMED
    return ""


def points(answer: BaseModel | None, facts: Facts, names: frozenset[str]) -> list[dict[str, str]]:
    """What is shown of an answer, each fact once and no words twice; without one, of each side the
    facts that come first, in our words."""
    found: dict[str, dict[str, str]] = {}
    for point in chain(*(getattr(answer, name, []) for name in FIELDS.values())):
        fact = facts.by_id[point.id]
        words = own_words(point.words, fact)
        twice = words.replace("{name}", fact.name) in [shown["words"] for shown in found.values()]
        broken = broken_rule(words, names) or "they stand twice" * twice
        found.setdefault(fact.id, row(fact, words, broken))
    chosen = chain(*(facts.on(side)[: MOST[side]] for side in FIELDS))
    return list(found.values()) or [row(fact, fact.plain) for fact in chosen]


def row(fact: Fact, words: str, broken: str = "") -> dict[str, str]:
    """A point with its words, or with ours and what is left of its words without any signs."""
    shown = (fact.plain if broken else words).replace("{name}", fact.name)
    refused = re.sub(rf"{SIGN}|\.(?=\S)", "·", words[:LONGEST]) if broken else ""
    point = {"side": fact.side, "id": fact.id, "words": shown, "fact": fact.text}
    return {**point, "broken": broken, "refused": refused}
