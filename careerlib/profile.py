"""What a person says about herself, validated; and the profiles behind the post's tables.

A profile can be kept as a YAML file: `write_profile` makes one, `read_profile` reads it.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, field, fields, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import yaml
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, WrapValidator
from pydantic.dataclasses import dataclass
from pydantic_core import ArgsKwargs, ErrorDetails, PydanticCustomError

from careerlib.catalog import EDUCATION, INTERESTS, SKILLS, WORK_VALUES, load_catalog
from careerlib.errors import CareerlibError, nearest, quoted
from careerlib.plain_yaml import FILE_ERRORS, load_plain, reason
from careerlib.project import replace_file

NAMED_SKILL = 3.0  # the rating that the post gives to a skill that a person just names
HIGHEST_SKILL, HIGHEST_RATING = 5.0, 7.0
HIGHEST_WAGE = 10_000_000.0  # more dollars a year than that is a slip, not a wish
MOST_PROBLEMS = 12  # that one message tells
# Only what everybody reads alike: 0100 and 90:00 are other numbers to some YAML readers.
DECIMAL = re.compile(r"[+-]?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")
ONE_LINE = r"^[^\p{C}\p{Zl}\p{Zp}]*$"  # no control or invisible characters, no line ends


def _folded(name: object) -> str:
    """Without letter case, outer or double spaces and typographic apostrophes."""
    return " ".join(str(name).replace("\u2019", "'").split()).casefold()


SPELLING = {_folded(name): name for name in (*SKILLS, *INTERESTS, *WORK_VALUES, *EDUCATION)}


def _name(names: tuple[str, ...]) -> BeforeValidator:
    """One of these names, in its official spelling."""

    def check(given: object) -> str:
        official = SPELLING.get(_folded(given)) if isinstance(given, str) else None
        if official not in names:
            raise PydanticCustomError("name", "unknown", {"valid": names})
        return official

    return BeforeValidator(check)


def _named(given: object) -> object:
    """A list of skills as a table in which each counts as NAMED_SKILL."""
    if not isinstance(given, Iterable) or isinstance(given, (str, Mapping)):
        return given
    names = [name if isinstance(name, str) else quoted(name) for name in given]
    return dict.fromkeys({_folded(name): name for name in names}.values(), NAMED_SKILL)


def _in_order(given: Any, check: Callable[[Any], dict[str, float]]) -> dict[str, float]:
    """Ratings in O*NET's order, none given twice."""
    ratings = check(given)
    if len(ratings) < len(given):
        name = Counter(map(_folded, given)).most_common(1)[0][0]
        raise PydanticCustomError("twice", "it rates {name} twice", {"name": SPELLING[name]})
    return {name: ratings[name] for name in SPELLING.values() if name in ratings}


def _number(given: object) -> object:
    odd = isinstance(given, str) and not DECIMAL.fullmatch(given)
    if odd or isinstance(given, (bool, np.bool_)):
        raise PydanticCustomError("number", "give a plain decimal number")
    return given


@cache
def major_groups() -> dict[str, str]:
    """{code: title} of the 22 SOC major groups: {"15-0000": "Computer and mathematical", …}."""
    titles = load_catalog().major_groups["title"].str.removesuffix(" occupations")
    return dict(zip(titles.index, titles, strict=True))


def _group(given: object) -> str:
    """The code of a major group that is given by title, "15-0000", "15" or 15."""
    name = _folded(given).removesuffix(" occupations")
    for code, title in major_groups().items():
        if name in (code, code[:2], title.casefold()):
            return code
    raise PydanticCustomError("name", "unknown", {"valid": tuple(major_groups().values())})


Upto5 = Annotated[float, BeforeValidator(_number), Field(ge=0, le=HIGHEST_SKILL)]
Upto7 = Annotated[float, BeforeValidator(_number), Field(ge=0, le=HIGHEST_RATING)]
Wage = Annotated[float, BeforeValidator(_number), Field(ge=0, le=HIGHEST_WAGE)]
IN_ORDER = WrapValidator(_in_order)
Skills = Annotated[dict[Annotated[str, _name(SKILLS)], Upto5], IN_ORDER, BeforeValidator(_named)]
Interests = Annotated[dict[Annotated[str, _name(INTERESTS)], Upto7], IN_ORDER]
Values = Annotated[dict[Annotated[str, _name(WORK_VALUES)], Upto7], IN_ORDER]
Groups = Annotated[
    tuple[Annotated[str, BeforeValidator(_group)], ...],
    BeforeValidator(lambda given: [given] if isinstance(given, (str, int)) else given),
    AfterValidator(lambda codes: tuple(sorted(set(codes)))),
]


@dataclass(frozen=True, config={"extra": "forbid"})
class Profile:
    """One person.

    skills: a list of O*NET skill names (each counts as 3 of 5), or {name: 0-5}.
    interests: {RIASEC interest: 0-7}. work_values: {work value: 0-7}.
    min_wage: lowest acceptable wage, US dollars a year, or None.
    remote: True if remote work is preferred.
    max_education: highest acceptable BLS education category, or None for any.
    fields: SOC major groups to choose from, by title ("Computer and mathematical") or code
        ("15-0000", "15"), kept as codes; none means all.
    background: one line in her own words, at most 200 characters; never taken for a fact.

    Names are matched without letter case and kept as O*NET spells them, in its order. A number
    may be text ("6.5"). Raises one CareerlibError that lists all (at most twelve) mistakes.
    """

    skills: Skills = field(default_factory=dict)
    interests: Interests = field(default_factory=dict)
    work_values: Values = field(default_factory=dict)
    min_wage: Wage | None = None
    remote: bool = False
    max_education: Annotated[str, _name(EDUCATION)] | None = None
    fields: Groups = ()
    background: Annotated[str, Field(max_length=200, pattern=ONE_LINE)] = ""

    if TYPE_CHECKING:

        def __init__(self, /, *args: Any, **given: Any) -> None: ...

    @property
    def is_empty(self) -> bool:
        """True if no skill, interest or work value is rated above zero."""
        return not any((self.skills | self.interests | self.work_values).values())


def _init(self: Any, /, *args: Any, **given: Any) -> None:
    """As pydantic does it, but with our one sentence instead of its report of many lines."""
    try:
        self.__pydantic_validator__.validate_python(ArgsKwargs(args, given), self_instance=self)
    except ValidationError as error:
        problems = error.errors(include_url=False)
        told = "; ".join(map(_told, problems[:MOST_PROBLEMS]))
        if len(problems) > MOST_PROBLEMS:
            told += f"; and {len(problems) - MOST_PROBLEMS:,} more"
        raise CareerlibError(f"The profile cannot be used: {told}.") from None


Profile.__init__ = _init  # type: ignore[method-assign]
KEYS = tuple(entry.name for entry in fields(Profile))
HEADING = """# Ratings: skills 0 to 5, interests and work values 0 to 7.
# min_wage is in US dollars a year; null means no limit.
"""
NOTHING = ("", "~", "null")  # YAML's ways to leave a value out
WORDS = {  # where they say more than pydantic's
    "dict_type": "give a table of name: rating; for skills a list of names will do",
    "string_pattern_mismatch": "give one line without control characters",
}


def _told(error: ErrorDetails) -> str:
    """One of pydantic's errors in our words."""
    kind, given, context = error["type"], quoted(error["input"]), error.get("ctx", {})
    block, *within = [str(part) for part in error["loc"] if part != "[key]"] or ["a key"]
    if kind == "unexpected_keyword_argument":
        return f"it has no {quoted(block)} ({nearest(block[:40], KEYS).rstrip('.')})"
    if kind == "name":
        close = nearest(given.strip("'"), context["valid"]).rstrip(".")
        return f"{block} has no {given} ({close})"
    what = " ".join([block, *(quoted(part).strip("'") for part in within)])
    words = WORDS.get(kind, error["msg"])
    return f"{what} is {given} ({words[0].lower()}{words[1:]})"


def read_profile(path: str | Path) -> Profile:
    """The profile in a YAML file, whose keys are Profile's fields.

    A key with nothing behind it counts as left out. Raises CareerlibError for a file that
    cannot be read, has over 64 KB or is not YAML, and for what Profile refuses.
    """
    called = f"The profile {quoted(str(path), 120)}"
    try:
        given = load_plain(Path(path))
    except FILE_ERRORS as error:
        raise CareerlibError(
            f"{called} cannot be read ({reason(error)}); write a file with lines of 'key: value' "
            f"and the keys {', '.join(KEYS)}."
        ) from None
    stated = {key: said for key, said in given.items() if key not in KEYS or said not in NOTHING}
    try:
        return Profile(**stated)
    except CareerlibError as error:
        raise CareerlibError(str(error).replace("The profile", called, 1)) from None


def write_profile(profile: Profile, path: str | Path) -> None:
    """Write the profile as YAML that `read_profile` turns back into an equal one.

    An existing file is replaced in one step, or kept if anything fails. Raises
    CareerlibError where the file cannot be written.
    """
    text = yaml.safe_dump(_plain(asdict(profile)), sort_keys=False, allow_unicode=True, width=1000)
    try:
        replace_file(Path(path).expanduser(), (HEADING + text).encode())
    except FILE_ERRORS as error:
        raise CareerlibError(
            f"The profile cannot be written to {quoted(str(path), 120)} ({reason(error)}); choose "
            "another file name in a folder that exists."
        ) from None


def _plain(value: object) -> object:
    """Tables and numbers as YAML writes them best: 6 instead of 6.0."""
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    return int(value) if isinstance(value, float) and value.is_integer() else value


# The post lists Sarah's first three skills; its scores need the fourth. It says that she "wants
# to switch from Marketing to Tech".
SARAH = Profile(
    ["Writing", "Speaking", "Critical Thinking", "Social Perceptiveness"],
    {"Enterprising": 6, "Investigative": 5}, {"Achievement": 6, "Recognition": 5},
    background="Works in marketing and wants to switch to tech.",
)  # fmt: skip
SARAH_AS_PRINTED = replace(SARAH, skills=["Writing", "Speaking", "Critical Thinking"])  # type: ignore
# "Same user profile tested with both" in the post's Part 4, which is not Sarah's.
PART_4 = Profile(
    ["Programming", "Mathematics", "Critical Thinking"], {"Investigative": 7, "Enterprising": 5}
)
# Five people with little in common, to compare what a method gives each of them.
CONTRASTING: dict[str, Profile] = {
    "Sarah": SARAH,
    "a mechanic": Profile(
        ["Repairing", "Equipment Maintenance", "Troubleshooting", "Operation and Control"],
        {"Realistic": 7, "Conventional": 3}, {"Support": 5, "Independence": 4}),
    "a nurse": Profile(
        ["Service Orientation", "Social Perceptiveness", "Active Listening", "Monitoring"],
        {"Social": 7, "Investigative": 4}, {"Relationships": 7, "Achievement": 5}),
    "a designer": Profile(
        ["Technology Design", "Operations Analysis", "Active Learning"],
        {"Artistic": 7, "Enterprising": 3}, {"Independence": 6, "Achievement": 6}),
    "a bookkeeper": Profile(
        ["Mathematics", "Reading Comprehension", "Management of Financial Resources"],
        {"Conventional": 7, "Enterprising": 3}, {"Working Conditions": 6, "Support": 4}),
}  # fmt: skip
