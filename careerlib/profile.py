"""What a person says about herself, validated; and the profiles behind the post's tables.

A profile can be kept as a YAML file: `write_profile` makes one, `read_profile` reads it.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from numbers import Real
from pathlib import Path

import yaml

from careerlib.catalog import EDUCATION, INTERESTS, SKILLS, WORK_VALUES
from careerlib.errors import CareerlibError, nearest
from careerlib.project import replace_file

NAMED_SKILL = 3.0  # the rating that the post gives to a skill that a person just names
HIGHEST_SKILL = 5.0
HIGHEST_RATING = 7.0
HIGHEST_WAGE = 10_000_000.0  # more dollars a year than that is a slip, not a wish


@dataclass(frozen=True)
class Profile:
    """One person.

    skills: a list of O*NET skill names (each counts as 3 of 5), or {name: 0-5}.
    interests: {RIASEC interest: 0-7}.
    work_values: {work value: 0-7}.
    min_wage: lowest acceptable wage, US dollars a year, or None.
    remote: True if remote work is preferred.
    max_education: highest acceptable BLS education category, or None for any.

    Names are matched without letter case and kept as O*NET spells them. Raises one
    CareerlibError that lists everything that is wrong.
    """

    skills: Mapping[str, float] | Iterable[str] = field(default_factory=dict)
    interests: Mapping[str, float] = field(default_factory=dict)
    work_values: Mapping[str, float] = field(default_factory=dict)
    min_wage: float | None = None
    remote: bool = False
    max_education: str | None = None

    def __post_init__(self):
        problems: list[str] = []
        skills = self.skills
        if not isinstance(skills, Mapping):
            if isinstance(skills, str) or not isinstance(skills, Iterable):
                problems.append("skills must be a list of names or a table of name: rating")
                skills = {}
            else:
                skills = _ratings_of_list(list(skills), problems)
        for name, ratings, valid, highest in (
            ("skills", skills, SKILLS, HIGHEST_SKILL),
            ("interests", self.interests, INTERESTS, HIGHEST_RATING),
            ("work_values", self.work_values, WORK_VALUES, HIGHEST_RATING),
        ):
            # The class is frozen: this is how a frozen dataclass sets what it has checked.
            object.__setattr__(self, name, _checked(name, ratings, valid, highest, problems))
        if _is_number(self.min_wage, 0, HIGHEST_WAGE):
            object.__setattr__(self, "min_wage", float(self.min_wage))
        elif self.min_wage is not None:
            problems.append(f"min_wage is {_shown(self.min_wage)}, not a wage in dollars a year")
        if not isinstance(self.remote, bool):
            problems.append(f"remote is {_shown(self.remote)}, not true or false")
        if self.max_education is not None:
            education = _spellings(EDUCATION).get(_folded(self.max_education))
            if education is None:
                problems.append(
                    f"max_education is {_shown(self.max_education)} "
                    f"({nearest(self.max_education, EDUCATION).rstrip('.')})"
                )
            object.__setattr__(self, "max_education", education)
        if problems:
            raise CareerlibError(f"The profile cannot be used: {'; '.join(problems)}.")

    @property
    def is_empty(self) -> bool:
        """True if no skill, interest or work value is rated above zero."""
        return not any(
            rating > 0
            for ratings in (self.skills, self.interests, self.work_values)
            for rating in ratings.values()
        )


def _ratings_of_list(names: list, problems: list[str]) -> dict[str, float]:
    for name in names:
        if not isinstance(name, str):
            problems.append(f"skills lists {_shown(name)}, not a name")
    names = [name for name in names if isinstance(name, str)]
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        problems.append(f"skills name {', '.join(repeated)} more than once")
    return dict.fromkeys(names, NAMED_SKILL)


def _checked(
    block: str, ratings: object, valid: tuple[str, ...], highest: float, problems: list[str]
) -> dict[str, float]:
    """Ratings under O*NET's spelling, in O*NET's order; what is wrong goes to `problems`."""
    if not isinstance(ratings, Mapping):
        problems.append(f"{block} must be a table of name: rating")
        return {}
    spelling = _spellings(valid)
    known: dict[str, float] = {}
    for name, rating in ratings.items():
        official = spelling.get(_folded(name))
        if official is None:
            problems.append(f"{block} has no '{name}' ({nearest(name, valid).rstrip('.')})")
        elif official in known:
            problems.append(f"{block} rates {official} twice, under two spellings")
        elif not _is_number(rating, 0, highest):
            problems.append(f"{block} rates {official} {_shown(rating)}, not 0 to {highest:g}")
        else:
            known[official] = float(rating)
    return {name: known[name] for name in valid if name in known}


def _spellings(valid: Iterable[str]) -> dict[str, str]:
    return {_folded(name): name for name in valid}


def _folded(name: object) -> str:
    """Without letter case, outer or double spaces and typographic apostrophes."""
    return " ".join(str(name).replace("\u2019", "'").split()).casefold()


def _is_number(value: object, low: float, high: float) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and low <= value <= high


def _shown(value: object) -> str:
    """The value for a message, cut where it is long."""
    text = repr(value.item() if hasattr(value, "item") else value)
    return text if len(text) <= 40 else f"{text[:37]}..."


# The post lists Sarah's first three skills; its scores need the fourth.
SARAH = Profile(
    skills=["Writing", "Speaking", "Critical Thinking", "Social Perceptiveness"],
    interests={"Enterprising": 6, "Investigative": 5},
    work_values={"Achievement": 6, "Recognition": 5},
)
SARAH_AS_PRINTED = Profile(
    skills=["Writing", "Speaking", "Critical Thinking"],
    interests={"Enterprising": 6, "Investigative": 5},
    work_values={"Achievement": 6, "Recognition": 5},
)
# "Same user profile tested with both" in the post's Part 4, which is not Sarah's.
PART_4 = Profile(
    skills=["Programming", "Mathematics", "Critical Thinking"],
    interests={"Investigative": 7, "Enterprising": 5},
)

KEYS = tuple(entry.name for entry in fields(Profile))
YAML_HEADING = (
    f"# Ratings: skills 0 to {HIGHEST_SKILL:g}, interests and work values 0 to "
    f"{HIGHEST_RATING:g}.\n# min_wage is in US dollars a year; null means no limit.\n"
)


def read_profile(path: str | Path) -> Profile:
    """The profile in a YAML file, whose keys are Profile's fields.

    A key with nothing behind it counts as left out. Raises CareerlibError for a file that
    cannot be read, is not YAML or has unknown keys, a key twice, or values that Profile
    refuses.
    """
    path = Path(path).expanduser()
    values = _load_yaml(path)
    if not isinstance(values, dict):
        raise CareerlibError(
            f"The profile '{path}' {'is empty' if values is None else 'is not a table'}; "
            f"write lines of 'key: value' with the keys {', '.join(KEYS)}."
        )
    unknown = [f"'{key}' ({nearest(key, KEYS).rstrip('.')})" for key in values if key not in KEYS]
    if unknown:
        raise CareerlibError(f"The profile '{path}' has unknown keys: {'; '.join(unknown)}.")
    given = {key: value for key, value in values.items() if value is not None}
    try:
        return Profile(**given)
    except CareerlibError as error:
        message = str(error).replace("The profile", f"The profile '{path}'", 1)
        raise CareerlibError(message) from None


def write_profile(profile: Profile, path: str | Path) -> None:
    """Write the profile as YAML that `read_profile` turns back into an equal one.

    An existing file is replaced in one step, or kept if anything fails. Raises
    CareerlibError where the file cannot be written.
    """
    path = Path(path).expanduser()
    text = yaml.safe_dump(_plain(asdict(profile)), sort_keys=False, allow_unicode=True)
    try:
        replace_file(path, (YAML_HEADING + text).encode())
    except OSError as error:
        raise CareerlibError(
            f"The profile cannot be written to '{path}' ({error.strerror}); choose another "
            "file name in a folder that exists."
        ) from None


class _OneOfEachKey(yaml.SafeLoader):
    """YAML's safe loader, except that it refuses a key that comes twice.

    The plain loader would silently keep the last of two contradicting values.
    """

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                continue  # the plain loader refuses it below
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"'{key}' comes twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def _load_yaml(path: Path) -> object:
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise CareerlibError(f"There is no profile '{path}'; check the file name.") from None
    except OSError as error:
        raise CareerlibError(
            f"The profile '{path}' cannot be read ({error.strerror}); name a YAML file."
        ) from None
    except UnicodeDecodeError:
        raise CareerlibError(
            f"The profile '{path}' is not UTF-8 text; save it as plain text in YAML."
        ) from None
    try:
        return yaml.load(text, Loader=_OneOfEachKey)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise CareerlibError(
            f"The profile '{path}'{line} is not valid YAML ({error.problem}); correct that line."
        ) from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise CareerlibError(
            f"The profile '{path}' is not valid YAML; write lines of 'key: value'."
        ) from None


def _plain(value: object) -> object:
    """Tables and numbers as YAML writes them best: 6 instead of 6.0, no NumPy types."""
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, Real) and not isinstance(value, bool):
        return int(value) if float(value).is_integer() else float(value)
    return value

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
