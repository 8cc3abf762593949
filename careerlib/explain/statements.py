"""What a text says about skills, interests and work values, and whether O*NET agrees.

The rules, which are stated so that a reader can dispute them:

- Names that follow each other ("speaking/writing", "Enterprising and Investigative") make one
  statement. It is about the person after "your", "you enjoy", "you value", "you named" and
  the like, and about the occupation otherwise. What is said of the person's own skills and
  interests in order to explain a fit is about both.
- The person has what her profile rates above 0.
- The occupation has a skill from importance 3 of 5, an interest or work value from 4 of 7:
  the middle of O*NET's scale. Where the wording is strong ("leans heavily on", "high in",
  "central"), a skill needs 3.5, which is nearest to O*NET's "very important", and an interest
  or value 5.
- "Little", "not", "low" and the like turn a statement round.
- "Highest", "first", "fourth of six" are decided by the rank.
"""

import re
from dataclasses import dataclass
from itertools import pairwise

from careerlib.explain.facts import KIND, ORDINALS, OccupationFacts, Rating
from careerlib.explain.wording import Mention, find_names, one_of
from careerlib.recommend import SHARED_FROM

STRONG_FROM = {"skills": 3.5, "interests": 5.0, "work_values": 5.0}

APOSTROPHE = "['\u2019]"
HIGHEST_WORDS = one_of(
    "highest strongest most_important above_all dominant primary number_one biggest"
)
FIRST_WORDS = rf"(?:{HIGHEST_WORDS}|top|main)"

# How a text falls into statements.
SENTENCE = re.compile(r"(?<=[.!?;])\s+(?=\S)|\n+")
CLAUSE = re.compile(
    r"[;:\u2013\u2014()]"
    r"|,?\s+" + one_of(
        "but although though even_though even_if while whereas however yet because since so"
    ) + r"\s+"
    r"|,\s+(?=(?:and|or)\s+(?:you|it|O\*NET|this|that|the)\b)"
    r"|,\s+(?=(?:you|it|O\*NET|which|where)\b)",
    re.I,
)
# "Unlike your strongest interest, Investigative ..." speaks of another one.
CONTRAST = re.compile(
    rf"\b{one_of('unlike besides apart_from instead_of in_contrast_to')}\b[^,.]*,", re.I
)
# What may stand between the names of one list.
JOINS = one_of("and or nor plus both also then as_well_as your its strong good solid")
GLUE = re.compile(rf"(?:[\s,/&+]|\b{JOINS}\b)*", re.I)

# Whose it is. After "your" these words still belong to it; any other word ends its reach.
STAYS_YOURS = one_of(
    "own strong good solid high top main named two three four five both clear skills? interests? "
    "work values? ratings? strengths? talents? ability abilities gift need wish love liking "
    "preference sense in for of and or plus as_well_as is are side streak minds? curiosity"
)
OWN = re.compile(rf"\byours?\b(?:[\s,/&+'-]|\b(?:{FIRST_WORDS}|{STAYS_YOURS})\b)*$", re.I)
STATES = one_of("named? rated? listed chose picked mentioned stated said told_us")
FEELS = one_of(
    "enjoy like love value prefer want seek bring offer excel good strong skilled care interested "
    "have are"
)
BETWEEN = one_of(
    "also will would may might can likely probably already really both clearly have are"
)
YOU = re.compile(
    rf"\byou(?:{APOSTROPHE}(?:re|ll|d|ve))?(?:\s+{BETWEEN})*\s+"
    rf"(?P<verb>{STATES}|{FEELS})\b(?P<rest>[^.]*)$",
    re.I,
)
STATING = re.compile(STATES, re.I)
# From here on "you ..." is over and the occupation is spoken of.
ENDS_YOU = re.compile(
    r"\b" + one_of(
        "when where which because in_this in_the here helps? fits? match(?:es)? needs? asks? uses? "
        "finds? counts? matters? leading digging"
    ) + r"\b",
    re.I,
)
YOU_DO_NOT = rf"(?:did\s+not|do\s+not|didn{APOSTROPHE}t|don{APOSTROPHE}t|never)"
PERSON_NOT = re.compile(rf"\byou\s+{YOU_DO_NOT}\b", re.I)
NAMED_AFTER = re.compile(
    rf"^\W*(?:\w+\s+)?(?:(?:that|which)\s+)?you\s+(?:also\s+)?(?P<no>{YOU_DO_NOT})?\s*"
    rf"{one_of('named? rated? listed chose value enjoy like have bring seek want')}\b"
    r"|^\W*(?:is|are)\s+(?:also\s+)?(?:(?:one of|among)\s+)?yours?\b"
    r"|^[^.]*\b(?:it|they)\s+(?:is|are)\s+(?:also\s+)?(?:one of|among)\s+yours?\b",
    re.I,
)
PERSONS_FIRST = re.compile(rf"\byour\s+(?:{FIRST_WORDS}|first)\b", re.I)
# "Enterprising, your strongest interest, is ..." speaks of the person in passing.
ASIDE = re.compile(rf"^\s*,\s*(?:which is )?your {FIRST_WORDS}\s+(?:\w+\s+)?\w+\s*(?:,|$)", re.I)

# Whether it is there.
NO = one_of(
    "not never no nor neither little low lower lowest least less hardly rarely barely weak(?:est)? "
    "minor without lacks? lacking missing absent unimportant below few nothing only just merely"
)
NOT_BEFORE = re.compile(rf"(?:\b{NO}|n{APOSTROPHE}t)\b[^,]*$", re.I)
PREDICATE = one_of(
    "is are was were ranks? rates? rated comes? scores? stands? counts? matters? plays? gets? "
    "stays? sits? remains? has have falls? finds? meets? happens"
)
NOT_AFTER = re.compile(
    rf"^\W*(?:{one_of('only rather quite very fairly')}\s+)?"
    rf"{one_of('low lowest last little fourth fifth sixth')}\b"
    rf"|^[^,]*?\b{PREDICATE}\b(?:\s+\w+){{0,3}}?\s*"
    rf"\b(?:{NO}|fourth|fifth|sixth|last|at the bottom)\b",
    re.I,
)
STILL_YES = re.compile(
    rf"\b{one_of('not_only no_less nothing_but nothing_less no_doubt not_least')}\b", re.I
)

# How much of it.
STRONG = re.compile(
    r"\b" + one_of(
        "heav(?:y|ily) high(?:ly)?(?:_in|_on|_for)? strongly central core key crucial essential "
        "vital very_important extremely demands? depends? hinges? built_on built_around a_lot_of "
        "lots_of plenty_of a_great_deal intensive rich_in constant every_day everyday above_all"
    ) + r"\b",
    re.I,
)
FIRST = re.compile(rf"\b(?:{FIRST_WORDS}|leads?|mostly|mainly)\b", re.I)
AMONG = re.compile(rf"\b(?:among|one of)\s+(?:\w+\s+){{0,4}}?{FIRST_WORDS}\b", re.I)
LAST = re.compile(r"\b(?:lowest|weakest|least|last|at the bottom)\b", re.I)
PLACE = re.compile(
    rf"\b({'|'.join(ORDINALS)})\b(?=\s+(?:of|among|in|interest|value|$|[,.])|\W*$)", re.I
)
TOP_SHARE = {"skills": 10, "interests": 3, "work_values": 3}  # "among the highest"


@dataclass(frozen=True)
class Statement:
    """What one list of names is said to be.

    of_person, of_occupation: which side or sides are spoken of.
    person_has, has: whether that side is said to have it.
    strong: the wording needs more than the middle of the scale.
    place: "first", "last", "among the first", an ordinal such as "fourth", or "".
    """

    mentions: tuple[Mention, ...]
    of_person: bool
    of_occupation: bool
    person_has: bool
    has: bool
    strong: bool
    place: str
    persons_place: bool


def find_statements(text: str, advice: bool = False) -> list[Statement]:
    """The statements about names in a text, in order."""
    statements = []
    text = CONTRAST.sub(lambda phrase: " " * len(phrase[0]), text)
    for sentence in SENTENCE.split(text):
        for clause in _clauses(sentence, advice):
            statements += clause
    return statements


def _clauses(sentence: str, advice: bool) -> list[list[Statement]]:
    cuts = [0, *(cut.end() for cut in CLAUSE.finditer(sentence)), len(sentence)]
    found = []
    for start, end in pairwise(cuts):
        clause = sentence[start:end]
        mentions = find_names(clause, advice)
        # "…, which you did not name" says something of the names in the clause before it.
        follows = sentence[end : end + 60]
        found.append(_statements(clause, mentions, follows))
    return found


def _statements(clause: str, mentions: list[Mention], follows: str) -> list[Statement]:
    groups: list[list[Mention]] = []
    for mention in mentions:
        if groups and GLUE.fullmatch(clause[groups[-1][-1].end : mention.start]):
            groups[-1].append(mention)
        else:
            groups.append([mention])
    statements, said_until = [], 0
    for place, group in enumerate(groups):
        is_last = place == len(groups) - 1
        until = len(clause) if is_last else groups[place + 1][0].start
        before = clause[said_until : group[0].start]
        whole_before = clause[: group[0].start]
        after = clause[group[-1].end : until] + (follows if is_last else "")
        statements.append(_statement(group, before, whole_before, after))
        said_until = group[-1].end
    return statements


def _statement(group: list[Mention], before: str, whole_before: str, after: str) -> Statement:
    aside = ASIDE.search(after)
    after = after[aside.end() :] if aside else after
    after_here = CLAUSE.split(after)[0] if after else ""
    own = bool(OWN.search(whole_before))
    you = YOU.search(whole_before)
    if you and ENDS_YOU.search(you["rest"]):
        you = None
    named_after = NAMED_AFTER.search(after)
    person_not = bool(PERSON_NOT.search(whole_before)) or bool(named_after and named_after["no"])
    of_person = own or bool(you) or bool(named_after) or person_not
    only_person = bool(you and STATING.fullmatch(you["verb"])) or bool(
        PERSON_NOT.search(whole_before)
    )
    around = f"{before} {after_here}"
    persons_place = bool(PERSONS_FIRST.search(whole_before))
    text = STILL_YES.sub("", before)
    negated = bool(NOT_BEFORE.search(text)) or bool(NOT_AFTER.search(after_here))
    if AMONG.search(around):
        place = "among the first"
    elif LAST.search(around):
        place = "last"
    elif ordinal := PLACE.search(after_here) or PLACE.search(before):
        place = ordinal[1].casefold()
    else:
        place = "first" if FIRST.search(around) else ""
    return Statement(
        mentions=tuple(group),
        of_person=of_person,
        of_occupation=not (only_person or persons_place),
        person_has=not person_not,
        has=not negated,
        strong=bool(STRONG.search(around)) and not negated,
        place=place,
        persons_place=persons_place,
    )


def false_because(statement: Statement, facts: OccupationFacts) -> list[str]:
    """The reasons, with O*NET's figures, why a statement is not true; none if it is."""
    reasons = []
    for mention in statement.mentions:
        rating = facts.ratings[mention.name]
        if reason := (
            _not_a_fact(rating, facts)
            or _false_of_person(statement, rating)
            or (statement.of_occupation and _false_of_occupation(statement, rating, facts))
        ):
            reasons.append(reason)
    return reasons


def _not_a_fact(rating: Rating, facts: OccupationFacts) -> str:
    if rating.id in facts.facts:
        return ""
    return (
        f"{rating.name} is not among the facts of {facts.title} (O*NET rates it {rating.scale}, "
        f"{'and the profile names it' if rating.person else 'and the profile does not name it'})."
    )


def _false_of_person(statement: Statement, rating: Rating) -> str:
    if not statement.of_person:
        return ""
    if statement.person_has and not rating.person:
        return f"{rating.name} is said to be the person's, but the profile does not name it."
    if not statement.person_has and rating.person:
        return f"{rating.name} is said not to be the person's, but the profile names it."
    if statement.persons_place and statement.place == "first" and rating.person_rank > 1:
        return (
            f"{rating.name} is said to be the person's highest, but it is number "
            f"{rating.person_rank} of what the profile rates."
        )
    return ""


def _false_of_occupation(statement: Statement, rating: Rating, facts: OccupationFacts) -> str:
    kind = KIND[rating.block]
    figure = f"O*NET rates it {rating.scale}, {rating.place}"
    who = f"{rating.name} ({kind}) of {facts.title}"
    if statement.place and not statement.persons_place:
        if _has_place(statement, rating, facts):
            return ""
        return f"{who} is called {_called(statement)}, but {figure}."
    needed = (STRONG_FROM if statement.strong else SHARED_FROM)[rating.block]
    if statement.has and rating.occupation < needed:
        strongly = "strongly " if statement.strong else ""
        return f"{who} is {strongly}claimed, but {figure}, and the claim needs {needed:g}."
    if not statement.has and rating.is_high:
        return f"{who} is called low or missing, but {figure}, and {needed:g} counts as high."
    return ""


def _called(statement: Statement) -> str:
    words = {"first": "the highest", "last": "the lowest", "among the first": "one of the highest"}
    return words.get(statement.place, statement.place)


def _has_place(statement: Statement, rating: Rating, facts: OccupationFacts) -> bool:
    """Lists share a place: "Speaking and Writing are its strongest skills" means ranks 1 and 2."""
    count = len(statement.mentions)
    if statement.place == "first":
        return rating.rank <= count
    if statement.place == "among the first":
        return rating.rank <= TOP_SHARE[rating.block]
    if statement.place == "last":
        lower = sum(other.occupation < rating.occupation for other in facts.block(rating.block))
        return lower < count
    return rating.rank == 1 + ORDINALS.index(statement.place)
