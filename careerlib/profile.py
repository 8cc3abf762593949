"""What a person says about herself, validated, and her YAML file; and the post's profiles."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, field, fields, replace
from functools import cache, partial
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, WrapValidator
from pydantic.dataclasses import dataclass
from pydantic_core import ErrorDetails, PydanticCustomError

from careerlib.catalog import EDUCATION, INTERESTS, SKILLS, WORK_VALUES, load_catalog
from careerlib.errors import CareerlibError, nearest, quoted
from careerlib.project import replace_file

NAMED_SKILL = 3.0  # the rating that the post gives to a skill that a person just names
HIGHEST_SKILL, HIGHEST_RATING = 5.0, 7.0
HIGHEST_WAGE = 10_000_000.0  # more dollars a year than that is a slip, not a wish
MOST_PROBLEMS = 12  # that one message tells
MOST_BYTES = 64 * 1024  # of a file; a larger one can take the parser minutes
# Only what everybody reads alike: 0100 and 90:00 are other numbers to some YAML readers.
DECIMAL = re.compile(r"[+-]?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")
ONE_LINE = r"^[^\p{C}\p{Zl}\p{Zp}]*$"  # no control or invisible characters, no line ends
FILE_ERRORS = (OSError, ValueError, RuntimeError, yaml.YAMLError)
NOTHING = ("", "~", "null")  # YAML's ways to leave a value out
HEADING = "# Ratings: skills 0-5, interests and work values 0-7. min_wage: US dollars a year.\n"
WORDS = {  # where they say more than pydantic's
    "dict_type": "give a table of name: rating; for skills a list of names will do",
    "string_pattern_mismatch": "give one line without control characters",
}


def _folded(name: object) -> str:
    """Without letter case, outer or double spaces and typographic apostrophes."""
    return " ".join(str(name).replace("\u2019", "'").split()).casefold()


SPELLING = {_folded(name): name for name in (*SKILLS, *INTERESTS, *WORK_VALUES, *EDUCATION)}


def _official(given: object, names: tuple[str, ...]) -> str:
    """The official spelling of one of these names."""
    official = SPELLING.get(_folded(given)) if isinstance(given, str) else None
    if official not in names:
        raise PydanticCustomError("name", "unknown", {"valid": names})
    return official


def _decimal(given: object) -> object:
    if not DECIMAL.fullmatch(quoted(given).strip("'")):
        raise PydanticCustomError("number", "give a plain decimal number")
    return given


def _ratings(names: tuple[str, ...], highest: float) -> Any:
    """The type of a table {name: 0 to highest}: in O*NET's order, none given twice."""

    def check(given: Any, parse: Callable[[Any], dict[str, float]]) -> dict[str, float]:
        ratings = parse(given)
        if len(ratings) < len(given):
            name = Counter(map(_folded, given)).most_common(1)[0][0]
            raise PydanticCustomError("twice", "it rates {name} twice", {"name": SPELLING[name]})
        return {name: ratings[name] for name in names if name in ratings}

    name = Annotated[str, BeforeValidator(partial(_official, names=names))]
    rating = Annotated[float, BeforeValidator(_decimal), Field(ge=0, le=highest)]
    return Annotated[dict[name, rating], WrapValidator(check)]


def _named(given: object) -> object:
    """A list of skills as a table in which each counts as NAMED_SKILL."""
    if not isinstance(given, Iterable) or isinstance(given, (str, Mapping)):
        return given
    return {name if isinstance(name, str) else quoted(name): NAMED_SKILL for name in given}


@cache
def major_groups() -> dict[str, str]:
    """{code: title} of the 22 SOC major groups: {"15-0000": "Computer and mathematical", …}."""
    return load_catalog().major_groups["title"].str.removesuffix(" occupations").to_dict()


def _group(given: object) -> str:
    """The code of a major group that is given by title, "15-0000", "15" or 15."""
    name = _folded(given).removesuffix(" occupations")
    for code, title in major_groups().items():
        if name in (code, code[:2], title.casefold()):
            return code
    raise PydanticCustomError("name", "unknown", {"valid": tuple(major_groups().values())})


Skills: Any = Annotated[_ratings(SKILLS, HIGHEST_SKILL), BeforeValidator(_named)]
Groups = Annotated[
    tuple[Annotated[str, BeforeValidator(_group)], ...],
    BeforeValidator(lambda given: [given] if isinstance(given, (str, int)) else given),
    AfterValidator(lambda codes: tuple(sorted(set(codes)))),
]


@dataclass(frozen=True, config={"extra": "forbid"})
class _Stated:
    skills: Skills = field(default_factory=dict)
    interests: _ratings(INTERESTS, HIGHEST_RATING) = field(default_factory=dict)
    work_values: _ratings(WORK_VALUES, HIGHEST_RATING) = field(default_factory=dict)
    min_wage: Annotated[float, BeforeValidator(_decimal), Field(ge=0, le=HIGHEST_WAGE)] | None = (
        None
    )
    remote: bool = False
    max_education: Annotated[str, BeforeValidator(partial(_official, names=EDUCATION))] | None = (
        None
    )
    fields: Groups = ()
    background: Annotated[str, Field(max_length=200, pattern=ONE_LINE)] = ""


class Profile(_Stated):
    """One person.

    skills: a list of O*NET skill names (each counts as 3 of 5), or {name: 0-5}.
    interests: {RIASEC interest: 0-7}. work_values: {work value: 0-7}.
    min_wage: lowest acceptable wage, US dollars a year. remote: True if remote work is preferred.
    max_education: highest acceptable BLS education category.
    fields: SOC major groups by title ("Legal") or code ("23-0000", "23"), kept as codes; none: all.
    background: one line in her own words, at most 200 characters; never taken for a fact.

    Names are matched without letter case and kept as O*NET spells them, in its order. A number
    may be text ("6.5"). Raises one CareerlibError that lists all (at most twelve) mistakes.
    """

    def __init__(self, /, *args: Any, **given: Any) -> None:
        try:
            super().__init__(*args, **given)
        except ValidationError as error:
            problems = error.errors(include_url=False)
            more = len(problems) - MOST_PROBLEMS
            told = [*map(_told, problems[:MOST_PROBLEMS]), *[f"and {more:,} more"] * (more > 0)]
            raise CareerlibError(f"The profile cannot be used: {'; '.join(told)}.") from None

    @property
    def is_empty(self) -> bool:
        """True if no skill, interest or work value is rated above zero."""
        return not any((self.skills | self.interests | self.work_values).values())


KEYS = tuple(entry.name for entry in fields(Profile))


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
            name = Counter(key.value for key, _ in node.value).most_common(1)[0][0]
            raise yaml.MarkedYAMLError(None, None, f"{quoted(name)} comes twice", node.start_mark)
        return table


def _load(path: Path) -> dict[str, Any]:
    """The table in a YAML file, or one of FILE_ERRORS."""
    with path.expanduser().open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ValueError("it has over 64 KB")
    given = yaml.load(content.decode("utf-8-sig"), Loader=_PlainLoader)
    if not isinstance(given, dict):
        raise ValueError("it is not a table" if given else "it is empty")
    return given


def _reason(error: Exception) -> str:
    """Why a file cannot be read or written: a clause for the middle of a sentence."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return f"line {error.problem_mark.line + 1}: {str(error.problem)[:80]}"
    told = {UnicodeDecodeError: "it is not UTF-8 text", RecursionError: "it is nested too deeply"}
    said = told.get(type(error)) or getattr(error, "strerror", None)
    return said or getattr(error, "reason", None) or str(error)


def read_profile(path: str | Path) -> Profile:
    """The profile in a YAML file, whose keys are Profile's fields; an empty one counts as left out.

    Raises CareerlibError for a file of over 64 KB or no YAML, and for what Profile refuses.
    """
    called = f"The profile {quoted(str(path), 120)}"
    try:
        given = _load(Path(path)).items()
        stated = {key: said for key, said in given if key not in KEYS or said not in NOTHING}
        return Profile(**stated)
    except CareerlibError as error:
        raise CareerlibError(str(error).replace("The profile", called, 1)) from None
    except FILE_ERRORS as error:
        keys = f"write a file with lines of 'key: value' and the keys {', '.join(KEYS)}"
        raise CareerlibError(f"{called} cannot be read ({_reason(error)}); {keys}.") from None


def write_profile(profile: Profile, path: str | Path) -> None:
    """Write the profile as YAML that `read_profile` turns back into an equal one.

    An existing file is replaced in one step, or kept where CareerlibError says that it cannot be.
    """
    stated = json.dumps(asdict(profile))  # and back, with 6 instead of 6.0
    stated = json.loads(stated, parse_float=lambda text: json.loads(text.removesuffix(".0")))
    text = yaml.safe_dump(stated, sort_keys=False, allow_unicode=True, width=1000)
    try:
        replace_file(Path(path).expanduser(), (HEADING + text).encode())
    except FILE_ERRORS as error:
        where = f"{quoted(str(path), 120)} ({_reason(error)}); choose one in a folder that exists"
        raise CareerlibError(f"The profile cannot be written to {where}.") from None


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
