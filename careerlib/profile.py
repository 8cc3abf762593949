"""What a person says about herself, validated, and her YAML file; and the post's profiles."""

import re
from collections.abc import Iterable
from dataclasses import asdict, field, fields, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import click
import yaml
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, WithJsonSchema
from pydantic.dataclasses import dataclass
from pydantic_core import ArgsKwargs, ErrorDetails

from careerlib.catalog import EDUCATION, GROUPS, INTERESTS, PLAIN_WORDS, SCALES, load_catalog
from careerlib.errors import CareerlibError, nearest, quoted, told, words
from careerlib.project import DATA, write

# What counts a name alone: of skills as in the post; elsewhere by its place 7, 6, 5, …
NAMED = {"skills": 3.0, "knowledge": 4.0}
EMPTY = ("", "~", "null", "None")
# Only what everybody reads alike: 0100 and 90:00 are other numbers to some YAML readers.
DECIMAL = re.compile(r"[+-]?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
CODE = re.compile(r"(\W*[RIASEC]){1,6}\W*|[riasec]{1,3}")  # of interests: SEC, S-E-C, sec
HIGHEST_WAGE = 10_000_000.0  # more dollars a year than that is a slip, not a wish
BOOLEANS = [False, True, 0, 1, *"false true no yes off on f t n y 0 1".split()]  # to pydantic
MOST_BYTES = 64 * 1024  # of a file; a larger one can take the parser minutes
MOST = 12  # mistakes that are told


def rated(block: str, given: Any) -> dict[str, float]:
    """{name: rating} in O*NET's order, of what is typed; an empty rating counts as left out."""
    names, highest = SCALES[block]
    scale, pairs = highest, []
    if isinstance(given, str):
        letters = block == "interests" and CODE.fullmatch(given)
        given = re.findall(r"\w" if letters else r"\w[^,;]*", given)
    given = given.tolist() if hasattr(given, "tolist") else given  # NumPy's and pandas'
    if isinstance(given, dict):
        scale = decimal(given.get("scale", highest), 1000, "scale ") or highest
        given, pairs = [], [(name, rating) for name, rating in given.items() if name != "scale"]
    for place, one in enumerate(given if isinstance(given, list | tuple) else [given]):
        alone = [(one, NAMED.get(block, max(highest - place, 1)))]
        pairs += one.items() if isinstance(one, dict) and one else alone
    ratings, wrong = {}, []
    for said, rating in pairs:
        try:
            name = official(said, names)
            if quoted(rating).strip("' ") in EMPTY:
                continue
            if name in ratings:
                raise ValueError(f"has {name} twice")
            ratings[name] = decimal(rating, scale, f"{name} ") * highest / scale
        except ValueError as error:
            wrong.append(str(error))
        if len(wrong) == MOST:
            break
    if wrong:
        raise ValueError("; ".join(wrong))
    return {name: round(ratings[name], 2) for name in names if name in ratings}


def decimal(given: object, highest: float, what: str = "") -> float:
    """The number 0 to `highest`, which may be text."""
    text = quoted(given).strip("' ")
    if DECIMAL.fullmatch(text) and 0 <= float(text) <= highest:
        return float(text)
    scale = "; results out of 40 have a line 'scale: 40'" if highest < 10 else ""
    how = f"give a plain decimal number, 0 to {highest:.0f}{scale}"
    raise ValueError(f"{what}is {quoted(given)} ({how})")


def official(given: Any, names: tuple[str, ...]) -> str:
    """The one of these names that is given, in whatever case, number and order, or an initial."""
    said = given[:200] if isinstance(given, str) else quoted(given)
    for name in names:
        if words(said) == words(name) or names == INTERESTS and said.upper() == name[0]:
            return name
    raise ValueError(f"has no {quoted(said)} ({hint(said, names)})")


def hint(said: str, names: tuple[str, ...]) -> str:
    """Which names may be meant: by a plain word, also in other blocks; or else the nearest."""
    meant = PLAIN_WORDS.get(words(said), [])
    near = [name for name in meant if name in names]
    for block, (own, _) in SCALES.items():
        near += [f"{name} ({block})" for name in meant if name in own and own != names]
    return f"did you mean {' or '.join(near)}?" if near else nearest(said, names).rstrip(".")


def _code(occupation: str | None) -> str:
    catalog = load_catalog()
    return catalog.codes[catalog.position(occupation)] if occupation else ""


def _one_of(names: tuple[str, ...]) -> Any:
    return Annotated[Literal[names], BeforeValidator(partial(official, names=names))]


def _ratings(block: str) -> Any:
    """The type of a block's ratings, for pydantic and as JSON Schema."""
    names, highest = SCALES[block]
    rating = Annotated[float, Field(ge=0, le=highest)] | None
    said = set[Literal[names]] | dict[Literal[names], rating]
    check = BeforeValidator(partial(rated, block), json_schema_input_type=said)
    return Annotated[dict[str, float], check]


dollars = partial(decimal, highest=HIGHEST_WAGE)
Wage = Annotated[float, Field(ge=0, le=HIGHEST_WAGE), BeforeValidator(dollars)]
AsList = BeforeValidator(lambda given: given if isinstance(given, list | tuple) else [given])
Line = AfterValidator(lambda s: " ".join("".join(c if c.isprintable() else " " for c in s).split()))
Fields = Annotated[list[_one_of(tuple(GROUPS.values()))], Field(max_length=22), AsList]


@dataclass(frozen=True, config={"extra": "forbid"})
class Profile:
    """One person; one CareerlibError tells all mistakes.

    skills, knowledge: names, each counts as 3 and 4 of 5, or {name: 0-5}.
    interests, work_values: names, the dearest first, that count as 7, 6, 5, …, or {name: 0-7};
        of interests also "SEC". Ratings of another scale: {"scale": 40, "Social": 34}.
    min_wage: US dollars a year. max_education: highest acceptable BLS education category.
    fields: SOC major groups by title, such as "Legal"; none: all. remote: whether it is preferred.
    background: some words of her own, at most 200 characters; never taken for a fact.
    occupation: the title of what she does now, kept as the O*NET-SOC code.
    """

    skills: _ratings("skills") = field(default_factory=dict)
    interests: _ratings("interests") = field(default_factory=dict)
    work_values: _ratings("work_values") = field(default_factory=dict)
    min_wage: Wage | None = None
    remote: Annotated[bool, WithJsonSchema({"enum": BOOLEANS})] = False
    max_education: _one_of(EDUCATION) | None = None
    fields: Fields = field(default_factory=list)
    background: Annotated[str, Field(max_length=200), Line] = ""
    knowledge: _ratings("knowledge") = field(default_factory=dict)
    occupation: Annotated[str | None, AfterValidator(_code)] = ""


KEYS = tuple(entry.name for entry in fields(Profile))


def _init(self: Profile, /, *args: Any, **given: Any) -> None:
    try:
        self.__pydantic_validator__.validate_python(ArgsKwargs(args, given), self_instance=self)
    except ValidationError as error:
        raise CareerlibError(sentence(error.errors())) from None


Profile.__init__ = _init


def sentence(problems: Iterable[ErrorDetails]) -> str:
    """What pydantic found wrong with a profile, in the words of our checks where it was these."""
    wrong = []
    for problem in [*problems][:MOST]:
        where = next((place for place in problem["loc"] if place in KEYS), "it")
        ours = problem.get("ctx", {}).get("error", "")
        said = str(ours).rstrip(".") or f"is {quoted(problem['input'])} ({problem['msg']})"
        if problem["type"] == "unexpected_keyword_argument":
            name = problem["loc"][-1]
            said = f"has no {quoted(name)} ({hint(name, KEYS)})"
        wrong.append(f"{where} {said}")
    text = "; ".join(wrong)
    for names in re.findall(r" \(valid names are [^)]*\)", text):
        text = text.replace(names, "", text.count(names) - 1)  # once is enough
    return f"The profile cannot be used: {text}."


class _PlainLoader(yaml.BaseLoader):
    """Text, lists and tables only, no key twice. A number stays text, so that 010 is nobody's 8."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict:
        table = super().construct_mapping(node, deep)
        if len(table) < len(node.value):
            raise yaml.MarkedYAMLError(None, None, "a key comes twice", node.start_mark)
        return table


def read_profile(path: str | Path) -> Profile:
    """The profile in a YAML file ("-": standard input); an empty field counts as left out.
    CareerlibError for a file of over 64 KB or no YAML, and for what Profile refuses."""
    what = f"The profile {quoted(str(path))} cannot be read"
    do = f"write UTF-8 text with lines of 'key: value' and the keys {', '.join(KEYS)}"
    with told(what, do, OSError, ValueError, RuntimeError, yaml.YAMLError):
        path = Path(path).expanduser()
        if path.exists() and not path.is_file():  # a pipe may keep one waiting
            raise CareerlibError("it is no file; the name - reads what comes through a pipe")
        with click.open_file(path, "rb") as file:  # which knows the name - as well
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise CareerlibError("it has over 64 KB")
        try:
            given = yaml.load(content, _PlainLoader)  # in UTF-8, or UTF-16 with its mark
        except yaml.MarkedYAMLError as error:
            raise CareerlibError(f"line {error.problem_mark.line + 1}: {error.problem}") from None
        if not isinstance(given, dict):
            raise CareerlibError("it is not a table" if given else "it is empty")
    stated = {key: said for key, said in given.items() if said not in EMPTY or key == "background"}
    return Profile(**stated)


def write_profile(profile: Profile, path: Path) -> None:
    """Write the profile as YAML that `read_profile` turns back into an equal one."""
    heading = "# Ratings: 0-5 (skills, knowledge), 0-7 (others). min_wage: US dollars a year.\n"
    write(path, heading + yaml.safe_dump(asdict(profile), sort_keys=False, allow_unicode=True))


# Five people with little in common, to compare what a method gives each of them.
_people = yaml.safe_load((DATA / "people.yml").read_bytes())
CONTRASTING = {name: Profile(**stated) for name, stated in _people.items()}
SARAH = CONTRASTING["Sarah"]
# The post lists three skills of hers; its scores need the fourth.
SARAH_AS_PRINTED = replace(SARAH, skills=["Writing", "Speaking", "Critical Thinking"])
# "Same user profile tested with both" in the post's Part 4, which is not Sarah's.
PART_4 = Profile("Programming, Mathematics, Critical Thinking", {"I": 7, "E": 5})
