"""One line for each request: what was asked, how it ended, and where the time went. The metrics are made of it.

Nothing in it is a client's: a method is one of ours or "unknown", an outcome "done" or a sentence of ours.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# Lambda's runtime writes it as JSON, with the time and the request's id.
logger = logging.getLogger(__name__)


class Line:
    """The line of a request that begins now; `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock, self._began = clock, clock()
        self._calls, self._dynamodb_seconds = 0, 0.0
        self.method = "unknown"

    @contextmanager
    def dynamodb_call(self) -> Iterator[None]:
        """Count a call, and the time that it takes with all its tries, however it ends."""
        began = self._clock()
        try:
            yield
        finally:
            self._calls += 1
            self._dynamodb_seconds += self._clock() - began

    def write(self, status: int, outcome: str) -> None:
        facts = {"method": self.method, "status": status, "outcome": outcome, "dynamodb_calls": self._calls}
        seconds = {"duration_ms": self._clock() - self._began, "dynamodb_ms": self._dynamodb_seconds}
        logger.info("request", extra=facts | {name: round(1000 * value, 1) for name, value in seconds.items()})


# Each request has a thread of its own, in `chalice local` too.
_line: ContextVar[Line] = ContextVar("line")


def begin() -> Line:
    """Begin the line of a request, which is the current one from now on."""
    _line.set(line := Line())
    return line


def current() -> Line:
    """Return the line of the request at hand; outside of any, one that is never written."""
    return _line.get(None) or Line()
