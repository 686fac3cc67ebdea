"""A time limit for a block of code."""

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

# Takes seconds, and returns the context of the block that they limit.
Deadline = Callable[[int], AbstractContextManager[None]]


class OutOfTime(BaseException):
    """The time is over. Not an Exception: botocore would catch that, and send its request again."""


@contextmanager
def deadline(seconds: int) -> Iterator[None]:
    """Raise OutOfTime in this block after `seconds`, whatever it waits for.

    `seconds` must be at least 1: with 0 there would be no alarm.

    botocore's own timeouts do not do that: they start again with each byte that arrives.
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
