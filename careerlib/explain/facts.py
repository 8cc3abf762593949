"""What speaks for an occupation, what against it, and what could come next, for one person: here
every figure is written and every side decided, from the catalog."""

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
TEXTS = yaml.safe_load((DATA / "explain.yml").read_text("utf-8"))


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


def gather(profile: Profile, catalog: Catalog, positions: Iterable[int]) -> list[Facts]:
    """The facts of the occupations at these rows."""
    figures = {"median_wage": "wage", "growth_percent": "growth", "openings": "openings"}
    parts, found = [catalog.table[[*figures]].rename(columns=figures)], []
    for block, about in TEXTS["ratings"].items():
        ids = [id_of(name, block) for name in SCALES[block][0]]
        parts.append(pd.DataFrame(getattr(catalog, about["matrix"]), catalog.codes, ids))
    has = pd.concat(parts, axis=1)
    less = (has.rank(method="min") - 1) / has.count()  # shares of occupations
    more = 1 - has.rank(method="max") / has.count()
    known = pd.concat({"has": has, FOR: less, AGAINST: more}, axis=1)
    for at in positions:
        # By id what the occupation has, and how many have less and more.
        row, of = catalog.table.iloc[at], known.iloc[at].unstack(0).to_dict("index")
        kinds = [_rated(block, profile, of) for block in TEXTS["ratings"]]
        # One of each kind in turn, so that the first three differ; broken limits before all.
        mixed = filter(None, chain(*zip_longest(*kinds, _outlook(profile, row, of))))
        mixed = sorted(mixed, key=lambda fact: not fact.limit)
        kept = [f for side in (FOR, AGAINST) for f in [f for f in mixed if f.side == side][:MOST]]
        kept += _steps(profile, row, of, {fact.name for fact in kept if fact.side == AGAINST})
        found.append(Facts(str(row.name), row["title"], {fact.id: fact for fact in kept}))
    return found


def _fact(id: str, good: bool, name: str, plain: list, text: str, of: dict, end: str = "") -> Fact:
    """For or against, with its place among all occupations unless it is about a limit."""
    side, than = (FOR, "higher") if good else (AGAINST, "lower")
    if id in of and (percent := int(100 * of[id][side] + 1e-9)):  # rounded down
        text += f", {than} than for {percent} % of occupations"
    return Fact(id, side, name, text + end, plain[not good], id not in of and not good)


def _rated(block: str, profile: Profile, of: dict) -> list[Fact]:
    """What the person has and the occupation rates high (for) or low (against)."""
    about, found = TEXTS["ratings"][block], []
    middle, much, highest = about["scale"]
    for name, level in getattr(profile, block).items():
        id = id_of(name, block)
        good = (rated := of[id]["has"]) >= middle + TIE
        # A comparison with NaN is False: what is not rated speaks for neither side.
        if level >= middle - 0.5 and (good or rated < middle - TIE):
            text = f"{name}: {about['words'][good + (rated >= much)]}, {rated:.3g} of {highest}"
            text = "Knowledge of " * (block == "knowledge") + text
            fact = _fact(id, good, name, about["plain"], text, of)
            found.append((level, of[id][fact.side], fact))
    return [fact for *_, fact in sorted(found, key=lambda entry: entry[:2], reverse=True)]


def _outlook(profile: Profile, row: pd.Series, of: dict) -> list[Fact]:
    """Limits that the person set; pay, growth and openings in the upper or lower quarter."""
    wage, growth, openings, needed = row[["median_wage", "growth_percent", "openings", "education"]]
    least, most, told = profile.min_wage, profile.max_education, []
    high, low = ({id for id in of if of[id][side] >= 0.75} for side in (FOR, AGAINST))
    pay = f"Median wage: {'at least ' if row['wage_top_coded'] else ''}USD {wage:,.0f} a year"
    if least and pd.notna(wage):
        told.append(("minimum", wage >= least, f"{pay}, your minimum is USD {least:,.0f}"))
    elif "wage" in high | low:
        told.append(("wage", "wage" in high, pay))
    if growth < 0 or (growth > 0 and "growth" in high):
        told.append(("growth", growth > 0, f"Jobs, 2024 to 2034: {growth:+g} %"))
    if "openings" in high:
        told.append(("openings", True, f"Openings: {1000 * openings:,.0f} a year"))
    if most and pd.notna(needed):
        text = f"Typical education: {needed}, you accept up to: {most}"
        told.append(("education", NEEDED_LEVEL[needed] <= NEEDED_LEVEL[most], text))
    others = int(row["bls_shared_by"]) - 1
    shared = f" (BLS counts it together with {others} other{'s' * (others > 1)})" * (others > 0)
    return [_fact(id, good, *TEXTS["figures"][id], text, of, shared) for id, good, text in told]


def _steps(profile: Profile, row: pd.Series, of: dict, against: set[str]) -> list[Fact]:
    """What could come next, first what fits best. against: the names of what speaks against it."""
    interests = {name: of[id_of(name)]["has"] for name in INTERESTS}
    highest = max(interests.values())
    first = " and ".join(name for name in INTERESTS if interests[name] == highest)
    zone = f"Job zone {row['job_zone']} of 5: {TEXTS['preparation'][row['job_zone'] - 1]}"
    zone += " preparation" + f", typically: {row['education']}" * pd.notna(row["education"])
    skills = {name: of[id_of(name)] for name in SKILLS if not profile.skills.get(name)}
    gaps = [name for name in skills if skills[name]["has"] >= 3 + TIE]
    gaps.sort(key=lambda name: (skills[name][FOR], skills[name]["has"]), reverse=True)
    steps = [("talk", first, f"Its strongest interest is {first}, {highest:.3g} of 7")]
    for name in gaps[:2]:
        word = TEXTS["ratings"]["skills"]["words"][1 + (skills[name]["has"] >= 4)]
        text = f"{name}: {word}, {skills[name]['has']:.3g} of 5, and you did not name it"
        steps.append((f"try_{id_of(name)}", name, text))
    steps.append(("prepare", "the preparation", zone))
    steps.append(("read", "the page", f"onetonline.org/link/summary/{row.name}"))
    best = "prepare" if "the education" in against else "talk" if against & {*INTERESTS} else "try"
    steps.sort(key=lambda step: not step[0].startswith(best))  # the others stay in this order
    kinds = TEXTS["steps"]
    return [Fact(id, NEXT, name, text, kinds[id.split("_")[0]]) for id, name, text in steps]
