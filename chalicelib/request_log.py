"""One line in the log for each request: what was asked, how it ended, and where the time went.

CloudWatch makes its metrics from these lines. Nothing in them comes from a client: the method is
one of ours or "unknown", and the outcome is "done" or a sentence of ours.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# Lambda's runtime writes its records as JSON, with the time and the request's id.
logger = logging.getLogger(__name__)


class Line:
    """The line of one request, which begins now. `clock` returns seconds."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.method = "unknown"
        self._clock = clock
        self._began = clock()
        self._dynamodb_calls = 0
        self._dynamodb_seconds = 0.0

    @contextmanager
    def dynamodb_call(self) -> Iterator[None]:
        """Count a call to DynamoDB and its time, retries included, however it ends."""
        began = self._clock()
        try:
            yield
        finally:
            self._dynamodb_calls += 1
            self._dynamodb_seconds += self._clock() - began

    def write(self, status: int, outcome: str) -> None:
        """Write the line, with the HTTP status of the reply and with how the request ended."""
        facts = {
            "method": self.method,
            "status": status,
            "outcome": outcome,
            "dynamodb_calls": self._dynamodb_calls,
            "duration_ms": in_milliseconds(self._clock() - self._began),
            "dynamodb_ms": in_milliseconds(self._dynamodb_seconds),
        }
        logger.info("request", extra=facts)


# On Lambda, an instance handles one request at a time. Under `chalice local`, each request has its
# own thread.
_current_line: ContextVar[Line] = ContextVar("line")


def begin() -> Line:
    """Begin the line of a request, which is the current one from now on."""
    line = Line()
    _current_line.set(line)
    return line


def current() -> Line:
    """Return the line of the request at hand. Outside a request, it is never written."""
    return _current_line.get(None) or Line()


def in_milliseconds(seconds: float) -> float:
    return round(1000 * seconds, 1)
