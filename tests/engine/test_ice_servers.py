"""ICE servers on the wire: which clients get them, and in which replies."""

import base64
import hashlib
import hmac
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from chalicelib.channels import Channels
from chalicelib.errors import ParameterUnavailable
from chalicelib.ice_servers import IceServers
from chalicelib.limits import CHANNEL_TTL_SECONDS
from harness.clock import Clock
from harness.contract import NOBODYS_ID, assert_accepted, assert_refused, assert_unavailable
from harness.naming import name_of
from harness.runtime import lambda_function
from harness.service import Service, app_over, every_way
from harness.ssm import KEY, SECRET, bearer
from harness.transports import Post, over_function_url, over_handler

STUN = "stun:stun.example.org"
TURN = ("turn:turn.example.org:3478?transport=udp", "turns:turn.example.org:443?transport=tcp")
CREATE = {"method": "create_data_channel"}


@pytest.fixture
def service() -> Service:
    # The most verbose log level that an operator can set.
    return Service(stun_urls=(STUN,), turn_urls=TURN, variables={"AWS_LAMBDA_LOG_LEVEL": "TRACE"})


def assert_servers(servers: list[dict[str, Any]]) -> None:
    """Check the credentials as coturn does with `use-auth-secret`: the password is the HMAC of the username."""
    stun, turn = servers
    assert stun == {"urls": [STUN]}
    assert turn.keys() == {"urls", "username", "credential"}
    assert turn["urls"] == list(TURN)
    expiry, _, name = turn["username"].partition(":")
    assert int(expiry) > 1_700_000_000
    assert len(name) == 16
    signature = hmac.new(SECRET.encode(), turn["username"].encode(), hashlib.sha1).digest()
    assert turn["credential"] == base64.b64encode(signature).decode()


@every_way
def test_peers_of_a_channel_get_ice_servers_alone_or_with_another_reply(post: Post) -> None:
    opened = post(CREATE | {"offer": "an offer", "ice_servers": True}).json()
    channel = {"channel_id": opened["channel_id"]}
    offer = post({"method": "get_offer", "ice_servers": True, "since": 0, **channel}).json()
    given = [
        opened.pop("ice_servers"),
        offer.pop("ice_servers"),
        post({"method": "get_ice_servers", **channel}).json()["ice_servers"],
    ]

    for servers in given:
        assert_servers(servers)
    assert len({servers[1]["username"] for servers in given}) == len(given)
    assert (opened, offer) == (channel, {"offer": "an offer", "items": [], "next": 0})


@every_way
def test_a_request_that_does_not_ask_for_ice_servers_gets_none(post: Post) -> None:
    for asked in ({}, {"ice_servers": False}):
        opened = post(CREATE | {"offer": "an offer"} | asked).json()
        assert opened.keys() == {"channel_id"}
        assert_accepted(post({"method": "get_offer", **opened, **asked}), {"offer": "an offer"})


def test_a_request_for_ice_servers_gets_none_if_none_are_configured(served: Channels) -> None:
    post = over_handler(app_over(served))

    opened = post(CREATE | {"offer": "an offer", "ice_servers": True}).json()

    assert opened.keys() == {"channel_id"}
    assert_accepted(post({"method": "get_offer", "ice_servers": True, **opened}), {"offer": "an offer"})
    assert_accepted(post({"method": "get_ice_servers", **opened}), {"ice_servers": []})


def test_getting_ice_servers_needs_a_live_channel(post: Post, served: Channels, clock: Clock) -> None:
    channel = {"channel_id": served.create("an offer")}
    requests: list[dict[str, object]] = [
        {"method": "get_ice_servers"},
        {"method": "get_offer", "ice_servers": True},
    ]
    assert all("credential" in post(request | channel).body for request in requests)

    clock.seconds += CHANNEL_TTL_SECONDS

    for request in requests:
        assert_refused(post(request | channel), "no such channel")
        assert_refused(post(request | {"channel_id": NOBODYS_ID}), "no such channel")
        assert_refused(post(request), "channel_id is missing")
        assert_refused(post(request | {"channel_id": None}), "channel_id must be a string")


def test_get_offer_without_an_offer_returns_no_ice_servers(post: Post, served: Channels) -> None:
    request = {"method": "get_offer", "channel_id": served.create(), "ice_servers": True}

    assert_refused(post(request), "no offer yet")


@pytest.mark.parametrize("method", ["create_data_channel", "get_offer"])
@pytest.mark.parametrize("value", [None, 0, 1, "true", "", [], [True], {}], ids=name_of)
def test_an_ice_servers_field_that_is_not_a_boolean_is_refused(
    method: str, value: object, post: Post, served: Channels
) -> None:
    request = {"method": method, "channel_id": served.create("an offer"), "ice_servers": value}

    for each in (post, over_handler(app_over(served))):
        assert_refused(each(request), "ice_servers must be true or false")


@pytest.mark.parametrize("method", ["get_answer", "get_candidates"])
def test_other_methods_ignore_the_ice_servers_field(method: str, post: Post, served: Channels) -> None:
    channel_id = served.create()
    served.set_answer(channel_id, "an answer")

    for value in (True, "any"):
        reply = post({"method": method, "channel_id": channel_id, "ice_servers": value})

        assert reply.status == 200
        assert "ice_servers" not in reply.json()


def test_an_unreadable_turn_secret_is_a_503_and_creates_no_channel(
    real_client: Any, real_table: str, served: Channels
) -> None:
    def unavailable() -> str:
        raise ParameterUnavailable("ThrottlingException")

    post = over_handler(app_over(served, ice_servers=IceServers([STUN], TURN, unavailable)))

    assert_unavailable(post(CREATE | {"ice_servers": True}))
    assert real_client.scan(TableName=real_table)["Items"] == []
    channel = {"channel_id": served.create("an offer")}
    assert_unavailable(post({"method": "get_ice_servers", **channel}))
    assert_unavailable(post({"method": "get_offer", "ice_servers": True, **channel}))
    assert_accepted(post({"method": "get_offer", **channel}), {"offer": "an offer"})


def test_the_turn_secret_is_in_no_reply_and_no_log(
    post: Post, served: Channels, caplog: pytest.LogCaptureFixture
) -> None:
    channel = {"channel_id": served.create("an offer")}

    with caplog.at_level(logging.DEBUG):
        replies = [
            post(CREATE | {"ice_servers": True}),
            post({"method": "get_offer", "ice_servers": True, **channel}),
            post({"method": "get_ice_servers", **channel}),
        ]

    said = json.dumps([[reply.body, dict(reply.headers)] for reply in replies]) + caplog.text
    credentials = [server["credential"] for reply in replies for server in reply.json()["ice_servers"][1:]]
    assert len(credentials) == 3
    assert SECRET not in said
    assert not any(credential in caplog.text for credential in credentials)


@pytest.mark.runtime
@pytest.mark.parametrize("urls", [{"TURN_URLS": ""}, {"TURN_URLS": "", "STUN_URLS": " , "}], ids=name_of)
def test_a_function_without_turn_does_not_read_a_secret(
    urls: dict[str, str], ssm: str, task_root: Path, endpoint: str, real_table: str, tmp_path: Path
) -> None:
    service = Service(access_keys=(KEY,), stun_urls=(STUN,), turn_urls=TURN)
    environment = service.environment(ssm) | {"TURN_SECRET_PARAMETER": "/no/such"} | urls

    with lambda_function(task_root, endpoint, real_table, tmp_path / "log", 1, environment) as invoke:
        reply = over_function_url(invoke)({"method": "get_ice_servers"}, bearer(KEY))

    assert_accepted(reply, {"ice_servers": [{"urls": [STUN]}] if "STUN_URLS" not in urls else []})
    assert "SSM: " not in (tmp_path / "log").read_text()
