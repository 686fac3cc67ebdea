"""The cost model of the benchmarks: cases calculated by hand, and a comparison with what is deployed."""

import json
import subprocess
from typing import Any

import pytest

from benchmarks import cost
from benchmarks.cost import Held, Service
from harness.engines import ROOT

KIND = "data channel"
# Results in the form of those of `units` and `load`, with numbers that are easy to calculate with.
METHODS = {
    "create_offer": {"requests": 1, "write_units": 1, "read_units": 0},
    "get_candidates": {"requests": 1, "write_units": 0, "read_units": 1},
}
UNITS: dict[str, Any] = {
    "methods": METHODS,
    "connections": {
        f"{KIND}, fast": {"http_requests": 5, "requests": 5, "write_units": 5, "read_units": 2},
        f"{KIND}, fast with STUN": {"http_requests": 9, "requests": 9, "write_units": 9, "read_units": 4},
        f"{KIND}, plain": {"http_requests": 11, "requests": 11, "write_units": 8, "read_units": 5},
    },
    "reread_units": {KIND: 1},
    "address": {
        KIND: {
            "create_data_channel": {"requests": 1, "write_units": 2, "read_units": 0},
            "create_offer": {"requests": 1, "write_units": 2, "read_units": 0},
        }
    },
}
NOTHING = {"start_cpu_seconds": 0, "request_cpu_seconds": 0, "read_cpu_seconds": 0, "log_bytes_per_request": 0}
# A function that only waits: each request to DynamoDB takes 5 ms, and nothing else takes time.
SERVICE = Service(UNITS, NOTHING, memory_mb=256, max_wait_seconds=5)
POLLING = Service(UNITS, NOTHING, memory_mb=256, max_wait_seconds=0)


def test_dollars_are_quantities_times_prices() -> None:
    quantities = {"lambda_requests": 5.0, "lambda_gb_seconds": 0.1, "dynamodb_write_units": 5, "dynamodb_read_units": 2}

    # 5 x $0.20 + 0.1 x $13.3334 + 5 x $0.625 + 2 x $0.125, a million times.
    assert cost.per_million(quantities) == pytest.approx(1 + 1.33334 + 3.125 + 0.25)


@pytest.mark.parametrize(
    ("ready_after", "wait", "held"),
    [
        (0, 5, Held(1, 0.005, found=True)),
        # Reads begin at 0 s, at 0.025 s after a pause of 20 ms, and at 0.055 s after one of 25 ms.
        (0.02, 5, Held(2, 0.030, found=True)),
        (0.05, 5, Held(3, 0.060, found=True)),
        (0.05, 0, Held(1, 0.005, found=False)),
        # The last pause is shortened to the rest of the wait.
        (9, 0.04, Held(3, 0.045, found=False)),
    ],
)
def test_a_held_reply_reads_as_often_as_the_server_does(ready_after: float, wait: float, held: Held) -> None:
    found = SERVICE.hold(ready_after, wait)

    assert (found.reads, found.found) == (held.reads, held.found)
    assert found.seconds == pytest.approx(held.seconds)


def test_a_client_polls_at_growing_intervals() -> None:
    # A poll takes 5 ms and a round trip of 50 ms, the pauses are 150, 240, 384 and 614.4 ms:
    # polls begin at 0, 0.205, 0.5, 0.939 and 1.6084 s.
    assert len(POLLING.reads_until(0.93, probe=False)) == 4
    assert len(POLLING.reads_until(0.94, probe=False)) == 5
    assert len(POLLING.reads_until(1.60, probe=False)) == 5
    assert len(POLLING.reads_until(1.61, probe=False)) == 6


def test_a_client_probes_the_server_once_after_a_first_read_without_news() -> None:
    assert len(POLLING.reads_until(0.5)) == 1 + len(POLLING.reads_until(0.5 - 0.055, probe=False))
    assert len(POLLING.reads_until(0)) == 1


def test_a_client_whose_reply_was_held_asks_again_at_once() -> None:
    # Two replies are held for 5 s each, and the third until the answer is there.
    requests = SERVICE.reads_until(11, probe=False, hold_for=20)

    assert [request.found for request in requests] == [False, False, True]
    assert [request.seconds for request in requests[:2]] == pytest.approx([5.005, 5.005])
    assert sum(request.seconds for request in requests) == pytest.approx(11 - 2 * 0.05, abs=0.1)


def test_a_client_polls_after_waiting_for_a_long_time() -> None:
    # The second reply is held until 10.1 s have passed.
    requests = SERVICE.reads_until(20, probe=False)

    assert [request.seconds for request in requests[:2]] == pytest.approx([5.005, 5.005])
    assert {request.reads for request in requests[2:]} == {1}
    assert len(requests) > 10


def test_the_modelled_client_waits_as_long_as_the_javascript_client() -> None:
    script = """
import { HELD_MS, HOLD_FOR_MS, POLL_MS, WAIT_SECONDS } from "./limits.js";
import { backoff } from "./pace.js";
Math.random = () => 0.5;
const pauses = Array.from({ length: 9 }, backoff(...POLL_MS));
console.log(JSON.stringify({ pauses, waitSeconds: WAIT_SECONDS, heldMs: HELD_MS, holdForMs: HOLD_FOR_MS }));
"""
    command = ["node", "--input-type=module", "--eval", script]

    run = subprocess.run(command, cwd=ROOT / "clients/javascript/src", capture_output=True, text=True, check=True)

    client = json.loads(run.stdout)
    first, most, growth = cost.FIRST_POLL_SECONDS, cost.MOST_POLL_SECONDS, cost.POLL_GROWTH
    assert client["pauses"] == pytest.approx([1000 * min(first * growth**number, most) for number in range(9)])
    assert client["waitSeconds"] == cost.WAIT_SECONDS
    assert client["heldMs"] == 1000 * cost.HELD_SECONDS
    assert client["holdForMs"] == 1000 * cost.HOLD_FOR_SECONDS


@pytest.mark.parametrize(("memory", "milliseconds"), [(256, 1769 / 256), (1769, 1), (3008, 1)])
def test_less_memory_makes_a_slower_processor(memory: int, milliseconds: float) -> None:
    service = Service(UNITS, NOTHING | {"request_cpu_seconds": 0.003, "read_cpu_seconds": 0.001}, memory_mb=memory)

    assert service.read_seconds == pytest.approx(0.005 + milliseconds / 1000)
    assert service.overhead_seconds == pytest.approx(2 * milliseconds / 1000)


def test_the_quantities_of_a_fast_connection_with_both_peers_ready() -> None:
    found = SERVICE.fast(KIND, after=0)

    # The answer is there after 250 ms. A read takes 5 ms, and the pauses take 20, 25, 31.25, 39.06, 48.83 and 61.04 ms.
    # So reads begin at 0, 25, 55, 91.25, 135.3, 189.1 and 255.2 ms. That is 6 reads more than `units` counted, and one
    # reply held for 260.2 ms.
    seconds = 4 * 0.005 + 0.26017578125
    assert found == pytest.approx(
        {
            "lambda_requests": 5,
            "lambda_gb_seconds": seconds / 4,
            "dynamodb_write_units": 5,
            "dynamodb_read_units": 2 + 6,
            "egress_bytes": cost.reply_bytes(KIND, "early") + 5 * 500,
            "log_bytes": 0,
        }
    )


def test_the_quantities_of_a_host_that_waits_for_a_month() -> None:
    found = SERVICE.idle_host(KIND)

    # A month has 21,900 times 120 s. Each time, the host opens a door and writes a pointer, which takes three requests
    # to DynamoDB of 5 ms each, and then reads the door 26 times in 130 s. Then it erases the door.
    assert found["lambda_requests"] == pytest.approx(21_900 * (3 + 26))
    assert found["dynamodb_write_units"] == pytest.approx(21_900 * 8)
    assert found["dynamodb_read_units"] == pytest.approx(21_900 * 26)
    assert found["lambda_gb_seconds"] == pytest.approx(21_900 * (4 + 26) * 0.005 / 4)


def test_the_modelled_host_is_as_busy_as_the_javascript_client() -> None:
    script = """
import { DOOR_MS, DOOR_OVERLAP_MS, POLL_MS, RARELY_MS } from "./limits.js";
console.log(JSON.stringify({ door: DOOR_MS, overlap: DOOR_OVERLAP_MS, poll: POLL_MS[1] + RARELY_MS }));
"""
    command = ["node", "--input-type=module", "--eval", script]

    run = subprocess.run(command, cwd=ROOT / "clients/javascript/src", capture_output=True, text=True, check=True)

    assert json.loads(run.stdout) == {
        "door": 1000 * cost.DOOR_SECONDS,
        "overlap": 1000 * cost.DOOR_OVERLAP_SECONDS,
        "poll": 1000 * cost.RARE_POLL_SECONDS,
    }


def test_starts_and_logs_are_billed() -> None:
    service = Service(UNITS, NOTHING | {"start_cpu_seconds": 0.3, "log_bytes_per_request": 100}, max_wait_seconds=5)

    more = {name: each - SERVICE.fast(KIND, 0)[name] for name, each in service.fast(KIND, 0).items()}

    # There are five requests. One in a hundred starts an environment, which takes 0.3 s at 256 MB.
    assert more["lambda_gb_seconds"] == pytest.approx(5 * 0.01 * 0.3 / 4)
    assert more["log_bytes"] == 500


def test_polling_adds_a_request_and_a_read_for_each_poll() -> None:
    polls = len(POLLING.reads_until(10.25)) - 1

    found = POLLING.fast(KIND, after=10)

    assert (found["lambda_requests"], found["dynamodb_read_units"]) == (5 + polls, 2 + polls)
    assert found["lambda_gb_seconds"] == pytest.approx((5 + polls) * 0.005 / 4)


def test_the_early_read_of_a_plain_connection_is_not_counted_twice() -> None:
    polls = len(POLLING.reads_until(10.25, probe=False)) - 2

    found = SERVICE.plain(KIND, after=10)

    assert (found["lambda_requests"], found["dynamodb_read_units"]) == (11 + polls, 5 + polls)


def test_both_peers_wait_for_late_candidates_until_they_are_connected() -> None:
    # They are connected after 200 ms. Reads begin at 0, 25, 55, 91.25, 135.3, 189.1 and 255.2 ms, so each peer makes 6
    # reads more than `units` counted.
    few, many = SERVICE.fast(KIND, after=0), SERVICE.fast(KIND, after=0, stun=True)

    assert many["lambda_requests"] - few["lambda_requests"] == 9 - 5
    assert many["dynamodb_read_units"] - few["dynamodb_read_units"] == 4 - 2 + 2 * 6


def test_api_gateway_bills_messages_both_ways_and_minutes() -> None:
    found = cost.websocket(SERVICE, KIND, after=59.5)

    assert found["websocket_messages"] == 6
    assert found["websocket_minutes"] == pytest.approx(1)
    assert found["lambda_requests"] == 3
    assert found["lambda_gb_seconds"] == pytest.approx(6 * 0.005 / 4)
    assert (found["dynamodb_write_units"], found["dynamodb_read_units"]) == (2, 2)


def test_kinesis_bills_two_messages() -> None:
    # 2 x $2.25, and a channel that is in use for a quarter of a second. A month has 730 hours.
    assert cost.per_million(cost.kinesis(SERVICE, KIND, after=0)) == pytest.approx(4.5 + 0.03 * 1e6 * 0.25 / 2_628_000)


def test_durable_objects_bill_requests_rows_and_the_time_of_events() -> None:
    # 2 x $0.30 + 2.15 x $0.15 + 5 x 10 ms x 0.128 GB x $12.50 + 2 x $1.
    assert cost.per_million(cost.durable_objects(SERVICE, KIND, after=60)) == pytest.approx(0.6 + 0.3225 + 0.08 + 2)


def test_a_machine_costs_its_hours_address_and_disk() -> None:
    assert cost.machines() == pytest.approx({"smallest Lightsail": 5, "EC2 t4g.nano": 730 * 0.0092 + 8 * 0.08})


def test_every_price_has_a_source_a_date_and_a_kind_of_source() -> None:
    for price in cost.PRICES.values():
        assert price.keys() == {"dollars", "per", "unit", "part", "source", "date", "kind"}
        assert price["dollars"] > 0
        assert price["kind"] in {"vendor's page", "second-hand"}


@pytest.mark.parametrize(("dollars", "kept"), [(7.99, True), (8.0, False)])
def test_a_cost_that_misses_the_goal_fails_the_check(dollars: float, kept: bool) -> None:
    results = {"connections": {KIND: {cost.US: {"both ready": {"compute time": dollars - 1, "storage writes": 1.0}}}}}

    if kept:
        cost.check(results)
    else:
        with pytest.raises(AssertionError, match="should cost less than"):
            cost.check(results)
