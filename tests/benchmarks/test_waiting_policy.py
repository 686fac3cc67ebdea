"""The benchmark of waiting policies, on cases calculated by hand. It explains the pauses that our clients use."""

import runpy
from itertools import pairwise
from typing import Any

import pytest

from benchmarks import pace
from benchmarks.cost import Service
from benchmarks.report import ROOT
from benchmarks.waiting_policy import Policy, Waiting

# A function that only waits: each request to DynamoDB takes 5 ms, and nothing else takes time.
FUNCTION = {"start_cpu_seconds": 0, "request_cpu_seconds": 0, "read_cpu_seconds": 0, "log_bytes_per_request": 0}


def waiting(client: pace.Client, **changes: Any) -> Waiting:
    return Waiting(Service({}, FUNCTION, client=client, **changes))


def test_a_policy_holds_its_first_read_and_then_polls() -> None:
    asked = Policy(hold=1, interval=0.5, growth=3).reads(reply_seconds=0.1, max_wait_seconds=5)

    assert [request.wait for request in asked[:3]] == [1, 0, 0]
    assert [request.at for request in asked[:3]] == pytest.approx([0, 1.6, 2.1])
    assert asked[-1].at - asked[-2].at == pytest.approx(1.5)


def test_a_policy_asks_again_at_once_until_its_holding_time_is_over() -> None:
    asked = Policy(hold=10, interval=1).reads(reply_seconds=0.1, max_wait_seconds=4)

    assert [request.at for request in asked[:5]] == pytest.approx([0, 4.1, 8.2, 11.1, 12.1])
    assert [request.wait for request in asked[:5]] == pytest.approx([4, 4, 1.8, 0, 0])


def test_the_delay_of_a_poll_lasts_until_the_next_one() -> None:
    # The answer is there a quarter of a second after the guest, and polls are at 0, 2, 4 and 6 s.
    client = waiting(Policy(hold=0, interval=2))

    assert [client.delay(after) for after in (1, 3.25, 3.75)] == pytest.approx([0.75, 0.5, 0])


def test_the_delay_of_a_held_read_lasts_until_the_next_look() -> None:
    # The answer is there after 260 ms. The server looks at 0, 25, 50, ... 275 ms, since a look takes 5 ms and a pause
    # 20 ms.
    assert waiting(Policy(hold=1, interval=2)).delay(0.01) == pytest.approx(0.015)


def test_our_client_holds_its_first_read_and_polls_less_often_later() -> None:
    asked = waiting(pace.Client()).asked

    assert [request.wait for request in asked[:3]] == pytest.approx([0.9, 0, 0])
    pauses = {request.at: later.at - request.at for request, later in pairwise(asked[1:])}
    assert {round(pause, 2) for at, pause in pauses.items() if at < 31} == {0.55}
    assert {round(pause, 2) for at, pause in pauses.items() if at > 32} == {1.75}


def test_both_clients_wait_by_the_same_numbers() -> None:
    javascript, python = pace.limits(), runpy.run_path(str(ROOT / "clients/python/src/peerpost/limits.py"))
    names = (
        "HOLD_AT_FIRST",
        "HOLD_AFTER_NEWS",
        "FIRST_POLL",
        "OFTEN",
        "OFTEN_FOR",
        "SOMETIMES",
        "RARELY_AFTER",
        "RARELY",
    )

    assert {name: javascript[f"{name}_MS"] for name in names} == {
        name: 1000 * python[f"{name}_SECONDS"] for name in names
    }
    assert javascript["POLL_GROWTH"] == python["POLL_GROWTH"]
