"""What a person says about herself, validated, and her YAML file; and the post's profiles."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, field, fields, replace
from functools import cache, partial
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BeforeValidator, Field, ValidationError, ValidationInfo
from pydantic.dataclasses import dataclass
from pydantic_core import ErrorDetails

from careerlib.catalog import (
    EDUCATION,
    INTERESTS,
    KNOWLEDGE,
    SKILLS,
    WORK_VALUES,
    load_catalog,
)
from careerlib.errors import CareerlibError, nearest, quoted
from careerlib.project import write

NAMED_SKILL = 3.0  # the rating that the post gives to a skill that a person just names
NAMED = {"skills": NAMED_SKILL, "knowledge": 4.0}  # of blocks where a list of names will do
HIGHEST_SKILL, HIGHEST_RATING = 5.0, 7.0
SCALES = {  # the names that are rated, and the highest rating
    "interests": (INTERESTS, HIGHEST_RATING), "work_values": (WORK_VALUES, HIGHEST_RATING),
    "skills": (SKILLS, HIGHEST_SKILL), "knowledge": (KNOWLEDGE, HIGHEST_SKILL),
}  # fmt: skip
HIGHEST_WAGE = 10_000_000.0  # more dollars a year than that is a slip, not a wish
MOST_PROBLEMS = 12  # that one message tells
MOST_BYTES = 64 * 1024  # of a file; a larger one can take the parser minutes
# Only what everybody reads alike: 0100 and 90:00 are other numbers to some YAML readers.
DECIMAL = re.compile(r"[+-]?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
ONE_LINE = r"^[^\p{C}\p{Zl}\p{Zp}]*$"  # no control or invisible characters, no line ends
NOTHING = ("", "~", "null")  # YAML's ways to leave a value out
HEADING = (
    "# Ratings: skills, knowledge 0-5, interests, work values 0-7. min_wage: US dollars a year.\n"
)


# A check's ValueError says what is wrong, to be read after the name of the field.
def _official(given: object, names: Iterable[str]) -> str:
    """The one of these names that is given, in whatever case, spacing and apostrophes."""
    said = given if isinstance(given, str) else quoted(given)
    folded = " ".join(said.replace("\u2019", "'").split()).casefold()
    for name in names:
        if name.casefold() == folded:
            return name
    raise ValueError(f"has no {quoted(given)} ({nearest(said[:60], names).rstrip('.')})")


def _decimal(given: object, highest: float, what: str = "") -> float:
    text = quoted(given).strip("'")
    if DECIMAL.fullmatch(text) and 0 <= float(text) <= highest:
        return float(text)
    raise ValueError(f"{what}is {quoted(given)} (give a plain decimal number, 0 to {highest:,.0f})")


def _rated(given: Any, info: ValidationInfo) -> dict[str, float]:
    """In O*NET's order, none given twice. A list of names counts each as NAMED says."""
    names, highest = SCALES[info.field_name]
    named = NAMED.get(info.field_name)
    if isinstance(given, Mapping):
        given = given.items()
    elif named and isinstance(given, Iterable) and not isinstance(given, str):
        given = [(name, named) for name in given]
    else:
        what = "give a table of name: rating; for skills and knowledge a list of names will do"
        raise ValueError(f"is {quoted(given)} ({what})")
    ratings = {}
    for said, rating in given:
        if (name := _official(said, names)) in ratings:
            raise ValueError(f"rates {name} twice")
        ratings[name] = _decimal(rating, highest, f"{name} ")
    return {name: ratings[name] for name in names if name in ratings}


@cache
def major_groups() -> dict[str, str]:
    """{code: title} of the 22 SOC major groups: {"15-0000": "Computer and mathematical", …}."""
    return load_catalog().major_groups["title"].str.removesuffix(" occupations").to_dict()


def _codes(given: Any) -> tuple[str, ...]:
    """Of one field or several, each said by title or code."""
    groups = major_groups()
    codes = {title: code for code, title in groups.items()}
    codes |= {part: code for code in groups for part in (code, code[:2])}
    several = given if isinstance(given, list | tuple | set) else [given]
    # BLS's own titles end in "occupations".
    named = [re.sub(" occupations$", "", one) if isinstance(one, str) else one for one in several]
    return tuple(sorted({codes[_official(one, codes)] for one in named}))


Ratings = Annotated[dict[str, float], BeforeValidator(_rated)]
Wage = Annotated[float, BeforeValidator(partial(_decimal, highest=HIGHEST_WAGE))]
Education = Annotated[str, BeforeValidator(partial(_official, names=EDUCATION))]


@dataclass(frozen=True, config={"extra": "forbid"})
class _Stated:
    skills: Ratings = field(default_factory=dict)
    interests: Ratings = field(default_factory=dict)
    work_values: Ratings = field(default_factory=dict)
    min_wage: Wage | None = None
    remote: bool = False
    max_education: Education | None = None
    fields: Annotated[tuple[str, ...], BeforeValidator(_codes)] = ()
    background: Annotated[str, Field(max_length=200, pattern=ONE_LINE)] = ""
    knowledge: Ratings = field(default_factory=dict)


class Profile(_Stated):
    """One person.

    skills: a list of O*NET skill names (each counts as 3 of 5), or {name: 0-5}.
    knowledge: a list of O*NET knowledge areas (each counts as 4 of 5), or {name: 0-5}.
    interests: {RIASEC interest: 0-7}. work_values: {work value: 0-7}.
    min_wage: lowest acceptable wage, US dollars a year. remote: True if remote work is preferred.
    max_education: highest acceptable BLS education category.
    fields: SOC major groups by title ("Legal") or code ("23-0000", "23"), kept as codes; none: all.
    background: one line in her own words, at most 200 characters; never taken for a fact.

    Names are matched without letter case and kept as O*NET spells them, in its order. A number
    may be text ("6.5"). Raises one CareerlibError that tells the first mistake of each field.
    """

    def __init__(self, /, *args: Any, **given: Any) -> None:
        if "__dataclass_self__" in given:  # pydantic's own name for self
            raise CareerlibError("The profile cannot be used: it has no '__dataclass_self__'.")
        try:
            super().__init__(*args, **given)
        except ValidationError as error:
            told = "; ".join(map(_told, error.errors()[:MOST_PROBLEMS]))
            raise CareerlibError(f"The profile cannot be used: {told}.") from None


KEYS = tuple(entry.name for entry in fields(Profile))


def _told(problem: ErrorDetails) -> str:
    """A mistake as a clause: in the words of our check, if it was ours, or in pydantic's."""
    where, about = str([*problem["loc"], "a key"][0]), problem.get("ctx", {})
    if problem["type"] == "unexpected_keyword_argument":
        return f"it has no {quoted(where)} ({nearest(where[:60], KEYS).rstrip('.')})"
    line = about.get("pattern") == ONE_LINE
    what = "give one line without control characters" if line else problem["msg"]
    said = f"is {quoted(problem['input'])} ({what})"
    return f"{where} {about.get('error', said)}"


class _PlainLoader(yaml.BaseLoader):
    """Text, lists and tables only, no key twice. A number stays text, so that 010 is nobody's 8.
    Aliases and tags are refused: a few nested aliases are gigabytes."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        event: Any = self.peek_event()
        if isinstance(event, yaml.AliasEvent) or event.tag:
            raise yaml.MarkedYAMLError(None, None, "it has a tag or an alias", event.start_mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict:
        table = super().construct_mapping(node, deep)
        if len(table) < len(node.value):
            raise yaml.MarkedYAMLError(None, None, "a key comes twice", node.start_mark)
        return table


def read_profile(path: str | Path) -> Profile:
    """The profile in a YAML file, whose keys are Profile's fields; an empty one counts as left out.

    Raises CareerlibError for a file of over 64 KB or no YAML, and for what Profile refuses.
    """
    called = f"The profile {quoted(str(path), 120)}"
    try:
        with Path(path).expanduser().open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise ValueError("it has over 64 KB")
        given = yaml.load(content.decode("utf-8-sig"), Loader=_PlainLoader)
        if not isinstance(given, dict):
            raise ValueError("it is not a table" if given else "it is empty")
        stated = {
            key: said for key, said in given.items() if key not in KEYS or said not in NOTHING
        }
        return Profile(**stated)
    except CareerlibError as error:
        raise CareerlibError(str(error).replace("The profile", called, 1)) from None
    except (OSError, ValueError, RuntimeError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        why = f"line {mark.line + 1}: {error.problem}" if mark else ""  # type: ignore
        why = " ".join((why or getattr(error, "strerror", None) or str(error)).split())[:120]
        keys = f"write UTF-8 text with lines of 'key: value' and the keys {', '.join(KEYS)}"
        raise CareerlibError(f"{called} cannot be read ({why}); {keys}.") from None


def write_profile(profile: Profile, path: Path) -> None:
    """Write the profile as YAML that `read_profile` turns back into an equal one."""
    text = yaml.safe_dump(asdict(profile), sort_keys=False, allow_unicode=True)
    write(path, HEADING + text)


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
