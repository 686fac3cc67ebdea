"""Holding a reply until there is news: reading again and again, at pauses that grow."""

import time
from collections.abc import Callable
from typing import TypeVar

from chalicelib.limits import (
    FIRST_PAUSE_SECONDS,
    LONGEST_PAUSE_LATER_SECONDS,
    LONGEST_PAUSE_SOON_SECONDS,
    PAUSE_GROWTH_FACTOR,
    SOON_SECONDS,
)

Seen = TypeVar("Seen")


def until(
    is_ready: Callable[[Seen], bool],
    read: Callable[[], Seen],
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Seen:
    """Read until what is read is ready, or `seconds` are over. Return what was read last.

    There is always a first read, and one at the very end of the wait.

    >>> channels = Channels(Table(open_client(), "peerpost"))
    >>> channel_id = "1c5ca5a5-6f0b-4c55-8b9a-3ad1e1b58f0e"
    >>> until(lambda channel: channel.answer is not None, lambda: channels.get(channel_id), 5)
    Channel(offer='v=0 ...', answer='v=0 ...', candidates=[])
    """
    start = clock()
    pause = FIRST_PAUSE_SECONDS
    while True:
        seen = read()
        if is_ready(seen):
            return seen
        seconds_left = start + seconds - clock()
        if seconds_left <= 0:
            return seen
        sleep(min(pause, seconds_left))
        is_soon = clock() - start < SOON_SECONDS
        longest_pause = LONGEST_PAUSE_SOON_SECONDS if is_soon else LONGEST_PAUSE_LATER_SECONDS
        pause = min(pause * PAUSE_GROWTH_FACTOR, longest_pause)
