"""Keep what a language model writes about twenty occupations, and what it thinks of such answers,
for notebook 07: `python .ci/record.py --writer local` (or `openai`, with a key)."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import click
import pandas as pd
from pydantic import BaseModel, Field

from careerlib.app.llm import writing
from careerlib.catalog import load_catalog
from careerlib.explain import FIELDS, MODEL, answer_model, ask, messages
from careerlib.explain.facts import gather
from careerlib.profile import CONTRASTING
from careerlib.project import DATA, write
from careerlib.recommend import recommend


class Rubric(BaseModel):
    true_to_fact: bool = Field(description="no sentence says more than its fact")
    right_side: bool = Field(description="none speaks for where its fact speaks against")
    to_this_person: bool = Field(description="they say something to this person")
    friendly: bool = Field(description="they are sentences that a friend would write")
    no_advice: bool = Field(description="none gives advice that no fact carries")


JUDGE = (
    "You judge sentences that were written beside facts. Answer for all of them together, with "
    "true or false: " + "; ".join(f"{n}: {f.description}" for n, f in Rubric.model_fields.items())
)


def ask_once(client: Any, settings: dict, messages: list, schema: type[BaseModel]) -> dict:
    """The text of an answer as it came, why it ended, and the tokens that were used."""
    kind = {"name": "answer", "strict": True, "schema": schema.model_json_schema()}
    form = {"type": "json_schema", "json_schema": kind}
    made = client.chat.completions.create(messages=messages, response_format=form, **settings)
    usage = {"in": made.usage.prompt_tokens, "out": made.usage.completion_tokens}
    choice = made.choices[0]
    return {"finish_reason": choice.finish_reason, "usage": usage, "text": choice.message.content}


def record(client: Any, settings: dict, folder: Path = DATA) -> None:
    """Ask for the answers and for judgements of all answers, and keep both in the folder."""
    answers_file, ratings_file = folder / "answers.json", folder / "ratings.csv"
    catalog, model, facts, answers, rows = load_catalog(), settings["model"], {}, [], []
    for name, person in CONTRASTING.items():
        # The post's list for Sarah; for the others one that does not change with our model.
        method = "post" if name == "Sarah" else "correlation"
        for code in recommend(person, method=method, top=4)["onet_soc_code"]:
            [found] = gather(person, catalog, [catalog.position(code)])
            came = ask_once(client, settings, messages(person, found), answer_model(found))
            answers.append({"person": name, "onet_soc_code": code, **came})
            facts[name, code] = found.by_id
    kept = json.loads(answers_file.read_text("utf-8"))
    kept[model] = {"date": f"{date.today()}", "settings": settings, "answers": answers}
    write(answers_file, json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
    for by, person, code, text in [
        (by, answer["person"], answer["onet_soc_code"], json.loads(answer["text"]))
        for by, told in kept.items() for answer in told["answers"]
    ]:  # fmt: skip
        lines = [
            f"{side}: {facts[person, code][point['id']].text} -> {point['words']}"
            for side, field in FIELDS.items() for point in text[field]
        ]  # fmt: skip
        asked = zip(("system", "user"), (JUDGE, "\n".join(lines)), strict=True)
        asked = [{"role": role, "content": content} for role, content in asked]
        held = Rubric.model_validate_json(ask_once(client, settings, asked, Rubric)["text"])
        rows.append([model, by, person, code, *map(int, held.model_dump().values())])
    old = pd.read_csv(ratings_file)
    table = pd.concat([old[old["rater"] != model], pd.DataFrame(rows, columns=old.columns)])
    write(ratings_file, table.to_csv(index=False, lineterminator="\n"))


@click.command()
@click.option("--writer", type=click.Choice(["local", "openai"]), required=True)
@click.option("--model", default=MODEL, show_default=True, help="Which of OpenAI's.")
def main(writer: str, model: str) -> None:
    """Record the answers and the judgements of a model."""
    with writing(writer) as how:
        client = how.get("client") or ask.client_from_environment()
        settings = {"model": how.get("model", model), **how.get("sampling", {})}
        record(client, {**settings, "max_completion_tokens": 1500})


if __name__ == "__main__":
    main()
