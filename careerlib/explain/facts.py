"""What speaks for an occupation, what against it, and what could come next, for one person: here
every figure is written and every side decided, from the catalog."""

import unicodedata
from collections.abc import Iterable
from itertools import chain, zip_longest
from typing import NamedTuple

import pandas as pd
import yaml

from careerlib.catalog import INTERESTS, SKILLS, Catalog
from careerlib.encoding import NEEDED_LEVEL
from careerlib.profile import SCALES, Profile
from careerlib.project import DATA

FOR, AGAINST, NEXT = "for", "against", "next"
MOST = 12  # facts on a side
TIE = 0.25  # what lies so near the middle of O*NET's scale is for neither side, for all alike
FIGURES = {"median_wage": "wage", "growth_percent": "growth", "openings": "openings"}
TEXTS = yaml.safe_load((DATA / "explain.yml").read_text("utf-8"))
Shares = dict[str, dict[str, float]]  # of occupations: FOR those rated lower, AGAINST higher


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


def gather(profile: Profile, catalog: Catalog, positions: Iterable[int]) -> list[Facts]:
    """The facts of the occupations at these rows."""
    parts = [catalog.table[[*FIGURES]].set_axis([*FIGURES.values()], axis=1)]
    for block, about in TEXTS["ratings"].items():
        ids = [id_of(name, block) for name in SCALES[block][0]]
        parts.append(pd.DataFrame(getattr(catalog, about["matrix"]), catalog.codes, ids))
    ratings, found = pd.concat(parts, axis=1), []
    lower = ((ratings.rank(method="min") - 1) / ratings.count()).fillna(0)
    higher = (1 - ratings.rank(method="max") / ratings.count()).fillna(0)
    for at in positions:
        row, rated = catalog.table.iloc[at], ratings.iloc[at].to_dict()
        shares = {FOR: lower.iloc[at].to_dict(), AGAINST: higher.iloc[at].to_dict()}
        kinds = [_rated(block, profile, rated, shares) for block in TEXTS["ratings"]]
        # One of each kind in turn, so that the first three differ; broken limits before all.
        mixed = filter(None, chain(*zip_longest(*kinds, _outlook(profile, row, shares))))
        mixed = sorted(mixed, key=lambda fact: not fact.limit)
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
    about, found = TEXTS["ratings"][block], []
    middle, much, highest = about["scale"]
    for name, level in getattr(profile, block).items():
        id = id_of(name, block)
        # A comparison with NaN is False: what is not rated speaks for neither side.
        good, bad = rated[id] >= middle + TIE, rated[id] < middle - TIE
        if level >= middle - 0.5 and (good or bad):
            side, word = FOR if good else AGAINST, about["words"][good + (rated[id] >= much)]
            text = "Knowledge of " * (block == "knowledge") + f"{name}: {word}"
            text += f", {rated[id]:.3g} of {highest}{_than(side, shares, id)}"
            fact = Fact(id, side, name, text, about["plain"][bad])
            found.append((level, shares[side][id], fact))
    return [fact for *_, fact in sorted(found, key=lambda entry: entry[:2], reverse=True)]


def _outlook(profile: Profile, row: pd.Series, shares: Shares) -> list[Fact]:
    """Limits that the person set; pay, growth and openings in the upper or lower quarter."""
    wage, growth, openings, taught = row[[*FIGURES, "education"]]
    high, low = ({id for id in FIGURES.values() if of[id] >= 0.75} for of in shares.values())
    least, most = profile.min_wage, profile.max_education
    others, told, found = row["bls_shared_by"] - 1, [], []
    shared = f" (BLS counts it together with {others} others)" if others > 0 else ""
    pay = f"Median wage: {'at least ' if row['wage_top_coded'] else ''}USD {wage:,.0f} a year"
    if least and pd.notna(wage):
        told.append(("minimum", wage >= least, f"{pay}, your minimum is USD {least:,.0f}"))
    elif "wage" in high | low:
        told.append(("wage", "wage" in high, pay))
    if growth < 0 or (growth > 0 and "growth" in high):
        told.append(("growth", growth > 0, f"Jobs, 2024 to 2034: {growth:+g} %"))
    if "openings" in high:
        told.append(("openings", True, f"Openings: {1000 * openings:,.0f} a year"))
    if most and pd.notna(taught):
        text = f"Typical education: {taught}, you accept up to: {most}"
        told.append(("education", NEEDED_LEVEL[taught] <= NEEDED_LEVEL[most], text))
    for id, good, text in told:
        side, (name, *plain) = FOR if good else AGAINST, TEXTS["figures"][id]
        limit = id not in FIGURES.values()
        text += ("" if limit else _than(side, shares, id)) + shared
        found.append(Fact(id, side, name, text, plain[not good], limit and not good))
    return found


def _steps(profile: Profile, row: pd.Series, rated: dict, lower: dict, kept: list) -> list[Fact]:
    """What could come next, first what fits the situation best. kept: the other facts."""
    highest = max(rated[id_of(name)] for name in INTERESTS)
    first = " and ".join(name for name in INTERESTS if rated[id_of(name)] == highest)
    zone = f"Job zone {row['job_zone']} of 5: {TEXTS['preparation'][row['job_zone'] - 1]}"
    zone += " preparation" + f", typically: {row['education']}" * pd.notna(row["education"])
    found = [
        ("talk", first, f"Its strongest interest is {first}, {highest:.3g} of 7"),
        ("prepare", "the preparation", zone),
        ("read", "the page", f"onetonline.org/link/summary/{row.name}"),
    ]
    gaps = [(lower[id_of(name)], rated[id_of(name)], name) for name in SKILLS
            if not profile.skills.get(name) and rated[id_of(name)] >= 3 + TIE]  # fmt: skip
    for _, gap, name in sorted(gaps, key=lambda gap: gap[:2], reverse=True)[:2]:
        word = TEXTS["ratings"]["skills"]["words"][1 + (gap >= 4)]
        text = f"{name}: {word}, {gap:.3g} of 5, and you did not name it"
        found.append((f"try_{id_of(name)}", name, text))
    against = {fact.name for fact in kept if fact.side == AGAINST}
    best = "prepare" if "the education" in against else "talk" if against & {*INTERESTS} else "try"
    order = (best, "talk", "try", "prepare", "read")
    found.sort(key=lambda step: order.index(step[0].split("_")[0]))
    return [
        Fact(id, NEXT, name, text, TEXTS["steps"][id.split("_")[0]]) for id, name, text in found
    ]
