"""Access keys on the wire: opening a channel needs one, and a refused client learns nothing more."""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from chalicelib.access_keys import AccessKeys
from chalicelib.channels import Channels
from chalicelib.deadline import OutOfTime
from chalicelib.errors import ParameterUnavailable, Unauthorized
from chalicelib.function_url import lambda_handler
from chalicelib.handlers import Services, handle
from harness.contract import (
    NEEDED,
    NOBODYS_ID,
    assert_accepted,
    assert_common,
    assert_refused,
    assert_unavailable,
    whole,
)
from harness.log_lines import listening, words
from harness.naming import name_of
from harness.runtime import function_url, lambda_function
from harness.service import Service, app_over, every_way
from harness.ssm import KEY, OTHER_KEY, bearer, digest
from harness.transports import JSON, Post, Reply, over_function_url, over_handler

CREATE = {"method": "create_data_channel"}
MISSING = ("access key is missing", "Bearer")
UNKNOWN = ("access key is unknown", 'Bearer error="invalid_token"')
WITH_A_CHANNEL = [method for method in NEEDED if method != "create_data_channel"]


@pytest.fixture
def service() -> Service:
    return Service(access_keys=(KEY, OTHER_KEY))


def assert_unauthorized(reply: Reply, message: str, challenge: str) -> None:
    assert (reply.status, reply.body) == (401, message)
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"
    assert reply.headers["www-authenticate"] == challenge
    assert_common(reply)


@every_way
def test_opening_a_channel_needs_a_key_and_using_it_needs_none(post: Post) -> None:
    assert_unauthorized(post(CREATE), *MISSING)
    assert_unauthorized(post(CREATE, bearer("no key of ours")), *UNKNOWN)
    assert_unauthorized(post({"method": "get_ice_servers"}), *MISSING)
    assert_unauthorized(post({"method": "get_ice_servers"}, bearer(digest(KEY))), *UNKNOWN)

    opened = [post(CREATE, bearer(key)) for key in (KEY, OTHER_KEY)]

    assert [reply.status for reply in opened] == [200, 200]
    assert_accepted(post({"method": "get_ice_servers"}, bearer(KEY)), {"ice_servers": []})
    channel_id = opened[0].json()["channel_id"]
    methods = [method for method, needs in NEEDED.items() if needs and method != "delete_data_channel"]
    replies = {method: post(whole(method, channel_id)) for method in [*sorted(methods), "delete_data_channel"]}
    assert {method: reply.status for method, reply in replies.items()} == dict.fromkeys(replies, 200)
    assert set(replies) == set(WITH_A_CHANNEL)


def test_a_request_without_headers_is_refused(served: Channels) -> None:
    server = Services(served, AccessKeys(lambda: digest(KEY)))

    with pytest.raises(Unauthorized, match="^access key is missing$"):
        handle(json.dumps(CREATE).encode(), server)


@pytest.mark.parametrize("method", WITH_A_CHANNEL)
def test_if_the_channel_id_is_missing_only_get_ice_servers_asks_for_a_key(method: str, post: Post) -> None:
    reply = post({"method": method})

    assert reply.status == (401 if method == "get_ice_servers" else 400)


@pytest.mark.parametrize("method", WITH_A_CHANNEL)
def test_a_request_that_names_a_channel_needs_no_key_even_if_the_channel_does_not_exist(
    method: str, post: Post
) -> None:
    reply = post(whole(method, NOBODYS_ID), bearer("no key of ours"))

    if method == "delete_data_channel":
        assert_accepted(reply, {})
    else:
        assert_refused(reply, "no such channel")


@pytest.mark.parametrize(
    "request_", [CREATE | {"channel_id": NOBODYS_ID}, CREATE | {"channel_id": None}, CREATE | {"access_key": KEY}]
)
def test_a_field_of_the_request_cannot_replace_the_key(request_: dict[str, object], post: Post) -> None:
    assert_unauthorized(post(request_), *MISSING)


@pytest.mark.parametrize(
    ("authorization", "expected"),
    [
        (None, MISSING),
        ("", MISSING),
        (f"Basic {KEY}", MISSING),
        (f"Bearer {KEY}x", UNKNOWN),
        ("Bearer \ud800", UNKNOWN),
        ("Bearer " + "x" * 100_000, UNKNOWN),
        (f"Bearer {KEY}", None),
        (f"BEARER   {KEY} ", None),
    ],
    ids=name_of,
)
def test_the_key_is_read_from_the_authorization_header(
    authorization: str | None, expected: tuple[str, str] | None, post: Post
) -> None:
    reply = post(CREATE, JSON if authorization is None else JSON | {"authorization": authorization})

    if expected:
        assert_unauthorized(reply, *expected)
    else:
        assert reply.status == 200


def test_the_key_is_checked_before_any_field(post: Post) -> None:
    bad: dict[str, object] = {"offer": 1, "candidates": "a", "wait": -1, "ice_servers": "yes"}

    assert_unauthorized(post(CREATE | bad), *MISSING)
    assert_unauthorized(post(CREATE | bad, bearer("no key")), *UNKNOWN)
    assert post(CREATE | bad, bearer(KEY)).status == 400


def test_a_request_without_a_valid_key_stores_nothing(real_client: Any, real_table: str, post: Post) -> None:
    post(CREATE | {"offer": "an offer"})
    post(CREATE | {"offer": "an offer"}, bearer("no key of ours"))

    assert real_client.scan(TableName=real_table)["Items"] == []


def test_a_refused_request_is_logged_without_its_key(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    with listening() as lines, caplog.at_level(logging.DEBUG):
        post(CREATE)
        post(CREATE, bearer("no-key-of-ours"))
        post(CREATE, bearer(KEY))

    assert [words(line) for line in lines] == [
        ("create_data_channel", 401, "access key is missing", 0),
        ("create_data_channel", 401, "access key is unknown", 0),
        ("create_data_channel", 200, "done", 1),
    ]
    for secret in ("no-key-of-ours", KEY, digest(KEY)):
        assert secret not in caplog.text + str(lines)


def test_invalid_digests_in_the_parameter_are_a_503_and_the_log_explains_it_without_the_value(
    served: Channels, caplog: pytest.LogCaptureFixture
) -> None:
    value = f"{digest(KEY)},{KEY}"
    post = over_handler(app_over(served, access_keys=AccessKeys(lambda: value)))

    assert_unavailable(post(CREATE, bearer(KEY)))

    assert {record.getMessage() for record in caplog.records} == {"SSM: the access keys are not SHA-256 digests in hex"}
    assert KEY not in caplog.text


@pytest.mark.parametrize("trouble", [ParameterUnavailable("ThrottlingException"), OutOfTime()], ids=name_of)
def test_unreadable_keys_are_a_503_but_open_channels_keep_working(trouble: BaseException, served: Channels) -> None:
    def unavailable() -> str:
        raise trouble

    channel_id = served.create()
    post = over_handler(app_over(served, access_keys=AccessKeys(unavailable)))

    assert_unavailable(post(CREATE, bearer(KEY)))
    assert_accepted(post(whole("create_offer", channel_id)), {})


def test_chalice_local_lets_pages_of_other_origins_send_the_key(local_url: str) -> None:
    asked: Mapping[str, str] = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }

    preflight = httpx.options(local_url, headers=asked)

    allowed = {name.strip().lower() for name in preflight.headers["access-control-allow-headers"].split(",")}
    assert preflight.status_code == 200
    assert {"authorization", "content-type"} <= allowed


def test_a_function_url_renames_the_challenge_header(service: Service, served: Channels) -> None:
    """Clients therefore cannot rely on this header, only on the status."""
    with function_url(lambda_handler(service.app(served))) as url:
        reply = httpx.post(url, json=CREATE)

    assert (reply.status_code, reply.text) == (401, "access key is missing")
    assert "www-authenticate" not in reply.headers
    assert reply.headers["x-amzn-remapped-www-authenticate"] == "Bearer"


@pytest.mark.runtime
def test_a_function_without_its_keys_parameter_runs_but_opens_no_channel(
    service: Service, ssm: str, task_root: Path, endpoint: str, real_table: str, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    environment = service.environment(ssm) | {"ACCESS_KEYS_PARAMETER": "/no/such"}

    with lambda_function(task_root, endpoint, real_table, log, 1, environment) as invoke:
        post = over_function_url(invoke)
        replies = [post(CREATE, bearer(KEY)), post(CREATE, bearer(KEY))]
        missing = post(whole("get_offer", NOBODYS_ID))

    for reply in replies:
        assert_unavailable(reply)
    assert_refused(missing, "no such channel")
    assert '"SSM: ' in log.read_text()
    assert KEY not in log.read_text()
