"""ICE servers: who is told of them, and that the credentials are the convention's."""

import base64
import hashlib
import hmac
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app import create_app
from chalicelib.access_keys import AccessKeys
from chalicelib.channels import Channels
from chalicelib.errors import ParameterUnavailable
from chalicelib.ice_servers import IceServers
from chalicelib.limits import CHANNEL_TTL_SECONDS, TURN_TTL_SECONDS
from harness.clock import Clock
from harness.contract import NOBODYS_ID, assert_accepted, assert_refused, assert_unavailable
from harness.engines import ANY_ACCOUNT
from harness.naming import name_of
from harness.runtime import lambda_function
from harness.ssm import KEY, KEYS_NAME, SECRET, SECRET_NAME, bearer, digest, put, ssm_server
from harness.transports import Post, chalice_local, over_function_url, over_handler, over_http, over_test_client

STUN = ["stun:stun.example.org"]
TURN = ["turn:turn.example.org:3478?transport=udp", "turns:turn.example.org:443?transport=tcp"]
CREATE = {"method": "create_data_channel"}
NO_SERVERS = IceServers([], [])


@pytest.fixture(scope="module")
def configured() -> Iterator[dict[str, str]]:
    with ssm_server() as endpoint:
        put(endpoint, SECRET_NAME, SECRET)
        put(endpoint, KEYS_NAME, digest(KEY))
        yield {
            "AWS_ENDPOINT_URL_SSM": endpoint,
            "AWS_LAMBDA_LOG_LEVEL": "TRACE",  # The most that an operator could have it log.
            "ACCESS_KEYS_PARAMETER": KEYS_NAME,
            "TURN_SECRET_PARAMETER": SECRET_NAME,
            "TURN_URLS": f"{TURN[0]},{TURN[1]}",
            "STUN_URLS": f"{STUN[0]}\n",
        }


def whole_server() -> IceServers:
    return IceServers(STUN, TURN, lambda: SECRET)


@pytest.fixture(params=["test client", "function URL", "chalice local", "Lambda runtime"])
def post(
    request: pytest.FixtureRequest, configured: dict[str, str], endpoint: str, real_table: str, tmp_path: Path
) -> Iterator[Post]:
    """One request to a server with keys and ICE servers, on each of the ways that lead there."""
    if request.param == "Lambda runtime":
        task_root = request.getfixturevalue("task_root")
        with lambda_function(task_root, endpoint, real_table, tmp_path / "log", 1, configured) as invoke:
            yield over_function_url(invoke)
        assert SECRET not in (tmp_path / "log").read_text()
    elif request.param == "chalice local":
        with chalice_local(ANY_ACCOUNT | configured) as url, httpx.Client(base_url=url) as client:
            yield over_http(client)
    else:
        channels = Channels(request.getfixturevalue("real_client"), real_table)
        keys = AccessKeys(lambda: digest(KEY))
        app = create_app(lambda: channels, access_keys=keys, ice_servers=whole_server())
        yield over_test_client(app) if request.param == "test client" else over_handler(app)


@pytest.fixture
def serve(channels: Channels) -> Callable[..., Post]:
    return lambda ice_servers, **features: over_handler(
        create_app(lambda: channels, ice_servers=ice_servers, **features)
    )


def assert_servers(servers: list[dict[str, Any]]) -> None:
    """What coturn does with `use-auth-secret`: the password of a user is the signature of its name."""
    stun, turn = servers
    assert stun == {"urls": STUN}
    assert turn.keys() == {"urls", "username", "credential"}
    assert turn["urls"] == TURN
    expiry, _, name = turn["username"].partition(":")
    assert int(expiry) > 1_700_000_000
    assert len(name) == 16
    assert turn["credential"] == signature(turn["username"])


def signature(username: str) -> str:
    return base64.b64encode(hmac.new(SECRET.encode(), username.encode(), hashlib.sha1).digest()).decode()


def test_peers_are_told_by_channel_by_key_and_along_with_what_they_ask_for(post: Post) -> None:
    ridden = post(CREATE | {"offer": "an offer", "ice_servers": True}, bearer(KEY)).json()
    channel = {"channel_id": ridden["channel_id"]}
    offer = post({"method": "get_offer", "ice_servers": True, "since": 0, **channel}).json()
    told = [
        ridden.pop("ice_servers"),
        offer.pop("ice_servers"),
        post({"method": "get_ice_servers", **channel}).json()["ice_servers"],
        post({"method": "get_ice_servers"}, bearer(KEY)).json()["ice_servers"],
    ]

    for servers in told:
        assert_servers(servers)
    assert len({servers[1]["username"] for servers in told}) == len(told)
    assert (ridden, offer) == (channel, {"offer": "an offer", "items": [], "next": 0})


def test_who_does_not_ask_gets_the_plain_reply(post: Post) -> None:
    for asked in ({}, {"ice_servers": False}):
        opened = post(CREATE | {"offer": "an offer"} | asked, bearer(KEY)).json()
        assert opened.keys() == {"channel_id"}
        assert_accepted(post({"method": "get_offer", **opened, **asked}), {"offer": "an offer"})


def test_who_always_asks_gets_the_plain_reply_where_there_are_none(serve: Callable[..., Post]) -> None:
    post = serve(NO_SERVERS)

    opened = post(CREATE | {"offer": "an offer", "ice_servers": True}).json()

    assert opened.keys() == {"channel_id"}
    assert_accepted(post({"method": "get_offer", "ice_servers": True, **opened}), {"offer": "an offer"})
    assert_accepted(post({"method": "get_ice_servers", **opened}), {"ice_servers": []})


@pytest.mark.parametrize("stun", [[], STUN])
@pytest.mark.parametrize("turn", [[], TURN])
def test_either_kind_goes_alone(stun: list[str], turn: list[str]) -> None:
    servers = IceServers(stun, turn, lambda: SECRET).current()

    assert [server["urls"] for server in servers] == [urls for urls in (stun, turn) if urls]
    assert ["credential" in server for server in servers] == [urls is turn for urls in (stun, turn) if urls]


def test_nobody_is_told_of_servers_without_a_live_channel(channels: Channels, clock: Clock) -> None:
    post = over_handler(create_app(lambda: channels, ice_servers=whole_server()))
    channel = {"channel_id": channels.create("an offer")}
    ways: list[dict[str, object]] = [{"method": "get_ice_servers"}, {"method": "get_offer", "ice_servers": True}]
    assert all("credential" in post(way | channel).body for way in ways)

    clock.seconds += CHANNEL_TTL_SECONDS

    for way in ways:
        assert_refused(post(way | channel), "no such channel")
        assert_refused(post(way | {"channel_id": NOBODYS_ID}), "no such channel")
        assert_refused(post(way), "channel_id is missing")
        assert_refused(post(way | {"channel_id": None}), "channel_id must be a string")


def test_without_an_offer_there_is_nothing_to_ride_along_with(serve: Callable[..., Post], channels: Channels) -> None:
    request = {"method": "get_offer", "channel_id": channels.create(), "ice_servers": True}

    assert_refused(serve(whole_server())(request), "no offer yet")


@pytest.mark.parametrize("method", ["create_data_channel", "get_offer"])
@pytest.mark.parametrize("value", [None, 0, 1, "true", "", [], [True], {}], ids=name_of)
def test_what_is_no_boolean_is_refused(
    method: str, value: object, serve: Callable[..., Post], channels: Channels
) -> None:
    request = {"method": method, "channel_id": channels.create("an offer"), "ice_servers": value}

    for servers in (NO_SERVERS, whole_server()):
        assert_refused(serve(servers)(request), "ice_servers must be true or false")


@pytest.mark.parametrize("method", ["get_answer", "get_candidates"])
def test_other_methods_do_not_know_the_field(method: str, serve: Callable[..., Post], channels: Channels) -> None:
    channel_id = channels.create()
    channels.set_answer(channel_id, "an answer")

    for value in (True, "any"):
        reply = serve(whole_server())({"method": method, "channel_id": channel_id, "ice_servers": value})

        assert reply.status == 200
        assert "ice_servers" not in reply.json()


def test_credentials_end_in_time_and_are_new_for_each_who_asks(clock: Clock) -> None:
    servers = IceServers([], TURN, lambda: f"{SECRET}\n", clock)

    [first], [second] = servers.current(), servers.current()

    for server in (first, second):
        username = str(server["username"])
        assert username.startswith(f"{int(clock.seconds) + TURN_TTL_SECONDS}:")
        assert server["credential"] == signature(username)
    assert first["username"] != second["username"]


def test_a_secret_that_is_empty_signs_nothing() -> None:
    with pytest.raises(ParameterUnavailable, match="^the TURN secret is empty$"):
        IceServers([], TURN, lambda: " \n").current()


def test_a_secret_that_cannot_be_read_is_our_fault_and_leaves_no_channel(real_client: Any, real_table: str) -> None:
    def unavailable() -> str:
        raise ParameterUnavailable("ThrottlingException")

    channels = Channels(real_client, real_table)
    post = over_handler(create_app(lambda: channels, ice_servers=IceServers(STUN, TURN, unavailable)))

    assert_unavailable(post(CREATE | {"ice_servers": True}))
    assert real_client.scan(TableName=real_table)["Items"] == []
    channel = {"channel_id": channels.create("an offer")}
    assert_unavailable(post({"method": "get_ice_servers", **channel}))
    assert_unavailable(post({"method": "get_offer", "ice_servers": True, **channel}))
    assert_accepted(post({"method": "get_offer", **channel}), {"offer": "an offer"})


def test_the_secret_is_in_no_reply_and_in_no_log(
    serve: Callable[..., Post], channels: Channels, caplog: pytest.LogCaptureFixture
) -> None:
    channel = {"channel_id": channels.create("an offer")}
    post = serve(whole_server())

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


@pytest.mark.parametrize("urls", [{"TURN_URLS": ""}, {"TURN_URLS": "", "STUN_URLS": " , "}])
def test_a_function_without_turn_asks_for_no_secret(
    urls: dict[str, str], configured: dict[str, str], task_root: Path, endpoint: str, real_table: str, tmp_path: Path
) -> None:
    nowhere = {"TURN_SECRET_PARAMETER": "/no/such"}

    with lambda_function(task_root, endpoint, real_table, tmp_path / "log", 1, configured | nowhere | urls) as invoke:
        reply = over_function_url(invoke)({"method": "get_ice_servers"}, bearer(KEY))

    assert_accepted(reply, {"ice_servers": [{"urls": STUN}] if "STUN_URLS" not in urls else []})
    assert "SSM: " not in (tmp_path / "log").read_text()
