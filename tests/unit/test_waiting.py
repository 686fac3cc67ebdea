"""How a reply is held, on a clock that moves only during pauses and reads."""

import pytest

from chalicelib import waiting
from chalicelib.limits import LONGEST_PAUSE_SOON_SECONDS, MAX_WAIT_SECONDS, SOON_SECONDS
from harness.clock import Clock

LATENCY_SECONDS = 0.1


class Reads:
    """Records when reads happen, on a simulated clock.

    The clock moves only during pauses, and by `each` seconds during each read.
    """

    def __init__(self, ready_after: float = float("inf"), each: float = 0) -> None:
        self.now, self.each = 1000.0, each
        self.ready_at = self.now + ready_after
        self.times: list[float] = []

    def read(self) -> float:
        self.times.append(self.now)
        self.now += self.each
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds

    def until(self, seconds: float) -> float:
        return waiting.until(lambda seen: seen >= self.ready_at, self.read, seconds, lambda: self.now, self.sleep)


def test_news_that_is_ready_is_read_once() -> None:
    reads = Reads(ready_after=0)

    reads.until(60)

    assert reads.times == [1000.0]


@pytest.mark.parametrize("seconds", [0, 0.001, 0.5, 3, 20])
def test_a_wait_ends_with_a_last_read_when_its_time_is_over(seconds: float) -> None:
    reads = Reads()

    seen = reads.until(seconds)

    assert seen == reads.now == pytest.approx(1000 + seconds)


@pytest.mark.parametrize("after", [0.001, 0.01, 0.1, 0.33, 0.7, 1.1, 1.5, SOON_SECONDS])
def test_news_that_comes_soon_is_found_within_100_ms(after: float) -> None:
    reads = Reads(ready_after=after)

    reads.until(20)

    assert 0 <= reads.now - reads.ready_at < LATENCY_SECONDS


def test_without_news_there_are_few_reads() -> None:
    reads = Reads()

    reads.until(20)

    soon = [each for each in reads.times if each < 1000 + SOON_SECONDS]
    assert len(soon) <= 30
    assert len(reads.times) - len(soon) <= 2.5 * (20 - SOON_SECONDS)


def test_after_the_first_seconds_the_pauses_between_reads_grow() -> None:
    clock, pauses = Clock(), list[float]()
    over = clock.seconds + SOON_SECONDS

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        clock.seconds = max(clock.seconds + seconds, over if seconds == LONGEST_PAUSE_SOON_SECONDS else 0)

    waiting.until(lambda _: False, lambda: None, SOON_SECONDS + 1, clock, sleep)

    assert pauses[pauses.index(LONGEST_PAUSE_SOON_SECONDS) + 1] > LONGEST_PAUSE_SOON_SECONDS


def test_a_held_reply_reads_34_times_in_the_default_wait() -> None:
    """Each read takes 10 ms, as with DynamoDB. docs/operations.md calculates the price of a held reply from this."""
    reads = Reads(each=0.01)

    reads.until(MAX_WAIT_SECONDS)

    again = len(reads.times) - 1
    soon = [each for each in reads.times if each < 1000 + SOON_SECONDS]
    assert (MAX_WAIT_SECONDS, len(soon), again) == (5, 24, 34)
