"""What an explainer answers: the schemas that a language model must keep to."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, create_model


class Answer(BaseModel):
    """The explanation of one occupation."""

    model_config = ConfigDict(extra="forbid")

    why: str = Field(description="Two or three plain sentences: why it fits or does not fit.")
    next_step: str = Field(description="One concrete thing to do next.")
    fact_ids: list[str] = Field(description="Ids of the facts that were used.")


class Move(BaseModel):
    """One place in a new order."""

    model_config = ConfigDict(extra="forbid")

    onet_soc_code: str
    reason: str = Field(description="One sentence from the facts; empty if it does not move.")


class Ranking(BaseModel):
    """A new order, best first, with every candidate exactly once."""

    model_config = ConfigDict(extra="forbid")

    order: list[Move]


# A small model does not know when to stop, so its server is held to lengths as well. OpenAI's
# structured output takes no such limits.


class ShortAnswer(Answer):
    why: str = Field(min_length=80, max_length=360)
    next_step: str = Field(min_length=30, max_length=160)
    fact_ids: list[Annotated[str, Field(max_length=36)]] = Field(min_length=1, max_length=4)


class ShortMove(Move):
    onet_soc_code: str = Field(max_length=10)
    reason: str = Field(max_length=160)


def short_ranking(count: int) -> type[Ranking]:
    """The schema of a ranking of exactly so many places."""
    order = (list[ShortMove], Field(min_length=count, max_length=count))
    return create_model("ShortRanking", __base__=Ranking, order=order)
