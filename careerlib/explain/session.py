"""Ask many questions at once over the OpenAI API, each in bounded time.

Every failure becomes one sentence in the reply, and the other questions go on.
"""

import asyncio
import queue
import threading
import time
from collections.abc import Iterable
from contextlib import suppress

import openai

from careerlib.explain.model import NO_KEY_NEEDED, Endpoint, Question, Reply

RETRIES = 2
PAUSE = 0.5  # seconds before the first retry; doubled for the second
GRACE = 3.0  # seconds that a cancelled request may take to let go
# What may be over in a moment; a timeout is a kind of connection error.
PASSING = (openai.RateLimitError, openai.InternalServerError, openai.APIConnectionError)


class Session:
    """One call's requests, in an event loop of their own thread.

    A thread, because a notebook's main thread already runs an event loop; an event loop,
    because only there can a request that trickles in byte by byte be stopped on time.
    """

    def __init__(self, endpoint: Endpoint, key: str):
        self._endpoint = endpoint
        self._key: str | None = key
        self._done: queue.SimpleQueue = queue.SimpleQueue()
        self._fatal = ""  # a failure that every further request would meet too
        self._mistake: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task | None = None

    def __repr__(self) -> str:
        return f"Session({self._endpoint.place})"

    def run(self, questions: dict[int, Question]) -> Iterable[tuple[int, Reply]]:
        """(place, reply) of each question as it arrives; every question gets exactly one."""
        deadline = time.monotonic() + self._endpoint.total_seconds
        thread = threading.Thread(
            target=self._work, args=(questions,), daemon=True, name="ask-model"
        )
        thread.start()
        missing = dict.fromkeys(questions)
        try:
            while missing:
                left = deadline + GRACE - time.monotonic()
                place, reply = self._done.get(timeout=max(left, 0.001))
                if place in missing:
                    del missing[place]
                    yield place, reply
        except queue.Empty:
            for place in missing:
                yield place, Reply(None, problem=self._too_slow(self._endpoint.total_seconds))
        finally:
            if missing:  # out of time, or interrupted
                self._stop()
            thread.join(GRACE)
            self._key = None
        if self._mistake:
            raise self._mistake

    def _work(self, questions: dict[int, Question]) -> None:
        with suppress(asyncio.CancelledError):
            asyncio.run(self._all(questions))

    def _stop(self) -> None:
        loop, task = self._loop, self._task
        if loop and task and not loop.is_closed():
            with suppress(RuntimeError):  # the loop closed in this very moment
                loop.call_soon_threadsafe(task.cancel)

    async def _all(self, questions: dict[int, Question]) -> None:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        gate = asyncio.Semaphore(self._endpoint.concurrency)
        # A server on this machine is asked directly, whatever proxy the environment names.
        http = openai.DefaultAsyncHttpxClient(trust_env=not self._endpoint.is_loopback)
        async with openai.AsyncOpenAI(
            api_key=self._key,
            # The client would read OPENAI_BASE_URL itself where this is None.
            base_url=self._endpoint.base_url or "https://api.openai.com/v1",
            max_retries=0,
            timeout=self._endpoint.request_seconds,
            http_client=http,
        ) as client:
            tasks = [
                asyncio.create_task(self._one(client, gate, place, ask))
                for place, ask in questions.items()
            ]
            finished, slow = await asyncio.wait(tasks, timeout=self._endpoint.total_seconds)
            for task in slow:
                task.cancel()
            if slow:
                await asyncio.wait(slow, timeout=GRACE)
            # A mistake of ours, for everything else became a sentence: let the caller see it.
            self._mistake = next(filter(None, (task.exception() for task in finished)), None)

    async def _one(
        self, client: openai.AsyncOpenAI, gate: asyncio.Semaphore, place: int, ask: Question
    ) -> None:
        reply = Reply(None, problem=self._too_slow(self._endpoint.total_seconds))
        try:
            async with gate:
                reply = (
                    Reply(None, problem=self._fatal) if self._fatal
                    else await self._answered(client, ask)
                )
        finally:
            self._done.put((place, reply))

    async def _answered(self, client: openai.AsyncOpenAI, ask: Question) -> Reply:
        try:
            async with asyncio.timeout(self._endpoint.request_seconds):
                completion = await self._with_retries(client, ask)
        except TimeoutError:
            return Reply(None, problem=self._too_slow(self._endpoint.request_seconds))
        except openai.OpenAIError as error:
            problem = self._sentence(error)
            if isinstance(
                error,
                openai.AuthenticationError | openai.PermissionDeniedError | openai.NotFoundError,
            ) or _is_unreachable(error):
                self._fatal = problem
            return Reply(None, problem=problem)
        except (ValueError, TypeError, AttributeError, KeyError, IndexError, RecursionError):
            # What the client raises on JSON that is broken or not of the agreed form
            # (pydantic's ValidationError is a ValueError).
            return Reply(None, problem=f"{self._who} answered in a form that was not agreed.")
        return self._checked(completion, ask)

    async def _with_retries(self, client: openai.AsyncOpenAI, ask: Question) -> object:
        """The completion; passing trouble is tried again as long as time allows."""
        end = time.monotonic() + self._endpoint.request_seconds
        for attempt in range(RETRIES + 1):
            try:
                return await self._request(client, ask)
            except PASSING as error:
                pause = _pause(error, attempt)
                hopeless = getattr(error, "code", None) == "insufficient_quota"
                if attempt == RETRIES or hopeless or time.monotonic() + pause >= end:
                    raise
            await asyncio.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    async def _request(self, client: openai.AsyncOpenAI, ask: Question) -> object:
        return await client.chat.completions.parse(
            model=self._endpoint.model,
            messages=ask.messages,
            response_format=ask.schema,
            max_completion_tokens=self._endpoint.max_tokens,
            **self._endpoint.sampling,
        )

    def _checked(self, completion: object, ask: Question) -> Reply:
        """The parsed answer; what may be missing from a reply with status 200 is looked for."""
        choices = getattr(completion, "choices", None)
        message = getattr(choices[0], "message", None) if choices else None
        if message is None:
            return Reply(None, problem=f"{self._who} sent an answer without content.")
        if getattr(message, "refusal", None):
            return Reply(None, problem=f"{self._who} refused to answer.")
        answer = getattr(message, "parsed", None)
        if not isinstance(answer, ask.schema):
            return Reply(None, problem=f"{self._who} answered in a form that was not agreed.")
        if self._key and self._key != NO_KEY_NEEDED and self._key in answer.model_dump_json():
            return Reply(None, problem=f"{self._who} repeated the API key; the answer was dropped.")
        usage = getattr(completion, "usage", None)
        return Reply(
            answer,
            "live",
            prompt_tokens=getattr(usage, "prompt_tokens", 0) or 0,
            answer_tokens=getattr(usage, "completion_tokens", 0) or 0,
        )

    @property
    def _who(self) -> str:
        return f"The model {self._endpoint.model} at {self._endpoint.place}"

    def _too_slow(self, seconds: float) -> str:
        return f"{self._who} gave no complete answer within {seconds:g} seconds."

    def _sentence(self, error: openai.OpenAIError) -> str:
        """One sentence in our words: what a server says of an error may hold the key."""
        who, place = self._who, self._endpoint.place
        match error:
            case openai.APITimeoutError():
                return self._too_slow(self._endpoint.request_seconds)
            case openai.APIConnectionError() if _is_unreachable(error):
                return f"The model server at {place} cannot be reached; check that it runs."
            case openai.APIConnectionError():
                return f"{who} broke off the connection."
            case openai.LengthFinishReasonError():
                return f"{who} was cut off after {self._endpoint.max_tokens} tokens."
            case openai.ContentFilterFinishReasonError():
                return f"{who} withheld the answer (content filter)."
            case openai.AuthenticationError():
                return f"The server at {place} refused the API key (401); check OPENAI_API_KEY."
            case openai.PermissionDeniedError():
                return f"The API key may not use {self._endpoint.model} at {place} (403)."
            case openai.NotFoundError():
                return (
                    f"The server at {place} knows no model '{self._endpoint.model}' (404); choose "
                    "another, or check OPENAI_BASE_URL."
                )
            case openai.RateLimitError() if error.code == "insufficient_quota":
                return f"The account at {place} has no credit left (429)."
            case openai.RateLimitError():
                return f"{who} refused further requests for now (429); try again later."
            case openai.APIStatusError():
                return f"{who} answered with status {error.status_code}."
        return f"{who} answered in a form that was not agreed."


def _is_unreachable(error: Exception) -> bool:
    """Nothing listens there, or the name is unknown: no connection came about."""
    return isinstance(error, openai.APIConnectionError) and type(error.__cause__).__name__ in (
        "ConnectError", "UnsupportedProtocol",
    )


def _pause(error: openai.OpenAIError, attempt: int) -> float:
    """Seconds to wait: what the server asks for in Retry-After, else doubling."""
    response = getattr(error, "response", None)
    try:
        return max(0.0, float(response.headers["retry-after"]))
    except (AttributeError, KeyError, ValueError):
        return PAUSE * 2**attempt
