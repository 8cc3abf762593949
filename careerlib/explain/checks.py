"""The checks that every answer must pass before it is shown, whoever wrote it.

`check_answer` for an explanation, `check_order` for a re-ranking. Each failed check is a
`Problem` with one sentence that gives the deciding figure.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from careerlib.explain.conditions import wrong_conditions
from careerlib.explain.facts import OccupationFacts
from careerlib.explain.numbers import find_numbers, wrong_numbers
from careerlib.explain.statements import false_because, find_statements
from careerlib.explain.titles import Titles
from careerlib.explain.wording import find_names, one_of

CHECKS = {
    "facts cited": "the ids it cites are ids of the facts, at least one",
    "specific": "the reason names at least one fact",
    "names": "skills, interests and work values are in the facts and true of both sides",
    "numbers": "every number equals a number of the facts",
    "conditions": "what it says of outlook, education and wage limit agrees with BLS",
    "person": "it says nothing of the person that the profile does not hold",
    "occupations": "it names no other occupation of the catalog",
    "length": "a few complete sentences, and a short next step that does not repeat them",
    "plain text": "no markup, address, e-mail, phone number, emoji or hidden character",
}
WHY_LENGTH = (40, 700)  # characters
NEXT_STEP_LENGTH = (15, 320)
WHY_SENTENCES = (1, 4)
REPEATED = 30  # characters at the beginning of the next step
REASON_LENGTH = (15, 320)  # of a move in a re-ranking
ONET_PAGE = "https://www.onetonline.org/link/summary/"

MARKUP = (
    (r"<[^>\n]{1,200}>|&(?:\w{2,8}|#\d+);", "HTML"),
    (r"\*\*|__|`|^\s{0,3}(?:#{1,6}|[-*+]|\d+[.)])\s|\]\(|^\s*\||\|\s*$|~~|\$\$|\\[(\[]", "markup"),
    (r"[\w.+-]+@[\w-]+\.\w+", "an e-mail address"),
    (r"(?:\+\d{1,3}[\s-]?)?\(?\d{3}\)?[\s.-]\d{3}[\s.-]\d{4}\b", "a phone number"),
    (
        r"(?:https?|ftp|file|data|javascript):|\bwww\."
        r"|\b[\w-]+\.(?:com|org|net|edu|gov|io|ai|info|co)\b(?!\w)",
        "a web address",
    ),
)
# What the profile cannot say: it holds ratings and limits, no history.
HISTORY = re.compile(
    r"\byour\s+(?:\w+\s+){0,2}?" + one_of(
        "experience background degree diploma years career job training studies resume past "
        "colleagues employer name age family"
    ) + r"\b"
    r"|\b(?:skills?|abilities|background|experience)\s+(?:you (?:learned|gained)\s+)?from\s+\w+"
    r"|\b(?:you|you(?:'|\u2019)ve|you have)\s+(?:worked|studied|graduated|spent|managed|led)\b"
    r"|\b(?:as|since) (?:a|an) (?:former|experienced|recent|current)\b"
    r"|\btransition(?:ing)?\s+(?:path\s+)?(?:from|into)\b",
    re.I,
)
CONDITION_WORDS = re.compile(
    r"\b(?:wage|pay|pays|salary|earn\w*|education|degree|diploma|credential|jobs|openings|growth|"
    r"job zone|preparation)\b",
    re.I,
)


@dataclass(frozen=True)
class Problem:
    """A failed check: its name in CHECKS, and one sentence."""

    check: str
    reason: str

    def __str__(self) -> str:
        return f"{self.check}: {self.reason}"


def check_answer(
    why: str,
    next_step: str,
    fact_ids: Sequence[str],
    facts: OccupationFacts,
    titles: Titles,
) -> list[Problem]:
    """Everything that is wrong with an explanation; an empty list if nothing is."""
    problems = [
        *_cited(fact_ids, facts),
        *_specific(why, facts, titles),
        *check_text(why, facts, titles),
        *check_text(next_step, facts, titles, advice=True),
        *_length("The reason", why, WHY_LENGTH),
        *_sentences(why),
        *_length("The next step", next_step, NEXT_STEP_LENGTH),
        *_complete("The reason", why),
        *_complete("The next step", next_step),
        *_repeated(why, next_step),
    ]
    return list(dict.fromkeys(problems))


def check_text(
    text: str, facts: OccupationFacts, titles: Titles, advice: bool = False
) -> list[Problem]:
    """What is wrong with a sentence about an occupation: the checks of content and form.

    advice: the text is a next step, where small efforts and everyday words are no claims.
    """
    problems = [
        Problem("occupations", f"'{words}' is another occupation of the catalog ({title}).")
        for words, title in titles.others(text, facts.title)
    ]
    problems += _plain_text(text, facts)
    text = text.replace(ONET_PAGE + facts.onet_soc_code, "the page")
    # The occupation's own title may hold names ("Social …") and numbers.
    text = titles.without_own(text, facts.title)
    for statement in find_statements(text, advice):
        problems += [Problem("names", reason) for reason in false_because(statement, facts)]
    problems += [Problem("numbers", reason) for reason in wrong_numbers(text, facts, advice)]
    problems += [Problem("conditions", reason) for reason in wrong_conditions(text, facts)]
    if found := HISTORY.search(text):
        problems.append(
            Problem("person", f"'{found[0]}': the profile holds ratings and limits, no history.")
        )
    return problems


def check_order(candidates: Sequence[str], order: Sequence[str]) -> list[Problem]:
    """A re-ranking names each candidate exactly once and nothing else."""
    counts = Counter(order)
    problems = []
    for what, codes in (
        ("is no candidate", [code for code in counts if code not in candidates]),
        ("comes more than once", [code for code, n in counts.items() if n > 1]),
        ("is left out", [code for code in candidates if code not in counts]),
    ):
        problems += [Problem("candidates", f"{_quoted(code)} {what}.") for code in codes]
    return problems


def check_reason(reason: str, facts: OccupationFacts, titles: Titles) -> list[Problem]:
    """Everything that is wrong with the reason of one move in a re-ranking."""
    return [
        *_specific(reason, facts, titles),
        *check_text(reason, facts, titles),
        *_length("The reason", reason, REASON_LENGTH),
    ]


def _cited(fact_ids: Sequence[str], facts: OccupationFacts) -> list[Problem]:
    if not fact_ids:
        return [Problem("facts cited", "It cites no fact.")]
    return [
        Problem("facts cited", f"{_quoted(fact_id)} is no fact of {facts.title}.")
        for fact_id in fact_ids if fact_id not in facts.facts
    ]


def _specific(why: str, facts: OccupationFacts, titles: Titles) -> list[Problem]:
    text = titles.without_own(why, facts.title)
    if find_names(text) or find_numbers(text) or CONDITION_WORDS.search(text):
        return []
    return [Problem("specific", "It names no skill, interest, work value or figure of the facts.")]


def _length(what: str, text: str, limits: tuple[int, int]) -> list[Problem]:
    low, high = limits
    if low <= len(text.strip()) <= high:
        return []
    return [
        Problem("length", f"{what} has {len(text.strip())} characters, not {low} to {high}.")
    ]


def _sentences(why: str) -> list[Problem]:
    count = len(re.findall(r"[.!?](?=\s|$)", why.strip()))
    if WHY_SENTENCES[0] <= count <= WHY_SENTENCES[1]:
        return []
    low, high = WHY_SENTENCES
    return [Problem("length", f"The reason has {count} sentences, not {low} to {high}.")]


def _complete(what: str, text: str) -> list[Problem]:
    """A text that a limit of length cut off does not end like a sentence."""
    if not text.strip() or re.search(r"""[.!?]["'\u201d\u2019)]*$""", text.strip()):
        return []
    return [Problem("length", f"{what} does not end like a sentence.")]


def _repeated(why: str, next_step: str) -> list[Problem]:
    start = next_step.strip()[:REPEATED].casefold()
    if len(start) == REPEATED and start in why.casefold():
        return [Problem("length", "The next step repeats the reason.")]
    return []


def _plain_text(text: str, facts: OccupationFacts) -> list[Problem]:
    problems = []
    # The one address that is known to be right may stand there.
    text = text.replace(ONET_PAGE + facts.onet_soc_code, "")
    for letter in dict.fromkeys(text):
        category = unicodedata.category(letter)
        if category in ("Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"):
            what = f"It holds the hidden character {ord(letter):#06x}."
            problems.append(Problem("plain text", what))
        elif category == "So":
            problems.append(Problem("plain text", f"It holds the symbol {ord(letter):#06x}."))
    for pattern, what in MARKUP:
        if found := re.search(pattern, text, re.I | re.M):
            problems.append(Problem("plain text", f"It holds {what}: {_quoted(found[0].strip())}."))
    return problems


def _quoted(text: object) -> str:
    """What a model wrote, short and harmless, for a message."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in str(text))
    return f"'{shown if len(shown) <= 40 else shown[:37] + '...'}'"
