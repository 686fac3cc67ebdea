"""How the measurements of waiting offers are summarised."""

from typing import Any

import pytest

from benchmarks.nat_lifetime import asking, asks, reach
from harness.stun import Request

ONE, OTHER = ("198.51.100.1", 50_000), ("198.51.100.1", 50_001)


def test_each_binding_has_an_interval_of_its_own() -> None:
    requests = [Request(ONE, 0), Request(OTHER, 3), Request(ONE, 10), Request(OTHER, 13), Request(ONE, 20)]

    assert asking(requests) == {"asks_every": 10, "asks_for": 20}


def test_the_time_between_retransmissions_of_a_request_does_not_count_as_an_interval() -> None:
    assert asking([Request(ONE, 0), Request(ONE, 0.5), Request(ONE, 1.5)])["asks_every"] is None


@pytest.mark.parametrize(
    ("connected", "text"),
    [
        ({"5": True, "20": True, "150": True}, "150 s"),
        ({"5": True, "20": True, "150": False}, "20 s"),
        ({"5": True, "20": False, "150": True}, "5 s"),
        ({"5": False, "20": False, "150": False}, "never"),
    ],
)
def test_an_offer_counts_as_reachable_only_up_to_the_first_wait_that_failed(
    connected: dict[str, bool], text: str
) -> None:
    assert reach(connected) == text


def session(agent: str, asks_every: float | None, asks_for: float) -> dict[str, Any]:
    connected = {"behind a NAT": {"5": True, "280": True}}
    return {"agent": agent, "asks_every": asks_every, "asks_for": asks_for, "connected": connected}


@pytest.mark.parametrize(
    ("asks_every", "asks_for", "text"),
    [
        (None, 0, "never"),
        (10.02, 275, "every 10 s"),
        (10.02, 120, "every 10 s, for 120 s"),
    ],
)
def test_the_summary_says_how_often_and_for_how_long_an_agent_asks(
    asks_every: float | None, asks_for: float, text: str
) -> None:
    sessions = [session("one", asks_every, asks_for), session("other", 7, 280)]

    assert asks(sessions, "one") == text
