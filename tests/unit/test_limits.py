"""The limits against the one that they are made for: DynamoDB's item of 400 KB."""

from collections.abc import Mapping
from typing import Any

from mypy_boto3_dynamodb import DynamoDBClient

from chalicelib import limits
from chalicelib.channels import Channels
from harness.engines import ROOT
from harness.runtime import TIMEOUT_SECONDS

ITEM_BYTES = 400 * 1024
# What Lambda gives a function to start in, by its Developer Guide.
INIT_SECONDS = 10


def test_a_full_channel_fits_one_item(real_client: DynamoDBClient, real_table: str) -> None:
    channels = Channels(real_client, real_table)
    channel_id = channels.create()
    channels.set_offer(channel_id, "x" * limits.MAX_DESCRIPTION_BYTES)
    channels.set_answer(channel_id, "x" * limits.MAX_DESCRIPTION_BYTES)

    for number in range(limits.MAX_CANDIDATES):
        channels.add_candidates(channel_id, [str(number).rjust(limits.MAX_CANDIDATE_BYTES, "x")])

    channel = channels.get(channel_id)
    assert len(channel.offer or "") == limits.MAX_DESCRIPTION_BYTES
    assert len(channel.answer or "") == limits.MAX_DESCRIPTION_BYTES
    assert len(set(channel.candidates)) == limits.MAX_CANDIDATES
    [item] = real_client.scan(TableName=real_table)["Items"]
    assert bytes_of(item) < ITEM_BYTES


def test_moto_takes_half_of_a_full_channel(channels: Channels) -> None:
    """It counts a list twice when the list grows, so that a channel under `chalice local` holds less than on AWS."""
    channel_id = channels.create()
    channels.set_offer(channel_id, "x" * 6_000)
    channels.set_answer(channel_id, "x" * 6_000)

    for number in range(limits.MAX_CANDIDATES // 2):
        channels.add_candidates(channel_id, [str(number).rjust(limits.MAX_CANDIDATE_BYTES, "x")])

    assert len(channels.get(channel_id).candidates) == limits.MAX_CANDIDATES // 2


def bytes_of(item: Mapping[str, Any]) -> int:
    """Item sizes by the DynamoDB Developer Guide: names and strings in UTF-8, 3 for a list and 1 for each element."""
    strings = [item["channel_id"]["S"], item["offer"]["S"], item["answer"]["S"]]
    strings += [candidate["S"] for candidate in item["candidate"]["L"]]
    number = len(item["expire_time"]["N"]) // 2 + 1
    return len("".join([*item, *strings]).encode()) + 3 + len(item["candidate"]["L"]) + number


def test_the_sizes_in_the_reason_add_up() -> None:
    full = 2 * limits.MAX_DESCRIPTION_BYTES + limits.MAX_CANDIDATES * (limits.MAX_CANDIDATE_BYTES + 1) + 100

    assert str(limits.__doc__).count(f"{full:,}") == 1
    assert full < ITEM_BYTES


def test_the_protocol_says_each_limit_that_a_client_meets() -> None:
    said = [
        f"| life of a channel, from its creation | {limits.CHANNEL_TTL_SECONDS} s |",
        f"| request body | {limits.MAX_BODY_BYTES:,} bytes |",
        f"| nesting of the body | {limits.MAX_DEPTH} |",
        f"| `offer`, `answer` | {limits.MAX_DESCRIPTION_BYTES:,} bytes in UTF-8 |",
        f"| `candidate` | {limits.MAX_CANDIDATE_BYTES} bytes in UTF-8 |",
        f"| candidates in a channel, of both peers | {limits.MAX_CANDIDATES} |",
        f"| `candidates` in one request | {limits.MAX_BATCH} |",
        f"| `wait` | what the operator allows, {limits.MAX_WAIT_SECONDS:g} s by default |",
    ]

    protocol = (ROOT / "docs/protocol.md").read_text()

    assert [row for row in said if row not in protocol] == []


def test_the_promise_in_words_says_when_we_give_up_and_when_to_come_back() -> None:
    one = f"({limits.DYNAMODB_CONNECT_TIMEOUT_SECONDS} + {limits.DYNAMODB_READ_TIMEOUT_SECONDS})"
    tries = limits.DYNAMODB_ATTEMPTS
    said = [
        f"| tries | {tries} |",
        f"| {limits.WAIT_RESERVE_SECONDS} s at most | {tries} \N{MULTIPLICATION SIGN} {one} + 1 + 2 |",
        f"| the function gives up | {limits.WAIT_RESERVE_SECONDS} s after the longest wait, ",
        f" {limits.MAX_WAIT_SECONDS + limits.WAIT_RESERVE_SECONDS:g} s as deployed |",
        f"| `Retry-After` | {limits.RETRY_AFTER_SECONDS} s |",
    ]

    promise = (ROOT / "docs/reliability.md").read_text()

    assert [words for words in said if words not in promise] == []


def test_credentials_live_for_an_hour_and_a_removed_key_for_a_minute_at_most() -> None:
    assert limits.TURN_TTL_SECONDS == 60 * 60
    assert limits.PARAMETER_MAX_AGE_SECONDS == 60


def test_a_full_description_fits_the_body_however_it_is_escaped() -> None:
    frame = len('{"method":"create_answer","channel_id":"","answer":""}') + limits.MAX_NAME_BYTES

    assert 6 * limits.MAX_DESCRIPTION_BYTES + frame <= limits.MAX_BODY_BYTES


def test_all_tries_end_within_what_a_held_reply_leaves() -> None:
    tries = limits.DYNAMODB_CONNECT_TIMEOUT_SECONDS + limits.DYNAMODB_READ_TIMEOUT_SECONDS
    pauses = sum(2**retry for retry in range(limits.DYNAMODB_ATTEMPTS - 1))

    assert limits.DYNAMODB_ATTEMPTS * tries + pauses == limits.WAIT_RESERVE_SECONDS


def test_all_tries_for_a_parameter_leave_time_for_all_tries_for_the_channel() -> None:
    tries = limits.SSM_CONNECT_TIMEOUT_SECONDS + limits.SSM_READ_TIMEOUT_SECONDS
    parameter = limits.SSM_ATTEMPTS * tries + sum(2**retry for retry in range(limits.SSM_ATTEMPTS - 1))

    assert 2 * parameter <= INIT_SECONDS
    assert parameter <= limits.MAX_WAIT_SECONDS
    assert parameter + limits.WAIT_RESERVE_SECONDS < TIMEOUT_SECONDS


def test_a_full_batch_fits_dynamodbs_expression(real_client: DynamoDBClient, real_table: str) -> None:
    """Expressions hold 4 KB and 300 operators, by the DynamoDB Developer Guide."""
    sent: list[Any] = []
    real_client.meta.events.register("provide-client-params.dynamodb.*", lambda params, **_: sent.append(params))
    channels = Channels(real_client, real_table)
    batch = [str(number).rjust(limits.MAX_CANDIDATE_BYTES, "x") for number in range(limits.MAX_BATCH)]

    channels.set_answer(channels.create("an offer", batch), "an answer", [f"{each[1:]}y" for each in batch])

    rule = sent[-1]["ConditionExpression"]
    assert rule.count("NOT contains") == limits.MAX_BATCH
    assert len(rule) < 4096
    assert rule.count(" AND ") + 2 * limits.MAX_BATCH + 5 < 300
