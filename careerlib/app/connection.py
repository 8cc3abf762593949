"""uvicorn's connections with a clock and a bound, since it has neither for who sends slowly."""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

MOST_SECONDS, MOST_OPEN = 10, 500  # without a whole request; connections


class Connection(H11Protocol):
    """uvicorn's, which is cut off where no request comes for long, where others want its place,
    and where the service ends."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self.look()
        if len(self.connections) > MOST_OPEN:
            others: Any = self.connections - {self}
            next(filter(Connection.is_reading, others), self).transport.abort()

    def is_reading(self) -> bool:
        return not self.cycle or self.cycle.more_body or self.cycle.response_complete

    def look(self, before: Any = "nothing yet") -> None:
        """Again and again: is it the request of the last time that is still not there?"""
        if self.is_reading() and self.cycle is before:
            self.transport.abort()
        elif not self.transport.is_closing():
            self.loop.call_later(MOST_SECONDS, self.look, self.cycle)

    def shutdown(self) -> None:
        super().shutdown()
        if self.is_reading():
            self.transport.abort()
