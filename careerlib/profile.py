"""What a person says about herself, validated, and her YAML file; and the post's profiles."""

import sys
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import asdict, field, fields, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BeforeValidator, Field, ValidationError, WithJsonSchema
from pydantic.dataclasses import dataclass
from pydantic_core import ArgsKwargs, ErrorDetails

from careerlib.catalog import EDUCATION, load_catalog
from careerlib.errors import CareerlibError, plain, quoted
from careerlib.names import MOST, SCALES, decimal, each, hint, occupation_code, official, rated
from careerlib.project import DATA, write

HIGHEST_WAGE = 10_000_000.0  # more dollars a year than that is a slip, not a wish
MOST_BYTES = 64 * 1024  # of a file; a larger one can take the parser minutes
# No control or invisible characters, no line ends.
ONE_LINE = r"^[^\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]*$"


def major_groups() -> dict[str, str]:
    """{code: title} of the 22 SOC major groups: {"15-0000": "Computer and mathematical", …}."""
    return load_catalog().major_groups["title"].str.removesuffix(" occupations").to_dict()


def _codes(given: Any) -> tuple[str, ...]:
    """Of one field or several, each said by title or code."""
    codes = {title: code for code, title in major_groups().items()}

    def code(one: Any) -> str:
        said = plain(one).strip().removesuffix(" occupations").removesuffix("-0000")
        return codes[official(major_groups().get(f"{said}-0000", said), tuple(codes))]

    several = given if isinstance(given, list | tuple) else [given]
    return tuple(sorted({*each(several, code)}))


def _ratings(block: str) -> Any:
    """The type of a block's ratings, for pydantic and as JSON Schema."""
    names, highest = SCALES[block]
    number = {"type": ["number", "null"], "minimum": 0, "maximum": highest}
    rating = dict.fromkeys(names, number)
    table = {"type": "object", "properties": rating, "additionalProperties": False}
    several = {"type": "array", "items": {"enum": [*names, {}]}, "uniqueItems": True}
    schema = WithJsonSchema({"anyOf": [several, table]})
    return Annotated[dict[str, float], BeforeValidator(partial(rated, block)), schema]


Wage = Annotated[float, BeforeValidator(partial(decimal, highest=HIGHEST_WAGE))]
Education = Annotated[Literal[EDUCATION], BeforeValidator(partial(official, names=EDUCATION))]


@dataclass(frozen=True, config={"extra": "forbid"})
class Profile:
    """One person.

    skills, knowledge: names, each counts as 3 and 4 of 5, or {name: 0-5}.
    interests, work_values: names, the dearest first, that count as 7, 6, 5, … of 7, or
        {name: 0-7}. Of interests initials will do, such as "SEC".
    min_wage: lowest acceptable wage, US dollars a year. remote: True if remote work is preferred.
    max_education: highest acceptable BLS education category.
    fields: SOC major groups by title ("Legal") or code ("23-0000", "23"), kept as codes; none: all.
    background: one line in her own words, at most 200 characters; never taken for a fact.
    occupation: the title of what she does now, kept as the O*NET-SOC code.

    Ratings of another scale have its highest beside them: {"scale": 40, "Social": 34}. Names may
    be in any letter case, numbers text. Raises one CareerlibError that tells all mistakes.
    """

    skills: _ratings("skills") = field(default_factory=dict)
    interests: _ratings("interests") = field(default_factory=dict)
    work_values: _ratings("work_values") = field(default_factory=dict)
    min_wage: Wage | None = None
    remote: bool = False
    max_education: Education | None = None
    fields: Annotated[tuple[str, ...], BeforeValidator(_codes)] = ()
    background: Annotated[str, Field(max_length=200, pattern=ONE_LINE)] = ""
    knowledge: _ratings("knowledge") = field(default_factory=dict)
    occupation: Annotated[str, BeforeValidator(occupation_code)] = ""


KEYS = tuple(entry.name for entry in fields(Profile))


def _init(self: Profile, /, *args: Any, **given: Any) -> None:
    try:
        self.__pydantic_validator__.validate_python(ArgsKwargs(args, given), self_instance=self)
    except ValidationError as error:
        raise CareerlibError(sentence(error.errors())) from None


Profile.__init__ = _init  # type: ignore[method-assign]


def sentence(problems: Iterable[ErrorDetails]) -> str:
    """What pydantic found wrong with a profile, in the words of our checks where it was these."""
    told = []
    for problem in [*problems][:MOST]:
        places, about, given = [*problem["loc"], ""], problem.get("ctx", {}), problem["input"]
        where = str(next((place for place in places if place in KEYS), places[-2:][0]))
        what = "give one line without control characters" if "pattern" in about else problem["msg"]
        said = about.get("error") or f"is {quoted(given)} ({what})"
        if problem["type"] == "unexpected_keyword_argument":
            where, said = "it", f"has no {quoted(where)} ({hint(where, KEYS)})"
        told.append(f"{where} {said}")
    return f"The profile cannot be used: {'; '.join(told)}."


class _PlainLoader(yaml.BaseLoader):
    """Text, lists and tables only, no key twice. A number stays text, so that 010 is nobody's 8."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict:
        table = super().construct_mapping(node, deep)
        if len(table) < len(node.value):
            raise yaml.MarkedYAMLError(None, None, "a key comes twice", node.start_mark)
        return table


def read_profile(path: str | Path) -> Profile:
    """The profile in a YAML file ("-": standard input); an empty field counts as left out.

    Raises CareerlibError for a file of over 64 KB or no YAML, and for what Profile refuses.
    """
    called = f"The profile {quoted(str(path), 120)}"
    try:
        typed, path = str(path) == "-", Path(path).expanduser()
        if not typed and path.exists() and not path.is_file():  # a pipe may keep one waiting
            raise ValueError("it is no file; the name - reads what comes through a pipe")
        with nullcontext(sys.stdin.buffer) if typed else path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise ValueError("it has over 64 KB")
        given = yaml.load(content, _PlainLoader)  # in UTF-8, or UTF-16 with its mark
        if not isinstance(given, dict):
            raise ValueError("it is not a table" if given else "it is empty")
        empty = {key for key in KEYS if given.get(key) in ("", "~", "null")} - {"background"}
        return Profile(**{plain(key): given[key] for key in given if key not in empty})
    except CareerlibError as error:
        raise CareerlibError(str(error).replace("The profile", called, 1)) from None
    except (OSError, ValueError, RuntimeError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        why = f"line {mark.line + 1}: {error.problem}" if mark else str(error)  # type: ignore
        why = " ".join(why.split())[:120]
        keys = f"write UTF-8 text with lines of 'key: value' and the keys {', '.join(KEYS)}"
        raise CareerlibError(f"{called} cannot be read ({why}); {keys}.") from None


def write_profile(profile: Profile, path: Path) -> None:
    """Write the profile as YAML that `read_profile` turns back into an equal one."""
    heading = "# Ratings: 0-5 (skills, knowledge), 0-7 (others). min_wage: US dollars a year.\n"
    write(path, heading + yaml.safe_dump(asdict(profile), sort_keys=False, allow_unicode=True))


# Five people with little in common, to compare what a method gives each of them.
CONTRASTING = {
    name: Profile(**stated)
    for name, stated in yaml.load((DATA / "people.yml").read_bytes(), _PlainLoader).items()
}
SARAH = CONTRASTING["Sarah"]
# The post lists three skills of hers; its scores need the fourth.
SARAH_AS_PRINTED = replace(SARAH, skills=["Writing", "Speaking", "Critical Thinking"])
# "Same user profile tested with both" in the post's Part 4, which is not Sarah's.
PART_4 = Profile("Programming, Mathematics, Critical Thinking", {"I": 7, "E": 5})
