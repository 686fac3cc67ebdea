"""The reply that a client gets when requests to DynamoDB fail, and what is stored afterwards."""

import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from chalicelib.channels import Channel, Channels
from chalicelib.dynamodb import Table
from chalicelib.errors import SignalingError
from chalicelib.limits import DYNAMODB_ATTEMPTS, RETRY_AFTER_SECONDS
from harness.clock import Clock
from harness.contract import NOBODYS_ID, NOT_THE_OWNER, OWNER, WRITES
from harness.engines import ANY_ACCOUNT, ROOT, client_of, new_table, patient_client_of
from harness.faulty_proxy import (
    FOR_EVER_SECONDS,
    Fault,
    FaultyProxy,
    Forwarder,
    arrive_after,
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
    stall,
)
from harness.runtime import TIMEOUT_SECONDS
from harness.service import app_over
from harness.transports import Post, Reply, over_handler, url_event

# botocore pauses for up to a second before it repeats a throttled request, then for up to two.
throttled = refusal(400, "ThrottlingException")
throttled_slowly = pytest.param(throttled, marks=pytest.mark.slow)
late = arrive_late()
# With these faults, a request fails because the client waits for too long. The others are not about time.
TIMED = (stall, late)
OUTAGES = [
    throttled,
    pytest.param(refusal(400, "ProvisionedThroughputExceededException"), marks=pytest.mark.slow),
    pytest.param(refusal(400, "RequestLimitExceeded"), marks=pytest.mark.slow),
    refusal(500, "InternalServerError"),
    refusal(503, "ServiceUnavailable"),
    lose_the_reply,
    halve_the_reply,
    garble_the_reply,
    reset,
    reset_after_the_write,
    pytest.param(stall, marks=pytest.mark.slow),
    pytest.param(late, marks=pytest.mark.slow),
]
# Each method with its fields, and its reply for a channel that has an offer, an answer and a candidate.
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


# The client of the test of a slow reply waits this long, so that a busy machine makes no pause too long.
PAUSE_SECONDS = 3


def send_slowly(call: Forwarder) -> None:
    """The reply takes longer than the client waits, but no pause between two of its pieces does."""
    call.drip(1.5 * PAUSE_SECONDS, 9)


@pytest.fixture
def fault() -> Fault:
    """The fault of a test that has no parameter of this name, and so chooses its faults itself. They are not TIMED."""
    return let_through


def client_for(fault: Fault, endpoint: str) -> DynamoDBClient:
    """Return a new client. Only if the fault needs it, the client gives up after a second, as the server's does.

    Otherwise a busy machine would cause further faults, and the client would send more requests than a test expects.
    """
    if fault is send_slowly:
        return patient_client_of(endpoint, PAUSE_SECONDS)
    return client_of(endpoint) if fault in TIMED else patient_client_of(endpoint)


@pytest.fixture
def served(proxy: FaultyProxy, real_table: str, clock: Clock, fault: Fault) -> Channels:
    """The channels, reached through a proxy that causes faults."""
    return Channels(Table(client_for(fault, proxy.endpoint), real_table), clock)


@pytest.fixture
def near_channels(real_client: DynamoDBClient, real_table: str, clock: Clock) -> Channels:
    """The same table without the proxy. It shows what is really stored."""
    return Channels(Table(real_client, real_table), clock)


def name(fault: Fault) -> str:
    return fault.__name__


def assert_unavailable(reply: Reply) -> None:
    assert (reply.status, reply.body) == (503, "storage is unavailable")
    assert reply.headers["retry-after"] == str(RETRY_AFTER_SECONDS)
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"
    assert reply.headers["cache-control"] == "no-store"


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the outages that were logged."""
    return [record.getMessage() for record in caplog.records if record.name == "chalicelib.http_app"]


def test_resending_an_answer_after_a_lost_reply_succeeds(
    post: Post, proxy: FaultyProxy, near_channels: Channels
) -> None:
    channel_id = near_channels.create()

    proxy.faults = [lose_the_reply]
    reply = post({"method": "create_answer", "channel_id": channel_id, "answer": "mine"})

    assert (reply.status, reply.json()) == (200, {})
    assert proxy.requests >= 2
    assert near_channels.get(channel_id).answer == "mine"


def test_resending_an_answer_is_refused_if_another_peer_answered(
    post: Post, proxy: FaultyProxy, near_channels: Channels
) -> None:
    channel_id = near_channels.create()
    near_channels.set_answer(channel_id, "theirs")

    proxy.faults = [reset]
    reply = post({"method": "create_answer", "channel_id": channel_id, "answer": "mine"})

    assert (reply.status, reply.body) == (400, "answer already exists")
    assert proxy.requests >= 2
    assert near_channels.get(channel_id).answer == "theirs"


def test_resending_an_answer_is_refused_if_only_its_text_is_stored(
    post: Post, proxy: FaultyProxy, near_channels: Channels
) -> None:
    """The first copy never arrived, so its candidate is missing, although an earlier request wrote this answer."""
    channel_id = near_channels.create()
    near_channels.set_answer(channel_id, "mine", ["a"])

    proxy.faults = [reset]
    request = {"method": "create_answer", "channel_id": channel_id, "answer": "mine", "candidates": ["a", "b"]}
    reply = post(request)

    assert (reply.status, reply.body) == (400, "answer already exists")
    assert near_channels.get(channel_id).candidates == ["a"]


def test_resending_a_create_after_a_lost_reply_makes_one_channel(
    post: Post, proxy: FaultyProxy, near_channels: Channels, real_client: DynamoDBClient, real_table: str
) -> None:
    proxy.faults = [lose_the_reply]
    reply = post({"method": "create_data_channel"})

    assert reply.status == 200
    assert proxy.requests >= 2
    assert real_client.scan(TableName=real_table)["Count"] == 1
    near_channels.get(reply.json()["channel_id"])


def test_resending_a_candidate_after_a_lost_reply_stores_it_once(
    post: Post, proxy: FaultyProxy, near_channels: Channels
) -> None:
    channel_id = near_channels.create()

    proxy.faults = [lose_the_reply]
    reply = post({"method": "create_candidate", "channel_id": channel_id, "candidate": "one"})

    assert (reply.status, reply.json()) == (200, {})
    assert near_channels.get(channel_id).candidates == ["one"]


def test_resending_a_delete_succeeds_even_without_a_channel(post: Post, proxy: FaultyProxy) -> None:
    proxy.faults = [reset]
    reply = post({"method": "delete_data_channel", "channel_id": NOBODYS_ID})

    assert (reply.status, reply.json()) == (200, {})
    assert proxy.requests >= 2


@pytest.mark.parametrize("what", ["offer", "answer"])
def test_resending_a_description_with_candidates_after_a_lost_reply_stores_it_once(
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
    """One method with its own connection to the table, so that faults of all methods can be tested at the same time."""

    def __init__(self, method: str, proxy: FaultyProxy, served: Channels, near: Channels) -> None:
        self.method, self.proxy, self.near = method, proxy, near
        self.post = over_handler(app_over(served))
        self.channel_id = ""

    def prepare(self) -> None:
        self.channel_id = self.near.create("old", ["old"])
        if self.method != "create_answer":
            self.near.set_answer(self.channel_id, "old")

    def call(self) -> Reply:
        fields, _ = METHODS[self.method]
        return self.post({"method": self.method, "channel_id": self.channel_id, **fields})

    def state(self) -> Channel | None:
        return state_of(self.near, self.channel_id)

    def states(self) -> tuple[Channel | None, Channel | None]:
        """Return the channel as it should be before the call and after it."""
        before = Channel("old", None if self.method == "create_answer" else "old", ["old"])
        after = {
            "create_offer": before._replace(offer="new", candidates=["old", "new"]),
            "create_answer": before._replace(answer="new", candidates=["old", "new"]),
            "create_candidate": before._replace(candidates=["old", "new"]),
            "delete_data_channel": None,
        }
        return before, after.get(self.method, before)


@pytest.fixture(scope="module")
def shared_table(endpoint: str) -> Iterator[str]:
    """The table of all `ways`."""
    with new_table(client_of(endpoint)) as name:
        yield name


@pytest.fixture(scope="module")
def proxies(endpoint: str) -> Iterator[dict[str, FaultyProxy]]:
    """A proxy for each method."""
    with ExitStack() as stack:
        yield {method: stack.enter_context(faulty_proxy(endpoint)) for method in METHODS}


@pytest.fixture
def ways(proxies: dict[str, FaultyProxy], shared_table: str, endpoint: str, fault: Fault) -> list[Way]:
    """One way for each method. Their clients are new, because botocore limits how often each client may retry."""
    near, ways = Channels(Table(patient_client_of(endpoint), shared_table)), []
    for method, proxy in proxies.items():
        # If an earlier test failed, it has left faults, and requests that are still on their way.
        proxy.faults = []
        proxy.settle()
        proxy.met.clear()
        served = Channels(Table(client_for(fault, proxy.endpoint), shared_table))
        ways.append(Way(method, proxy, served, near))
    return ways


def all_at_once(ways: list[Way], *steps: Callable[[Way], None]) -> None:
    def take(way: Way) -> None:
        for step in steps:
            step(way)

    with ThreadPoolExecutor(len(ways)) as threads:
        list(threads.map(take, ways))


def expect_success(way: Way) -> None:
    reply = way.call()
    if way.method == "create_data_channel":
        way.channel_id = reply.json()["channel_id"]
        assert way.state() == Channel("new", None, ["new"])
        return
    assert (reply.status, reply.json()) == (200, METHODS[way.method][1]), way.method
    assert way.state() == way.states()[1], way.method


def expect_outage(way: Way) -> None:
    start = time.monotonic()
    reply = way.call()
    assert time.monotonic() - start < TIMEOUT_SECONDS
    assert_unavailable(reply)
    way.proxy.wait_for_requests(DYNAMODB_ATTEMPTS)
    assert way.proxy.requests == DYNAMODB_ATTEMPTS, (way.method, way.proxy.met)
    assert way.state() in way.states(), way.method


def serve_again(way: Way) -> None:
    """Send another request after the fault. It succeeds, and nothing that was stored is lost."""
    way.proxy.settle()
    before = way.state()
    reply = way.post({"method": "create_candidate", "channel_id": way.channel_id, "candidate": "later"})
    assert reply.status == (200 if before else 400), way.method
    assert way.state() == (before and before._replace(candidates=[*before.candidates, "later"])), way.method


@pytest.mark.parametrize("fault", OUTAGES, ids=name)
def test_every_method_recovers_from_a_single_fault(fault: Fault, ways: list[Way]) -> None:
    def meet(way: Way) -> None:
        way.prepare()
        way.proxy.requests, way.proxy.faults = 0, [fault]

    def count(way: Way) -> None:
        # Replacing an offer takes two requests: the first is refused, and the second replaces it.
        expected = 3 if way.method == "create_offer" else 2
        if fault in TIMED:
            # On a busy machine, the reply to another attempt may take more than a second, too.
            assert way.proxy.requests >= expected, (way.method, way.proxy.met)
        else:
            assert way.proxy.requests == expected, (way.method, way.proxy.met)

    all_at_once(ways, meet, expect_success, count, serve_again)


@pytest.mark.parametrize("fault", OUTAGES, ids=name)
def test_a_lasting_fault_is_a_503_for_every_method(
    fault: Fault, ways: list[Way], caplog: pytest.LogCaptureFixture
) -> None:
    def meet(way: Way) -> None:
        way.prepare()
        way.proxy.requests, way.proxy.faults = 0, [fault] * DYNAMODB_ATTEMPTS

    all_at_once(ways, meet, expect_outage, serve_again)

    errors = [record.levelno for record in caplog.records if record.name == "chalicelib.http_app"]
    assert errors == [logging.ERROR] * len(METHODS)
    assert "SECRET" not in caplog.text
    assert not [way.method for way in ways if way.channel_id in caplog.text]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        pytest.param(throttled, "ThrottlingException", marks=pytest.mark.slow),
        (refusal(500, "InternalServerError"), "InternalServerError"),
        (garble_the_reply, "no whole reply"),
        (lose_the_reply, "ConnectionClosedError"),
    ],
    ids=["throttled", "failed", "garbled", "lost"],
)
def test_the_log_says_how_dynamodb_failed(
    fault: Fault, said: str, post: Post, proxy: FaultyProxy, caplog: pytest.LogCaptureFixture
) -> None:
    proxy.faults = [fault] * DYNAMODB_ATTEMPTS

    assert_unavailable(post({"method": "create_data_channel"}))

    assert errors(caplog) == [f"DynamoDB: {said}"]


@pytest.mark.parametrize("fault", [reset, throttled_slowly], ids=name)
def test_a_request_succeeds_if_its_third_attempt_does(fault: Fault, post: Post, proxy: FaultyProxy) -> None:
    channel_id = post({"method": "create_data_channel"}).json()["channel_id"]
    proxy.requests = 0

    proxy.faults = [fault, fault]
    write = post({"method": "create_offer", "channel_id": channel_id, "offer": "an offer"})
    proxy.faults = [fault, fault]
    read = post({"method": "get_offer", "channel_id": channel_id})

    assert (write.status, write.json()) == (200, {})
    assert (read.status, read.json()) == (200, {"offer": "an offer"})
    assert proxy.requests == 2 * DYNAMODB_ATTEMPTS


def test_a_write_is_an_outage_if_its_last_attempt_gets_a_garbled_refusal(
    post: Post, proxy: FaultyProxy, near_channels: Channels, caplog: pytest.LogCaptureFixture
) -> None:
    """The stored item in the refusal may be garbled, too, so the server must not draw conclusions from it."""
    channel_id = near_channels.create()
    near_channels.set_answer(channel_id, "theirs")

    def garble_the_item(call: Forwarder) -> None:
        reply = call.forward()
        call.answer(reply.status_code, reply.content, sent=reply.content.replace(b"theirs", b"garble"))

    proxy.faults = [garble_the_item] * DYNAMODB_ATTEMPTS
    assert_unavailable(post({"method": "create_answer", "channel_id": channel_id, "answer": "mine"}))

    assert (proxy.requests, errors(caplog)) == (DYNAMODB_ATTEMPTS, ["DynamoDB: no whole reply"])


def test_a_garbled_reply_is_an_outage_when_no_retries_are_left(
    post: Post, proxy: FaultyProxy, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """botocore limits how often each client may retry. An outage of some requests uses up this quota."""
    # No pauses before the retries: they would take most of the time of this test.
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None))
    proxy.weather = lambda: refusal(500, "InternalServerError")
    while proxy.requests != 1:
        proxy.requests = 0
        assert_unavailable(post({"method": "create_data_channel"}))
    caplog.clear()
    proxy.requests, proxy.faults = 0, [garble_the_reply]

    assert_unavailable(post({"method": "create_data_channel"}))

    assert (proxy.requests, errors(caplog)) == (1, ["DynamoDB: no whole reply"])


@pytest.mark.slow
@pytest.mark.parametrize("fault", [send_slowly], ids=name)
def test_every_method_accepts_a_slow_reply(fault: Fault, ways: list[Way]) -> None:
    def meet(way: Way) -> None:
        way.prepare()
        way.proxy.requests, way.proxy.faults = 0, [fault]

    def count(way: Way) -> None:
        assert way.proxy.requests == (2 if way.method == "create_offer" else 1), (way.method, way.proxy.met)

    all_at_once(ways, meet, expect_success, count, serve_again)


def test_an_unreachable_engine_is_a_503_for_every_method_and_then_works_again(ways: list[Way]) -> None:
    def meet(way: Way) -> None:
        way.prepare()
        way.call()
        way.prepare()
        with way.proxy.out_of_reach():
            assert_unavailable(way.call())
            assert way.state() == way.states()[0], way.method

    all_at_once(ways, meet, expect_success, serve_again)


@pytest.mark.parametrize("code", ["ValidationException", "AccessDeniedException", "ResourceNotFoundException"])
def test_a_request_that_dynamodb_rejects_is_a_500_with_a_traceback(
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
    """Return a fault: the write succeeds, `act` runs, and the reply is lost, so that botocore resends the write."""

    def meanwhile(call: Forwarder) -> None:
        call.forward()
        act()
        call.close_connection = True

    return meanwhile


@pytest.mark.parametrize("earlier", [[], ["a first one"], ["a first one", "a second one"]], ids=len)
def test_a_late_copy_of_an_offer_does_not_replace_a_newer_offer(
    earlier: list[str], post: Post, proxy: FaultyProxy, near_channels: Channels
) -> None:
    channel_id = near_channels.create()
    for offer in earlier:
        near_channels.set_offer(channel_id, offer)

    # If there is an offer already, the first request is refused and the second one writes.
    later = threading.Event()
    proxy.faults = [let_through] * bool(earlier) + [arrive_after(later)]
    sent = post({"method": "create_offer", "channel_id": channel_id, "offer": "mine"})
    near_channels.set_offer(channel_id, "a later one")
    later.set()
    proxy.settle()

    assert sent.status == 200
    assert near_channels.get(channel_id).offer == "a later one"


def test_a_resent_offer_does_not_replace_a_newer_offer(
    post: Post, proxy: FaultyProxy, near_channels: Channels, caplog: pytest.LogCaptureFixture
) -> None:
    """The server cannot know whether the first copy was stored, so it reports an outage."""
    channel_id = near_channels.create()

    proxy.faults = [meanwhile(lambda: near_channels.set_offer(channel_id, "a later one"))]
    reply = post({"method": "create_offer", "channel_id": channel_id, "offer": "mine"})

    assert_unavailable(reply)
    assert near_channels.get(channel_id).offer == "a later one"
    assert errors(caplog) == ["DynamoDB: refused after a lost reply"]


@pytest.mark.parametrize("method", ["create_offer", "create_answer", "create_candidate"])
def test_a_resent_write_to_a_deleted_channel_is_a_503_and_not_a_refusal(
    method: str, post: Post, proxy: FaultyProxy, near_channels: Channels, caplog: pytest.LogCaptureFixture
) -> None:
    """The first copy took effect.

    The other peer may have read it, connected, and deleted the channel before the retry.
    """
    channel_id = near_channels.create()

    proxy.faults = [meanwhile(lambda: near_channels.delete(channel_id))]
    what = method.removeprefix("create_")
    reply = post({"method": method, "channel_id": channel_id, what: "mine"})
    again = post({"method": method, "channel_id": channel_id, what: "mine"})

    assert_unavailable(reply)
    assert (again.status, again.body) == (400, "no such channel")
    assert errors(caplog) == ["DynamoDB: refused after a lost reply"]


@pytest.mark.parametrize("seconds", [301, 29 * 86_400], ids=["five minutes", "29 days"])
@pytest.mark.parametrize("method", ["create_offer", "create_answer", "create_candidate"])
def test_a_resent_write_is_refused_in_a_channel_that_was_deleted_after_a_jump_of_the_clock(
    method: str, seconds: int, post: Post, proxy: FaultyProxy, near_channels: Channels, clock: Clock
) -> None:
    """The copy still carries the time of before the jump."""
    channel_id = near_channels.create()

    def jump_and_delete() -> None:
        clock.seconds += seconds
        near_channels.delete(channel_id)

    proxy.faults = [meanwhile(jump_and_delete)]
    what = method.removeprefix("create_")
    reply = post({"method": method, "channel_id": channel_id, what: "mine"})

    assert_unavailable(reply)
    clock.seconds -= seconds
    assert state_of(near_channels, channel_id) is None


@pytest.mark.parametrize("fields", [{}, {"ttl": 86_400, "owner": OWNER}], ids=["ordinary", "long-lived and owned"])
def test_a_late_copy_of_a_create_does_not_revive_a_deleted_channel(
    fields: dict[str, object], post: Post, proxy: FaultyProxy, near_channels: Channels
) -> None:
    later = threading.Event()
    proxy.faults = [arrive_after(later)]
    channel_id = post({"method": "create_data_channel"} | fields).json()["channel_id"]
    near_channels.delete(channel_id, OWNER)
    later.set()
    proxy.settle()

    gone = post({"method": "get_candidates", "channel_id": channel_id})

    assert (gone.status, gone.body) == (400, "no such channel")


# An attempt that the table carries out, one that it never sees, and one that it refuses.
ONE_FAULT = [lose_the_reply, reset, throttled_slowly]


@pytest.mark.parametrize("fault", ONE_FAULT, ids=name)
@pytest.mark.parametrize("method", WRITES)
def test_an_owners_resent_write_succeeds_and_is_stored_once(
    method: str, fault: Fault, post: Post, proxy: FaultyProxy, near_channels: Channels
) -> None:
    channel_id = near_channels.create(None, ["old"], owner=OWNER)
    fields, replied = METHODS[method]

    proxy.faults = [fault]
    reply = post({"method": method, "channel_id": channel_id, "owner": OWNER, **fields})

    assert (reply.status, reply.json()) == (200, replied)
    assert proxy.requests == 2
    before = Channel(None, None, ["old"])
    stored = {
        "create_offer": before._replace(offer="new", candidates=["old", "new"]),
        "create_answer": before._replace(answer="new", candidates=["old", "new"]),
        "create_candidate": before._replace(candidates=["old", "new"]),
        "delete_data_channel": None,
    }
    assert state_of(near_channels, channel_id) == stored[method]


@pytest.mark.parametrize("fault", ONE_FAULT, ids=name)
@pytest.mark.parametrize("method", WRITES)
@pytest.mark.parametrize(("secret", "message"), NOT_THE_OWNER, ids=["without a secret", "with another secret"])
def test_a_strangers_resent_write_is_refused_even_if_the_owner_has_stored_the_same(
    secret: dict[str, object],
    message: str,
    method: str,
    fault: Fault,
    post: Post,
    proxy: FaultyProxy,
    near_channels: Channels,
) -> None:
    """The stranger must not be told that its write was carried out, because it was not."""
    channel_id = near_channels.create("new", ["new"], owner=OWNER)
    near_channels.set_answer(channel_id, "new", owner=OWNER)
    fields, _ = METHODS[method]

    proxy.faults = [fault]
    reply = post({"method": method, "channel_id": channel_id, **secret, **fields})

    assert (reply.status, reply.body) == (400, message)
    assert proxy.requests == 2
    assert near_channels.get(channel_id) == Channel("new", "new", ["new"])


@pytest.mark.parametrize("method", ["create_offer", "create_answer", "create_candidate"])
def test_a_strangers_write_does_not_succeed_if_the_owner_writes_the_same_text_in_between(
    method: str, post: Post, proxy: FaultyProxy, near_channels: Channels
) -> None:
    channel_id = near_channels.create(owner=OWNER)
    what = method.removeprefix("create_")
    owners_write = {
        "create_offer": lambda: near_channels.set_offer(channel_id, "the same", owner=OWNER),
        "create_answer": lambda: near_channels.set_answer(channel_id, "the same", owner=OWNER),
        "create_candidate": lambda: near_channels.add_candidates(channel_id, ["the same"], OWNER),
    }

    proxy.faults = [meanwhile(owners_write[method])]
    reply = post({"method": method, "channel_id": channel_id, what: "the same"})

    assert (reply.status, reply.body) == (400, "owner is missing")


def test_a_resent_create_of_an_owned_channel_makes_one_channel_with_its_owner(
    post: Post, proxy: FaultyProxy, near_channels: Channels, real_client: DynamoDBClient, real_table: str
) -> None:
    proxy.faults = [lose_the_reply]
    request = {"method": "create_data_channel", "offer": "an offer", "ttl": 3600, "owner": OWNER}
    reply = post(request)

    channel_id = reply.json()["channel_id"]
    assert reply.json() == {"channel_id": channel_id, "ttl": 3600}
    assert proxy.requests == 2
    assert real_client.scan(TableName=real_table)["Count"] == 1
    with pytest.raises(SignalingError, match="^owner is missing$"):
        near_channels.delete(channel_id)
    near_channels.set_offer(channel_id, "another", owner=OWNER)


@pytest.mark.parametrize("clock_error", [0, 60, -60])
def test_a_late_copy_of_an_owners_offer_does_not_replace_its_newer_offer(
    clock_error: int, post: Post, proxy: FaultyProxy, near_channels: Channels, clock: Clock
) -> None:
    channel_id = near_channels.create("a first one", owner=OWNER)

    later = threading.Event()
    proxy.faults = [arrive_after(later)]
    sent = post({"method": "create_offer", "channel_id": channel_id, "offer": "mine", "owner": OWNER})
    clock.seconds += clock_error
    near_channels.set_offer(channel_id, "a later one", owner=OWNER)
    later.set()
    proxy.settle()

    assert sent.status == 200
    assert near_channels.get(channel_id).offer == "a later one"


def state_of(channels: Channels, channel_id: str) -> Channel | None:
    try:
        return channels.get(channel_id)
    except SignalingError:
        return None


# For the faults that are not about time. On a busy machine, opening the client takes longer than the real limits.
PATIENCE = {"INIT_TABLE_SECONDS": 60, "DYNAMODB_READ_TIMEOUT_SECONDS": 60}


def start(endpoint: str, table_name: str, **limits: int) -> dict[str, Any]:
    """Start the function as Lambda does, in a separate process, and return the reply to its first request.

    `limits` replace those in chalicelib.limits.
    """
    request = url_event(b'{"method": "create_data_channel"}', {})
    variables = ANY_ACCOUNT | {
        "AWS_ENDPOINT_URL_DYNAMODB": endpoint,
        "AWS_LAMBDA_FUNCTION_NAME": "peerpost",
        "TABLE_NAME": table_name,
    }
    script = f"from chalicelib import limits; vars(limits).update({limits!r}); import json, app; "
    script += f"print(json.dumps(app.handler({request!r}, None)))"
    command = [sys.executable, "-c", script]
    run = subprocess.run(command, cwd=ROOT, env=os.environ | variables, stdout=subprocess.PIPE, text=True, check=True)
    reply: dict[str, Any] = json.loads(run.stdout)
    return reply


def test_the_first_request_uses_the_connection_opened_at_startup(proxy: FaultyProxy, real_table: str) -> None:
    reply = start(proxy.endpoint, real_table, **PATIENCE)

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
    ],
    ids=name,
)
def test_the_function_starts_and_serves_requests_even_if_its_warm_up_fails(
    fault: Fault, proxy: FaultyProxy, real_table: str
) -> None:
    proxy.weather = lambda: during_the_warm_up(fault)
    # The client has to give up a request that gets no reply.
    limits = {"INIT_TABLE_SECONDS": 60} if fault in TIMED else PATIENCE

    reply = start(proxy.endpoint, real_table, **limits)

    assert reply["statusCode"] == 200
    assert proxy.requests > 1


@pytest.mark.slow
def test_the_function_starts_and_serves_requests_even_if_its_warm_up_would_not_end(
    proxy: FaultyProxy, real_table: str
) -> None:
    """On a busy machine, the time may be over before the warm-up has sent its request."""
    proxy.weather = lambda: during_the_warm_up(drip_for_ever)

    began = time.monotonic()
    reply = start(proxy.endpoint, real_table)

    assert reply["statusCode"] == 200
    assert time.monotonic() - began < FOR_EVER_SECONDS


def during_the_warm_up(fault: Fault) -> Fault:
    """Return a fault that meets only the read of the warm-up, and not the first request, which writes."""

    def during_the_warm_up(call: Forwarder) -> None:
        (let_through if b"ConditionExpression" in call.body else fault)(call)

    return during_the_warm_up
