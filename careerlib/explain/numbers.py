"""Every number in a text must be a number of the facts.

A number is written with a certain precision: "$121k" and "about $121,000" are $121,440, but a
bare "$121,000" is not. "Over", "at least", "under" and the like are compared. Counts such as
"two skills" are compared with what is shared or named. In a next step, small efforts ("30
minutes", "two people") are advice and not figures.
"""

import re
from dataclasses import dataclass

from careerlib.explain.facts import BLOCKS, HIGHEST, OccupationFacts, dollars, shown
from careerlib.explain.wording import find_names, one_of

UP_TO_NINETEEN = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
WORDS = {word: value for value, word in enumerate(UP_TO_NINETEEN)}
WORDS |= {word: value for value, word in zip(range(20, 100, 10), TENS, strict=True)}
SCALES = {"hundred": 100, "thousand": 1000, "k": 1000, "million": 1_000_000, "m": 1_000_000}
WORD = "(?:" + "|".join(sorted(WORDS, key=len, reverse=True)) + ")"
NUMBER = re.compile(
    r"(?<![\w.])(?P<money>(?:US)?\$\s?|USD\s?|\u20ac\s?|\u00a3\s?)?"
    r"(?P<sign>[+\u2212-](?=\d))?"
    r"(?:(?P<digits>(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)"
    rf"|(?P<words>{WORD}(?:[\s-]+(?:and\s+)?(?:{WORD}|hundred|thousand|million))*)\b)"
    r"(?:[\s-]?(?P<scale>k|thousand|million|m)\b)?"
    r"(?P<unit>\s?%|\s?(?:per\s?cent|percentage points?|(?:US\s)?dollars?|euros?|USD)\b)?",
    re.I,
)
CODE = re.compile(r"\b\d\d-\d{4}(?:\.\d\d)?\b")
FOREIGN = re.compile("\u20ac|\u00a3|euro", re.I)
SIX_FIGURES = re.compile(r"\bsix[- ]figures?\b", re.I)
IDIOM = re.compile(
    r"\b" + one_of(
        "one_of one_another any_?one some_?one every_?one no_one this_one that_one which_one "
        "one_(?:day|way|thing|step|more|side|to_one|reason|is|that|you) one-on-one first "
        "(?:strongest|highest|lowest|good|only)_one"
    ) + r"\b",
    re.I,
)

# The words before a number.
ROUGHLY = re.compile(
    rf"(?:{one_of('about around roughly nearly almost approximately some close_to')}|~)\s*$", re.I
)
AT_LEAST = re.compile(
    one_of("over above more_than at_least exceeds exceeding upwards?_of no_less_than") + r"\s*$",
    re.I,
)
AT_MOST = re.compile(one_of("under below less_than at_most up_to no_more_than") + r"\s*$", re.I)
NEXT = re.compile(r"\b(?:next|over|within|in)\s+(?:the\s+)?(?:next\s+)?$", re.I)
FALLS = re.compile(
    r"\b" + one_of(r"shrink\w* declin\w* fall\w* drop\w* decreas\w* los\w+ fewer down") + r"\b",
    re.I,
)

# The words after a number.
EFFORT = re.compile(
    r"^[\s-]*(?:or (?:two|three|four)\s+)?"
    rf"(?:{one_of('short small simple recent current different real more job')}\s+)*"
    + one_of(
        "minutes? hours? days? afternoons? evenings? weeks? people persons? tasks? times? steps? "
        "questions? examples? pages? things? jobs? postings? employers? workers? schools?"
    ) + r"\b",
    re.I,
)
COUNTED = re.compile(
    r"^[\s-]*(?:of\s+(?:your|the|its)\s+(?:\w+\s+)?)?"
    rf"(?:{one_of('shared named stated other main your')}\s+)*"
    r"(?P<what>skills?|interests?|(?:work )?values?)\b",
    re.I,
)
DURATION = re.compile(r"^[\s-]*(?:minutes?|hours?|days?|weeks?|months?|people|times?)\b", re.I)

MOST_EFFORT = 60  # minutes; nothing else comes in such numbers
MOST_ROUNDED = 0.05  # "about $100,000" is at most five percent off
SELF_ROUNDED = 500  # dollars that "$97k" may be off
BLOCK_SIZE = {block: len(names) for block, names in BLOCKS.items()}
YEARS_OF_DEGREE = {"Associate's degree": 2, "Bachelor's degree": 4}


@dataclass(frozen=True)
class Number:
    """A number in a text: its value, its precision, and the words around it."""

    text: str
    value: float
    step: float  # half of it is how far a rounded number may be off
    kind: str  # "money", "percent" or "plain"
    signed: bool
    before: str
    after: str
    sentence: str


def find_numbers(text: str) -> list[Number]:
    """The numbers of a text, in digits or words; idioms such as "one of" left out."""
    found = []
    for sentence in re.split(r"(?<=[.!?;])\s+(?=\S)|\n+", text):
        hidden = IDIOM.sub(lambda idiom: "_" * len(idiom[0]), CODE.sub("", sentence))
        for match in NUMBER.finditer(SIX_FIGURES.sub("", hidden)):
            found.append(_number(match))
    return found


def _number(match: re.Match) -> Number:
    scale = SCALES.get((match["scale"] or "").casefold(), 1)
    if match["digits"]:
        digits = match["digits"].replace(",", "")
        decimals = len(digits.partition(".")[2])
        zeros = 0 if decimals else len(digits) - len(digits.rstrip("0"))
        value = float(digits) * scale
        step = 10.0 ** (zeros - decimals) * scale
    else:
        value = _spoken(match["words"]) * scale
        plain = f"{value:.0f}"
        step = 10.0 ** (len(plain) - len(plain.rstrip("0"))) if value else 1.0
    unit = (match["unit"] or "").strip().casefold()
    kind = "plain"
    if match["money"] or unit.endswith(("dollar", "dollars", "usd", "euro", "euros")):
        kind = "money"
    elif unit:
        kind = "percent"
    return Number(
        text=match[0].strip(),
        value=-value if match["sign"] in ("-", "\u2212") else value,
        step=step,
        kind=kind,
        signed=bool(match["sign"]),
        before=match.string[: match.start()],
        after=match.string[match.end() :],
        sentence=match.string,
    )


def _spoken(words: str) -> float:
    """ "one hundred twenty thousand" -> 120000 """
    total = part = 0
    for word in re.split(r"[\s-]+", words.casefold()):
        if word in WORDS:
            part += WORDS[word]
        elif word == "hundred":
            part = max(part, 1) * 100
        elif word in SCALES:
            total, part = total + max(part, 1) * SCALES[word], 0
    return float(total + part)


def wrong_numbers(text: str, facts: OccupationFacts, advice: bool = False) -> list[str]:
    """The reasons, with the figure of the facts, why numbers in a text are not true."""
    reasons = []
    if SIX_FIGURES.search(text) and not 100_000 <= (facts.median_wage or 0) < 1_000_000:
        reasons.append(f"'six figures' is said of the wage, but {_wage(facts)}.")
    for code in CODE.findall(text):
        if code != facts.onet_soc_code:
            reasons.append(f"The code {code} is not that of {facts.title}, {facts.onet_soc_code}.")
    for number in find_numbers(text):
        if reason := _wrong(number, facts, advice):
            reasons.append(reason)
    return reasons


def _wrong(number: Number, facts: OccupationFacts, advice: bool) -> str:
    if number.kind == "money":
        wages = [wage for wage in (facts.median_wage, facts.min_wage) if wage]
        if _any_equal(number, wages) and not FOREIGN.search(number.text):
            return ""
        return f"'{number.text}' is no wage of the facts: {_wage(facts)}."
    if number.kind == "percent":
        return _wrong_percent(number, facts)
    if counted := COUNTED.match(number.after):
        return _wrong_count(number, counted["what"], facts)
    if advice and number.value <= MOST_EFFORT and EFFORT.match(number.after):
        return ""
    if _is_plain_fact(number, facts):
        return ""
    return f"'{number.text}' is no number of the facts of {facts.title}."


def _any_equal(number: Number, values: list[float]) -> bool:
    if AT_LEAST.search(number.before):
        return any(value >= number.value for value in values)
    if AT_MOST.search(number.before):
        return any(value <= number.value for value in values)
    slack = 0.0
    if ROUGHLY.search(number.before):
        slack = min(number.step / 2, MOST_ROUNDED * abs(number.value))
    elif re.search(r"k$|thousand", number.text, re.I):
        slack = SELF_ROUNDED
    return any(abs(value - number.value) <= slack + 1e-9 for value in values)


def _wrong_percent(number: Number, facts: OccupationFacts) -> str:
    growth = facts.growth_percent
    shares = [100 * rating.above for rating in facts.ratings.values()
              if rating.name in {mention.name for mention in find_names(number.sentence)}]
    if any(round(share) == number.value for share in shares):
        return ""
    if growth is None:
        return f"'{number.text}' is no fact: BLS has no projection for {facts.title}."
    said = number.value
    if FALLS.search(number.sentence) and not number.signed:
        said = -said
    same_size = _any_equal(number, [growth, abs(growth)])
    if same_size and (said < 0) == (growth < 0) or said == growth:
        return ""
    return f"'{number.text}' is not the change in jobs to 2034, which is {growth:+g} percent."


def _wrong_count(number: Number, what: str, facts: OccupationFacts) -> str:
    block = {"s": "skills", "i": "interests"}.get(what[0].casefold(), "work_values")
    named, common = len(facts.named(block)), len(facts.shared(block))
    listed = {mention.name for mention in find_names(number.sentence)} & set(BLOCKS[block])
    # "Speaking and Writing, two of your skills" counts what it lists.
    if number.value in (named, common, BLOCK_SIZE[block], len(listed) or None):
        return ""
    return (
        f"'{number.text} {what}' is no count of the facts: the profile names {named}, and "
        f"{common} of them are high for {facts.title}."
    )


def _is_plain_fact(number: Number, facts: OccupationFacts) -> bool:
    """Ratings of names in the sentence, scales, ranks, years, openings, job zone."""
    value, sentence = number.value, number.sentence
    if DURATION.match(number.after):
        return False
    if re.match(r"\s*years\b", number.after):  # "over the next ten years"
        return value == 10 and bool(NEXT.search(number.before))
    if re.match(r"[\s-]year\b", number.after):  # "a four-year degree"
        return value == YEARS_OF_DEGREE.get(facts.education or "")
    ratings = [facts.ratings[mention.name] for mention in find_names(sentence)]
    # "It" stands for something rated before, so a rating of any fact will do then.
    ratings = ratings or [rating for rating in facts.ratings.values() if rating.id in facts.facts]
    if AT_MOST.search(number.before):  # "below 4 of 7" is a comparison
        return all(rating.occupation < value for rating in ratings)
    if AT_LEAST.search(number.before) and value <= max(HIGHEST.values()):
        return all(rating.occupation >= value for rating in ratings)
    known = [rating.occupation for rating in ratings] + [rating.person for rating in ratings]
    if any(shown(entry) == shown(value) or round(entry, 1) == value for entry in known):
        return True
    if re.search(r"(?:of|out of|to|-)\s*$|/$", number.before):  # "3.88 of 5", "1 to 7"
        sizes = {HIGHEST[block] for block in BLOCKS} | {*BLOCK_SIZE.values()}
        named = {len(facts.named(block)) for block in BLOCKS}
        if value in sizes | named:
            return True
    if value in (2024, 2034) and number.text.isdigit():
        return True
    if re.search(r"\bzone\s*$", number.before, re.I):
        return value == facts.job_zone
    if re.match(r"\s*(?:to|-|\u2013)\s*[57]\b", number.after):  # the 1 of "1 to 7"
        return value == 1
    if re.match(r"\s*(?:of|out of)\b", number.after):  # "three of the four"
        return value in {len(facts.shared(block)) for block in BLOCKS}
    if re.match(r"\s*occupations\b", number.after):
        return value == facts.catalog_size
    if re.search(r"opening", sentence, re.I) and facts.openings is not None:
        return _any_equal(number, [facts.openings])
    if number.step >= 1 and value >= 1000 and facts.median_wage:  # a wage without its sign
        return _any_equal(number, [facts.median_wage])
    return False


def _wage(facts: OccupationFacts) -> str:
    if facts.median_wage is None:
        return f"BLS has no wage for {facts.title}"
    least = "at least " if facts.wage_top_coded else ""
    return f"the median wage of {facts.title} is {least}{dollars(facts.median_wage)} a year"
