"""How often to ask for news: often while news is likely, and less and less often after that."""

from collections.abc import Callable

from peerpost.limits import (
    BACK_SOON_POLL_SECONDS,
    BACK_SOON_SECONDS,
    FIRST_POLL_SECONDS,
    HOLD_AT_FIRST_SECONDS,
    MAX_ADDRESS_POLL_SECONDS,
    OFTEN_FOR_SECONDS,
    OFTEN_SECONDS,
    POLL_GROWTH,
    RARELY_AFTER_SECONDS,
    RARELY_SECONDS,
    SOMETIMES_SECONDS,
)


class Pace:
    """The pace of a peer that waits for another one. `clock` returns seconds.

    Several channels may share it. The doors of an address do, so that a new door does not count as news.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last_news: float | None = None

    @property
    def seconds_without_news(self) -> float:
        """The seconds since the last news or, before any news, since this property was first read."""
        if self._last_news is None:
            self._last_news = self._clock()
        return self._clock() - self._last_news

    @property
    def expected_for(self) -> float:
        """For how many more seconds it is worth asking the server to hold replies, even if no news has arrived yet."""
        return max(0.0, HOLD_AT_FIRST_SECONDS - self.seconds_without_news)

    @property
    def interval(self) -> float:
        """The time in seconds from one poll to the next."""
        return min(FIRST_POLL_SECONDS + POLL_GROWTH * self.seconds_without_news, self._longest_interval)

    @property
    def _longest_interval(self) -> float:
        if self.seconds_without_news < OFTEN_FOR_SECONDS:
            return OFTEN_SECONDS
        if self.seconds_without_news < RARELY_AFTER_SECONDS:
            return SOMETIMES_SECONDS
        return RARELY_SECONDS

    def had_news(self) -> None:
        """Remember that the other peer is likely to act now."""
        self._last_news = self._clock()


class GuestPace(Pace):
    """The pace of a guest that asks an address where its host waits now."""

    @property
    def _longest_interval(self) -> float:
        return BACK_SOON_POLL_SECONDS if self.seconds_without_news < BACK_SOON_SECONDS else MAX_ADDRESS_POLL_SECONDS
