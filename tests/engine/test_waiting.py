"""A held reply is sent when the other peer writes, and not before."""

from collections.abc import Callable

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from chalicelib.channels import Channels
from harness.transports import Post

Write = Callable[[Channels, str], None]

READS_AND_WRITES: list[tuple[dict[str, object], Write, str]] = [
    ({"method": "get_offer"}, lambda channels, name: channels.set_offer(name, "x"), '{"offer":"x"}'),
    ({"method": "get_answer"}, lambda channels, name: channels.set_answer(name, "x"), '{"answer":"x"}'),
    ({"method": "get_candidates"}, lambda channels, name: channels.add_candidates(name, ["x"]), '{"items":["x"]}'),
    (
        {"method": "get_candidates", "since": 1},
        lambda channels, name: channels.add_candidates(name, ["y", "z"]),
        '{"items":["y","z"],"next":3}',
    ),
    ({"method": "get_offer"}, lambda channels, name: channels.delete(name), "no such channel"),
]


@pytest.mark.parametrize(
    ("read", "write", "expected"), READS_AND_WRITES, ids=["offer", "answer", "candidates", "since", "delete"]
)
def test_a_held_reply_is_sent_when_the_other_peer_writes(
    read: dict[str, object], write: Write, expected: str, post: Post, served: Channels, real_client: DynamoDBClient
) -> None:
    channel_id = served.create(None, ["x"] if "since" in read else [])
    reads: list[str] = []

    def write_after_the_first_read(**_: object) -> None:
        reads.append(channel_id)
        if len(reads) == 1:
            write(served, channel_id)

    real_client.meta.events.register("after-call.dynamodb.GetItem", write_after_the_first_read)
    reply = post({**read, "channel_id": channel_id, "wait": 5})

    assert reply.body == expected
    # The server looks again. If the channel seems to be gone, it looks once more to confirm that.
    assert len(reads) == (3 if expected == "no such channel" else 2)
