"""What speaks for an occupation, what against it, and what could come next, for one person: here
every figure is written and every side decided, from the catalog."""

import unicodedata
from collections.abc import Callable, Iterable
from itertools import chain, zip_longest
from typing import NamedTuple

import numpy as np
import pandas as pd

from careerlib.catalog import INTERESTS, KNOWLEDGE, SKILLS, WORK_VALUES, Catalog
from careerlib.encoding import NEEDED_LEVEL
from careerlib.profile import Profile

FOR, AGAINST, NEXT = "for", "against", "next"
MOST = 12  # facts on a side
TIE = 0.25  # what lies so near the middle of O*NET's scale is for neither side, for all alike
Reasons = Callable[[Profile, int], pd.DataFrame]  # columns statement, contribution
Shares = dict[str, dict[str, float]]  # of occupations: FOR those rated lower, AGAINST higher
IMPORTANT = ("hardly important", "important", "very important")
# Of the catalog: matrix, names; O*NET's scale: middle, what counts as very much, end; our words.
BLOCKS = {
    "interests": ("interests", INTERESTS, 4, 5.5, 7, ("hardly typical", "typical", "very typical"),
                  "Your {name} side finds a place here.", "Your {name} side finds little here."),
    "skills": ("skill_importance", SKILLS, 3, 4, 5, IMPORTANT,
               "Your {name} is put to use.", "Your {name} is hardly asked for."),
    "knowledge": ("knowledge", KNOWLEDGE, 3, 4, 5, IMPORTANT,
                  "Your knowledge of {name} is used.", "Your knowledge of {name} is hardly used."),
    "work_values": ("work_values", WORK_VALUES, 4, 5.5, 7, ("hardly met", "met", "very well met"),
                    "Your wish for {name} is met.", "Your wish for {name} is hardly met."),
}  # fmt: skip
FIGURES = {"median_wage": "wage", "growth_percent": "growth", "openings": "openings"}
NAMES = {"wage": "the median wage", "growth": "the outlook", "openings": "the openings",
         "education": "the education"}  # fmt: skip
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

    def on(self, side: str) -> list[Fact]:
        return [fact for fact in self.by_id.values() if fact.side == side]


def id_of(name: str, block: str = "") -> str:
    """The id of a fact: Mathematics is a skill and an area of knowledge too."""
    return "knows_" * (block == "knowledge") + name.casefold().replace(" ", "_")


def one_line(text: object, longest: int) -> str:
    """Text without control and invisible letters, dollar signs (two make a formula of what is
    between them) and addresses that a page would make a link of, cut to a length."""
    kept = (" " if unicodedata.category(c)[0] in "CZ" else c for c in str(text)[:2000])
    text = "".join(kept).replace("$", " USD ").replace("://", ": //").replace("www.", "www .")
    return " ".join(text.split())[:longest]


def gather(
    profile: Profile, catalog: Catalog, positions: Iterable[int], reasons: Reasons | None = None
) -> list[Facts]:
    """The facts of the occupations at these rows. reasons: `Matcher.reasons`, in log-odds."""
    parts = [catalog.table[[*FIGURES]].set_axis([*FIGURES.values()], axis=1)]
    for block, (matrix, names, *_) in BLOCKS.items():
        ids = [id_of(name, block) for name in names]
        parts.append(pd.DataFrame(getattr(catalog, matrix), catalog.codes, ids))
    ratings, found = pd.concat(parts, axis=1), []
    lower = ((ratings.rank(method="min") - 1) / ratings.count()).fillna(0)
    higher = (1 - ratings.rank(method="max") / ratings.count()).fillna(0)
    for at in positions:
        row, rated = catalog.table.iloc[at], ratings.iloc[at].to_dict()
        shares = {FOR: lower.iloc[at].to_dict(), AGAINST: higher.iloc[at].to_dict()}
        kinds = [_rated(block, profile, rated, shares) for block in BLOCKS]
        counted = _counted(reasons(profile, at)) if reasons and any(kinds) else []
        # One of each kind in turn, so that the first three differ; broken limits before all.
        mixed = chain(*zip_longest(*kinds, _outlook(profile, row, shares), counted))
        mixed = sorted(filter(None, mixed), key=lambda fact: not fact.limit)
        kept = [f for side in shares for f in [f for f in mixed if f.side == side][:MOST]]
        kept += _steps(profile, row, rated, shares[FOR], kept)
        title = one_line(row["title"], 120)
        found.append(Facts(str(row.name), title, {fact.id: fact for fact in kept}))
    return found


def _than(side: str, shares: Shares, id: str) -> str:
    """The place among all occupations, rounded down; nothing where it is below one percent."""
    percent, word = int(100 * shares[side][id] + 1e-9), "higher" if side == FOR else "lower"
    return f", {word} than for {percent} % of occupations" if percent else ""


def _rated(block: str, profile: Profile, rated: dict, shares: Shares) -> list[Fact]:
    """What the person has and the occupation rates high (for) or low (against)."""
    _, _, middle, much, highest, words, *plain = BLOCKS[block]
    found = []
    for name, level in getattr(profile, block).items():
        id = id_of(name, block)
        # A comparison with NaN is False: what is not rated speaks for neither side.
        good, bad = rated[id] >= middle + TIE, rated[id] < middle - TIE
        if level >= middle - 0.5 and (good or bad):
            side, word = FOR if good else AGAINST, words[int(good) + int(rated[id] >= much)]
            text = "Knowledge of " * (block == "knowledge") + f"{name}: {word}"
            text += f", {rated[id]:.3g} of {highest}{_than(side, shares, id)}"
            found.append((level, shares[side][id], Fact(id, side, name, text, plain[bad])))
    return [fact for *_, fact in sorted(found, key=lambda entry: entry[:2], reverse=True)]


def _outlook(profile: Profile, row: pd.Series, shares: Shares) -> list[Fact]:
    """Limits that the person set; pay, growth and openings in the upper or lower quarter."""
    wage, growth, openings, taught = row[[*FIGURES, "education"]]
    high, low = ({id for id in FIGURES.values() if of[id] >= 0.75} for of in shares.values())
    least, most = profile.min_wage, profile.max_education
    others, found = row["bls_shared_by"] - 1, []
    shared = f" (BLS counts it together with {others} others)" if others > 0 else ""

    def add(id: str, good: bool, text: str, *plain: str, limit: bool = False) -> None:
        side = FOR if good else AGAINST
        text += ("" if limit else _than(side, shares, id)) + shared
        found.append(Fact(id, side, NAMES[id], text, plain[not good], limit and not good))

    pay = f"Median wage: {'at least ' if row['wage_top_coded'] else ''}USD {wage:,.0f} a year"
    if least and pd.notna(wage):
        plain = "The pay meets your minimum.", "The pay is below your minimum."
        add("wage", wage >= least, f"{pay}, your minimum is USD {least:,.0f}", *plain, limit=True)
    elif "wage" in high | low:
        add("wage", "wage" in high, pay, "The pay is high.", "The pay is low.")
    if growth < 0 or (growth > 0 and "growth" in high):
        plain = "The number of jobs grows.", "The number of jobs shrinks."
        add("growth", growth > 0, f"Jobs, 2024 to 2034: {growth:+g} %", *plain)
    if "openings" in high:
        text = f"Openings: {1000 * openings:,.0f} a year"
        add("openings", True, text, "Many places come free every year.")
    if most and pd.notna(taught):
        plain = (f"It asks for {much} schooling than you accept." for much in ("no more", "more"))
        text = f"Typical education: {taught}, you accept up to: {most}"
        add("education", NEEDED_LEVEL[taught] <= NEEDED_LEVEL[most], text, *plain, limit=True)
    return found


def _counted(table: pd.DataFrame) -> list[Fact]:
    """The four strongest of the recommender's own reasons, by what they added to its score."""
    table = table.sort_values("contribution", key=np.abs, ascending=False, kind="stable").head(4)
    found = []
    for statement, added in table[table["contribution"].abs() >= 0.005].to_numpy():
        side, moved = (FOR, "raised") if added > 0 else (AGAINST, "lowered")
        name = one_line(statement, 80)
        text = f"{name}: {added:+.2f} log-odds in the recommender's score"
        found.append(Fact(f"counted_{len(found)}", side, name, text, f"It {moved} your score."))
    return found


def _steps(profile: Profile, row: pd.Series, rated: dict, lower: dict, kept: list) -> list[Fact]:
    """What could come next, first what fits the situation best. kept: the other facts."""
    highest = max(rated[id_of(name)] for name in INTERESTS)
    first = " and ".join(name for name in INTERESTS if rated[id_of(name)] == highest)
    zone = f"Job zone {row['job_zone']} of 5: {PREPARATION[row['job_zone'] - 1]} preparation"
    zone += f", typically: {row['education']}" if pd.notna(row["education"]) else ""
    found = [
        ("talk", first, f"Its strongest interest is {first}, {highest:.3g} of 7",
         "Talk to somebody who does this work about what fills a week."),
        ("prepare", "the preparation", zone,
         "Find out what the preparation would cost you in time and money."),
        ("read", "the page", f"onetonline.org/link/summary/{row.name}",
         "Read about the work, and mark what you would like."),
    ]  # fmt: skip
    gaps = {name: rated[id_of(name)] for name in SKILLS if not profile.skills.get(name)}
    for name in sorted(gaps, key=lambda name: (-lower[id_of(name)], -gaps[name])):
        if gaps[name] >= 3 + TIE and len(found) < 5:
            word = IMPORTANT[1 + int(gaps[name] >= 4)]
            text = f"{name}: {word}, {gaps[name]:.3g} of 5, and you did not name it"
            plain = "Try one small task that needs {name}."
            found.append((f"try_{id_of(name)}", name, text, plain))
    against = {fact.name for fact in kept if fact.side == AGAINST}
    best = "prepare" if "the education" in against else "talk" if against & {*INTERESTS} else "try"
    order = (best, "talk", "try", "prepare", "read")
    found.sort(key=lambda step: order.index(step[0].split("_")[0]))
    return [Fact(id, NEXT, *said) for id, *said in found]
