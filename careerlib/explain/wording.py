"""How O*NET's 47 names turn up in running text: capitals, hyphens and common inflections.

`find_names` gives the places. Whether a word is O*NET's name or an ordinary word is decided
here; what is said about it is decided in `statements.py`.
"""

import re
from dataclasses import dataclass

from careerlib.catalog import INTERESTS, SKILLS, WORK_VALUES

# A name is found in any letter case; a space in these patterns also stands for a hyphen.
OTHER_FORMS = {
    "Active Learning": "active learners?",
    "Active Listening": "active(?:ly)? listen(?:ing|ers?)|listening",
    "Complex Problem Solving": "complex problem solvers?|solv(?:e|es|ing) complex problems",
    "Coordination": "coordinating",
    "Critical Thinking": "critical thinkers?|think(?:s|ing)? critically",
    "Equipment Maintenance": "maintenance of equipment|maintaining equipment",
    "Equipment Selection": "selecting equipment",
    "Installation": "installing",
    "Instructing": "instruction",
    "Judgment and Decision Making": "judge?ment|decision mak(?:ing|ers?)",
    "Learning Strategies": "learning strategy",
    "Management of Financial Resources": "managing (?:financial resources|budgets|money)",
    "Management of Material Resources": "managing (?:material resources|materials)",
    "Management of Personnel Resources": "managing (?:people|staff|personnel(?: resources)?)",
    "Mathematics": "math|maths|mathematical",
    "Negotiation": "negotiat(?:ions|ing|ors?)",
    "Persuasion": "persua(?:sive|sively|ding)",
    "Programming": "coding",
    "Quality Control Analysis": "quality control",
    "Reading Comprehension": "comprehension",
    "Science": "scientific",
    "Service Orientation": "service oriented",
    "Social Perceptiveness": "socially perceptive",
    "Systems Analysis": "system analysis",
    "Systems Evaluation": "system evaluation",
    "Time Management": "managing (?:your |the )?time",
    "Troubleshooting": "trouble shooting",
    "Independence": "independent(?:ly)?",
}
# Where the same words are part of something else.
OTHER_MEANING = re.compile(
    r"(?:computer|data|social|political|natural|life) science"
    r"|(?:pattern|speech|image|face|voice) recognition"
    r"|(?-i:in writing)(?=[.;]|$)|technical support|customer support"
    r"|realistic (?:next|first|step|goal|plan|expectation|option|path|chance|picture|view)"
    r"|social (?:media|scien\w+|workers?|network\w*|security|services?|events?|skills?)"
    r"|conventional (?:wisdom|path|route)|investigative (?:journalis\w+|report\w+)"
    r"|(?:financial|relationships?) independen\w+|independent of\b",
    re.I,
)
# In lower case these are everyday words. They count after "your" or beside a word that
# speaks of values or ratings.
EVERYDAY = {"Support", "Relationships", "Monitoring", "Instructing"}
NEAR_EVERYDAY = re.compile(r"\b(?:your|values?|valued|rates?|rated|named)\b", re.I)


def one_of(words: str) -> str:
    """A pattern for any of these words or part patterns; "_" stands for a space."""
    return "(?:" + "|".join(word.replace("_", r"\s+") for word in words.split()) + ")"


@dataclass(frozen=True)
class Mention:
    """One of the 47 names in a text, and where."""

    name: str
    start: int
    end: int


def _pattern(name: str) -> str:
    forms = "|".join(filter(None, [name, OTHER_FORMS.get(name)]))
    return forms.replace(" ", r"[\s\-\u2010\u2011]+")


_NAMES = (*SKILLS, *INTERESTS, *WORK_VALUES)
# Longer patterns first, so that "Operations Monitoring" is not found as "Monitoring".
_ORDER = sorted(_NAMES, key=lambda name: -len(name))
_GROUP = {f"n{place}": name for place, name in enumerate(_ORDER)}
_ALL = re.compile(
    r"(?<!\w)(?:" + "|".join(f"(?P<{group}>{_pattern(name)})" for group, name in _GROUP.items())
    + r")(?!\w)",
    re.I,
)


def find_names(text: str, advice: bool = False) -> list[Mention]:
    """The names in a text, in order.

    advice: the text is a next step. There, one lower-case word counts only after "your":
    "try writing a page" claims nothing about the occupation.
    """
    text = OTHER_MEANING.sub(lambda found: "_" * len(found[0]), text)
    mentions = []
    for found in _ALL.finditer(text):
        name, words = _GROUP[found.lastgroup], found[0]
        before = text[max(0, found.start() - 40) : found.start()]
        is_plain_word = words.islower() and not re.search(r"[\s-]", words)
        if name in EVERYDAY and is_plain_word:
            around = before + text[found.end() : found.end() + 30]
            if not NEAR_EVERYDAY.search(around):
                continue
        if advice and is_plain_word and not re.search(r"\byour\b[^.,;]*$", before, re.I):
            continue
        mentions.append(Mention(name, found.start(), found.end()))
    return mentions
