"""Explanations that are right by construction, whoever writes them."""

import json
from collections.abc import Iterable
from contextlib import nullcontext
from typing import Any

import pandas as pd

from careerlib.catalog import Catalog, load_catalog
from careerlib.errors import CareerlibError, nearest
from careerlib.explain.answer import FIELDS, answer_model, names_of, points
from careerlib.explain.facts import TEXTS, Facts, gather
from careerlib.profile import Profile

WRITERS = ("template", "openai")
COLUMNS = "onet_soc_code title side id words fact writer source broken refused".split()


def explain(
    profile: Profile, recommendations: pd.DataFrame | Iterable[str], writer: str = "template",
    catalog: Catalog | None = None, client: Any = None, **asking: Any,
) -> pd.DataFrame:  # fmt: skip
    """What speaks for and against each recommended occupation, and a next step.

    recommendations: what `recommend` returns, or codes or titles. writer: "openai" asks through
    `client`, an openai.OpenAI, by default with what is in the environment. asking: model, seconds
    and so on, see `ask.ask_all`.

    A row for each point, whatever a model does: side, id, words, fact (with the figure), source
    ("template", "live", "cached"), broken (the rule because of which the words are ours), refused
    (what broke it, made harmless). `attrs["notices"]` has a sentence for each thing that went
    wrong. Raises CareerlibError for wrong input or a missing key.
    """
    if writer not in WRITERS:
        raise CareerlibError(f"There is no writer '{writer}'; {nearest(writer, WRITERS)}")
    if isinstance(recommendations, pd.DataFrame):
        recommendations = recommendations["onet_soc_code"]
    catalog = catalog or load_catalog()
    positions = dict.fromkeys(catalog.position(str(one)) for one in recommendations)
    found, names, rows = gather(profile, catalog, positions), names_of(catalog), []
    replies, notices = [(None, "template")] * len(found), []
    if writer == "openai" and found:
        from careerlib.explain import ask  # loads for a second

        questions = [(messages(profile, facts), answer_model(facts)) for facts in found]
        asking = {"model": ask.MODEL, **asking}
        with nullcontext(client) if client else ask.client_from_environment() as client:
            replies, notices = ask.ask_all(questions, client, **asking)
    for facts, (answer, source) in zip(found, replies, strict=True):
        about = {"onet_soc_code": facts.code, "title": facts.title, "source": source}
        about["writer"] = asking["model"] if answer else "template"
        rows += [about | point for point in points(answer, facts, names)]
    table = pd.DataFrame(rows, columns=COLUMNS)
    table.attrs["notices"] = notices
    return table


def messages(profile: Profile, facts: Facts) -> list[dict[str, str]]:
    """The question about one occupation; what is free text in it is quoted."""
    lines = [f"Her background: {json.dumps(profile.background)}"] if profile.background else []
    lines.append(f"Occupation {facts.code}: {json.dumps(facts.title)}")
    for side in FIELDS:
        lines += [f"{side}:", *(f"- {fact.id} = {fact.text}" for fact in facts.on(side))]
    asked = "\n".join(lines)
    return [{"role": "system", "content": TEXTS["prompt"]}, {"role": "user", "content": asked}]
