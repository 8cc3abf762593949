"""uvicorn's connections with a clock and a bound, since it has neither for who sends slowly."""

import asyncio
import logging
from contextlib import suppress
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

MOST_SECONDS, MOST_OPEN = 10, 500  # without a whole request; connections


def allow_files() -> None:
    """More open files than many systems begin with: a crowd is accepted before it is bounded."""
    # It would tell of each connection that it cannot accept, a thousand times a second.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    with suppress(ImportError):  # Windows has no such limit
        import resource

        now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(now, min(most, 8192)), most))


class Connection(H11Protocol):
    """uvicorn's, which is cut off where a request does not come: soon in a crowd, else after a
    while, and when the service ends."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        # In two steps, so that what a busy loop has not read yet is read between them.
        self.loop.call_later(0.2, self.loop.call_later, 0.2, self.give_way)
        self.look()

    def give_way(self, now: bool = False) -> None:
        reads = not self.cycle or self.cycle.more_body or self.cycle.response_complete
        if reads and (now or len(self.connections) > MOST_OPEN):
            self.transport.abort()

    def look(self, before: Any = "nothing yet") -> None:
        """Again and again: is it the request of the last time that is still not there?"""
        if self.cycle is before:
            self.give_way(now=True)
        if not self.transport.is_closing():
            self.loop.call_later(MOST_SECONDS, self.look, self.cycle)

    def shutdown(self) -> None:
        super().shutdown()
        self.give_way(now=True)
