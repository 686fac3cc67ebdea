"""The times at which guests come in the benchmarks."""

from statistics import mean, median

import pytest

from benchmarks import guests


def test_half_of_the_guests_come_within_the_median() -> None:
    assert guests.share_within(25) == pytest.approx(0.5)
    assert median(guests.arrivals()) == pytest.approx(25, rel=0.02)


def test_a_tenth_of_the_guests_come_within_7_seconds_and_a_tenth_after_90() -> None:
    assert guests.share_within(7) == pytest.approx(0.1, abs=0.005)
    assert 1 - guests.share_within(90) == pytest.approx(0.1, abs=0.005)


def test_all_guests_come_while_the_link_works_and_one_after_the_other() -> None:
    arrivals = guests.arrivals(median=120)

    assert list(arrivals) == sorted(arrivals)
    assert arrivals[0] > 0
    assert arrivals[-1] < guests.LATEST_SECONDS


def test_more_guests_have_the_same_mean() -> None:
    assert mean(guests.arrivals()) == pytest.approx(mean(guests.arrivals(number=5000)), rel=0.001)
