"""Our limits, compared with those of DynamoDB and Lambda, with each other, and with docs/protocol.md."""

import itertools
import re
from collections.abc import Mapping
from typing import Any

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from chalicelib import limits
from chalicelib.channels import Channels
from chalicelib.dynamodb import Table
from harness.contract import OWNER
from harness.engines import ROOT
from harness.runtime import TIMEOUT_SECONDS

ITEM_BYTES = 400 * 1024
# The sum in the docstring of chalicelib/limits.py.
FULL_BYTES = 2 * limits.MAX_DESCRIPTION_BYTES + limits.MAX_CANDIDATES * (limits.MAX_CANDIDATE_BYTES + 1) + 150
# The time that Lambda allows for a function's start, from its Developer Guide.
INIT_SECONDS = 10


@pytest.mark.slow
def test_a_full_channel_fits_in_one_item(real_client: DynamoDBClient, real_table: str) -> None:
    channels = Channels(Table(real_client, real_table))
    channel_id = channels.create(owner=OWNER)
    for _ in range(2):
        channels.set_offer(channel_id, "x" * limits.MAX_DESCRIPTION_BYTES, owner=OWNER)
    channels.set_answer(channel_id, "x" * limits.MAX_DESCRIPTION_BYTES, owner=OWNER)

    for number in range(limits.MAX_CANDIDATES):
        candidate = str(number).rjust(limits.MAX_CANDIDATE_BYTES, "x")
        channels.add_candidates(channel_id, [candidate], owner=OWNER)

    channel = channels.get(channel_id)
    assert len(channel.offer or "") == limits.MAX_DESCRIPTION_BYTES
    assert len(channel.answer or "") == limits.MAX_DESCRIPTION_BYTES
    assert len(set(channel.candidates)) == limits.MAX_CANDIDATES
    [item] = real_client.scan(TableName=real_table)["Items"]
    assert bytes_of(item) < FULL_BYTES


@pytest.mark.slow
def test_moto_can_store_half_of_a_full_channel(channels: Channels) -> None:
    """moto counts a growing list twice, so a channel under `chalice local` holds less than on AWS."""
    channel_id = channels.create()
    channels.set_offer(channel_id, "x" * 6_000)
    channels.set_answer(channel_id, "x" * 6_000)

    for number in range(limits.MAX_CANDIDATES // 2):
        channels.add_candidates(channel_id, [str(number).rjust(limits.MAX_CANDIDATE_BYTES, "x")])

    assert len(channels.get(channel_id).candidates) == limits.MAX_CANDIDATES // 2


def bytes_of(item: Mapping[str, Any]) -> int:
    """Return an item's size as the DynamoDB Developer Guide defines it.

    Names and strings count in UTF-8. A list adds 3 bytes, and 1 byte for each element.
    """
    strings = [item["channel_id"]["S"], item["offer"]["S"], item["answer"]["S"]]
    strings += [candidate["S"] for candidate in item["candidate"]["L"]]
    numbers = sum(len(item[name]["N"]) // 2 + 1 for name in ("expire_time", "changes"))
    digest = len(item["owner_digest"]["B"])
    return len("".join([*item, *strings]).encode()) + 3 + len(item["candidate"]["L"]) + numbers + digest


def test_a_full_channel_is_smaller_than_a_dynamodb_item() -> None:
    assert FULL_BYTES < ITEM_BYTES


def test_the_protocol_documents_the_servers_limits() -> None:
    """The table also quotes refusals. Those contain some limits again, without a separator for thousands."""
    documented = numbers_in_table("docs/protocol.md", "Limits")

    assert documented == {
        limits.CHANNEL_TTL_SECONDS,
        limits.MAX_TTL_SECONDS,
        limits.MIN_OWNER_BYTES,
        limits.MAX_OWNER_BYTES,
        limits.MAX_BODY_BYTES,
        limits.MAX_DEPTH,
        limits.MAX_DESCRIPTION_BYTES,
        limits.MAX_CANDIDATE_BYTES,
        limits.MAX_CANDIDATES,
        limits.MAX_BATCH,
        limits.TURN_TTL_SECONDS,
        limits.MAX_WAIT_SECONDS,
    }


def numbers_in_table(document: str, heading: str) -> set[float]:
    """Return every number in the rows of the first table below a heading."""
    _, _, below = (ROOT / document).read_text().partition(f"# {heading}\n")
    lines = below.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("| ---")) + 1
    rows = itertools.takewhile(lambda line: line.startswith("|"), lines[start:])
    return {float(number.replace(",", "")) for number in re.findall(r"\d[\d,.]*", "\n".join(rows))}


def test_credentials_last_an_hour_and_a_removed_key_at_most_a_minute() -> None:
    assert limits.TURN_TTL_SECONDS == 60 * 60
    assert limits.PARAMETER_MAX_AGE_SECONDS == 60


def test_a_full_description_fits_in_a_body_even_if_every_character_is_escaped() -> None:
    frame = len('{"method":"create_answer","channel_id":"","answer":""}') + limits.MAX_ID_BYTES

    assert 6 * limits.MAX_DESCRIPTION_BYTES + frame <= limits.MAX_BODY_BYTES


def test_all_tries_of_a_dynamodb_call_fit_in_the_time_that_a_held_reply_reserves_for_them() -> None:
    tries = limits.DYNAMODB_CONNECT_TIMEOUT_SECONDS + limits.DYNAMODB_READ_TIMEOUT_SECONDS
    pauses = sum(2**retry for retry in range(limits.DYNAMODB_ATTEMPTS - 1))

    assert limits.DYNAMODB_ATTEMPTS * tries + pauses == limits.REQUEST_SECONDS


def test_a_request_has_time_for_all_tries_of_ssm_and_then_all_tries_of_dynamodb() -> None:
    tries = limits.SSM_CONNECT_TIMEOUT_SECONDS + limits.SSM_READ_TIMEOUT_SECONDS
    parameter = limits.SSM_ATTEMPTS * tries + sum(2**retry for retry in range(limits.SSM_ATTEMPTS - 1))

    assert 2 * parameter <= INIT_SECONDS
    assert parameter <= limits.MAX_WAIT_SECONDS
    assert parameter + limits.REQUEST_SECONDS < TIMEOUT_SECONDS


def test_a_full_batch_fits_in_a_dynamodb_expression(real_client: DynamoDBClient, real_table: str) -> None:
    """The DynamoDB Developer Guide limits expressions to 4 KB and 300 operators."""
    sent: list[Any] = []
    real_client.meta.events.register("provide-client-params.dynamodb.*", lambda params, **_: sent.append(params))
    channels = Channels(Table(real_client, real_table))
    batch = [str(number).rjust(limits.MAX_CANDIDATE_BYTES, "x") for number in range(limits.MAX_BATCH)]

    channels.set_answer(channels.create("an offer", batch), "an answer", [f"{each[1:]}y" for each in batch])

    rule = sent[-1]["ConditionExpression"]
    assert rule.count("NOT contains") == limits.MAX_BATCH
    assert len(rule) < 4096
    assert rule.count(" AND ") + 2 * limits.MAX_BATCH + 5 < 300
