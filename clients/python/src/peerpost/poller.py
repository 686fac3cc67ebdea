"""Requests that do not give up at the first failure, and reads that wait for the other peer."""

import asyncio
import math
import random
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from peerpost.errors import ChannelExpiredError, NetworkError, RefusalError, ServerError
from peerpost.limits import CHANNEL_TTL_SECONDS, HOLD_AFTER_NEWS_SECONDS, JITTER
from peerpost.pace import Pace
from peerpost.retries import RetryPolicy

T = TypeVar("T")


class Poller:
    """The requests of one channel, for as long as the channel lives.

    `clock` returns seconds, `sleep` takes them, and `jitter` returns a random number between two others.
    `pace` says how often to read, and `retries` how often to try again after a failure.
    `lifetime` is that of the channel, in seconds.
    Every coroutine raises ChannelExpiredError once the lifetime of the channel is over.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[float, float], float] = random.uniform,
        *,
        pace: Pace | None = None,
        retries: RetryPolicy | None = None,
        lifetime: float = CHANNEL_TTL_SECONDS,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter
        self._pace = pace or Pace(clock)
        self._retries = retries or RetryPolicy(jitter)
        self._lifetime = lifetime
        self._deadline: float | None = None
        # Until then, the server is asked to hold its replies because there was news in this channel.
        self._news_until = -math.inf

    @property
    def seconds_left(self) -> float:
        """The seconds for which the channel still lives, as far as this peer knows."""
        if self._deadline is None:
            return self._lifetime
        return max(self._deadline - self._clock(), 0)

    def start_lifetime(self) -> None:
        """Count the lifetime of the channel from now on."""
        self._deadline = self._clock() + self._lifetime

    def had_news(self) -> None:
        """Remember that the other peer is likely to act now: for a while, the server is asked to hold its replies."""
        self._pace.had_news()
        self._news_until = self._clock() + HOLD_AFTER_NEWS_SECONDS

    async def persist(self, request: Callable[[], Awaitable[T]]) -> T:
        """Make a request, and make it again after a temporary failure.

        A refusal is raised as it is.
        """
        if self._deadline is None:
            # The channel of an answerer is older than this; the server says when it has expired.
            self.start_lifetime()
        failures = 0
        while True:
            self._stop_when_expired()
            try:
                result = await request()
            except RefusalError:
                self._retries.served()
                raise
            except (NetworkError, ServerError) as error:
                failures += 1
                pause = self._retries.pause_after(error, failures)
                if pause is None:
                    raise
                await self._pause(pause)
            else:
                self._retries.served()
                return result

    async def until(self, read: Callable[[float], Awaitable[T | None]]) -> T:
        """Read until there is something, one read at a time.

        `read` is called with the seconds for which the server may hold the request.
        """
        while True:
            began = self._clock()
            # The wait is chosen anew for each try: a server that has become busy is not asked to hold the next one.
            found = await self.persist(lambda: read(self._wait_seconds))
            if found is not None:
                self.had_news()
                return found
            taken = self._clock() - began
            interval = self._pace.interval * self._jitter(*JITTER)
            # A read that took longer than the interval was held, so the server has just looked for news: wait for a
            # whole interval. In any other case, the server looked when the read began.
            await self._pause(interval if taken > interval else interval - taken)

    @property
    def _wait_seconds(self) -> float:
        if self._retries.server_is_busy:
            return 0
        return max(self._news_until - self._clock(), self._pace.expected_for)

    async def _pause(self, seconds: float) -> None:
        if seconds > 0:
            await self._sleep(min(seconds, self.seconds_left))
        self._stop_when_expired()

    def _stop_when_expired(self) -> None:
        if self.seconds_left <= 0:
            raise ChannelExpiredError(f"the channel has expired after {self._lifetime:g} seconds")
