"""What a text says about wage limits, education and outlook in words, against BLS's figures."""

import re

from careerlib.explain.facts import OccupationFacts, dollars
from careerlib.explain.wording import one_of

# What each category of BLS may be called.
DEGREES = {
    "Doctoral or professional degree": one_of(
        r"doctora\w* ph\.?d professional_degree law_degree medical_degree"
    ),
    "Master's degree": r"master(?:['\u2019]?s)? degree",
    "Bachelor's degree": r"bachelor(?:['\u2019]?s)?(?: degree)?|undergraduate degree",
    "Associate's degree": r"associate(?:['\u2019]?s)? degree",
    "Postsecondary nondegree award": r"nondegree award",
    "Some college, no degree": r"some college",
    "High school diploma or equivalent": r"high[- ]school(?: diploma)?",
    "No formal educational credential": (
        r"no (?:formal )?(?:educational )?(?:credential|degree|diploma)"
    ),
}
STATIC = 0.5  # percent in ten years up to which jobs are called neither growing nor shrinking
WORK = one_of(
    "field occupation career job_market labou?r_market employment jobs number_of_jobs demand "
    "profession outlook market"
)
GROWING = one_of("growing expanding booming thriving rising strong bright in-demand high")
GROWS = re.compile(
    rf"\b{GROWING}\s+{WORK}\b"
    rf"|\b{WORK}\b[^.,;]{{0,40}}?\b"
    rf"{one_of('grow(?:s|ing)? rise rises rising increase expand booming thriving')}\b"
    r"|\bin (?:high|great|strong) demand\b|\bjob growth\b|\bmore and more jobs\b",
    re.I,
)
SHRINK = one_of(r"shrink\w* declin\w+ fall(?:s|ing)? drop\w* decreas\w+")
SHRINKS = re.compile(
    rf"\b{one_of('shrinking declining falling dying contracting')}\s+{WORK}\b"
    rf"|\b{WORK}\b[^.,;]{{0,40}}?\b{SHRINK}\b",
    re.I,
)
NOT = re.compile(rf"\b{one_of('not no hardly little without neither')}\b", re.I)
MINIMUM = (
    r"(?:what )?(?:(?:your|the person's) (?:minimum|lowest|limit)"
    r"|(?:the )?\$[\d,]+ (?:that )?you ask|you ask for|you (?:want|need) at least)"
)
ABOVE = re.compile(
    rf"\b{one_of('above over exceeds? more_than higher_than meets? beats? clears?')}\s+{MINIMUM}",
    re.I,
)
BELOW = re.compile(
    rf"\b{one_of('below under less_than lower_than misses short_of far_from')}\s+{MINIMUM}",
    re.I,
)


def wrong_conditions(text: str, facts: OccupationFacts) -> list[str]:
    """The reasons why what a text says of outlook, education and wage limit is not true."""
    return [*_outlook(text, facts), *_education(text, facts), *_wage_limit(text, facts)]


def _outlook(text: str, facts: OccupationFacts) -> list[str]:
    said = []
    for pattern, word, sign in ((GROWS, "growing", 1), (SHRINKS, "shrinking", -1)):
        for found in pattern.finditer(text):
            beginning = max(0, text.rfind(".", 0, found.start()))
            if not NOT.search(text[beginning : found.end()]):
                said.append((word, sign))
    reasons = []
    for word, sign in dict.fromkeys(said):
        if facts.growth_percent is None:
            reasons.append(f"Jobs are called {word}, but BLS has no projection for {facts.title}.")
        elif facts.growth_percent * sign <= STATIC:
            reasons.append(
                f"Jobs are called {word}, but BLS projects {facts.growth_percent:+g} percent from "
                f"2024 to 2034 for {facts.title}."
            )
    return reasons


def _education(text: str, facts: OccupationFacts) -> list[str]:
    reasons = []
    for category, pattern in DEGREES.items():
        if not re.search(rf"\b(?:{pattern})(?!\w)", text, re.I):
            continue
        if category in (facts.education, facts.max_education):
            continue
        typical = facts.education or "not known"
        reasons.append(
            f"'{category}' is named, but the typical entry education of {facts.title} is "
            f"'{typical}'."
        )
    return reasons


def _wage_limit(text: str, facts: OccupationFacts) -> list[str]:
    reasons = []
    for pattern, word, is_above in ((ABOVE, "above", True), (BELOW, "below", False)):
        if not pattern.search(text):
            continue
        if not facts.min_wage or facts.median_wage is None:
            missing = "the profile states no minimum" if not facts.min_wage else "BLS has no wage"
            reasons.append(f"The wage is said to be {word} the minimum, but {missing}.")
        elif (facts.median_wage >= facts.min_wage) != is_above:
            reasons.append(
                f"The wage is said to be {word} the minimum, but the median is "
                f"{dollars(facts.median_wage)} and the minimum {dollars(facts.min_wage)}."
            )
    return reasons
