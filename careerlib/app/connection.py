"""uvicorn's connections with a clock and a bound, since it has neither for who sends slowly."""

import asyncio
import logging
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

MOST_SECONDS, MOST_OPEN = 10, 500  # until a request is read; connections
READING = h11.IDLE, h11.SEND_BODY  # the states of who has not sent a whole request


class Connection(H11Protocol):
    """uvicorn's, with a clock until a request is read, and a bound: who is slow gives way."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self.clock = self.loop.call_later(MOST_SECONDS, transport.abort)
        if len(self.connections) > MOST_OPEN:
            others: Any = self.connections - {self}
            slow = (one for one in others if not one.clock.cancelled())
            next(slow, self).transport.abort()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state not in READING:
            self.clock.cancel()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.conn.their_state in READING:
            self.clock = self.loop.call_later(MOST_SECONDS, self.transport.abort)

    def shutdown(self) -> None:
        super().shutdown()
        if not self.clock.cancelled():
            self.transport.abort()


def is_fault(record: logging.LogRecord) -> bool:
    """Not: what was cancelled when the service ended."""
    return not record.exc_info or record.exc_info[0] is not asyncio.CancelledError
