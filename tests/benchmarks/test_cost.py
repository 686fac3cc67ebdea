"""The cost model of the benchmarks: cases calculated by hand."""

from typing import Any

import pytest

from benchmarks import cost, pace
from benchmarks.cost import Held, Service
from benchmarks.pace import Request
from benchmarks.units import ERASE_DOOR, OPEN_DOOR, POINT, POLL_DOOR

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
            OPEN_DOOR: {"requests": 1, "write_units": 1, "read_units": 0},
            POINT: {"requests": 1, "write_units": 3, "read_units": 0},
            POLL_DOOR: {"requests": 1, "write_units": 0, "read_units": 2},
            ERASE_DOOR: {"requests": 1, "write_units": 1, "read_units": 0},
        }
    },
}
NOTHING = {"start_cpu_seconds": 0, "request_cpu_seconds": 0, "read_cpu_seconds": 0, "log_bytes_per_request": 0}


class Client(pace.Client):
    """A client that asks for a held reply once, and then polls every second."""

    def reads(
        self,
        reply_seconds: float,  # noqa: ARG002 - the requests are the same for every server
        max_wait_seconds: float,
    ) -> tuple[Request, ...]:
        polls = [Request("host", "get_answer", max_wait_seconds + number, 0) for number in range(1, 100)]
        return (Request("host", "get_answer", 0, 20), *polls)

    def listening(
        self,
        reply_seconds: float,  # noqa: ARG002 - the requests are the same for every server
        max_wait_seconds: float,  # noqa: ARG002
        seconds: float,
    ) -> tuple[Request, ...]:
        """Open a door every 100 s, write the pointer to it, and read it every 10 s."""
        return tuple(
            Request("host", method, at, 0)
            for at in range(0, int(seconds), 10)
            for method in ("get_answer", *(() if at % 100 else ("create_data_channel", "create_offer")))
        )


# A function that only waits: each request to DynamoDB takes 5 ms, and nothing else takes time.
SERVICE = Service(UNITS, NOTHING, memory_mb=256, max_wait_seconds=5, client=Client())
POLLING = Service(UNITS, NOTHING, memory_mb=256, max_wait_seconds=0, client=Client())


def test_dollars_are_quantities_times_prices() -> None:
    quantities = {"lambda_requests": 5.0, "lambda_gb_seconds": 0.1, "dynamodb_write_units": 5, "dynamodb_read_units": 2}

    # 5 x $0.20 + 0.1 x $13.3334 + 5 x $0.625 + 2 x $0.125, a million times.
    assert cost.per_million(quantities) == pytest.approx(1 + 1.33334 + 3.125 + 0.25)


@pytest.mark.parametrize(
    ("ready_after", "wait", "held"),
    [
        (0, 5, Held(1, 0, 0.005, found=True)),
        # A look takes 5 ms, and a pause 20 ms. So looks begin at 0, 25 and 50 ms.
        (0.02, 5, Held(1, 1, 0.030, found=True)),
        (0.045, 5, Held(1, 2, 0.055, found=True)),
        (0.05, 0, Held(1, 0, 0.005, found=False)),
        # The last pause is shortened to the rest of the wait, after which the server reads.
        (9, 0.04, Held(2, 1, 0.045, found=False)),
    ],
)
def test_the_model_counts_the_looks_that_the_server_makes_for_a_held_reply(
    ready_after: float, wait: float, held: Held
) -> None:
    found = SERVICE.hold(ready_after, wait)

    assert (found.reads, found.glances, found.found) == (held.reads, held.glances, held.found)
    assert found.seconds == pytest.approx(held.seconds)


def test_the_model_counts_the_requests_of_the_hosts_client_until_one_finds_the_answer() -> None:
    # The first reply is held for 5 s. Then the client polls at 6, 7 and 8 s.
    requests = SERVICE.reads_until(7.5)

    assert [(request.glances > 0, request.found) for request in requests] == [
        (True, False),
        (False, False),
        (False, False),
        (False, True),
    ]
    assert [request.seconds for request in requests] == pytest.approx([5, 0.005, 0.005, 0.005], abs=0.02)


def test_an_answer_within_a_held_reply_needs_one_request() -> None:
    assert [request.found for request in SERVICE.reads_until(4.9)] == [True]


def test_an_answer_after_the_host_has_given_up_has_no_cost() -> None:
    with pytest.raises(ValueError, match="gives up before 200 s"):
        SERVICE.reads_until(200)


def test_a_host_whose_replies_are_always_held_asks_again_at_once() -> None:
    # Two replies are held for 5 s each, and the third until the answer is there.
    requests = SERVICE.held_until(11)

    assert [request.found for request in requests] == [False, False, True]
    assert [request.seconds for request in requests[:2]] == pytest.approx([5, 5], abs=0.02)
    assert sum(request.seconds for request in requests) == pytest.approx(11 - 2 * 0.05, abs=0.1)


def test_the_expected_cost_is_the_mean_of_the_costs_for_all_arrival_times() -> None:
    one, other = SERVICE.fast(KIND, after=0), SERVICE.fast(KIND, after=20)

    mean = cost.expected(Service.fast, SERVICE, KIND, (0, 20))

    assert mean == pytest.approx({name: (one[name] + other[name]) / 2 for name in one})


def test_the_pace_of_a_host_is_counted_by_period() -> None:
    periods = cost.host_pace(SERVICE)

    # One held read at 0 s, and a poll every second from 6 s on.
    assert [(each["from"], each["held"], each["polls"]) for each in periods[:3]] == [(0, 1, 0), (2, 0, 4), (10, 0, 20)]


@pytest.mark.parametrize(("memory", "milliseconds"), [(256, 1769 / 256), (1769, 1), (3008, 1)])
def test_less_memory_makes_a_slower_processor(memory: int, milliseconds: float) -> None:
    service = Service(UNITS, NOTHING | {"request_cpu_seconds": 0.003, "read_cpu_seconds": 0.001}, memory_mb=memory)

    assert service.read_seconds == pytest.approx(0.005 + milliseconds / 1000)
    assert service.overhead_seconds == pytest.approx(2 * milliseconds / 1000)


def test_the_quantities_of_a_fast_connection_with_both_peers_ready() -> None:
    found = SERVICE.fast(KIND, after=0.01)

    # The answer is there after 260 ms. A look takes 5 ms, and a pause 20 ms. So the server reads at 0 ms, and glances
    # at 25, 50, ... 275 ms. That is 11 glances more than `units` counted, which cost as much as 5.5 reads, and one
    # reply held for 280 ms.
    seconds = 4 * 0.005 + 0.28
    assert found == pytest.approx(
        {
            "lambda_requests": 5,
            "lambda_gb_seconds": seconds / 4,
            "dynamodb_write_units": 5,
            "dynamodb_read_units": 2 + 5.5,
            "egress_bytes": cost.reply_bytes(KIND, "early") + 5 * 500,
            "log_bytes": 0,
        }
    )


def test_the_quantities_of_a_host_that_waits_for_a_month() -> None:
    found = SERVICE.idle_host(KIND)

    # A month has 26,280 times 100 s. Each time, the host opens a door, writes a pointer, reads the door ten times, and
    # erases the door. Each of these requests takes one to DynamoDB, of 5 ms.
    assert found["lambda_requests"] == pytest.approx(26_280 * (3 + 10))
    assert found["dynamodb_write_units"] == pytest.approx(26_280 * (1 + 3 + 1))
    assert found["dynamodb_read_units"] == pytest.approx(26_280 * 10 * 2)
    assert found["lambda_gb_seconds"] == pytest.approx(26_280 * (3 + 10) * 0.005 / 4)


def test_polls_that_find_nothing_share_a_line_of_the_log() -> None:
    service = Service(UNITS, NOTHING | {"log_bytes_per_request": 101}, max_wait_seconds=0, client=Client())
    polls = len(service.reads_until(10.25)) - 1

    found = service.fast(KIND, after=10)

    assert found["log_bytes"] == pytest.approx(5 * 101 + polls)


def test_an_idle_host_causes_one_log_line_for_its_polls_each_minute() -> None:
    service = Service(UNITS, NOTHING | {"log_bytes_per_request": 100}, client=Client())

    found = service.idle_host(KIND)

    # In 100 s the host opens a door, which takes three requests, and polls it ten times. In a minute, six
    # polls have no line in the log, and the seventh has one.
    assert found["log_bytes"] == pytest.approx(26_280 * 100 * (3 + 10 / 7))


def test_starts_and_logs_are_billed() -> None:
    function = NOTHING | {"start_cpu_seconds": 0.3, "log_bytes_per_request": 100}
    service = Service(UNITS, function, max_wait_seconds=5, client=Client())

    more = {name: each - SERVICE.fast(KIND, 0)[name] for name, each in service.fast(KIND, 0).items()}

    # There are five requests. One in a hundred starts an environment, which takes 0.3 s at 256 MB.
    assert more["lambda_gb_seconds"] == pytest.approx(5 * 0.01 * 0.3 / 4)
    assert more["log_bytes"] == 500


def test_polling_adds_a_request_and_a_read_for_each_poll() -> None:
    polls = len(POLLING.reads_until(10.25)) - 1

    found = POLLING.fast(KIND, after=10)

    assert (found["lambda_requests"], found["dynamodb_read_units"]) == (5 + polls, 2 + polls)
    assert found["lambda_gb_seconds"] == pytest.approx((5 + polls) * 0.005 / 4)


def test_with_the_plain_methods_the_read_that_comes_too_early_is_not_counted_twice() -> None:
    polls = len(POLLING.reads_until(10.25)) - 2

    found = SERVICE.plain(KIND, after=10)

    assert (found["lambda_requests"], found["dynamodb_read_units"]) == (11 + polls, 5 + polls)


def test_both_peers_wait_for_late_candidates_until_they_are_connected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "CONNECTING_SECONDS", 0.21)
    # The server reads at 0 ms, glances at 25, 50, ... 225 ms, and then makes sure that
    # the channel is gone. That is one read more than `units` counted, and 9 glances.
    few, many = SERVICE.fast(KIND, after=0), SERVICE.fast(KIND, after=0, stun=True)

    assert many["lambda_requests"] - few["lambda_requests"] == 9 - 5
    assert many["dynamodb_read_units"] - few["dynamodb_read_units"] == 4 - 2 + 2 * (1 + 4.5)


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


@pytest.mark.parametrize("case", cost.GOALS_DOLLARS)
def test_a_cost_that_misses_a_goal_fails_the_check(case: str) -> None:
    dollars = {each: goal - 0.01 for each, goal in cost.GOALS_DOLLARS.items()}

    cost.check(results(dollars))
    with pytest.raises(AssertionError, match=f"{case}: .* should cost less than"):
        cost.check(results(dollars | {case: cost.GOALS_DOLLARS[case]}))


def test_a_waiting_host_that_costs_too_much_fails_the_check() -> None:
    dollars = {each: goal - 0.01 for each, goal in cost.GOALS_DOLLARS.items()}

    with pytest.raises(AssertionError, match="data channel: a host that waits for a month costs"):
        cost.check(results(dollars, month=cost.IDLE_GOAL_DOLLARS))


def results(dollars: dict[str, float], month: float = 0) -> dict[str, Any]:
    """Return results with these prices: of a million connections, by case, and of a host that waits for a month."""
    cases = {case: {"compute time": each - 1, "storage writes": 1.0} for case, each in dollars.items()}
    return {"connections": {KIND: {cost.US: cases}}, "idle_hosts": {KIND: {"Peerpost": month}}}
