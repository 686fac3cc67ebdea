"""What the client hears when the way to DynamoDB fails, and what is stored then."""

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from chalicelib.channels import Channel, Channels
from chalicelib.dynamodb import Table
from chalicelib.errors import SignalingError
from chalicelib.limits import DYNAMODB_ATTEMPTS, RETRY_AFTER_SECONDS
from harness.clock import Clock
from harness.contract import NOBODYS_ID
from harness.engines import ANY_ACCOUNT, ROOT, client_of, new_table
from harness.faulty_proxy import (
    Fault,
    FaultyProxy,
    Forwarder,
    arrive_late,
    drip_for_ever,
    faulty_proxy,
    garble_the_reply,
    halve_the_reply,
    let_through,
    lose_the_reply,
    refusal,
    reset,
    reset_after_the_write,
    send_slowly,
    stall,
)
from harness.runtime import TIMEOUT_SECONDS
from harness.service import app_over
from harness.transports import Post, Reply, over_handler, url_event

OUTAGES = [
    refusal(400, "ThrottlingException"),
    refusal(400, "ProvisionedThroughputExceededException"),
    refusal(400, "RequestLimitExceeded"),
    refusal(500, "InternalServerError"),
    refusal(503, "ServiceUnavailable"),
    lose_the_reply,
    halve_the_reply,
    garble_the_reply,
    reset,
    reset_after_the_write,
    pytest.param(stall, marks=pytest.mark.slow),
    pytest.param(arrive_late(), marks=pytest.mark.slow),
]
# Each method, on a channel with an offer, an answer and a candidate, and what it is told.
METHODS: dict[str, tuple[dict[str, object], object]] = {
    "create_data_channel": ({"offer": "new", "candidates": ["new"]}, None),
    "create_offer": ({"offer": "new", "candidates": ["new"]}, {}),
    "create_answer": ({"answer": "new", "candidates": ["new"]}, {}),
    "create_candidate": ({"candidates": ["new"]}, {}),
    "get_offer": ({"since": 0}, {"offer": "old", "items": ["old"], "next": 1}),
    "get_answer": ({}, {"answer": "old"}),
    "get_candidates": ({}, {"items": ["old"]}),
    "delete_data_channel": ({}, {}),
}


@pytest.fixture
def proxy(endpoint: str) -> Iterator[FaultyProxy]:
    with faulty_proxy(endpoint) as proxy:
        yield proxy


@pytest.fixture
def served(proxy: FaultyProxy, real_table: str, clock: Clock) -> Channels:
    """The channels behind the proxy, where faults happen."""
    return Channels(Table(client_of(proxy.endpoint), real_table), clock)


@pytest.fixture
def near_channels(real_client: DynamoDBClient, real_table: str, clock: Clock) -> Channels:
    """The same table without the proxy: what is really stored."""
    return Channels(Table(real_client, real_table), clock)


def name(fault: Fault) -> str:
    return fault.__name__


def assert_unavailable(reply: Reply) -> None:
    assert (reply.status, reply.body) == (503, "storage is unavailable")
    assert reply.headers["retry-after"] == str(RETRY_AFTER_SECONDS)
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"
    assert reply.headers["cache-control"] == "no-store"


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what the log was told of outages."""
    return [record.getMessage() for record in caplog.records if record.name == "peerpost"]


def test_an_answer_sent_again_after_a_lost_reply_is_a_success(
    post: Post, proxy: FaultyProxy, near_channels: Channels
) -> None:
    channel_id = near_channels.create()

    proxy.faults = [lose_the_reply]
    reply = post({"method": "create_answer", "channel_id": channel_id, "answer": "mine"})

    assert (reply.status, reply.json()) == (200, {})
    assert proxy.requests == 2
    assert near_channels.get(channel_id).answer == "mine"


def test_an_answer_sent_again_that_meets_another_ones_is_refused(
    post: Post, proxy: FaultyProxy, near_channels: Channels
) -> None:
    channel_id = near_channels.create()
    near_channels.set_answer(channel_id, "theirs")

    proxy.faults = [reset]
    reply = post({"method": "create_answer", "channel_id": channel_id, "answer": "mine"})

    assert (reply.status, reply.body) == (400, "answer already exists")
    assert proxy.requests == 2
    assert near_channels.get(channel_id).answer == "theirs"


def test_a_channel_created_again_after_a_lost_reply_is_one_channel(
    post: Post, proxy: FaultyProxy, near_channels: Channels, real_client: DynamoDBClient, real_table: str
) -> None:
    proxy.faults = [lose_the_reply]
    reply = post({"method": "create_data_channel"})

    assert reply.status == 200
    assert proxy.requests == 2
    assert real_client.scan(TableName=real_table)["Count"] == 1
    near_channels.get(reply.json()["channel_id"])


def test_a_candidate_sent_again_after_a_lost_reply_is_there_once(
    post: Post, proxy: FaultyProxy, near_channels: Channels
) -> None:
    channel_id = near_channels.create()

    proxy.faults = [lose_the_reply]
    reply = post({"method": "create_candidate", "channel_id": channel_id, "candidate": "one"})

    assert (reply.status, reply.json()) == (200, {})
    assert near_channels.get(channel_id).candidates == ["one"]


def test_a_delete_sent_again_that_meets_no_channel_is_a_success(post: Post, proxy: FaultyProxy) -> None:
    proxy.faults = [reset]
    reply = post({"method": "delete_data_channel", "channel_id": NOBODYS_ID})

    assert (reply.status, reply.json()) == (200, {})
    assert proxy.requests == 2


@pytest.mark.parametrize("what", ["offer", "answer"])
def test_a_description_with_candidates_sent_again_after_a_lost_reply_is_there_once(
    what: str, post: Post, proxy: FaultyProxy, near_channels: Channels
) -> None:
    channel_id = near_channels.create(None, ["a"])

    proxy.faults = [lose_the_reply]
    request = {"method": f"create_{what}", "channel_id": channel_id, what: "mine", "candidates": ["b", "c"]}
    reply = post(request)
    proxy.faults = [reset, lose_the_reply]
    again = post({"method": "create_candidate", "channel_id": channel_id, "candidates": ["c", "d"]})

    assert (reply.status, again.status) == (200, 200)
    assert near_channels.get(channel_id).candidates == ["a", "b", "c", "d"]
    assert getattr(near_channels.get(channel_id), what) == "mine"


class Way:
    """One method's own way to the table, so that all methods can meet a fault at once."""

    def __init__(self, method: str, proxy: FaultyProxy, table: str, near: Channels) -> None:
        self.method, self.proxy, self.near = method, proxy, near
        self.post = over_handler(app_over(Channels(Table(client_of(proxy.endpoint), table))))
        self.channel_id = ""

    def prepare(self) -> None:
        self.channel_id = self.near.create("old", ["old"])
        if self.method != "create_answer":
            self.near.set_answer(self.channel_id, "old")

    def call(self) -> Reply:
        fields, _ = METHODS[self.method]
        return self.post({"method": self.method, "channel_id": self.channel_id, **fields})

    def state(self) -> Channel | None:
        try:
            return self.near.get(self.channel_id)
        except SignalingError:
            return None

    def states(self) -> tuple[Channel | None, Channel | None]:
        """What the channel is without the call, and with it."""
        before = Channel("old", None if self.method == "create_answer" else "old", ["old"])
        after = {
            "create_offer": replace(before, offer="new", candidates=["old", "new"]),
            "create_answer": replace(before, answer="new", candidates=["old", "new"]),
            "create_candidate": replace(before, candidates=["old", "new"]),
            "delete_data_channel": None,
        }
        return before, after.get(self.method, before)


@pytest.fixture(scope="module")
def ways(endpoint: str) -> Iterator[list[Way]]:
    near = client_of(endpoint)
    with ExitStack() as stack:
        table = stack.enter_context(new_table(near))
        proxies = {method: stack.enter_context(faulty_proxy(endpoint)) for method in METHODS}
        yield [Way(method, proxy, table, Channels(Table(near, table))) for method, proxy in proxies.items()]


def all_at_once(ways: list[Way], *steps: Callable[[Way], None]) -> None:
    def take(way: Way) -> None:
        for step in steps:
            step(way)

    with ThreadPoolExecutor(len(ways)) as threads:
        list(threads.map(take, ways))


def tell_right(way: Way) -> None:
    reply = way.call()
    if way.method == "create_data_channel":
        way.channel_id = reply.json()["channel_id"]
        assert way.state() == Channel("new", None, ["new"])
        return
    assert (reply.status, reply.json()) == (200, METHODS[way.method][1]), way.method
    assert way.state() == way.states()[1], way.method


def tell_an_outage(way: Way) -> None:
    start = time.monotonic()
    reply = way.call()
    assert time.monotonic() - start < TIMEOUT_SECONDS
    assert_unavailable(reply)
    assert way.proxy.requests == DYNAMODB_ATTEMPTS
    assert way.state() in way.states(), way.method


def serve_again(way: Way) -> None:
    """The next request after the fault; what was there before it is there still."""
    way.proxy.settle()
    before = way.state()
    reply = way.post({"method": "create_candidate", "channel_id": way.channel_id, "candidate": "later"})
    assert reply.status == (200 if before else 400), way.method
    assert way.state() == (before and replace(before, candidates=[*before.candidates, "later"])), way.method


@pytest.mark.parametrize("fault", OUTAGES, ids=name)
def test_one_fault_is_healed_for_every_method(fault: Fault, ways: list[Way]) -> None:
    def meet(way: Way) -> None:
        way.prepare()
        way.proxy.requests, way.proxy.faults = 0, [fault]

    def count(way: Way) -> None:
        # An offer over another one is a refused request, and then one that is not.
        assert way.proxy.requests == (3 if way.method == "create_offer" else 2), way.method

    all_at_once(ways, meet, tell_right, count, serve_again)


@pytest.mark.parametrize("fault", OUTAGES, ids=name)
def test_a_fault_that_lasts_is_a_503_for_every_method(
    fault: Fault, ways: list[Way], caplog: pytest.LogCaptureFixture
) -> None:
    def meet(way: Way) -> None:
        way.prepare()
        way.proxy.requests, way.proxy.faults = 0, [fault] * DYNAMODB_ATTEMPTS

    all_at_once(ways, meet, tell_an_outage, serve_again)

    errors = [record.levelno for record in caplog.records if record.name == "peerpost"]
    assert errors == [logging.ERROR] * len(METHODS)
    assert "SECRET" not in caplog.text
    assert not [way.method for way in ways if way.channel_id in caplog.text]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (refusal(400, "ThrottlingException"), "ThrottlingException"),
        (garble_the_reply, "no whole reply"),
        (lose_the_reply, "ConnectionClosedError"),
    ],
    ids=["refused", "garbled", "lost"],
)
def test_the_log_says_what_dynamodb_did(
    fault: Fault, said: str, post: Post, proxy: FaultyProxy, caplog: pytest.LogCaptureFixture
) -> None:
    proxy.faults = [fault] * DYNAMODB_ATTEMPTS

    assert_unavailable(post({"method": "create_data_channel"}))

    assert errors(caplog) == [f"DynamoDB: {said}"]


def test_a_garbled_reply_is_an_outage_too_once_botocore_has_used_up_its_retries(
    post: Post, proxy: FaultyProxy, caplog: pytest.LogCaptureFixture
) -> None:
    """botocore has a quota of retries for each client. Fifty requests in an outage use it up."""
    proxy.weather = lambda: refusal(500, "InternalServerError")
    with ThreadPoolExecutor(50) as pool:
        list(pool.map(post, [{"method": "create_data_channel"}] * 50))
    caplog.clear()
    proxy.requests, proxy.faults = 0, [garble_the_reply]

    assert_unavailable(post({"method": "create_data_channel"}))

    assert (proxy.requests, errors(caplog)) == (1, ["DynamoDB: no whole reply"])


def test_a_reply_that_comes_slowly_is_a_reply_for_every_method(ways: list[Way]) -> None:
    def meet(way: Way) -> None:
        way.prepare()
        way.proxy.requests, way.proxy.faults = 0, [send_slowly]

    def count(way: Way) -> None:
        assert way.proxy.requests == (2 if way.method == "create_offer" else 1), way.method

    all_at_once(ways, meet, tell_right, count, serve_again)


def test_an_engine_that_is_out_of_reach_is_a_503_for_every_method_and_then_served_again(ways: list[Way]) -> None:
    def meet(way: Way) -> None:
        way.prepare()
        way.call()
        way.prepare()
        with way.proxy.out_of_reach():
            assert_unavailable(way.call())
            assert way.state() == way.states()[0], way.method

    all_at_once(ways, meet, tell_right, serve_again)


@pytest.mark.parametrize("code", ["ValidationException", "AccessDeniedException", "ResourceNotFoundException"])
def test_a_request_that_dynamodb_refuses_is_a_bug_of_ours(
    code: str, post: Post, proxy: FaultyProxy, caplog: pytest.LogCaptureFixture
) -> None:
    proxy.faults = [refusal(400, code)]
    reply = post({"method": "create_data_channel"})

    assert (reply.status, reply.body) == (500, "internal error")
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"
    assert reply.headers["cache-control"] == "no-store"
    assert "Traceback" in caplog.text
    assert code in caplog.text


def meanwhile(act: Callable[[], object]) -> Fault:
    """Return the fault of a lost reply, whose request takes effect, and somebody acts before it is sent again."""

    def meanwhile(call: Forwarder) -> None:
        call.forward()
        act()
        call.close_connection = True

    return meanwhile


@pytest.mark.slow
@pytest.mark.parametrize("earlier", [[], ["a first one"], ["a first one", "a second one"]], ids=len)
def test_a_late_copy_of_an_offer_undoes_no_later_one(
    earlier: list[str], post: Post, proxy: FaultyProxy, near_channels: Channels
) -> None:
    channel_id = near_channels.create()
    for offer in earlier:
        near_channels.set_offer(channel_id, offer)

    # The first request over another offer is refused; it is the next one that writes.
    proxy.faults = [let_through] * bool(earlier) + [arrive_late(2.6)]
    sent = post({"method": "create_offer", "channel_id": channel_id, "offer": "mine"})
    near_channels.set_offer(channel_id, "a later one")
    proxy.settle()

    assert sent.status == 200
    assert near_channels.get(channel_id).offer == "a later one"


def test_an_offer_sent_again_that_meets_a_later_one_does_not_come_back(
    post: Post, proxy: FaultyProxy, near_channels: Channels, caplog: pytest.LogCaptureFixture
) -> None:
    """Whether it had been there is not known, and is not claimed."""
    channel_id = near_channels.create()

    proxy.faults = [meanwhile(lambda: near_channels.set_offer(channel_id, "a later one"))]
    reply = post({"method": "create_offer", "channel_id": channel_id, "offer": "mine"})

    assert_unavailable(reply)
    assert near_channels.get(channel_id).offer == "a later one"
    assert errors(caplog) == ["DynamoDB: refused after a lost reply"]


@pytest.mark.parametrize("method", ["create_offer", "create_answer", "create_candidate"])
def test_a_write_sent_again_that_meets_no_channel_any_more_is_not_said_to_be_refused(
    method: str, post: Post, proxy: FaultyProxy, near_channels: Channels, caplog: pytest.LogCaptureFixture
) -> None:
    """The other peer has read it, is connected, and has hung up before the retry: it did take effect."""
    channel_id = near_channels.create()

    proxy.faults = [meanwhile(lambda: near_channels.delete(channel_id))]
    what = method.removeprefix("create_")
    reply = post({"method": method, "channel_id": channel_id, what: "mine"})
    again = post({"method": method, "channel_id": channel_id, what: "mine"})

    assert_unavailable(reply)
    assert (again.status, again.body) == (400, "no such channel")
    assert errors(caplog) == ["DynamoDB: refused after a lost reply"]


@pytest.mark.slow
def test_a_late_copy_of_a_create_brings_no_channel_back(
    post: Post, proxy: FaultyProxy, near_channels: Channels
) -> None:
    proxy.faults = [arrive_late(2.6)]
    channel_id = post({"method": "create_data_channel"}).json()["channel_id"]
    near_channels.delete(channel_id)
    proxy.settle()

    gone = post({"method": "get_candidates", "channel_id": channel_id})

    assert (gone.status, gone.body) == (400, "no such channel")


def start(endpoint: str, table_name: str) -> dict[str, Any]:
    """Start the function as Lambda does, in a process of its own, and return the reply to its first request."""
    request = url_event(b'{"method": "create_data_channel"}', {})
    variables = ANY_ACCOUNT | {
        "AWS_ENDPOINT_URL_DYNAMODB": endpoint,
        "AWS_LAMBDA_FUNCTION_NAME": "peerpost",
        "TABLE_NAME": table_name,
    }
    script = f"import json, app; print(json.dumps(app.handler({request!r}, None)))"
    command = [sys.executable, "-c", script]
    run = subprocess.run(command, cwd=ROOT, env=os.environ | variables, stdout=subprocess.PIPE, text=True, check=True)
    reply: dict[str, Any] = json.loads(run.stdout)
    return reply


def test_the_first_request_finds_its_connection_open(proxy: FaultyProxy, real_table: str) -> None:
    reply = start(proxy.endpoint, real_table)

    assert reply["statusCode"] == 200
    assert (proxy.requests, proxy.connections) == (2, 1)


@pytest.mark.parametrize(
    "fault",
    [
        reset,
        garble_the_reply,
        refusal(400, "AccessDeniedException"),
        refusal(503, "Unavailable"),
        pytest.param(stall, marks=pytest.mark.slow),
        pytest.param(drip_for_ever, marks=pytest.mark.slow),
    ],
    ids=name,
)
def test_a_start_survives_whatever_dynamodb_does_and_the_first_request_is_served(
    fault: Fault, proxy: FaultyProxy, real_table: str
) -> None:
    def weather(call: Forwarder) -> None:
        (let_through if b"ConditionExpression" in call.body else fault)(call)

    proxy.weather = lambda: weather

    reply = start(proxy.endpoint, real_table)

    assert reply["statusCode"] == 200
    assert proxy.requests > 1
