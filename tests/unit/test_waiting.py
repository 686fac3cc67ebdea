"""How a reply is held, on a clock that moves only during pauses and reads."""

import pytest

from chalicelib import waiting
from chalicelib.limits import LOOK_AGAIN_SECONDS, MAX_WAIT_SECONDS


class Looks:
    """Records when the server looks at a channel, and how, on a simulated clock.

    The clock moves only during pauses, and by `each` seconds during each look. A glance sees the channel as it was
    `lag` seconds before.
    """

    def __init__(self, ready_after: float = float("inf"), each: float = 0, lag: float = 0) -> None:
        self.now, self.each, self.lag = 1000.0, each, lag
        self.ready_at = self.now + ready_after
        self.times: list[float] = []
        self.glances: list[bool] = []

    def read(self) -> float:
        return self._look(is_glance=False)

    def glance(self) -> float:
        return self._look(is_glance=True) - self.lag

    def _look(self, *, is_glance: bool) -> float:
        self.times.append(self.now)
        self.glances.append(is_glance)
        seen = self.now
        self.now += self.each
        return seen

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds

    def until(self, seconds: float) -> float:
        return waiting.until(
            lambda seen: seen >= self.ready_at, self.read, self.glance, seconds, lambda: self.now, self.sleep
        )


def test_news_that_is_ready_is_read_once() -> None:
    looks = Looks(ready_after=0)

    looks.until(60)

    assert looks.times == [1000.0]


def test_a_request_without_a_wait_reads_once() -> None:
    looks = Looks()

    looks.until(0)

    assert looks.glances == [False]


@pytest.mark.parametrize("seconds", [0, 0.001, 0.013, 0.5, 0.511, 3, 20])
def test_a_wait_ends_with_a_read_when_its_time_is_over(seconds: float) -> None:
    looks = Looks()

    seen = looks.until(seconds)

    assert seen == looks.now == pytest.approx(1000 + seconds, rel=1e-9)
    assert looks.glances[-1] is False


@pytest.mark.parametrize("after", [0.001, 0.01, 0.1, 0.33, 0.7, 1.1, 2.5, 4.4, 19.9])
def test_news_is_found_within_one_pause_at_any_time(after: float) -> None:
    looks = Looks(ready_after=after)

    looks.until(20)

    assert 0 <= looks.now - looks.ready_at <= LOOK_AGAIN_SECONDS


def test_between_the_first_and_the_last_read_there_are_only_glances() -> None:
    looks = Looks()

    looks.until(1)

    assert looks.glances == [False, *([True] * (len(looks.glances) - 2)), False]


def test_news_that_every_glance_has_missed_is_found_by_the_last_read() -> None:
    """DynamoDB promises nothing about how far a glance lags behind."""
    looks = Looks(ready_after=0.5, lag=60)

    seen = looks.until(1)

    assert seen >= looks.ready_at


@pytest.mark.parametrize("each", [0.004, 0.01, 0.017, 0.029, 0.05])
def test_a_wait_ends_with_a_read_even_if_a_glance_takes_longer_than_the_wait(each: float) -> None:
    for seconds in (0.5, 0.51, 0.52, 0.53):
        looks = Looks(each=each)

        looks.until(seconds)

        assert looks.glances[-1] is False


def test_a_slow_read_does_not_make_the_wait_longer() -> None:
    looks = Looks(each=3)

    looks.until(1)

    assert looks.times == [1000.0]


def test_the_server_looks_166_times_during_the_default_wait() -> None:
    """Each look takes some 10 ms, as with DynamoDB.

    docs/operations.md calculates the price of a held reply from this.
    """
    looks = Looks(each=0.0102)

    looks.until(MAX_WAIT_SECONDS)

    again = len(looks.times) - 1
    assert (MAX_WAIT_SECONDS, again) == (5, 166)
