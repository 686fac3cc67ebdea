"""How often a method reads: once if there is news, and otherwise again for as long as it may hold its reply."""

import json
from collections import Counter
from contextlib import suppress

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from chalicelib.channels import Channels
from chalicelib.errors import SignalingError
from chalicelib.handlers import Services, handle

# If a test waits when it should not, it takes this long.
LONG_SECONDS = 20
READS = [{"method": "get_offer"}, {"method": "get_answer"}, {"method": "get_candidates"}]


@pytest.fixture
def reads(client: DynamoDBClient) -> Counter[str]:
    reads: Counter[str] = Counter()
    client.meta.events.register("before-call.dynamodb.GetItem", lambda model, **_: reads.update([model.name]))
    return reads


def body(channel_id: str, **fields: object) -> bytes:
    return json.dumps({"channel_id": channel_id, "wait": LONG_SECONDS, **fields}).encode()


@pytest.mark.parametrize("fields", [*READS, {"method": "get_candidates", "since": 1}], ids=json.dumps)
def test_news_that_is_already_there_is_returned_after_one_read(
    fields: dict[str, object], channels: Channels, reads: Counter[str]
) -> None:
    channel_id = channels.create("an offer", ["a", "b"])
    channels.set_answer(channel_id, "an answer")

    handle(body(channel_id, **fields), Services(channels), longest_wait=LONG_SECONDS)

    assert reads.total() == 1


@pytest.mark.parametrize("fields", [*READS, {"method": "get_candidates", "since": 1}], ids=json.dumps)
def test_without_news_a_method_reads_again(
    fields: dict[str, object], channels: Channels, client: DynamoDBClient, reads: Counter[str]
) -> None:
    channel_id = channels.create(None, ["a"] if "since" in fields else [])

    def end_after_the_first_read(**_: object) -> None:
        if reads.total() == 1:
            channels.delete(channel_id)

    client.meta.events.register("after-call.dynamodb.GetItem", end_after_the_first_read)
    with pytest.raises(SignalingError, match="^no such channel$"):
        handle(body(channel_id, **fields), Services(channels), longest_wait=LONG_SECONDS)

    # The second look finds that the channel is gone, and the third look confirms it.
    assert reads.total() == 3


@pytest.mark.parametrize("fields", READS, ids=json.dumps)
def test_if_no_reply_may_be_held_a_method_reads_once(
    fields: dict[str, object], channels: Channels, reads: Counter[str]
) -> None:
    with suppress(SignalingError):
        handle(body(channels.create(), **fields), Services(channels))

    assert reads.total() == 1
