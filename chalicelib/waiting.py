"""Holds a reply until there is news, by reading again and again."""

import time
from collections.abc import Callable
from typing import TypeVar

from chalicelib.limits import LOOK_AGAIN_SECONDS

Seen = TypeVar("Seen")


def until(
    is_ready: Callable[[Seen], bool],
    read: Callable[[], Seen],
    glance: Callable[[], Seen],
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Seen:
    """Read until the result is ready, or until `seconds` are over. Return the last result.

    The first call is `read()`, and so is the last one when the wait is over. The calls in between
    are `glance()`, which is cheaper but may return a state that is a moment old.

    >>> channels = Channels(Table(open_client(), "peerpost"))
    >>> channel_id = "1c5ca5a5-6f0b-4c55-8b9a-3ad1e1b58f0e"
    >>> until(
    ...     lambda channel: channel.answer is not None,
    ...     lambda: channels.get(channel_id),
    ...     lambda: channels.glance(channel_id),
    ...     5,
    ... )
    Channel(offer='v=0 ...', answer='v=0 ...', candidates=[])
    """
    end = clock() + seconds
    seen = read()
    if is_ready(seen) or clock() >= end:
        return seen
    while (seconds_left := end - clock()) > LOOK_AGAIN_SECONDS:
        sleep(LOOK_AGAIN_SECONDS)
        seen = glance()
        if is_ready(seen):
            return seen
    # A slow glance may have outlasted the wait.
    if seconds_left > 0:
        sleep(seconds_left)
    return read()
