"""Explanations and a re-ranking without a language model: plain sentences made from the facts.

The same facts always give the same words. What is said first is what distinguishes the
occupation; where little fits, the sentence says so.
"""

from collections.abc import Sequence

from careerlib.explain.answers import Answer, Move
from careerlib.explain.checks import ONET_PAGE
from careerlib.explain.facts import BLOCKS, OccupationFacts, Rating, dollars

STANDS_OUT = 0.75  # share of occupations rated lower, from which a skill is worth a sentence
LONGEST_LIST = 4  # names; a fifth is "others"
FAST, SLOW = 6.0, -2.0  # percent in ten years: a quarter of all occupations lie beyond each
LOWEST_FIT = 4.0  # O*NET's middle for interests, as in recommend.SHARED_FROM


def explain_by_template(facts: OccupationFacts) -> Answer:
    """Two or three sentences on why, and a next step that fits the situation."""
    parts = [_skills(facts), _interests(facts), _notable(facts)]
    if not any(facts.named(block) for block in BLOCKS):
        parts[0] = ("You named no skills, interests or work values, so the fit is unknown.", [])
    sentences = [sentence for sentence, _ in parts if sentence]
    cited = [fact_id for _, ids in parts for fact_id in ids if fact_id in facts.facts]
    next_step, ids = _next_step(facts)
    return Answer(
        why=" ".join(sentences),
        next_step=next_step,
        fact_ids=list(dict.fromkeys([*cited, *ids])) or ["job_zone"],
    )


def score_and_skills(score: float, facts: OccupationFacts) -> str:
    """The post's line before its language model: "Match score: 0.82, skills: ..."."""
    shared = {rating.name for rating in facts.shared("skills")}
    names = [rating.name for rating in facts.named("skills") if rating.name in shared]
    return f"Match score: {score:.2f}, skills: {', '.join(names) or 'none'}"


Part = tuple[str, list[str]]  # a sentence and the ids of its facts


def _skills(facts: OccupationFacts) -> Part:
    named, shared = facts.named("skills"), facts.shared("skills")
    if not named:
        return "", []
    ids = [rating.id for rating in shared or named]
    if not shared:
        return (
            f"Little that you named is rated high for this occupation: {_list(named)} "
            f"{_stay(named)} below 3 of 5.", ids,
        )
    best, others = shared[0], shared[1:]
    if best.above < STANDS_OUT:
        count = "it is" if len(shared) == 1 else "they are"
        return (
            f"It uses your {_list(shared)}, but {count} rated no higher here than for many other "
            "occupations.", ids,
        )
    sentence = (
        f"Your {best.name} stands out: O*NET rates it {best.scale} here, more than for "
        f"{100 * best.above:.0f} percent of all occupations"
    )
    if others:
        sentence += f", and your {_list(others)} {'is' if len(others) == 1 else 'are'} used too"
    return sentence + ".", ids


def _interests(facts: OccupationFacts) -> Part:
    named = facts.named("interests")
    if not named:
        return _values(facts)
    fits = [rating for rating in named if rating.is_high]
    misfits = [rating for rating in named if not rating.is_high]
    ids = [rating.id for rating in named]
    first = next(rating for rating in facts.block("interests") if rating.rank == 1)
    if not fits:
        return (
            f"Your {_list(named)} interest{_s(named)} {_find(named)} little here; the work is "
            f"first of all {first.name} ({first.scale}).", [*ids, first.id],
        )
    sentence = " and ".join(
        f"your {rating.name} interest fits ({rating.scale}, {rating.place})" for rating in fits[:2]
    )
    if misfits:
        worst = misfits[0]
        sentence += f", but your {worst.name} interest finds little ({worst.scale}, {worst.place})"
    return sentence[0].upper() + sentence[1:] + ".", ids


def _values(facts: OccupationFacts) -> Part:
    shared, named = facts.shared("work_values"), facts.named("work_values")
    if shared:
        return (
            f"It meets your wish for {_list(shared)}, rated "
            f"{' and '.join(rating.scale for rating in shared)}.",
            [rating.id for rating in shared],
        ) if len(shared) <= 2 else (
            f"It meets your wish for {_list(shared)}.", [rating.id for rating in shared]
        )
    rated = [rating for rating in named if rating.id in facts.facts]
    if rated:
        return (
            f"Your wish for {_list(rated)} is not met: O*NET rates "
            f"{'it' if len(rated) == 1 else 'each'} below 4 of 7.",
            [rating.id for rating in rated],
        )
    return ("O*NET has no ratings for the work values that you named.", []) if named else ("", [])


def _notable(facts: OccupationFacts) -> Part:
    """The one condition that matters most: limits first, then outlook, values, wage."""
    if facts.misses_wage:
        return (
            f"The median wage of {dollars(facts.median_wage)} is below your minimum of "
            f"{dollars(facts.min_wage)}.", ["wage"],
        )
    if facts.misses_education:
        return _too_much_education(facts), ["education"]
    growth = facts.growth_percent
    if growth is not None and growth <= SLOW:
        return (
            f"The outlook is poor: the number of jobs is projected to fall by {-growth:g} percent "
            "from 2024 to 2034.", ["growth"],
        )
    if growth is not None and growth >= FAST:
        return (
            f"The outlook is good: the number of jobs is projected to grow by {growth:g} percent "
            "from 2024 to 2034.", ["growth"],
        )
    if facts.median_wage is not None and facts.min_wage:
        return (
            f"The median wage of {dollars(facts.median_wage)} meets your minimum of "
            f"{dollars(facts.min_wage)}.", ["wage"],
        )
    if facts.named("interests"):  # otherwise the values had the sentence before
        sentence, ids = _values(facts)
        if sentence:
            return sentence, ids
    if facts.median_wage is not None:
        least = "at least " if facts.wage_top_coded else ""
        return f"The median wage is {least}{dollars(facts.median_wage)} a year.", ["wage"]
    return f"O*NET puts the preparation needed in job zone {facts.job_zone} of 5.", ["job_zone"]


def _next_step(facts: OccupationFacts) -> Part:
    page = ONET_PAGE + facts.onet_soc_code
    if facts.misses_education:
        return (
            f"Before anything else, find out what {_degree(facts.education)} would cost "
            f"you in time and money, and whether related occupations on {page} ask for less.",
            ["education"],
        )
    if facts.misses_wage:
        return (
            "Compare what employers near you offer in five current job postings; a median hides "
            f"that half earn more. The page {page} shows the range.", ["wage"],
        )
    misfit = next(
        (rating for rating in facts.named("interests") if not rating.is_high), None
    )
    first = next((rating for rating in facts.block("interests") if rating.rank == 1), None)
    if misfit and first and misfit.person_rank == 1:
        return (
            f"Talk to someone who does this work, and ask how much of a week is {first.name}; the "
            f"tasks are on {page}.", [first.id],
        )
    gap = _gap(facts)
    if gap:
        return (
            f"Try one small task that needs {gap.name}, which you did not name and which matters "
            f"here ({gap.scale}); the tasks are on {page}.", [gap.id],
        )
    return (
        f"Read the tasks on {page}, mark those you would like to do for a whole day, and talk "
        "about the others with someone who does this work.", [],
    )


def _gap(facts: OccupationFacts) -> Rating | None:
    """The most typical skill of the occupation that the person did not name."""
    gaps = [
        rating for rating in facts.block("skills")
        if rating.is_high and not rating.person and rating.id in facts.facts
    ]
    return max(gaps, key=lambda rating: rating.above, default=None)


def rerank_by_template(candidates: Sequence[OccupationFacts]) -> list[Move]:
    """Move down what breaks the person's limits or misses her strongest interest.

    A stable sort by the number of such objections, so that without any the order stays.
    """
    objections = {facts.onet_soc_code: _objections(facts) for facts in candidates}
    order = sorted(candidates, key=lambda facts: len(objections[facts.onet_soc_code]))
    moves = []
    for place, facts in enumerate(order):
        was = candidates.index(facts)
        found = objections[facts.onet_soc_code]
        if found:
            reason = " ".join(found)
        elif was != place:
            reason = _no_objection(facts)
        else:
            reason = ""
        moves.append(Move(onet_soc_code=facts.onet_soc_code, reason=reason))
    return moves


def _objections(facts: OccupationFacts) -> list[str]:
    found = []
    if facts.misses_wage:
        found.append(_notable(facts)[0])
    if facts.misses_education:
        found.append(_too_much_education(facts))
    strongest = facts.named("interests")[:1]
    if strongest and strongest[0].occupation < LOWEST_FIT:
        rating = strongest[0]
        found.append(
            f"Your {rating.name} interest finds little here ({rating.scale}, {rating.place})."
        )
    return found


def _too_much_education(facts: OccupationFacts) -> str:
    return f"It typically takes {_degree(facts.education)}, more than you accept."


def _no_objection(facts: OccupationFacts) -> str:
    strongest = facts.named("interests")[:1]
    if strongest:
        rating = strongest[0]
        return f"Your {rating.name} interest fits ({rating.scale}, {rating.place})."
    return "The wage and the education it takes are within your limits."


def _degree(education: str) -> str:
    """ "Bachelor's degree" -> "a bachelor's degree", for the middle of a sentence."""
    if education == "No formal educational credential":
        return "no formal educational credential"
    if education.startswith("Some college"):
        return "some college"
    article = "an" if education[0] in "AEIOU" else "a"
    return f"{article} {education[0].lower()}{education[1:]}"


def _list(ratings: Sequence[Rating]) -> str:
    names = [rating.name for rating in ratings]
    if len(names) > LONGEST_LIST:
        names = [*names[:LONGEST_LIST], "others"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _s(ratings: Sequence[Rating]) -> str:
    return "" if len(ratings) == 1 else "s"


def _stay(ratings: Sequence[Rating]) -> str:
    return "stays" if len(ratings) == 1 else "stay"


def _find(ratings: Sequence[Rating]) -> str:
    return "finds" if len(ratings) == 1 else "find"
