"""What speaks for an occupation, what against it, and what could come next, for one person.

Here, from the catalog, every figure is written and every side decided; a writer only chooses.
"""

import unicodedata
from collections.abc import Callable, Iterable
from itertools import chain, zip_longest
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from careerlib.catalog import EDUCATION, INTERESTS, SKILLS, WORK_VALUES, Catalog
from careerlib.profile import Profile

FOR, AGAINST, NEXT = "for", "against", "next"
MOST = 12  # facts on a side
Reasons = Callable[[Profile, int], pd.DataFrame]  # columns statement, contribution


# The same for all occupations and persons: what lies within TIE of the middle of O*NET's scale is
# for neither side.
TIE = 0.25
IMPORTANT = ((4, "very important"), (3, "important"), (2, "somewhat important"), (0, "unimportant"))
TYPICAL = ((5.5, "very typical"), (4, "typical"), (0, "hardly typical"))
MET = ((5.5, "very well met"), (4, "met"), (0, "hardly met"))
# names; middle of the profile's scale, from where a person has it; middle and end of O*NET's.
BLOCKS = {
    "interests": (INTERESTS, 3.5, 4, 7, TYPICAL,
                  "Your {name} side finds a place here.", "Your {name} side finds little here."),
    "skills": (SKILLS, 2.5, 3, 5, IMPORTANT,
               "Your {name} is put to use.", "Your {name} is hardly asked for."),
    "work_values": (WORK_VALUES, 3.5, 4, 7, MET,
                    "Your wish for {name} is met.", "Your wish for {name} is hardly met."),
}  # fmt: skip
MATRIX = {"interests": "interests", "skills": "skill_importance", "work_values": "work_values"}
ID = {name: name.casefold().replace(" ", "_") for block in BLOCKS.values() for name in block[0]}
FIGURES = ["median_wage", "growth_percent", "openings"]
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")
# "Some college" and "nondegree award" are equally much; "no formal credential" is least.
SCHOOLING: dict[str, int] = dict(zip(EDUCATION, (0, 1, 2, 2, 3, 4, 5, 6), strict=True))
PREPARATION = ("little or no", "some", "medium", "considerable", "extensive")  # job zones 1 to 5


class Fact(NamedTuple):
    """name: for `{name}` in words. text: with the figure. plain: our words. limit: breaks one."""

    id: str
    side: str
    name: str
    text: str
    plain: str
    limit: bool = False


class Facts(NamedTuple):
    """The facts of one occupation by id, on each side those first that say most."""

    code: str
    title: str
    by_id: dict[str, Fact]

    def on(self, side: str | None) -> list[Fact]:
        return [fact for fact in self.by_id.values() if fact.side == side]


def gather(
    profile: Profile, catalog: Catalog, positions: Iterable[int], reasons: Reasons | None = None
) -> list[Facts]:
    """The facts of the occupations at these rows; `reasons` tells what moved an occupation's score,
    in log-odds (`Matcher.reasons`)."""
    found, rows = [], [int(position) for position in positions]
    shares = {name: _shares(getattr(catalog, MATRIX[name]), rows) for name in BLOCKS}
    figures = _shares(catalog.table[FIGURES].to_numpy(float), rows)
    for at, *placed in zip(rows, *shares.values(), figures, strict=True):
        kinds = [
            _rated(name, profile, catalog, at, s) for name, s in zip(BLOCKS, placed, strict=False)
        ]
        kinds += [_outlook(profile, catalog.table.iloc[at].to_dict(), placed[3])]
        kinds += [_counted(reasons(profile, at))] if reasons and any(kinds[:3]) else []
        # One of each kind in turn, so that the first three differ; broken limits before all.
        mixed = [fact for fact in chain(*zip_longest(*kinds)) if fact]
        mixed.sort(key=lambda fact: not fact.limit)
        kept = [f for side in (FOR, AGAINST) for f in [f for f in mixed if f.side == side][:MOST]]
        kept += _steps(profile, catalog, at, placed[1][0], kept)
        title = one_line(catalog.titles.iloc[at], 120)
        found.append(Facts(catalog.codes[at], title, {fact.id: fact for fact in kept}))
    return found


def one_line(text: object, longest: int) -> str:
    """Text without control and invisible letters, dollar signs (two make a formula of what is
    between them) and addresses that a page would make a link of, cut to a length."""
    kept = (" " if unicodedata.category(c)[0] in "CZ" else c for c in str(text)[:2000])
    text = "".join(kept).replace("$", " USD ").replace("://", ": //").replace("www.", "www .")
    return " ".join(text.split())[:longest]


def _shares(ratings: np.ndarray, rows: list[int]) -> np.ndarray:
    """(rows, 2, k) shares of the rated occupations rated lower, and higher; 0 where NaN."""
    columns = [np.sort(column[np.isfinite(column)]) for column in ratings.T]
    pairs = list(zip(columns, ratings[rows].T, strict=True))
    lower = [np.searchsorted(c, own, "left") / max(len(c), 1) for c, own in pairs]
    higher = [1 - np.searchsorted(c, own, "right") / max(len(c), 1) for c, own in pairs]
    return np.where(np.isnan(ratings[rows])[:, None], 0, np.transpose([lower, higher], (2, 0, 1)))


def _than(side: str, lower: float, higher: float) -> str:
    """The place among all occupations, rounded down; nothing where it is below one percent."""
    percent = int(100 * (lower if side == FOR else higher) + 1e-9)
    word = "more" if side == FOR else "less"
    return f", {word} than for {percent} % of occupations" if percent else ""


def _rated(name: str, profile: Profile, catalog: Catalog, at: int, shares: Any) -> list[Fact]:
    """What the person has and the occupation rates high (for) or low (against)."""
    names, has_from, middle, highest, words, fits, misfits = BLOCKS[name]
    own, stated, found = getattr(catalog, MATRIX[name])[at], getattr(profile, name), []
    for slot, rating, lower, higher in zip(names, own, *shares, strict=True):
        # A comparison with NaN is False: what is not rated speaks for neither side.
        side = FOR if rating >= middle + TIE else AGAINST if rating < middle - TIE else None
        if stated.get(slot, 0) < has_from or not side:
            continue
        word = next(word for least, word in words if rating >= least)
        place = "" if name == "skills" else f", {ORDINALS[(own > rating).sum()]} of six"
        text = f"{slot}: {word}, {rating:.3g} of {highest}{place}{_than(side, lower, higher)}"
        plain = fits if side == FOR else misfits
        strength = (stated[slot], lower if side == FOR else higher)
        found.append((strength, Fact(ID[slot], side, slot, text, plain)))
    return [fact for _, fact in sorted(found, key=lambda entry: entry[0], reverse=True)]


def _outlook(profile: Profile, row: dict[str, Any], placed: np.ndarray) -> list[Fact]:
    """Limits that the person set; pay, growth and openings in the upper or lower quarter."""
    shares, others, found = dict(zip(FIGURES, placed.T, strict=True)), row["bls_shared_by"] - 1, []
    shared = f" (BLS counts it together with {others} others)" if others else ""
    wage, growth, taught = row["median_wage"], row["growth_percent"], row["education"]
    quarter = {
        k: FOR if s[0] >= 0.75 else AGAINST if s[1] >= 0.75 else "" for k, s in shares.items()
    }

    def add(id: str, side: str, name: str, text: str, plain: str, limit: bool = False) -> None:
        found.append(Fact(id, side, name, text + shared, plain, limit))

    pay = f"Median wage: {'at least ' if row['wage_top_coded'] else ''}USD {wage:,.0f} a year"
    if profile.min_wage and pd.notna(wage):
        low, pay = wage < profile.min_wage, f"{pay}, your minimum is USD {profile.min_wage:,.0f}"
        plain = "The pay is below your minimum." if low else "The pay meets your minimum."
        add("wage", AGAINST if low else FOR, "median wage", pay, plain, low)
    elif side := quarter["median_wage"]:
        plain = "The pay is high." if side == FOR else "The pay is low."
        add("wage", side, "median wage", pay + _than(side, *shares["median_wage"]), plain)
    if growth < 0 or (growth > 0 and quarter["growth_percent"] == FOR):
        side = FOR if growth > 0 else AGAINST
        plain = f"The number of jobs {'grows' if growth > 0 else 'shrinks'}."
        than = _than(side, *shares["growth_percent"])
        add("growth", side, "outlook", f"Jobs, 2024 to 2034: {growth:+g} %{than}", plain)
    if quarter["openings"] == FOR:
        text = f"Openings: {1000 * row['openings']:,.0f} a year{_than(FOR, *shares['openings'])}"
        add("openings", FOR, "openings", text, "Many places come free every year.")
    if profile.max_education and pd.notna(taught):
        above = SCHOOLING[taught] > SCHOOLING[profile.max_education]
        plain = f"It asks for {'more' if above else 'no more'} schooling than you accept."
        text = f"Typical education: {taught}, you accept up to: {profile.max_education}"
        add("education", AGAINST if above else FOR, "education", text, plain, above)
    return found


def _counted(table: pd.DataFrame) -> list[Fact]:
    """The four strongest of the recommender's own reasons, by what they added to its score."""
    found = []
    table = table.sort_values("contribution", key=np.abs, ascending=False, kind="stable").head(4)
    for number, (statement, added) in enumerate(table[["statement", "contribution"]].values):
        if abs(added) >= 0.005:
            name, side = one_line(statement, 80), FOR if added > 0 else AGAINST
            plain = f"It {'raised' if added > 0 else 'lowered'} your score."
            text = f"{name}: {added:+.2f} log-odds in the recommender's score"
            found.append(Fact(f"counted_{number}", side, name, text, plain))
    return found


def _steps(profile: Profile, catalog: Catalog, at: int, lower: Any, kept: list[Fact]) -> list[Fact]:
    """What could come next, first what fits the situation best."""
    row: dict[str, Any] = catalog.table.iloc[at].to_dict()
    needs, own = catalog.skill_importance[at], catalog.interests[at]
    first = " and ".join(np.array(INTERESTS)[own == own.max()])
    text = f"Its strongest interest is {first}, {own.max():.3g} of 7"
    plain = "Talk to somebody who does this work about what fills a week."
    talk, tries = Fact("talk", NEXT, first, text, plain), []
    gaps = [i for i, s in enumerate(SKILLS) if needs[i] >= 3 + TIE and not profile.skills.get(s)]
    for i in sorted(gaps, key=lambda i: (-lower[i], -needs[i]))[:2]:
        word = "very important" if needs[i] >= 4 else "important"
        text = f"{SKILLS[i]}: {word}, {needs[i]:.3g} of 5, and you did not name it"
        plain = "Try one small task that needs {name}."
        tries.append(Fact(f"try_{ID[SKILLS[i]]}", NEXT, SKILLS[i], text, plain))
    text = f"Job zone {row['job_zone']} of 5: {PREPARATION[row['job_zone'] - 1]} preparation"
    text += f", typically: {row['education']}" if pd.notna(row["education"]) else ""
    plain = "Find out what the preparation would cost you in time and money."
    prepare = Fact("prepare", NEXT, "preparation", text, plain)
    text = f"onetonline.org/link/summary/{catalog.codes[at]}"
    read = Fact("read", NEXT, "page", text, "Read about the work, and mark what you would like.")
    against = {fact.name for fact in kept if fact.side == AGAINST}
    if "education" in against:
        return [prepare, talk, *tries, read]
    misfit = not against.isdisjoint(INTERESTS)
    return [talk, *tries, prepare, read] if misfit else [*tries, talk, prepare, read]
