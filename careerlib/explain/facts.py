"""What is known of an occupation for one person: everything an explanation may use.

An explainer, template or language model, sees `OccupationFacts.facts` and nothing else. A
`Profile` holds validated names and numbers only, so no name of a person and no free text of
hers can be sent anywhere.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from careerlib.catalog import INTERESTS, SKILLS, WORK_VALUES, Catalog, load_catalog
from careerlib.encoding import EDUCATION_LEVEL
from careerlib.errors import CareerlibError
from careerlib.profile import Profile
from careerlib.recommend import SHARED_FROM

BLOCKS = {"skills": SKILLS, "interests": INTERESTS, "work_values": WORK_VALUES}
KIND = {"skills": "skill", "interests": "interest", "work_values": "value"}
HIGHEST = {"skills": 5, "interests": 7, "work_values": 7}  # of O*NET's scale, which starts at 1
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")
MOST_IMPORTANT = 6  # skills that are facts because the occupation asks most for them
MOST_TYPICAL = 3  # and because few other occupations ask as much
LONGEST_TITLE = 120


@dataclass(frozen=True)
class Rating:
    """One skill, interest or work value, and what both sides say of it.

    occupation: O*NET's rating (importance 1-5, interest 1-7, value 1-7), NaN where it has
        none. person: the profile's rating, 0 where it does not name it.
    rank: place within the occupation's 35 skills, 6 interests or 6 values; equals share one.
    person_rank: the same within what the person rates; 0 where she does not.
    above: share of the catalog's occupations that are rated lower, 0 to 1.
    """

    block: str
    name: str
    occupation: float
    person: float
    rank: int
    person_rank: int
    above: float

    @property
    def id(self) -> str:
        return f"{KIND[self.block]}:{self.name}"

    @property
    def is_high(self) -> bool:
        """True from the middle of O*NET's scale: 3 of 5 for skills, else 4 of 7."""
        return self.occupation >= SHARED_FROM[self.block]

    @property
    def is_shared(self) -> bool:
        """High for the occupation and named by the person, as in `recommend.shared`."""
        return self.is_high and self.person > 0

    @property
    def scale(self) -> str:
        return f"{shown(self.occupation)} of {HIGHEST[self.block]}"

    @property
    def place(self) -> str:
        """"fourth of six" for interests and values, "5 of 35" for skills."""
        if self.block == "skills":
            return f"{self.rank} of {len(SKILLS)}"
        return f"{ORDINALS[self.rank - 1]} of six"


@dataclass(frozen=True)
class Fact:
    """One thing that may be said: its id and a line that a reader and a model understand."""

    id: str
    text: str


@dataclass(frozen=True)
class OccupationFacts:
    """One occupation as seen by one person.

    ratings: all 47 names, also those that are no facts: they decide whether a claim is true.
    facts: by id, what an explanation may use.
    Figures that BLS does not have, and limits that the person did not set, are None.
    """

    onet_soc_code: str
    title: str
    ratings: dict[str, Rating]
    facts: dict[str, Fact]
    catalog_size: int
    job_zone: int
    median_wage: float | None
    wage_top_coded: bool
    education: str | None
    growth_percent: float | None
    openings: float | None
    min_wage: float | None
    max_education: str | None

    def block(self, block: str) -> list[Rating]:
        """The ratings of "skills", "interests" or "work_values", in O*NET's order."""
        return [rating for rating in self.ratings.values() if rating.block == block]

    def shared(self, block: str) -> list[Rating]:
        """What both sides rate high, most distinctive of the occupation first."""
        found = [rating for rating in self.block(block) if rating.is_shared]
        return sorted(found, key=lambda rating: (-rating.above, -rating.occupation))

    def named(self, block: str) -> list[Rating]:
        """What the person rates above 0, her strongest first."""
        found = [rating for rating in self.block(block) if rating.person > 0]
        return sorted(found, key=lambda rating: -rating.person)

    @property
    def misses_wage(self) -> bool:
        return None not in (self.median_wage, self.min_wage) and self.median_wage < self.min_wage

    @property
    def misses_education(self) -> bool:
        """True if it typically takes more education than the person accepts."""
        return (
            None not in (self.education, self.max_education)
            and EDUCATION_LEVEL[self.education] > EDUCATION_LEVEL[self.max_education]
        )


def gather_facts(
    recommendations: pd.DataFrame | Iterable[str],
    profile: Profile,
    catalog: Catalog | None = None,
) -> list[OccupationFacts]:
    """The facts of each recommended occupation, in the given order.

    recommendations: what `recommend` returns (only onet_soc_code is used), or codes or
    titles. catalog: all occupations by default. Raises CareerlibError for an occupation that
    is unknown or comes twice, and for something else than a Profile.
    """
    if not isinstance(profile, Profile):
        raise CareerlibError(
            f"Explanations need a Profile, not a {type(profile).__name__}; make one with "
            "Profile(skills=[...]) or read_profile(path)."
        )
    catalog = catalog or everything()
    if isinstance(recommendations, pd.DataFrame):
        if "onet_soc_code" not in recommendations:
            raise CareerlibError(
                "The recommendations have no column 'onet_soc_code'; pass what recommend() returns."
            )
        recommendations = recommendations["onet_soc_code"]
    elif isinstance(recommendations, str):
        recommendations = [recommendations]
    positions = [catalog.position(str(occupation)) for occupation in recommendations]
    for place, position in enumerate(positions):
        if position in positions[:place]:
            raise CareerlibError(
                f"{catalog.titles.iloc[position]} comes twice in the recommendations; give each "
                "occupation once."
            )
    return [_of_occupation(catalog, position, profile) for position in positions]


everything = cache(load_catalog)


def shown(number: float) -> str:
    """At most two decimals, without trailing zeros: 4, 3.5, 3.88."""
    return "no rating" if np.isnan(number) else f"{number:.2f}".rstrip("0").rstrip(".")


def dollars(wage: float) -> str:
    return f"${wage:,.0f}"


def _of_occupation(catalog: Catalog, position: int, profile: Profile) -> OccupationFacts:
    row = catalog.table.iloc[position]
    ratings = {
        rating.name: rating
        for block in BLOCKS
        for rating in _ratings(block, catalog, position, profile)
    }

    def figure(column: str) -> float | None:
        return None if pd.isna(row[column]) else float(row[column])

    known = {
        "catalog_size": len(catalog),
        "job_zone": int(row["job_zone"]),
        "median_wage": figure("median_wage"),
        "wage_top_coded": bool(row["wage_top_coded"]),
        "education": None if pd.isna(row["education"]) else str(row["education"]),
        "growth_percent": figure("growth_percent"),
        "openings": None if pd.isna(row["openings"]) else round(1000 * float(row["openings"])),
        "min_wage": profile.min_wage,
        "max_education": profile.max_education,
    }
    chosen = [rating for rating in ratings.values() if _is_fact(rating, ratings)]
    facts = [*(Fact(rating.id, _rating_text(rating)) for rating in chosen), *_figures(known)]
    return OccupationFacts(
        onet_soc_code=str(catalog.codes[position]),
        title=_plain_title(str(row["title"])),
        ratings=ratings,
        facts={fact.id: fact for fact in facts},
        **known,
    )


def _ratings(block: str, catalog: Catalog, position: int, profile: Profile) -> list[Rating]:
    matrix = {
        "skills": catalog.skill_importance,
        "interests": catalog.interests,
        "work_values": catalog.work_values,
    }[block]
    stated = getattr(profile, block)
    own = matrix[position]
    with_rating = np.isfinite(matrix).any(axis=1)
    lower = (matrix[with_rating] < own).mean(axis=0)  # all False where `own` is NaN
    return [
        Rating(
            block=block,
            name=name,
            occupation=float(own[column]),
            person=stated.get(name, 0.0),
            rank=1 + int((own > own[column]).sum()),
            person_rank=(
                1 + sum(other > stated[name] for other in stated.values())
                if stated.get(name, 0) > 0 else 0
            ),
            above=float(lower[column]),
        )
        for column, name in enumerate(BLOCKS[block])
    ]


def _is_fact(rating: Rating, ratings: dict[str, Rating]) -> bool:
    """Everything the person names, all interests, the top value, the main skills."""
    if np.isnan(rating.occupation):
        return False
    if rating.person > 0 or rating.block == "interests":
        return True
    if rating.block == "work_values":
        return rating.rank == 1
    skills = [other for other in ratings.values() if other.block == "skills" and other.is_high]
    important = sorted(skills, key=lambda skill: (-skill.occupation, -skill.above))
    typical = sorted(skills, key=lambda skill: -skill.above)
    return rating in important[:MOST_IMPORTANT] or rating in typical[:MOST_TYPICAL]


def _rating_text(rating: Rating) -> str:
    """ "occupation 3.47 of 7 (low, fourth of six), person 6 of 7" """
    height = "high" if rating.is_high else "low"
    place = "" if rating.block == "skills" else f", {rating.place}"
    person = (
        f"person {shown(rating.person)} of {HIGHEST[rating.block]}"
        if rating.person > 0 else "not named by the person"
    )
    return f"occupation {rating.scale} ({height}{place}), {person}"


def _figures(known: dict) -> list[Fact]:
    facts = []
    if known["median_wage"] is not None:
        least = "at least " if known["wage_top_coded"] else ""
        limit = ""
        if known["min_wage"]:
            limit = f"; the person's minimum is {dollars(known['min_wage'])}"
        facts.append(
            Fact("wage", f"median {least}{dollars(known['median_wage'])} a year{limit}")
        )
    if known["education"] is not None:
        limit = (
            f"; the person accepts up to {known['max_education']}" if known["max_education"] else ""
        )
        facts.append(Fact("education", f"typically {known['education']}{limit}"))
    if known["growth_percent"] is not None:
        facts.append(
            Fact("growth", f"{known['growth_percent']:+g} percent jobs, 2024 to 2034")
        )
    if known["openings"] is not None:
        facts.append(Fact("openings", f"{known['openings']:,} a year"))
    facts.append(Fact("job_zone", f"{known['job_zone']} of 5 (preparation needed)"))
    return facts


def _plain_title(title: str) -> str:
    """The title as one short line: it goes into prompts and sentences."""
    kept = "".join(
        " " if unicodedata.category(letter)[0] in "CZ" else letter
        for letter in title if letter not in "<>`*_#|[]{}"
    )
    return " ".join(kept.split())[:LONGEST_TITLE]
