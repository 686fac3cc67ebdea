"""Holding a reply until there is something to say."""

import time
from collections.abc import Callable
from typing import TypeVar

from chalicelib.limits import PAUSE_FIRST_SECONDS, PAUSE_GROWTH, PAUSE_LATE_SECONDS, PAUSE_SOON_SECONDS, SOON_SECONDS

Seen = TypeVar("Seen")


def until(
    ready: Callable[[Seen], bool],
    read: Callable[[], Seen],
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Seen:
    """Read again and again, until what is read is ready or `seconds` are over; return what was read last."""
    start, pause = clock(), PAUSE_FIRST_SECONDS
    while not ready(seen := read()) and (left := start + seconds - clock()) > 0:
        sleep(min(pause, left))
        most = PAUSE_SOON_SECONDS if clock() - start < SOON_SECONDS else PAUSE_LATE_SECONDS
        pause = min(pause * PAUSE_GROWTH, most)
    return seen
