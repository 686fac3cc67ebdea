"""What the client hears when the way to DynamoDB fails, and what is stored then."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from app import create_app
from chalicelib.channels import Channels
from chalicelib.limits import DYNAMODB_ATTEMPTS, RETRY_AFTER_SECONDS
from tests.clock import Clock
from tests.engines import client_of, free_port
from tests.faulty_proxy import (
    Fault,
    FaultyProxy,
    faulty_proxy,
    garble_the_reply,
    halve_the_reply,
    lose_the_reply,
    refusal,
    reset,
    stall,
)
from tests.transports import Post, Reply, over_handler

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
    stall,
]
WRITES = {"create_offer": "offer", "create_answer": "answer", "create_candidate": "candidate"}


@pytest.fixture
def proxy(endpoint: str) -> Iterator[FaultyProxy]:
    with faulty_proxy(endpoint) as proxy:
        yield proxy


@pytest.fixture
def far_channels(proxy: FaultyProxy, real_table: str, clock: Clock) -> Channels:
    return Channels(client_of(proxy.endpoint), real_table, clock)


@pytest.fixture
def post(far_channels: Channels) -> Post:
    return over_handler(create_app(lambda: far_channels))


@pytest.fixture
def near_channels(real_client: DynamoDBClient, real_table: str, clock: Clock) -> Channels:
    """The same table without the proxy: what is really stored."""
    return Channels(real_client, real_table, clock)


def name(fault: Fault) -> str:
    return fault.__name__


def assert_unavailable(reply: Reply) -> None:
    assert (reply.status, reply.body) == (503, "storage is unavailable")
    assert reply.headers["retry-after"] == str(RETRY_AFTER_SECONDS)
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"
    assert reply.headers["cache-control"] == "no-store"


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


@pytest.mark.parametrize("fault", OUTAGES, ids=name)
def test_one_fault_is_healed_by_the_retry(
    fault: Fault, post: Post, proxy: FaultyProxy, near_channels: Channels
) -> None:
    channel_id = near_channels.create()
    expected: dict[str, Any] = {"create_offer": {}, "create_answer": {}, "create_candidate": {}}
    expected |= {"get_offer": {"offer": "x"}, "get_answer": {"answer": "x"}, "get_candidates": {"items": ["x"]}}

    for method, reply in expected.items():
        proxy.faults = [fault]
        heard = post({"method": method, "channel_id": channel_id, WRITES.get(method, "unused"): "x"})
        assert (heard.status, heard.json()) == (200, reply), method

    assert proxy.requests == 2 * len(expected)


@pytest.mark.parametrize("fault", OUTAGES, ids=name)
@pytest.mark.parametrize("method", ["create_data_channel", "create_answer", "get_offer"])
def test_a_fault_that_lasts_is_a_503_that_says_when_to_come_back(
    method: str, fault: Fault, post: Post, proxy: FaultyProxy, near_channels: Channels, caplog: pytest.LogCaptureFixture
) -> None:
    channel_id = near_channels.create()
    near_channels.set_offer(channel_id, "SECRET")

    proxy.faults = [fault] * DYNAMODB_ATTEMPTS
    reply = post({"method": method, "channel_id": channel_id, "answer": "SECRET"})

    assert_unavailable(reply)
    assert proxy.requests == DYNAMODB_ATTEMPTS
    assert [record.levelno for record in caplog.records if record.name == "peerpost"] == [logging.ERROR]
    assert "SECRET" not in caplog.text
    assert channel_id not in caplog.text


def test_an_engine_that_is_not_there_is_a_503() -> None:
    nowhere = Channels(client_of(f"http://127.0.0.1:{free_port()}"), "any table")

    assert_unavailable(over_handler(create_app(lambda: nowhere))({"method": "create_data_channel"}))


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


def test_the_request_after_an_outage_succeeds(post: Post, proxy: FaultyProxy) -> None:
    proxy.faults = [reset] * DYNAMODB_ATTEMPTS
    assert_unavailable(post({"method": "create_data_channel"}))

    assert post({"method": "create_data_channel"}).status == 200
