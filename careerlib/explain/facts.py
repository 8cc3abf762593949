"""What speaks for an occupation, what against it, and what could come next, for one person: here
every figure is written and every side decided, from the catalog."""

import unicodedata
from collections.abc import Callable, Iterable
from itertools import chain, zip_longest
from typing import NamedTuple

import numpy as np
import pandas as pd

from careerlib.catalog import INTERESTS, SKILLS, WORK_VALUES, Catalog
from careerlib.encoding import NEEDED_LEVEL
from careerlib.profile import Profile

FOR, AGAINST, NEXT = "for", "against", "next"
MOST = 12  # facts on a side
Reasons = Callable[[Profile, int], pd.DataFrame]  # columns statement, contribution
Shares = dict[str, dict[str, float]]  # of occupations: FOR those rated lower, AGAINST higher

# What lies within TIE of the middle of O*NET's scale is for neither side, for all persons alike.
TIE = 0.25
IMPORTANT = ((4, "very important"), (3, "important"), (2, "somewhat important"), (0, "unimportant"))
TYPICAL = ((5.5, "very typical"), (4, "typical"), (0, "hardly typical"))
MET = ((5.5, "very well met"), (4, "met"), (0, "hardly met"))
# Of the catalog: matrix, names. From where a person has it; middle and end of O*NET's scale.
BLOCKS = {
    "interests": ("interests", INTERESTS, 3.5, 4, 7, TYPICAL,
                  "Your {name} side finds a place here.", "Your {name} side finds little here."),
    "skills": ("skill_importance", SKILLS, 2.5, 3, 5, IMPORTANT,
               "Your {name} is put to use.", "Your {name} is hardly asked for."),
    "work_values": ("work_values", WORK_VALUES, 3.5, 4, 7, MET,
                    "Your wish for {name} is met.", "Your wish for {name} is hardly met."),
}  # fmt: skip
ID = {name: name.casefold().replace(" ", "_") for block in BLOCKS.values() for name in block[1]}
FIGURES = {"median_wage": "wage", "growth_percent": "growth", "openings": "openings"}
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")
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
    """The facts of the occupations at these rows. reasons: `Matcher.reasons`, in log-odds."""
    parts = [pd.DataFrame(getattr(catalog, b[0]), catalog.codes, b[1]) for b in BLOCKS.values()]
    parts.append(catalog.table[[*FIGURES]].set_axis([*FIGURES.values()], axis=1))
    ratings, found = pd.concat(parts, axis=1), []
    lower = ((ratings.rank(method="min") - 1) / ratings.count()).fillna(0)
    higher = (1 - ratings.rank(method="max") / ratings.count()).fillna(0)
    for at in map(int, positions):
        row, rated = catalog.table.iloc[at], ratings.iloc[at].to_dict()
        shares = {FOR: lower.iloc[at].to_dict(), AGAINST: higher.iloc[at].to_dict()}
        kinds = [_rated(name, profile, rated, shares) for name in BLOCKS]
        counted = _counted(reasons(profile, at)) if reasons and any(kinds) else []
        kinds += [_outlook(profile, row, shares), counted]
        # One of each kind in turn, so that the first three differ; broken limits before all.
        mixed = sorted(filter(None, chain(*zip_longest(*kinds))), key=lambda fact: not fact.limit)
        kept = [f for side in shares for f in [f for f in mixed if f.side == side][:MOST]]
        kept += _steps(profile, row, rated, shares[FOR], kept)
        title = one_line(row["title"], 120)
        found.append(Facts(str(row.name), title, {fact.id: fact for fact in kept}))
    return found


def one_line(text: object, longest: int) -> str:
    """Text without control and invisible letters, dollar signs (two make a formula of what is
    between them) and addresses that a page would make a link of, cut to a length."""
    kept = (" " if unicodedata.category(c)[0] in "CZ" else c for c in str(text)[:2000])
    text = "".join(kept).replace("$", " USD ").replace("://", ": //").replace("www.", "www .")
    return " ".join(text.split())[:longest]


def _than(side: str, shares: Shares, name: str) -> str:
    """The place among all occupations, rounded down; nothing where it is below one percent."""
    percent, word = int(100 * shares[side][name] + 1e-9), "higher" if side == FOR else "lower"
    return f", {word} than for {percent} % of occupations" if percent else ""


def _rated(block: str, profile: Profile, rated: dict, shares: Shares) -> list[Fact]:
    """What the person has and the occupation rates high (for) or low (against)."""
    _, names, has_from, middle, highest, words, fits, misfits = BLOCKS[block]
    found = []
    for name, level in getattr(profile, block).items():
        rating = rated[name]
        # A comparison with NaN is False: what is not rated speaks for neither side.
        side = FOR if rating >= middle + TIE else AGAINST if rating < middle - TIE else ""
        if level >= has_from and side:
            word = next(word for least, word in words if rating >= least)
            above = sum(rated[other] > rating for other in names)
            place = f", {ORDINALS[above]} of six" if len(names) == 6 else ""
            text = f"{name}: {word}, {rating:.3g} of {highest}{place}{_than(side, shares, name)}"
            fact = Fact(ID[name], side, name, text, fits if side == FOR else misfits)
            found.append((level, shares[side][name], fact))
    return [fact for *_, fact in sorted(found, key=lambda entry: entry[:2], reverse=True)]


def _outlook(profile: Profile, row: pd.Series, shares: Shares) -> list[Fact]:
    """Limits that the person set; pay, growth and openings in the upper or lower quarter."""
    wage, growth, openings, taught = row[[*FIGURES, "education"]]
    high, low = ({id for id in FIGURES.values() if of[id] >= 0.75} for of in shares.values())
    others, found = row["bls_shared_by"] - 1, []
    shared = f" (BLS counts it together with {others} others)" if others > 0 else ""

    def add(id: str, name: str, good: bool, text: str, *plain: str, limit: bool = False) -> None:
        side = FOR if good else AGAINST
        text += ("" if limit else _than(side, shares, id)) + shared
        found.append(Fact(id, side, name, text, plain[not good], limit and not good))

    pay = f"Median wage: {'at least ' if row['wage_top_coded'] else ''}USD {wage:,.0f} a year"
    if (least := profile.min_wage) and pd.notna(wage):
        pay += f", your minimum is USD {least:,.0f}"
        plain = "The pay meets your minimum.", "The pay is below your minimum."
        add("wage", "median wage", wage >= least, pay, *plain, limit=True)
    elif "wage" in high | low:
        add("wage", "median wage", "wage" in high, pay, "The pay is high.", "The pay is low.")
    if growth < 0 or (growth > 0 and "growth" in high):
        plain = "The number of jobs grows.", "The number of jobs shrinks."
        add("growth", "outlook", growth > 0, f"Jobs, 2024 to 2034: {growth:+g} %", *plain)
    if "openings" in high:
        text = f"Openings: {1000 * openings:,.0f} a year"
        add("openings", "openings", True, text, "Many places come free every year.")
    if (most := profile.max_education) and pd.notna(taught):
        text = f"Typical education: {taught}, you accept up to: {most}"
        plain = (f"It asks for {much} schooling than you accept." for much in ("no more", "more"))
        fits = NEEDED_LEVEL[taught] <= NEEDED_LEVEL[most]
        add("education", "education", fits, text, *plain, limit=True)
    return found


def _counted(table: pd.DataFrame) -> list[Fact]:
    """The four strongest of the recommender's own reasons, by what they added to its score."""
    table, found = table[table["contribution"].abs() >= 0.005], []
    table = table.sort_values("contribution", key=np.abs, ascending=False, kind="stable").head(4)
    for statement, added in zip(table["statement"], table["contribution"], strict=True):
        side, moved = (FOR, "raised") if added > 0 else (AGAINST, "lowered")
        id, name = f"counted_{len(found)}", one_line(statement, 80)
        text = f"{name}: {added:+.2f} log-odds in the recommender's score"
        found.append(Fact(id, side, name, text, f"It {moved} your score."))
    return found


def _steps(profile: Profile, row: pd.Series, rated: dict, lower: dict, kept: list) -> list[Fact]:
    """What could come next, first what fits the situation best. kept: the other facts."""
    top, steps = max(rated[name] for name in INTERESTS), []

    def step(id: str, name: str, text: str, plain: str) -> None:
        steps.append(Fact(id, NEXT, name, text, plain))

    first = " and ".join(name for name in INTERESTS if rated[name] == top)
    text = f"Its strongest interest is {first}, {top:.3g} of 7"
    step("talk", first, text, "Talk to somebody who does this work about what fills a week.")
    text = f"Job zone {row['job_zone']} of 5: {PREPARATION[row['job_zone'] - 1]} preparation"
    text += f", typically: {row['education']}" if pd.notna(row["education"]) else ""
    plain = "Find out what the preparation would cost you in time and money."
    step("prepare", "preparation", text, plain)
    gaps = [name for name in SKILLS if rated[name] >= 3 + TIE and not profile.skills.get(name)]
    for name in sorted(gaps, key=lambda name: (-lower[name], -rated[name]))[:2]:
        very = "very " if rated[name] >= 4 else ""
        text = f"{name}: {very}important, {rated[name]:.3g} of 5, and you did not name it"
        step(f"try_{ID[name]}", name, text, "Try one small task that needs {name}.")
    page = f"onetonline.org/link/summary/{row.name}"
    step("read", "page", page, "Read about the work, and mark what you would like.")
    against = {fact.name for fact in kept if fact.side == AGAINST}
    order = ("talk", "try", "prepare", "read")
    if "education" in against:
        order = ("prepare", "talk", "try", "read")
    elif against.isdisjoint(INTERESTS):
        order = ("try", "talk", "prepare", "read")
    return sorted(steps, key=lambda fact: order.index(fact.id.split("_")[0]))
