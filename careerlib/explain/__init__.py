"""Explanations that are right by construction, whoever writes them: a model may choose facts, each
on its side, and write words of its own, which are shown where they keep to rules."""

import json
import re
from collections.abc import Iterable
from contextlib import nullcontext
from itertools import chain
from typing import Any, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, create_model

from careerlib.catalog import INTERESTS, KNOWLEDGE, SKILLS, WORK_VALUES, Catalog, load_catalog
from careerlib.errors import CareerlibError, nearest
from careerlib.explain.facts import TEXTS, Fact, Facts, gather
from careerlib.profile import Profile

WRITERS = ("template", "openai")
MODEL = "gpt-5.4-mini"  # of OpenAI's
COLUMNS = "onet_soc_code title side id words fact writer source broken refused".split()
LONGEST = 160  # letters of a point's words
FIELDS = {"for": "speaks_for", "against": "speaks_against", "next": "next_step"}
MOST = {"for": 3, "against": 2, "next": 1}  # points
# For the server alone: words that do not match cost their point, not the whole answer.
PATTERN = "^Your?[ '][A-Za-z ,'{}_-]{12,100}[.]$"
TYPESET = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "..."})
RULES = TEXTS["rules"]
SIGN = RULES["they hold a digit, a sign or a letter beyond plain English"]
NAMED = "they name a skill, an area of knowledge, an interest, a value or an occupation"


def explain(
    profile: Profile, recommendations: pd.DataFrame | Iterable[str], writer: str = "template",
    catalog: Catalog | None = None, client: Any = None, model: str = MODEL, **asking: Any,
) -> pd.DataFrame:  # fmt: skip
    """What speaks for and against each recommended occupation, and a next step: a row each point.

    recommendations: what `recommend` returns, or codes or titles. writer: "openai" asks `model`
    through `client`, an openai.OpenAI, else as the environment says. asking: of `ask.ask_all`.
    Of the columns fact has the figure, source is "template", "live" or "cached", broken is the rule
    because of which the words are ours, refused what broke it, made harmless. `attrs["notices"]`
    has a sentence for each failure. Raises CareerlibError for wrong input or a missing key.
    """
    if writer not in WRITERS:
        raise CareerlibError(f"There is no writer '{writer}'; {nearest(writer, WRITERS)}")
    if isinstance(recommendations, pd.DataFrame):
        recommendations = recommendations["onet_soc_code"]
    catalog = catalog or load_catalog()
    positions = dict.fromkeys(catalog.position(str(one)) for one in recommendations)
    found, rows = gather(profile, catalog, positions), []
    replies, notices, names = [(None, "template")] * len(found), [], frozenset()
    if writer == "openai" and found:
        from careerlib.explain import ask  # loads for a second

        names = names_of(catalog)
        questions = [(messages(profile, facts), answer_model(facts)) for facts in found]
        with nullcontext(client) if client else ask.client_from_environment() as client:
            replies, notices = ask.ask_all(questions, client, model, **asking)
    for facts, (answer, source) in zip(found, replies, strict=True):
        about = {"onet_soc_code": facts.code, "title": facts.title, "source": source}
        about["writer"] = model if answer else "template"
        rows += [about | point for point in points(answer, facts, names)]
    table = pd.DataFrame(rows, columns=COLUMNS)
    table.attrs["notices"] = notices
    return table


def messages(profile: Profile, facts: Facts) -> list[dict[str, str]]:
    """The question about one occupation; what is free text in it is quoted."""
    lines = [f"Her background: {json.dumps(profile.background)}"] if profile.background else []
    lines.append(f"Occupation {facts.code}: {json.dumps(facts.title)}")
    for side in FIELDS:
        lines += [f"{side}:", *(f"- {fact.id} = {fact.text}" for fact in facts.on(side))]
    asked = "\n".join(lines)
    return [{"role": "system", "content": TEXTS["prompt"]}, {"role": "user", "content": asked}]


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
