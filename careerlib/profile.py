"""What a person says about herself, validated; and the profiles behind the post's tables."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import isfinite

from careerlib.bls import EDUCATION
from careerlib.errors import CareerlibError, nearest
from careerlib.tables import INTERESTS, SKILLS, WORK_VALUES

NAMED_SKILL = 3.0  # the rating that the post gives to a skill that a person just names
HIGHEST_SKILL = 5.0
HIGHEST_RATING = 7.0


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
        if self.min_wage is not None and not _is_number(self.min_wage, 0, float("inf")):
            problems.append(f"min_wage is {self.min_wage!r}, not a wage in dollars a year")
        if not isinstance(self.remote, bool):
            problems.append(f"remote is {self.remote!r}, not true or false")
        if self.max_education is not None and self.max_education not in EDUCATION:
            problems.append(
                f"max_education is '{self.max_education}', "
                f"{nearest(self.max_education, EDUCATION).rstrip('.')}"
            )
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


def _ratings_of_list(names: list, problems: list[str]) -> dict:
    repeated = sorted({str(name) for name in names if names.count(name) > 1})
    if repeated:
        problems.append(f"skills name {', '.join(repeated)} more than once")
    return {name: NAMED_SKILL for name in names}


def _checked(
    block: str, ratings: object, valid: tuple[str, ...], highest: float, problems: list[str]
) -> dict[str, float]:
    """Ratings under O*NET's spelling, in O*NET's order; what is wrong goes to `problems`."""
    if not isinstance(ratings, Mapping):
        problems.append(f"{block} must be a table of name: rating")
        return {}
    spelling = {name.casefold(): name for name in valid}
    known: dict[str, float] = {}
    for name, rating in ratings.items():
        official = spelling.get(str(name).strip().casefold())
        if official is None:
            problems.append(f"{block} has no '{name}', {nearest(name, valid).rstrip('.')}")
        elif official in known:
            problems.append(f"{block} rates {official} twice")
        elif not _is_number(rating, 0, highest):
            problems.append(f"{block} rates {official} {rating!r}, not 0 to {highest:g}")
        else:
            known[official] = float(rating)
    return {name: known[name] for name in valid if name in known}


def _is_number(value: object, low: float, high: float) -> bool:
    return (
        isinstance(value, (int, float)) and not isinstance(value, bool)
        and isfinite(value) and low <= value <= high
    )


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
