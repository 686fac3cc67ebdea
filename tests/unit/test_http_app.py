"""The edge: the form of every reply, and what happens to faults that are not the client's."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from chalice.app import Chalice

from chalicelib.deadline import OutOfTime
from chalicelib.errors import ParameterUnavailable, SignalingError, StorageUnavailable, Unauthorized, UnknownKey
from chalicelib.handlers import Services
from chalicelib.http_app import bearer_token, create_app, longest_wait_of
from chalicelib.limits import MAX_WAIT_SECONDS, REQUEST_SECONDS, RETRY_AFTER_SECONDS
from harness.contract import assert_common, assert_refused, assert_unavailable
from harness.naming import name_of
from harness.service import TEST_CLIENT, ways_in_this_process
from harness.transports import Post, Reply, over_handler, over_test_client

CREATE = {"method": "create_data_channel"}

Fails = Callable[[BaseException], Post]


def app_that_raises(error: BaseException) -> Chalice:
    def get_services() -> Services:
        raise error

    return create_app(get_services)


@pytest.fixture
def fails(way: str) -> Fails:
    """Return a function that posts to a server which raises the given error for each request."""
    over = over_test_client if way == TEST_CLIENT else over_handler
    return lambda error: over(app_that_raises(error))


def assert_plain(reply: Reply, status: int, message: str) -> None:
    assert (reply.status, reply.body) == (status, message)
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"
    assert_common(reply)


@ways_in_this_process
def test_a_bug_is_logged_in_full_and_the_client_learns_nothing_about_it(
    fails: Fails, caplog: pytest.LogCaptureFixture
) -> None:
    reply = fails(RuntimeError("what went wrong"))(CREATE)

    assert_plain(reply, 500, "internal error")
    assert "Traceback" in caplog.text
    assert "what went wrong" in caplog.text


@ways_in_this_process
@pytest.mark.parametrize("error", [ValueError("bug"), KeyError("bug"), UnicodeError("bug"), RecursionError("bug")])
def test_a_bug_is_never_blamed_on_the_client(error: Exception, fails: Fails) -> None:
    assert_plain(fails(error)(CREATE), 500, "internal error")


@ways_in_this_process
def test_an_outage_is_a_503_with_retry_after(fails: Fails, caplog: pytest.LogCaptureFixture) -> None:
    reply = fails(StorageUnavailable("ThrottlingException"))(CREATE)

    assert_plain(reply, 503, "storage is unavailable")
    assert reply.headers["retry-after"] == str(RETRY_AFTER_SECONDS)
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.ERROR, "DynamoDB: ThrottlingException")
    ]


@ways_in_this_process
def test_a_request_that_runs_out_of_time_is_an_outage(fails: Fails, caplog: pytest.LogCaptureFixture) -> None:
    assert_unavailable(fails(OutOfTime())(CREATE))

    assert [record.getMessage() for record in caplog.records] == ["out of time"]


def test_the_log_names_the_service_that_failed(fails: Fails, caplog: pytest.LogCaptureFixture) -> None:
    fails(StorageUnavailable("ThrottlingException"))(CREATE)
    fails(ParameterUnavailable("ThrottlingException"))(CREATE)

    assert [record.getMessage() for record in caplog.records] == [
        "DynamoDB: ThrottlingException",
        "SSM: ThrottlingException",
    ]


def test_the_message_of_a_refusal_is_sent_unchanged(fails: Fails) -> None:
    assert_refused(fails(SignalingError("no such channel"))(CREATE), "no such channel")


@pytest.mark.parametrize(
    ("refusal", "challenge"),
    [
        (Unauthorized("access key is missing"), "Bearer"),
        (UnknownKey("access key is unknown"), 'Bearer error="invalid_token"'),
    ],
    ids=name_of,
)
def test_a_refused_key_gets_the_challenge_that_the_standard_requires(
    refusal: Unauthorized, challenge: str, fails: Fails
) -> None:
    """RFC 6750, section 3.1: the challenge for a request without credentials has no error code."""
    reply = fails(refusal)(CREATE)

    assert_plain(reply, 401, str(refusal))
    assert reply.headers["www-authenticate"] == challenge


@pytest.mark.parametrize(
    "error", [SignalingError("no"), StorageUnavailable("no"), RuntimeError("no"), OutOfTime()], ids=name_of
)
def test_a_deadline_limits_each_request_and_ends_with_it(error: BaseException) -> None:
    seen: list[object] = []

    @contextmanager
    def deadline(seconds: int) -> Iterator[None]:
        seen.append(seconds)
        try:
            yield
        finally:
            seen.append("ended")

    def get_services() -> Services:
        seen.append("asked for")
        raise error

    over_handler(create_app(get_services, max_wait_seconds=2.5, deadline=deadline))(CREATE)

    assert seen == [2 + REQUEST_SECONDS, "asked for", "ended"]


def test_the_app_leaves_log_handlers_to_the_runtime() -> None:
    app = app_that_raises(RuntimeError())

    assert app.app_name == app.log.name == "peerpost"
    assert app.log.handlers == []


def context(milliseconds: int) -> SimpleNamespace:
    """Return a Lambda context with this much time left for the request."""
    return SimpleNamespace(get_remaining_time_in_millis=lambda: milliseconds)


def test_a_reply_is_never_held_past_the_functions_time_limit() -> None:
    assert longest_wait_of(context(60_000), MAX_WAIT_SECONDS) == MAX_WAIT_SECONDS
    assert longest_wait_of(context((REQUEST_SECONDS + 2) * 1000), MAX_WAIT_SECONDS) == 2
    assert longest_wait_of(context(REQUEST_SECONDS * 1000 - 1), MAX_WAIT_SECONDS) == 0


@pytest.mark.parametrize("allowed", [0, 2.5])
def test_the_operator_can_limit_the_wait(allowed: float) -> None:
    assert longest_wait_of(context(60_000), allowed) == allowed
    assert longest_wait_of(None, allowed) == allowed


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("", None),
        ("Bearer", None),
        ("Bearer ", None),
        ("a-key", None),
        ("Basic a-key", None),
        ("Bearer,a-key", None),
        ("Bearer a-key", "a-key"),
        ("bearer a-key", "a-key"),
        ("BEARER   a-key ", "a-key"),
        (" Bearer a-key", "a-key"),
        ("Bearer a-key a-key", "a-key a-key"),
        ("Bearer \ud800", "\ud800"),
    ],
    ids=name_of,
)
def test_the_authorization_header_is_parsed_as_the_standard_says(header: str, token: str | None) -> None:
    """RFC 9110, section 11.1: the scheme is case-insensitive. RFC 6750, section 2.1: the token follows it."""
    assert bearer_token(header) == token
