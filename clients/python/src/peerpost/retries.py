"""How often a request is tried again after a failure, and after which pause."""

import random
from collections.abc import Callable
from enum import Enum, auto

from peerpost.errors import NetworkError, ServerError
from peerpost.limits import (
    CHANNEL_TTL_SECONDS,
    FIRST_RETRY_SECONDS,
    JITTER,
    MAX_FAILURES,
    MAX_FAILURES_AT_FIRST,
    MAX_FAILURES_BUSY,
    MAX_HOST_RETRY_SECONDS,
    MAX_RETRY_SECONDS,
)

TOO_MANY_REQUESTS = 429


class Failure(Enum):
    """What a failed request says about its server."""

    PERMANENT = auto()
    """The same request would fail in the same way."""
    UNKNOWN_SERVER = auto()
    """The server has never served a request: its URL may be wrong."""
    FAULT = auto()
    """A server that has served requests reports a fault: it may be restarting."""
    NO_REPLY = auto()
    """A server that has replied before does not reply now."""
    BUSY = auto()
    """The server has too many requests, or says when to come back."""


MAX_TRIES = {
    Failure.PERMANENT: 1,
    Failure.UNKNOWN_SERVER: MAX_FAILURES_AT_FIRST,
    Failure.FAULT: MAX_FAILURES,
    # Lambda, or a proxy in front of the server, may drop requests instead of refusing them when there are too many.
    Failure.NO_REPLY: MAX_FAILURES_BUSY,
    Failure.BUSY: MAX_FAILURES_BUSY,
}


class RetryPolicy:
    """Decides whether a request is tried again, from what it has learned about the server so far.

    `jitter` returns a random number between two others.
    """

    longest_pause = MAX_RETRY_SECONDS

    def __init__(self, jitter: Callable[[float, float], float] = random.uniform) -> None:
        self._jitter = jitter
        self._has_replied = False
        self._has_served = False
        self._is_busy = False

    @property
    def server_is_busy(self) -> bool:
        """Whether the server seems to have too many requests. A held reply would take even more of its capacity."""
        return self._is_busy

    def served(self) -> None:
        """Remember that the server has served a request, or has refused one as a Peerpost server does."""
        self._has_replied = True
        self._has_served = True

    def pause_after(self, error: NetworkError | ServerError, failures: int) -> float | None:
        """Return the seconds to wait before the next try, or None to give up.

        `failures` counts how often this request has failed in a row, this time included.
        """
        if isinstance(error, ServerError):
            self._has_replied = True
            self._is_busy = True
        elif self._has_replied and failures > 1:
            self._is_busy = True
        if self._gives_up(error, failures):
            return None
        pause = doubled(FIRST_RETRY_SECONDS, failures, self.longest_pause)
        # Wait as long as the server asks, and a little longer, so that not all clients come back at the same moment.
        return pause * self._jitter(*JITTER) + min(retry_after_of(error), CHANNEL_TTL_SECONDS)

    def _gives_up(self, error: NetworkError | ServerError, failures: int) -> bool:
        return failures >= MAX_TRIES[self._failure_of(error)]

    def _failure_of(self, error: NetworkError | ServerError) -> Failure:
        # If Retry-After is longer than the lifetime of a channel, the channel would have expired by the next try.
        if not error.is_temporary or retry_after_of(error) > CHANNEL_TTL_SECONDS:
            return Failure.PERMANENT
        if isinstance(error, NetworkError):
            return Failure.NO_REPLY if self._has_replied else Failure.UNKNOWN_SERVER
        if error.status == TOO_MANY_REQUESTS or error.retry_after is not None:
            return Failure.BUSY
        return Failure.FAULT if self._has_served else Failure.UNKNOWN_SERVER


class PatientRetryPolicy(RetryPolicy):
    """The policy of a host that waits for days. Once the server has replied, requests are tried again for ever.

    That includes a request whose reply came from something else: the login page of a hotel may be gone tomorrow.
    """

    longest_pause = MAX_HOST_RETRY_SECONDS

    def _gives_up(self, error: NetworkError | ServerError, failures: int) -> bool:  # noqa: ARG002
        # Waiting does not help if the server's URL or an environment variable is invalid.
        return isinstance(error, NetworkError) and not error.is_temporary


def jittered(seconds: float, jitter: Callable[[float, float], float] = random.uniform) -> float:
    """Return a pause, a little shorter or longer."""
    return seconds * jitter(*JITTER)


def doubled(first: float, count: int, longest: float) -> float:
    """Return the pause after `count` failures: the first one, doubled after each further failure, up to the longest."""
    # Python cannot raise 2.0 to the power of a large number.
    return min(first * 2.0 ** min(count - 1, 32), longest)


def retry_after_of(error: NetworkError | ServerError) -> float:
    """Return the seconds after which the server wants to be asked again, or 0 if it has not named any."""
    if isinstance(error, ServerError) and error.retry_after is not None:
        return error.retry_after
    return 0.0
