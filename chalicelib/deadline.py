"""A time limit for a block of code."""

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

# Takes a number of seconds, and returns a context manager that limits its block to that time.
Deadline = Callable[[int], AbstractContextManager[None]]


class OutOfTime(BaseException):
    """The time is over. Not an Exception: botocore would catch that, and send its request again."""


@contextmanager
def deadline(seconds: int) -> Iterator[None]:
    """Raise OutOfTime in this block after `seconds`, whatever the block waits for.

    botocore's own timeouts are not enough: they start again with each byte that arrives.

    `seconds` must be at least 1: with 0 there would be no alarm.
    Works in the main thread only. Do not nest it: a process has one alarm.
    """

    def expire(*_: object) -> None:
        raise OutOfTime

    signal.signal(signal.SIGALRM, expire)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


def no_deadline(_seconds: int) -> AbstractContextManager[None]:
    """Set no limit. `chalice local` serves each request in a thread, which no signal reaches."""
    return nullcontext()
