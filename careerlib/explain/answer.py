"""What a model may answer: a schema that admits only ids of facts, each on its side, and rules for
words of its own."""

import re
from itertools import chain
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from careerlib.catalog import INTERESTS, SKILLS, WORK_VALUES, Catalog
from careerlib.explain.facts import AGAINST, FOR, NEXT, Fact, Facts

LONGEST = 160  # letters of a point's words
MOST = {FOR: 3, AGAINST: 2, NEXT: 1}  # points
WHOLE = ConfigDict(extra="forbid")
FIELDS = {FOR: "speaks_for", AGAINST: "speaks_against", NEXT: "next_step"}
# For the server alone: words that do not match cost their point, not the whole answer.
PATTERN = "^Your?[ '][A-Za-z ,'{}_-]{12,100}[.]$"
TYPESET = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "..."})
NUMBERS = (
    "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|hundred|"
    "thousand|million|half|double|twice|percent|dollars?"
)
# What words may not hold; lengths come first. {name} is filled with the fact's own name.
RULES = (
    (r"(?s).{161}", "they are too long"),
    (r"[^A-Za-z ,.;:!?'\"(){}_-]", "they hold a digit, a sign or a letter beyond plain English"),
    (r"[A-Za-z]{25}", "they hold a word of more than 24 letters"),
    (r"^(\W*\w+){0,2}\W*$", "they are no sentence"),
    (r"\{(?!name\})|(?<!\{name)\}|_", "they fill in the name of another fact"),
    (r"[.:;!?,][A-Za-z]", "they hold something like an address"),
    (r"[^A-Za-z .{}]{4}|[.]{4}|\b[A-Z]{4,}\b", "they shout or draw with signs"),
    (rf"(?i)\b({NUMBERS})\b", "they hold a number"),
    (r"(?i)\b(I|me|my|we|our|us)\b", "they speak of the writer"),
    (r"(?i)^(?!.*\byou(r|rs)?\b)", "they do not speak to you"),
    (r"(?i)(\b\w+ \w+ \w+\b).*\b\1\b", "they repeat themselves"),
)


def answer_model(facts: Facts) -> type[BaseModel]:
    """The pydantic model of an answer about this occupation: what is not in it cannot be said."""
    fields, words = {}, Field(json_schema_extra={"pattern": PATTERN})
    for side, name in FIELDS.items():
        ids = tuple(fact.id for fact in facts.on(side)) or ("none",)
        point = create_model(side, __config__=WHOLE, id=(Literal[ids], ...), words=(str, words))  # type: ignore
        most = min(MOST[side], len(facts.on(side)))
        fields[name] = (list[point], Field(min_length=min(1, most), max_length=most))
    return create_model("Answer", __config__=WHOLE, **fields)  # type: ignore


def ranking_model(*candidates: Facts) -> type[BaseModel]:
    """The pydantic model of a new order: their codes, and reasons for moves as "code id"."""
    codes, count = tuple(facts.code for facts in candidates), len(candidates)
    ids = tuple(f"{f.code} {fact.id}" for f in candidates for fact in chosen(f))
    order = (list[Literal[codes]], Field(min_length=count, max_length=count))  # type: ignore
    reasons = (list[Literal[ids]], Field(max_length=2 * count))  # type: ignore
    return create_model("Ranking", __config__=WHOLE, order=order, reasons=reasons)  # type: ignore


def names_of(catalog: Catalog) -> frozenset[str]:
    """What words may not name: the 47 slots, and occupations in singular and plural."""
    titles = "\n".join(catalog.titles).casefold()
    parts = re.split(r"\n|, | and | or |/|--|\(|\)", titles) + titles.split("\n")
    many = {part for part in parts if part.endswith("s")}
    one = {part[:-3] + "y" if part.endswith("ies") else part[:-1] for part in many}
    names = (*map(str.casefold, (*SKILLS, *INTERESTS, *WORK_VALUES)), *many, *one)
    return frozenset(" ".join(re.findall("[a-z]+", name)) for name in names)


def own_words(words: str, fact: Fact) -> str:
    """The words in plain letters, with `{name}` where they spell the fact's name or its id."""
    words = re.sub(r"([{}])\1+", r"\1", words[: 2 * LONGEST].translate(TYPESET)).strip()
    words = words.replace(f"{{{fact.id}}}", "{name}")
    return re.sub(rf"(?i)\{{?\b{re.escape(fact.name)}\b\}}?", "{name}", words)


def broken_rule(words: str, names: frozenset[str]) -> str:
    """The first rule that a point's words break, "" if none."""
    for pattern, sentence in RULES:
        if re.search(pattern, words):
            return sentence
    tokens = re.findall("[a-z]+", words.casefold())
    phrases = (tokens[at : at + size] for at in range(len(tokens)) for size in range(1, 11))
    named = not names.isdisjoint(map(" ".join, phrases))
    return "they name a skill, interest, value or occupation" if named else ""


def chosen(facts: Facts) -> list[Fact]:
    """The facts that we would choose: the first on each side."""
    return [fact for side in FIELDS for fact in facts.on(side)[: MOST[side]]]


def points(answer: BaseModel | None, facts: Facts, names: frozenset[str]) -> list[dict[str, str]]:
    """What is shown of an answer, each fact once and no words twice; our choice without one."""
    found: dict[str, dict[str, str]] = {}
    for point in chain(*(getattr(answer, name, []) for name in FIELDS.values())):
        fact = facts.by_id[point.id]
        words = own_words(point.words, fact)
        twice = words.replace("{name}", fact.name) in [shown["words"] for shown in found.values()]
        broken = broken_rule(words, names) or "they stand twice" * twice
        found.setdefault(fact.id, row(fact, words, broken))
    return list(found.values()) or [row(fact, fact.plain) for fact in chosen(facts)]


def row(fact: Fact, words: str, broken: str = "") -> dict[str, str]:
    """A point with its words, or with ours and what is left of its words without any signs."""
    shown = (fact.plain if broken else words).replace("{name}", fact.name)
    refused = re.sub(rf"{RULES[1][0]}|\.(?=\S)", "·", words[:LONGEST]) if broken else ""
    point = {"side": fact.side, "id": fact.id, "words": shown, "fact": fact.text}
    return {**point, "broken": broken, "refused": refused}
