"""The explainers behind one small interface: template, a model over the OpenAI API, prepared.

An explainer gets the facts of occupations and returns one reply for each. It checks nothing:
that is done for all of them alike, in `careerlib.explain`.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from careerlib import llm
from careerlib.errors import CareerlibError, nearest
from careerlib.explain.answers import Answer, Move, Ranking, ShortAnswer, short_ranking
from careerlib.explain.cache import FOLDER, AnswerCache
from careerlib.explain.facts import OccupationFacts
from careerlib.explain.model import (
    Endpoint,
    Question,
    Reply,
    Usage,
    ask_all,
    endpoint_from_environment,
)
from careerlib.explain.prompts import (
    Messages,
    explain_messages,
    post_messages,
    rerank_messages,
    small_messages,
)
from careerlib.explain.template import explain_by_template, rerank_by_template

EXPLAINERS = ("template", "auto", "openai", "local")
TOKENS_PER_MOVE = 100
PROMPTS = ("facts", "post")
# Greedy and seeded, so that the same machine writes the same words.
LOCAL = Endpoint(
    model=llm.MODEL, base_url=f"http://{llm.HOST}/v1", temperature=0.0, seed=1,
    frequency_penalty=0.3, max_tokens=260, concurrency=1, request_seconds=60.0,
    total_seconds=240.0,
)


class Explainer(Protocol):
    """name: who wrote it, for the reader."""

    name: str

    def explain(self, candidates: Sequence[OccupationFacts]) -> tuple[list[Reply], Usage]:
        """One reply, with an Answer or a problem, for each occupation."""

    def rerank(self, candidates: Sequence[OccupationFacts]) -> tuple[Reply, Usage]:
        """One reply, with a Ranking or a problem, for all of them."""


class TemplateExplainer:
    """Sentences made from the facts: offline, deterministic, free."""

    name = "template"

    def explain(self, candidates: Sequence[OccupationFacts]) -> tuple[list[Reply], Usage]:
        return [Reply(explain_by_template(facts), "template") for facts in candidates], Usage()

    def rerank(self, candidates: Sequence[OccupationFacts]) -> tuple[Reply, Usage]:
        return Reply(Ranking(order=rerank_by_template(candidates)), "template"), Usage()


@dataclass(frozen=True)
class PreparedExplainer:
    """Answers written beforehand, to see what the checks make of them.

    answers: by O*NET-SOC code. order: the new order, best first.
    """

    answers: Mapping[str, Answer] | None = None
    order: Sequence[Move] = ()
    name: str = "prepared"

    def explain(self, candidates: Sequence[OccupationFacts]) -> tuple[list[Reply], Usage]:
        answers = self.answers or {}
        return [
            Reply(answers[facts.onet_soc_code], "live") if facts.onet_soc_code in answers
            else Reply(None, problem="There is no prepared answer for this occupation.")
            for facts in candidates
        ], Usage()

    def rerank(self, candidates: Sequence[OccupationFacts]) -> tuple[Reply, Usage]:
        return Reply(Ranking(order=list(self.order)), "live"), Usage()


class ModelExplainer:
    """A language model over the OpenAI API, on this machine or elsewhere.

    prompt: "facts" gives the model each occupation's facts; "post" only its name, as the
    post did. small: the model of the extra, which gets fewer facts and limits on length, and
    whose server is started for a call that needs it.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        cache: AnswerCache | None = None,
        prompt: str = "facts",
        say: Callable[[str], None] = print,
        small: bool = False,
    ):
        if prompt not in PROMPTS:
            raise CareerlibError(f"There is no prompt '{prompt}'; {nearest(prompt, PROMPTS)}")
        self.endpoint = endpoint
        self.cache = cache
        self.name = endpoint.model
        self._prompt = prompt
        self._say = say
        self._small = small

    def __repr__(self) -> str:
        return f"ModelExplainer({self.name} at {self.endpoint.place})"

    def explain(self, candidates: Sequence[OccupationFacts]) -> tuple[list[Reply], Usage]:
        schema = ShortAnswer if self._small else Answer
        return self._ask([Question(self._messages(facts), schema) for facts in candidates])

    def rerank(self, candidates: Sequence[OccupationFacts]) -> tuple[Reply, Usage]:
        # The limit for one explanation would cut a long list.
        most = max(self.endpoint.max_tokens, TOKENS_PER_MOVE * len(candidates))
        endpoint = replace(self.endpoint, max_tokens=most)
        schema = short_ranking(len(candidates)) if self._small else Ranking
        replies, usage = self._ask([Question(rerank_messages(candidates), schema)], endpoint)
        return replies[0], usage

    def _messages(self, facts: OccupationFacts) -> Messages:
        if self._prompt == "post":
            return post_messages(facts)
        return small_messages(facts) if self._small else explain_messages(facts)

    def _ask(
        self, questions: list[Question], endpoint: Endpoint | None = None
    ) -> tuple[list[Reply], Usage]:
        endpoint = endpoint or self.endpoint
        with ExitStack() as stack:

            def start() -> Endpoint:
                server = stack.enter_context(llm.local_model())
                return replace(endpoint, base_url=server.base_url)

            connect = start if self._small else None
            return ask_all(questions, endpoint, self.cache, self._say, connect)


def openai_explainer(
    model: str | None = None,
    cache: str | Path | None = "default",
    prompt: str = "facts",
    say: Callable[[str], None] = print,
    **limits: float,
) -> ModelExplainer:
    """OpenAI, or any server of that API that OPENAI_BASE_URL names.

    limits: fields of Endpoint, such as request_seconds or concurrency. Raises CareerlibError
    where OPENAI_API_KEY is missing (a server on this machine needs none).
    """
    endpoint = endpoint_from_environment(model, **limits)
    endpoint.key()
    return ModelExplainer(endpoint, _cache(cache), prompt, say)


def local_explainer(
    cache: str | Path | None = "default",
    prompt: str = "facts",
    say: Callable[[str], None] = print,
    **limits: float,
) -> ModelExplainer:
    """The small model of the extra; its server runs only while something is asked.

    Raises CareerlibError where the extra is not installed.
    """
    if not llm.is_installed():
        raise CareerlibError(llm.NOT_INSTALLED)
    return ModelExplainer(replace(LOCAL, **limits), _cache(cache), prompt, say, small=True)


def make_explainer(
    explainer: str | Explainer,
    model: str | None = None,
    cache: str | Path | None = "default",
    say: Callable[[str], None] = print,
) -> tuple[Explainer, list[str]]:
    """The explainer of that name, and notices for the reader. See `explain`."""
    if not isinstance(explainer, str):
        return explainer, []
    if explainer not in EXPLAINERS:
        raise CareerlibError(
            f"There is no explainer '{explainer}'; {nearest(explainer, EXPLAINERS)}"
        )
    if explainer == "auto":
        if any(os.environ.get(name) for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL")):
            explainer = "openai"
        else:
            return TemplateExplainer(), [
                "OPENAI_API_KEY is not set, so the template wrote the explanations."
            ]
    if explainer == "openai":
        return openai_explainer(model, cache, say=say), []
    if explainer == "local":
        return local_explainer(cache, say=say), []
    return TemplateExplainer(), []


def _cache(cache: str | Path | None) -> AnswerCache | None:
    if cache is None:
        return None
    return AnswerCache(FOLDER if cache == "default" else Path(cache).expanduser())
