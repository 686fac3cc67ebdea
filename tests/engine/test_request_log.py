"""The log line of each request: its contents, how it keeps out text from clients, and which polls have no line."""

import json
import math
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mypy_boto3_dynamodb import DynamoDBClient

from chalicelib.channels import Channels
from chalicelib.dynamodb import Table
from chalicelib.errors import StorageUnavailable
from chalicelib.handlers import HANDLERS, Services
from chalicelib.http_app import create_app
from chalicelib.limits import MAX_QUIET_POLLS, QUIET_SECONDS, SLOW_POLL_SECONDS
from chalicelib.request_log import Line, QuietPolls
from harness.clock import Clock
from harness.contract import NOBODYS_ID
from harness.engines import client_of
from harness.log_lines import FACTS, listening, words
from harness.service import app_over
from harness.transports import Post, over_handler


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    with listening() as lines:
        yield lines


@pytest.fixture
def served(channels: Channels) -> Channels:
    return channels


def test_every_request_logs_one_line_with_its_method_and_outcome(post: Post, lines: list[dict[str, Any]]) -> None:
    channel = {"channel_id": post({"method": "create_data_channel"}).json()["channel_id"]}

    post({"method": "get_offer", **channel})
    post({"method": "create_answer", "answer": "an answer", **channel})
    post({"method": "create_answer", "answer": "another", **channel})
    post({"method": "get_candidates", "channel_id": NOBODYS_ID})
    post({"method": "create_offer", **channel})
    post({"method": "no_such_method"})
    post(b"{")
    post(b"", http_method="GET")
    post(b"", http_method="HEAD")

    assert [words(line) for line in lines] == [
        ("create_data_channel", 200, "done", 1),
        ("get_offer", 400, "no offer yet", 1),
        ("create_answer", 200, "done", 1),
        ("create_answer", 400, "answer already exists", 1),
        ("get_candidates", 400, "no such channel", 1),
        ("create_offer", 400, "offer is missing", 0),
        ("unknown", 400, "method is unknown", 0),
        ("unknown", 400, "body is not JSON (RFC 7493)", 0),
        ("unknown", 400, "HTTP method must be POST", 0),
        ("unknown", 400, "HTTP method must be POST", 0),
    ]
    assert all(line["duration_ms"] >= line["dynamodb_ms"] >= 0 for line in lines)


@pytest.mark.parametrize(
    ("error", "status", "outcome"),
    [
        (StorageUnavailable("ThrottlingException"), 503, "storage is unavailable"),
        (RuntimeError("what a peer has said"), 500, "internal error"),
    ],
)
def test_a_request_that_fails_inside_the_server_is_logged_too(
    error: Exception, status: int, outcome: str, lines: list[dict[str, Any]]
) -> None:
    def get_services() -> Services:
        raise error

    over_handler(create_app(get_services))({"method": "create_data_channel"})

    assert [words(line) for line in lines] == [("unknown", status, outcome, 0)]


def test_the_line_of_a_held_reply_counts_its_reads(
    post: Post, channels: Channels, client: DynamoDBClient, table: str, lines: list[dict[str, Any]]
) -> None:
    channel_id = channels.create()
    reads: list[str] = []

    def write_after_the_second_read(**_: object) -> None:
        reads.append(channel_id)
        if len(reads) == 2:
            # Not through `channels`: that would count as a call of the request.
            client.update_item(
                TableName=table,
                Key={"channel_id": {"S": channel_id}},
                UpdateExpression="SET offer = :offer",
                ExpressionAttributeValues={":offer": {"S": "an offer"}},
            )

    client.meta.events.register("after-call.dynamodb.GetItem", write_after_the_second_read)
    post({"method": "get_offer", "channel_id": channel_id, "wait": 5})

    assert lines[0]["dynamodb_calls"] == 3


@pytest.fixture
def quiet_post(channels: Channels, monkeypatch: pytest.MonkeyPatch) -> Post:
    """Post to a server that counts polls, as it does on Lambda, and for which no poll is slow."""
    monkeypatch.setattr("chalicelib.limits.SLOW_POLL_SECONDS", math.inf)
    services = Services(channels)
    return over_handler(create_app(lambda: services, quiet_polls=QuietPolls(Clock())))


def test_polls_that_find_nothing_are_counted_in_the_next_line(
    quiet_post: Post, channels: Channels, lines: list[dict[str, Any]]
) -> None:
    channel = {"channel_id": channels.create()}
    for _ in range(3):
        assert quiet_post({"method": "get_offer", **channel}).body == "no offer yet"
    for _ in range(4):
        assert quiet_post({"method": "get_answer", **channel}).body == "no answer yet"

    quiet_post({"method": "create_offer", "offer": "an offer", **channel})
    quiet_post({"method": "get_offer", **channel})

    assert [(line["method"], line["outcome"], line["quiet_polls"]) for line in lines] == [
        ("create_offer", "done", 7),
        ("get_offer", "done", 0),
    ]


def test_every_request_except_a_quick_poll_that_finds_nothing_has_its_own_line(
    quiet_post: Post, channels: Channels, lines: list[dict[str, Any]]
) -> None:
    channel = {"channel_id": channels.create()}

    quiet_post({"method": "get_offer", "channel_id": NOBODYS_ID})
    quiet_post({"method": "get_candidates", **channel})
    quiet_post({"method": "get_offer"})
    quiet_post(b"{")

    assert [(line["method"], line["outcome"]) for line in lines] == [
        ("get_offer", "no such channel"),
        ("get_candidates", "done"),
        ("get_offer", "channel_id is missing"),
        ("unknown", "body is not JSON (RFC 7493)"),
    ]


def test_an_outage_during_a_poll_has_its_own_line(lines: list[dict[str, Any]]) -> None:
    services = Services(NOWHERE)
    post = over_handler(create_app(lambda: services, quiet_polls=QuietPolls()))

    post({"method": "get_answer", "channel_id": NOBODYS_ID})

    assert [words(line)[:3] for line in lines] == [("get_answer", 503, "storage is unavailable")]


def poll(quiet_polls: QuietPolls, seconds: float = 0.01, reads: int = 1) -> None:
    """Log a poll that took this long and has found nothing."""
    clock = Clock()
    line = Line(clock, quiet_polls)
    line.is_too_early = True
    for _ in range(reads):
        with line.dynamodb_call():
            clock.seconds += seconds / reads
    line.write(400, "no answer yet")


def test_a_slow_poll_has_its_own_line(lines: list[dict[str, Any]]) -> None:
    quiet_polls = QuietPolls()
    poll(quiet_polls)

    poll(quiet_polls, 20 * SLOW_POLL_SECONDS)

    assert [(line["duration_ms"], line["quiet_polls"]) for line in lines] == [(20_000 * SLOW_POLL_SECONDS, 1)]


def test_a_reply_that_was_held_without_news_has_its_own_line(lines: list[dict[str, Any]]) -> None:
    quiet_polls = QuietPolls()
    poll(quiet_polls)

    poll(quiet_polls, reads=2)

    assert [(line["dynamodb_calls"], line["quiet_polls"]) for line in lines] == [(2, 1)]


def test_a_poll_has_its_own_line_if_the_maximum_number_of_polls_without_one_is_reached(
    lines: list[dict[str, Any]],
) -> None:
    quiet_polls = QuietPolls(Clock())

    for _ in range(2 * (MAX_QUIET_POLLS + 1)):
        poll(quiet_polls)

    assert [line["quiet_polls"] for line in lines] == [MAX_QUIET_POLLS, MAX_QUIET_POLLS]


def test_a_poll_has_its_own_line_a_minute_after_the_first_poll_without_one(lines: list[dict[str, Any]]) -> None:
    clock = Clock()
    quiet_polls = QuietPolls(clock)
    poll(quiet_polls)
    clock.seconds += QUIET_SECONDS - 1
    poll(quiet_polls)
    clock.seconds += 1

    poll(quiet_polls)
    clock.seconds += QUIET_SECONDS - 1
    poll(quiet_polls)

    assert [line["quiet_polls"] for line in lines] == [2]


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 2 * QUIET_SECONDS), st.booleans())))
def test_lines_and_counted_polls_add_up_to_all_requests_except_the_last_few(
    requests: list[tuple[float, bool]],
) -> None:
    clock = Clock()
    quiet_polls = QuietPolls(clock)

    with listening() as lines:
        for pause, is_poll in requests:
            clock.seconds += pause
            if is_poll:
                poll(quiet_polls)
            else:
                Line(clock, quiet_polls).write(200, "done")

    told = sum(1 + line["quiet_polls"] for line in lines)
    not_told = len(requests) - told
    assert not_told == quiet_polls.take() <= MAX_QUIET_POLLS


def test_durations_are_logged_in_milliseconds(lines: list[dict[str, Any]]) -> None:
    clock = Clock()
    line = Line(clock)
    for seconds in (0.01234, 0.25):
        clock.seconds += 1
        with line.dynamodb_call():
            clock.seconds += seconds

    line.write(200, "done")

    assert [lines[0][name] for name in FACTS] == ["request", "unknown", 200, "done", 2262.3, 2, 262.3]


def test_a_failed_dynamodb_call_counts_too(lines: list[dict[str, Any]]) -> None:
    clock = Clock()
    line = Line(clock)

    def fail_late() -> None:
        with line.dynamodb_call():
            clock.seconds += 3
            raise StorageUnavailable

    with pytest.raises(StorageUnavailable):
        fail_late()
    line.write(503, "storage is unavailable")

    assert (lines[0]["dynamodb_calls"], lines[0]["dynamodb_ms"]) == (1, 3000)


# The requests of the test below are refused before they reach DynamoDB.
NOWHERE = Channels(Table(client_of("http://127.0.0.1:9"), "any table"))
FIELDS = ["method", "channel_id", "offer", "candidates", "wait", "since", "owner", "ttl"]
TEXT = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=2)


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["method", "channel_id", "offer", "candidates", "wait", "since", "owner", "ttl"]), TEXT
    ),
    TEXT,
)
def test_nothing_from_a_client_appears_in_the_line(fields: dict[str, str], text: str) -> None:
    post = over_handler(app_over(NOWHERE))

    with listening() as lines:
        post(fields | {text: text})
        for method in HANDLERS:
            post(fields | {text: text, "method": method, "channel_id": 0, "wait": text})

    said = json.dumps(lines, ensure_ascii=False)
    assert len(lines) == 1 + len(HANDLERS)
    assert not any("\u4e00" <= character <= "\u9fff" for character in said)
