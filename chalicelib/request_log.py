"""A line in the log for each request: what was asked, how it ended, and where the time went.

CloudWatch makes its metrics from these lines. Nothing in them comes from a client: the method is
one of ours or "unknown", and the outcome is "done" or a sentence of ours.

On Lambda, quick polls for an offer or answer that is not there yet are counted instead: see
QuietPolls. A `get_candidates` without news still gets a line.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from chalicelib import limits

# Lambda's runtime writes its records as JSON, with the time and the request's id.
logger = logging.getLogger(__name__)


class QuietPolls:
    """Counts the polls that have found no offer or answer, and for which no line is written.

    A peer that waits for the other one polls. A line for each poll would cost nearly as much as
    its request. So the next line that is written says how many polls there were since the last one.
    A poll gets a line of its own if too many have been counted, or if the first of them was too
    long ago: an instance may end without notice, and with it what it has counted.

    For an instance that handles one request at a time. `clock` returns seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._count = 0
        self._counting_since = 0.0

    def count_one(self) -> bool:
        """Count a poll, and return True; or return False if it is time for a line."""
        now = self._clock()
        if self._count == 0:
            self._counting_since = now
        is_overdue = now - self._counting_since >= limits.QUIET_SECONDS
        if is_overdue or self._count >= limits.MAX_QUIET_POLLS:
            return False
        self._count += 1
        return True

    def take(self) -> int:
        """Return how many polls were counted, and begin again at 0."""
        taken = self._count
        self._count = 0
        return taken


class Line:
    """The line of one request, which begins now.

    `clock` returns seconds.
    With `quiet_polls`, there is no line if the request is a quick poll that finds nothing.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.perf_counter,
        quiet_polls: QuietPolls | None = None,
    ) -> None:
        self.method = "unknown"
        # Whether the request is refused only because the other peer has not written yet.
        self.is_too_early = False
        self._clock = clock
        self._quiet_polls = quiet_polls
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
        seconds = self._clock() - self._began
        facts: dict[str, Any] = {
            "method": self.method,
            "status": status,
            "outcome": outcome,
            "dynamodb_calls": self._dynamodb_calls,
            "duration_ms": in_milliseconds(seconds),
            "dynamodb_ms": in_milliseconds(self._dynamodb_seconds),
        }
        if self._quiet_polls is not None:
            if self._is_quick_poll(seconds) and self._quiet_polls.count_one():
                return
            if number := self._quiet_polls.take():
                facts["quiet_polls"] = number
        logger.info("request", extra=facts)

    def _is_quick_poll(self, seconds: float) -> bool:
        # A request whose reply was held has read several times. Such requests are rare, and each is
        # expensive enough for a line.
        was_held = self._dynamodb_calls > 1
        return self.is_too_early and not was_held and seconds < limits.SLOW_POLL_SECONDS


# On Lambda, an instance handles one request at a time. Under `chalice local`, each request has its
# own thread.
_current_line: ContextVar[Line] = ContextVar("line")


def begin(quiet_polls: QuietPolls | None = None) -> Line:
    """Begin the line of a request, which is the current one from now on."""
    line = Line(quiet_polls=quiet_polls)
    _current_line.set(line)
    return line


def current() -> Line:
    """Return the line of the current request; before the first one, a line that nobody writes."""
    return _current_line.get(None) or Line()


def in_milliseconds(seconds: float) -> float:
    return round(1000 * seconds, 1)
