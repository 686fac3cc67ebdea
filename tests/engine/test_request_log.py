"""The log line of each request: its contents, and that clients cannot write into it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.channels import Channels
from chalicelib.dynamodb import Table
from chalicelib.errors import StorageUnavailable
from chalicelib.handlers import HANDLERS, Services
from chalicelib.http_app import create_app
from chalicelib.request_log import Line
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


def test_the_line_of_a_held_reply_counts_its_reads(post: Post, channels: Channels, lines: list[dict[str, Any]]) -> None:
    channel_id = channels.create()

    post({"method": "get_offer", "channel_id": channel_id, "wait": 0.1})

    assert lines[0]["dynamodb_calls"] > 1


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
