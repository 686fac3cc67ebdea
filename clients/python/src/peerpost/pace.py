"""How often to ask for news: often while news is likely, and less and less often after that."""

from collections.abc import Callable

from peerpost.limits import (
    BACK_SOON_SECONDS,
    EARLY_SECONDS,
    FIRST_ADDRESS_POLL_SECONDS,
    FIRST_POLL_SECONDS,
    HOLD_SECONDS,
    HOST_POLL_SECONDS,
    MAX_ADDRESS_POLL_SECONDS,
    MAX_POLL_SECONDS,
    QUIET_HOST_POLL_SECONDS,
    QUIET_SECONDS,
)


class Pace:
    """The pace of two peers who meet within minutes. `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last_news = clock()

    @property
    def first_pause(self) -> float:
        """The time in seconds from the first read to the second."""
        return FIRST_POLL_SECONDS

    @property
    def longest_pause(self) -> float:
        """The longest time in seconds from one read to the next. The pauses grow up to it."""
        return MAX_POLL_SECONDS

    @property
    def news_is_likely(self) -> bool:
        """Whether a read is worth holding."""
        return self.seconds_without_news < HOLD_SECONDS

    @property
    def seconds_without_news(self) -> float:
        return self._clock() - self._last_news

    def had_news(self) -> None:
        """Remember that the other peer is likely to act now: the next reads may be held."""
        self._last_news = self._clock()


class HostPace(Pace):
    """The pace of a host that waits for days, at one door after the other.

    It asks often at first, and after each guest, because another one may follow. The next door alone is no news.
    """

    def had_news(self) -> None:
        """Do nothing: this is called for each door."""

    def had_guest(self) -> None:
        """Remember that a guest has come just now."""
        super().had_news()

    @property
    def first_pause(self) -> float:
        # A new door alone is no reason to ask more often.
        return super().first_pause if self.news_is_likely else self.longest_pause

    @property
    def longest_pause(self) -> float:
        if self.seconds_without_news < EARLY_SECONDS:
            return MAX_POLL_SECONDS
        if self.seconds_without_news < QUIET_SECONDS:
            return HOST_POLL_SECONDS
        return QUIET_HOST_POLL_SECONDS


class GuestPace(Pace):
    """The pace of a guest that asks an address where its host waits now."""

    @property
    def first_pause(self) -> float:
        return FIRST_ADDRESS_POLL_SECONDS

    @property
    def longest_pause(self) -> float:
        return MAX_POLL_SECONDS if self.seconds_without_news < BACK_SOON_SECONDS else MAX_ADDRESS_POLL_SECONDS
