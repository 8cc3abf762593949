"""Keep what a language model writes about twenty occupations, and what it thinks of such answers,
for notebook 07: `python -m careerlib.app.record --writer local` (or `openai`, with a key)."""

import datetime
import json
from typing import Any

import click
import pandas as pd
from pydantic import BaseModel, Field
from tqdm import tqdm

from careerlib.app.llm import writing
from careerlib.catalog import load_catalog
from careerlib.explain import ask, messages
from careerlib.explain.answer import FIELDS, answer_model
from careerlib.explain.facts import gather
from careerlib.profile import CONTRASTING
from careerlib.project import DATA, write
from careerlib.recommend import recommend

ANSWERS, RATINGS = DATA / "answers.json", DATA / "ratings.csv"


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


def ask_once(
    client: Any, settings: dict, messages: list[dict], schema: type[BaseModel]
) -> dict[str, Any]:
    """The text of an answer as it came, why it ended, and the tokens that were used."""
    kind = {"name": "answer", "strict": True, "schema": schema.model_json_schema()}
    form = {"type": "json_schema", "json_schema": kind}
    made = client.chat.completions.create(messages=messages, response_format=form, **settings)
    usage = {"in": made.usage.prompt_tokens, "out": made.usage.completion_tokens}
    choice = made.choices[0]
    return {"finish_reason": choice.finish_reason, "usage": usage, "text": choice.message.content}


def question(facts: Any, text: str) -> list[dict[str, str]]:
    """What a judge is asked about an answer: each fact with its side, and the words beside it."""
    lines = []
    for side, field in FIELDS.items():
        for point in json.loads(text)[field]:
            lines.append(f"{side}: {facts.by_id[point['id']].text} -> {point['words']}")
    return [{"role": "system", "content": JUDGE}, {"role": "user", "content": "\n".join(lines)}]


@click.command()
@click.option("--writer", type=click.Choice(["local", "openai"]), required=True)
@click.option("--model", default=ask.MODEL, show_default=True, help="Which of OpenAI's.")
def main(writer: str, model: str) -> None:
    """Ask for the answers and for judgements of all answers, and keep both in data/."""
    catalog, rows = load_catalog(), []
    kept = json.loads(ANSWERS.read_text("utf-8")) if ANSWERS.exists() else {}
    with writing(writer) as how:
        client = how.get("client") or ask.client_from_environment()
        settings = {"model": how.get("model", model), **how.get("sampling", {})}
        settings["max_completion_tokens"] = 1500
        answers, today = [], datetime.date.today().isoformat()
        for name, person in tqdm(CONTRASTING.items(), unit=" people"):
            # The post's list for Sarah; for the others one that does not change with our model.
            method = "post" if name == "Sarah" else "correlation"
            for code in recommend(person, method=method, top=4)["onet_soc_code"]:
                [facts] = gather(person, catalog, [catalog.position(code)])
                asked = messages(person, facts), answer_model(facts)
                came = ask_once(client, settings, *asked)
                answers.append({"person": name, "onet_soc_code": code, **came})
        kept[settings["model"]] = {"date": today, "settings": settings, "answers": answers}
        write(ANSWERS, json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
        for by, record in kept.items():
            for answer in tqdm(record["answers"], unit=" judged"):
                at = catalog.position(answer["onet_soc_code"])
                [facts] = gather(CONTRASTING[answer["person"]], catalog, [at])
                came = ask_once(client, settings, question(facts, answer["text"]), Rubric)
                said = {name: int(held) for name, held in json.loads(came["text"]).items()}
                about = {key: answer[key] for key in ("person", "onet_soc_code")}
                rows.append({"rater": settings["model"], "model": by, **about, **said})
    table = pd.DataFrame(rows)
    if RATINGS.exists():
        old = pd.read_csv(RATINGS)
        table = pd.concat([old[old["rater"] != settings["model"]], table])
    write(RATINGS, table.to_csv(index=False, lineterminator="\n"))


if __name__ == "__main__":
    main()
