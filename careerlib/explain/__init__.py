"""Explain recommendations and re-rank them, by template or by a language model, checked.

Whoever writes, every answer goes through the same checks (`checks.py`) before it is shown;
what fails is replaced by the template's, visibly and with the reason.
"""

import html
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from careerlib.catalog import Catalog
from careerlib.explain.answers import Answer, Move, Ranking
from careerlib.explain.checks import (
    CHECKS,
    Problem,
    check_answer,
    check_order,
    check_reason,
    check_text,
)
from careerlib.explain.explainers import (
    EXPLAINERS,
    Explainer,
    ModelExplainer,
    PreparedExplainer,
    TemplateExplainer,
    local_explainer,
    make_explainer,
    openai_explainer,
)
from careerlib.explain.facts import OccupationFacts, everything, gather_facts
from careerlib.explain.model import Reply, Usage
from careerlib.explain.template import explain_by_template, score_and_skills
from careerlib.explain.titles import Titles, titles_of
from careerlib.profile import Profile

__all__ = [
    "CHECKS", "EXPLAINERS", "Answer", "Explainer", "Explanation", "Explanations", "ModelExplainer",
    "Move", "OccupationFacts", "PreparedExplainer", "Problem", "Ranking", "Reranking",
    "TemplateExplainer", "Usage", "check_answer", "check_order", "check_reason", "check_text",
    "explain", "gather_facts", "local_explainer", "make_explainer", "openai_explainer", "rerank",
    "score_and_skills", "titles_of",
]


@dataclass(frozen=True)
class Explanation:
    """What is shown for one occupation.

    written_by: "template" or the model's name. source: "template", "live" or "cached".
    problems: why another text was replaced by this one. rejected: that text, "" if none.
    counted_most: the statements that added most to the score, where the method says so; it
        comes from the method, whoever wrote the rest.
    """

    onet_soc_code: str
    title: str
    why: str
    next_step: str
    fact_ids: tuple[str, ...]
    written_by: str
    source: str
    problems: tuple[Problem, ...] = ()
    rejected: str = ""
    counted_most: str = ""


@dataclass(frozen=True)
class Explanations:
    """One Explanation for each recommendation, in its order, and what they cost.

    notices: one sentence for everything that went wrong on the way.
    """

    items: tuple[Explanation, ...]
    usage: Usage
    notices: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self):
        return iter(self.items)

    def __getitem__(self, place: int) -> Explanation:
        return self.items[place]

    @property
    def table(self) -> pd.DataFrame:
        """onet_soc_code, title, why, next_step, fact_ids, written_by, source, problems."""
        return pd.DataFrame(
            {
                "onet_soc_code": [item.onet_soc_code for item in self.items],
                "title": [item.title for item in self.items],
                "why": [item.why for item in self.items],
                "next_step": [item.next_step for item in self.items],
                "fact_ids": [", ".join(item.fact_ids) for item in self.items],
                "written_by": [item.written_by for item in self.items],
                "source": [item.source for item in self.items],
                "problems": ["; ".join(map(str, item.problems)) for item in self.items],
            }
        )

    def to_markdown(self) -> str:
        """For `IPython.display.Markdown`: title, text, label; rejected texts with the reason."""
        blocks = []
        for item in self.items:
            lines = [
                f"**{_escaped(item.title)}** · {_label(item)}",
                f"{_escaped(item.why)}  \n*Next step:* {_escaped(item.next_step)}",
            ]
            if item.counted_most:
                lines.append(f"*Counted most (log-odds):* {_escaped(item.counted_most)}")
            if item.problems:
                reasons = "\n".join(f"> - {_escaped(str(problem))}" for problem in item.problems)
                said = f"> Replaced: \"{_escaped(item.rejected)}\"\n>\n" if item.rejected else ""
                lines.append(f"{said}{reasons}")
            blocks.append("\n\n".join(lines))
        blocks += [f"*{_escaped(notice)}*" for notice in self.notices]
        return "\n\n".join(blocks)


@dataclass(frozen=True)
class Reranking:
    """A new order of the recommendations.

    table: one row each in the new order: onet_soc_code, title, was, now (1 is best), reason,
        written_by, source, problems. problems: what was wrong with the proposed order as a
        whole; then the old order is kept.
    """

    table: pd.DataFrame
    problems: tuple[Problem, ...]
    usage: Usage
    notices: tuple[str, ...]

    @property
    def order(self) -> list[str]:
        return list(self.table["onet_soc_code"])


def explain(
    recommendations: pd.DataFrame | Iterable[str],
    profile: Profile,
    explainer: str | Explainer = "template",
    *,
    catalog: Catalog | None = None,
    model: str | None = None,
    cache: str | Path | None = "default",
    guard: bool = True,
    say: Callable[[str], None] = print,
) -> Explanations:
    """Why each recommended occupation fits the person or not, and a next step.

    recommendations: what `recommend` returns, or codes or titles. explainer: "template"
    (offline), "openai", "local", "auto" (OpenAI where OPENAI_API_KEY or OPENAI_BASE_URL is
    set, else the template, with a notice), or an explainer. model, cache: for those that ask
    a model; cache is a folder, or None for none. say: gets the estimate of requests and
    tokens. guard: False shows answers unchecked, for comparison.

    The list is always complete: where the model fails or says something that the checks
    refuse, the template's text stands, with the reason in `problems`. Raises CareerlibError
    before anything is sent for bad input, for "openai" without a key and for "local"
    without the extra.
    """
    candidates, titles = _candidates(recommendations, profile, catalog)
    chosen, notices = make_explainer(explainer, model=model, cache=cache, say=say)
    started = time.monotonic()
    replies, usage = chosen.explain(candidates) if candidates else ([], Usage())
    counted = _counted_most(recommendations, len(candidates))
    items = [
        replace(_explanation(reply, facts, titles, chosen.name, guard), counted_most=most)
        for reply, facts, most in zip(replies, candidates, counted, strict=True)
    ]
    usage.seconds = time.monotonic() - started
    return Explanations(tuple(items), usage, _notices(notices, usage, replies))


def rerank(
    recommendations: pd.DataFrame | Iterable[str],
    profile: Profile,
    explainer: str | Explainer = "template",
    *,
    catalog: Catalog | None = None,
    model: str | None = None,
    cache: str | Path | None = "default",
    guard: bool = True,
    say: Callable[[str], None] = print,
) -> Reranking:
    """A new order of the recommendations, with a reason for each move.

    Arguments and errors as `explain`. An order that is not a permutation of the
    recommendations is refused as a whole, and the old one kept. An occupation that moves for
    a reason which the checks refuse goes back to its old place; the others keep the proposed
    order in the places that remain.
    """
    candidates, titles = _candidates(recommendations, profile, catalog)
    chosen, notices = make_explainer(explainer, model=model, cache=cache, say=say)
    started = time.monotonic()
    reply, usage = chosen.rerank(candidates) if candidates else (Reply(Ranking(order=[])), Usage())
    usage.seconds = time.monotonic() - started
    problems: list[Problem] = []
    by_code = {facts.onet_soc_code: facts for facts in candidates}
    if isinstance(reply.answer, Ranking):
        moves = reply.answer.order
        if guard:
            problems = check_order(list(by_code), [move.onet_soc_code for move in moves])
    else:
        moves = []
        problems = [Problem("answered", reply.problem)]
    name, source = chosen.name, reply.source
    if problems:
        moves = [Move(onet_soc_code=code, reason="") for code in by_code]
        name = source = "template"
    rows = _moved(moves, by_code, titles, name, source, guard)
    return Reranking(
        pd.DataFrame(rows, columns=_MOVE_COLUMNS), tuple(problems), usage,
        _notices(notices, usage, [reply]),
    )


_MOVE_COLUMNS = [
    "onet_soc_code", "title", "was", "now", "reason", "written_by", "source", "problems",
]


def _candidates(
    recommendations: pd.DataFrame | Iterable[str], profile: Profile, catalog: Catalog | None
) -> tuple[list[OccupationFacts], Titles]:
    catalog = catalog or everything()
    return gather_facts(recommendations, profile, catalog), titles_of(catalog)


def _counted_most(recommendations: object, count: int) -> list[str]:
    if isinstance(recommendations, pd.DataFrame) and "counted_most" in recommendations:
        return [str(text) for text in recommendations["counted_most"]]
    return [""] * count


def _explanation(
    reply: Reply, facts: OccupationFacts, titles: Titles, name: str, guard: bool
) -> Explanation:
    answer, rejected, problems = reply.answer, "", []
    if answer is None:
        problems = [Problem("answered", reply.problem)]
    elif guard:
        problems = check_answer(answer.why, answer.next_step, answer.fact_ids, facts, titles)
        rejected = f"{answer.why} {answer.next_step}".strip() if problems else ""
    if problems:
        answer, name, source = explain_by_template(facts), "template", "template"
    else:
        source = reply.source
    return Explanation(
        onet_soc_code=facts.onet_soc_code,
        title=facts.title,
        why=answer.why,
        next_step=answer.next_step,
        fact_ids=tuple(answer.fact_ids),
        written_by=name,
        source=source,
        problems=tuple(problems),
        rejected=rejected,
    )


def _moved(
    moves: Sequence[Move],
    by_code: dict[str, OccupationFacts],
    titles: Titles,
    name: str,
    source: str,
    guard: bool,
) -> list[dict]:
    old = list(by_code)
    proposed = [move.onet_soc_code for move in moves]
    refused: dict[str, list[Problem]] = {}
    if guard:
        for now, move in enumerate(moves):
            code = move.onet_soc_code
            if old[now] != code and (
                found := check_reason(move.reason, by_code[code], titles)
            ):
                refused[code] = found
    order = _with_fixed(old, proposed, set(refused)) if guard else proposed
    reasons = {move.onet_soc_code: move.reason for move in moves}
    rows = []
    for now, code in enumerate(order):
        was = old.index(code) + 1 if code in by_code else None
        found = refused.get(code, [])
        reason = "Kept in its place: the reason to move it was refused." if found else reasons[code]
        rows.append(
            {
                "onet_soc_code": code,
                "title": by_code[code].title if code in by_code else "(no candidate)",
                "was": was,
                "now": now + 1,
                "reason": reason if found or was != now + 1 or name == "template" else "",
                "written_by": "template" if found else name,
                "source": "template" if found else source,
                "problems": "; ".join(map(str, found)),
            }
        )
    return rows


def _with_fixed(old: list[str], proposed: list[str], fixed: set[str]) -> list[str]:
    """`fixed` at their old places, the others in the proposed order in the rest."""
    others = iter(code for code in proposed if code not in fixed)
    return [code if code in fixed else next(others) for code in old]


def _notices(first: Sequence[str], usage: Usage, replies: Sequence[Reply]) -> tuple[str, ...]:
    said = [*first, *usage.notices, *(reply.problem for reply in replies if reply.problem)]
    return tuple(dict.fromkeys(said))


def _label(item: Explanation) -> str:
    if item.source == "template":
        return "template"
    return f"{_escaped(item.written_by)}, {item.source}"


def _escaped(text: str) -> str:
    """Text that Markdown shows as it is: no markup, no formula between dollar signs, no HTML."""
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    for letter in "\\`*_{}[]#|$~":
        text = text.replace(letter, f"\\{letter}")
    return html.escape(text, quote=False)
