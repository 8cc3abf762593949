"""What a person says about herself, validated; and the profiles behind the post's tables.

A profile can be kept as a YAML file: `write_profile` makes one, `read_profile` reads it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, field, fields, replace
from functools import cache
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import yaml
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.dataclasses import dataclass
from pydantic_core import ArgsKwargs, ErrorDetails, PydanticCustomError

from careerlib.catalog import EDUCATION, INTERESTS, SKILLS, WORK_VALUES, load_catalog
from careerlib.errors import CareerlibError, nearest
from careerlib.plain_yaml import PlainYamlError, load_plain, quoted
from careerlib.project import replace_file

NAMED_SKILL = 3.0  # the rating that the post gives to a skill that a person just names
HIGHEST_SKILL, HIGHEST_RATING = 5.0, 7.0
HIGHEST_WAGE = 10_000_000.0  # more dollars a year than that is a slip, not a wish
LONGEST_BACKGROUND = 200
MOST_PROBLEMS = 12  # that one message tells
# Only what everybody reads alike: 0100 and 90:00 are other numbers to some YAML readers.
DECIMAL = re.compile(r"[+-]?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")
ONE_LINE = r"^[^\p{C}\p{Zl}\p{Zp}]*$"  # no control or invisible characters, no line ends


def _folded(name: object) -> str:
    """Without letter case, outer or double spaces and typographic apostrophes."""
    return " ".join(str(name).replace("\u2019", "'").split()).casefold()


def _name(names: tuple[str, ...]) -> BeforeValidator:
    """One of these names, in its official spelling."""
    spelling = {_folded(name): name for name in names}

    def check(given: object) -> str:
        if not isinstance(given, str) or _folded(given) not in spelling:
            raise PydanticCustomError("name", "unknown", {"valid": names})
        return spelling[_folded(given)]

    return BeforeValidator(check)


def _ratings(names: tuple[str, ...], as_list: bool = False) -> BeforeValidator:
    """A table with these names in their order; `as_list` also a list of names, each NAMED_SKILL."""
    spelling = {_folded(name): name for name in names}

    def check(given: object) -> dict:
        if as_list and isinstance(given, Iterable) and not isinstance(given, (str, Mapping)):
            listed = [name if isinstance(name, str) else quoted(name) for name in given]
            given = {spelling.get(_folded(name), name): NAMED_SKILL for name in listed}
        if not isinstance(given, Mapping):
            wanted = "a list of names or a table" if as_list else "a table"
            raise PydanticCustomError("block", "must be {what} of name: rating", {"what": wanted})
        known: dict[Any, Any] = {}
        for name, rating in given.items():
            official = spelling.get(_folded(name), name) if isinstance(name, str) else name
            if official in known:
                raise PydanticCustomError("block", "rates {name} twice", {"name": official})
            known[official] = rating
        return {name: known.pop(name) for name in names if name in known} | known

    return BeforeValidator(check)


def _number(given: object) -> float:
    if isinstance(given, str) and DECIMAL.fullmatch(given):
        return float(given)
    if isinstance(given, Real) and not isinstance(given, bool):
        try:
            return float(given)
        except OverflowError:
            return float("inf")
    raise PydanticCustomError("number", "give a plain decimal number")


@cache
def major_groups() -> dict[str, str]:
    """{code: title} of the 22 SOC major groups: {"15-0000": "Computer and mathematical", …}."""
    titles = load_catalog().major_groups["title"].str.removesuffix(" occupations")
    return dict(zip(titles.index, titles, strict=True))


def _group(given: object) -> str:
    """The code of a major group that is given by title, "15-0000", "15" or 15."""
    name, groups = _folded(given).removesuffix(" occupations"), major_groups()
    for code, title in groups.items():
        if name in (code, code[:2], title.casefold()):
            return code
    # One word of a long title does not look like it to `nearest`.
    having = tuple(title for title in groups.values() if name and name in title.casefold())
    valid = having or tuple(groups.values())
    raise PydanticCustomError("name", "unknown", {"valid": valid})


SkillRating = Annotated[float, BeforeValidator(_number), Field(ge=0, le=HIGHEST_SKILL)]
Rating = Annotated[float, BeforeValidator(_number), Field(ge=0, le=HIGHEST_RATING)]
Wage = Annotated[float, BeforeValidator(_number), Field(ge=0, le=HIGHEST_WAGE)]
Line = Annotated[str, Field(max_length=LONGEST_BACKGROUND, pattern=ONE_LINE)]
Skills = Annotated[dict[Annotated[str, _name(SKILLS)], SkillRating], _ratings(SKILLS, True)]
Interests = Annotated[dict[Annotated[str, _name(INTERESTS)], Rating], _ratings(INTERESTS)]
Values = Annotated[dict[Annotated[str, _name(WORK_VALUES)], Rating], _ratings(WORK_VALUES)]
Groups = Annotated[
    tuple[Annotated[str, BeforeValidator(_group)], ...],
    BeforeValidator(lambda given: [given] if isinstance(given, (str, int)) else given),
    AfterValidator(lambda codes: tuple(sorted(set(codes)))),
]


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Profile:
    """One person.

    skills: a list of O*NET skill names (each counts as 3 of 5), or {name: 0-5}.
    interests: {RIASEC interest: 0-7}.
    work_values: {work value: 0-7}.
    min_wage: lowest acceptable wage, US dollars a year, or None.
    remote: True if remote work is preferred.
    max_education: highest acceptable BLS education category, or None for any.
    fields: SOC major groups to choose from, by title ("Computer and mathematical") or code
        ("15-0000", "15"), kept as codes; none means all.
    background: one line in her own words, at most 200 characters; never taken for a fact.

    Names are matched without letter case and kept as O*NET spells them, in its order. A
    number may also be text, as in "6.5". Raises one CareerlibError that lists everything
    that is wrong (the first twelve things of more).
    """

    skills: Skills = field(default_factory=dict)
    interests: Interests = field(default_factory=dict)
    work_values: Values = field(default_factory=dict)
    min_wage: Wage | None = None
    remote: bool = False
    max_education: Annotated[str, _name(EDUCATION)] | None = None
    fields: Groups = ()
    background: Line = ""

    if TYPE_CHECKING:

        def __init__(self, /, *args: Any, **given: Any) -> None: ...

    @property
    def is_empty(self) -> bool:
        """True if no skill, interest or work value is rated above zero."""
        blocks = (self.skills, self.interests, self.work_values)
        return not any(rating > 0 for ratings in blocks for rating in ratings.values())


def _init(self: Any, /, *args: Any, **given: Any) -> None:
    """As pydantic does it, but with our one sentence instead of its report of many lines."""
    try:
        self.__pydantic_validator__.validate_python(ArgsKwargs(args, given), self_instance=self)
    except ValidationError as error:
        problems = error.errors(include_url=False)
        told = "; ".join(map(_told, problems[:MOST_PROBLEMS]))
        more = len(problems) - MOST_PROBLEMS
        told += f"; and {more:,} more" if more > 0 else ""
        raise CareerlibError(f"The profile cannot be used: {told}.") from None


Profile.__init__ = _init  # pyright: ignore[reportAttributeAccessIssue]
KEYS = tuple(entry.name for entry in fields(Profile))
NOTHING = ("", "~", "null")  # YAML's ways to leave a value out
HEADING = (
    f"# Ratings: skills 0 to {HIGHEST_SKILL:g}, interests and work values 0 to "
    f"{HIGHEST_RATING:g}.\n# min_wage is in US dollars a year; null means no limit.\n"
)


def _told(error: ErrorDetails) -> str:
    """One of pydantic's errors in our words."""
    where, given, context = error["loc"], quoted(error["input"]), error.get("ctx", {})
    block, *within = [str(part) for part in where if part != "[key]"] or ["a key"]
    if error["type"] == "unexpected_keyword_argument":
        return f"it has no {quoted(block)} ({nearest(block[:40], KEYS).rstrip('.')})"
    if error["type"] == "name":
        close = nearest(given.strip("'"), context["valid"]).rstrip(".")
        return f"{block} has no {given} ({close})"
    if error["type"] == "block":
        return f"{block} {error['msg']}"
    words = error["msg"][0].lower() + error["msg"][1:]
    if error["type"] == "string_pattern_mismatch":
        words = "give one line without control characters"
    what = " ".join([block, *(quoted(part).strip("'") for part in within)])
    return f"{what} is {given} ({words})"


def read_profile(path: str | Path) -> Profile:
    """The profile in a YAML file, whose keys are Profile's fields.

    A key with nothing behind it counts as left out. Raises CareerlibError for a file that
    cannot be read, has over 64 KB or is not YAML, and for what Profile refuses.
    """
    called = f"The profile {quoted(str(path), 120)}"
    try:
        given = load_plain(path)
        left_out = {key for key in KEYS if given.get(key) in NOTHING}
        return Profile(**{key: value for key, value in given.items() if key not in left_out})
    except PlainYamlError as error:
        raise CareerlibError(
            f"{called} cannot be read ({error}); write a file with lines of 'key: value' and the "
            f"keys {', '.join(KEYS)}."
        ) from None
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
    except (OSError, ValueError, RuntimeError) as error:
        raise CareerlibError(
            f"The profile cannot be written to {quoted(str(path), 120)} "
            f"({getattr(error, 'strerror', None) or error}); choose another file name in a folder "
            "that exists."
        ) from None


def _plain(value: object) -> object:
    """Tables and numbers as YAML writes them best: 6 instead of 6.0."""
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    return int(value) if isinstance(value, float) and value.is_integer() else value


# The post lists Sarah's first three skills; its scores need the fourth. It says that she "wants
# to switch from Marketing to Tech".
SARAH = Profile(
    skills=["Writing", "Speaking", "Critical Thinking", "Social Perceptiveness"],
    interests={"Enterprising": 6, "Investigative": 5},
    work_values={"Achievement": 6, "Recognition": 5},
    background="Works in marketing and wants to switch to tech.",
)
SARAH_AS_PRINTED = replace(SARAH, skills=["Writing", "Speaking", "Critical Thinking"])  # type: ignore
# "Same user profile tested with both" in the post's Part 4, which is not Sarah's.
PART_4 = Profile(
    skills=["Programming", "Mathematics", "Critical Thinking"],
    interests={"Investigative": 7, "Enterprising": 5},
)
# Five people with little in common, to compare what a method gives each of them.
CONTRASTING: dict[str, Profile] = {
    "Sarah": SARAH,
    "a mechanic": Profile(
        skills=["Repairing", "Equipment Maintenance", "Troubleshooting", "Operation and Control"],
        interests={"Realistic": 7, "Conventional": 3},
        work_values={"Support": 5, "Independence": 4},
    ),
    "a nurse": Profile(
        skills=["Service Orientation", "Social Perceptiveness", "Active Listening", "Monitoring"],
        interests={"Social": 7, "Investigative": 4},
        work_values={"Relationships": 7, "Achievement": 5},
    ),
    "a designer": Profile(
        skills=["Technology Design", "Operations Analysis", "Active Learning"],
        interests={"Artistic": 7, "Enterprising": 3},
        work_values={"Independence": 6, "Achievement": 6},
    ),
    "a bookkeeper": Profile(
        skills=["Mathematics", "Reading Comprehension", "Management of Financial Resources"],
        interests={"Conventional": 7, "Enterprising": 3},
        work_values={"Working Conditions": 6, "Support": 4},
    ),
}
