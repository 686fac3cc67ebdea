"""The wire: each call is one request, and each kind of failure has its error class."""

import asyncio
import errno
import os
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, NoReturn

import httpx
import pytest

from doubles import ACCESS_KEY, CHANNEL_ID, STUN, TURN, URL, Script, ok, refused, unauthorized
from peerpost import (
    AccessKeyError,
    Candidates,
    Description,
    NetworkError,
    NewChannel,
    RefusalError,
    ServerError,
    SignalingClient,
)
from peerpost.client import retry_after_of
from peerpost.ice_servers import ice_servers_from

Call = Callable[[SignalingClient], Awaitable[Any]]

OWNER = "a-secret-of-the-hosts"  # pragma: allowlist secret
ICE_SERVERS = ice_servers_from([STUN, TURN])
METHODS: list[tuple[Call, dict[str, Any], dict[str, Any], Any]] = [
    (lambda c: c.create_data_channel(), {"method": "create_data_channel"}, {"channel_id": CHANNEL_ID}, CHANNEL_ID),
    (
        lambda c: c.create_data_channel(offer="o", candidates=["a"]),
        {"method": "create_data_channel", "offer": "o", "candidates": ["a"]},
        {"channel_id": CHANNEL_ID},
        CHANNEL_ID,
    ),
    (lambda c: c.create_offer("id", "o"), {"method": "create_offer", "channel_id": "id", "offer": "o"}, {}, None),
    (
        lambda c: c.create_offer("id", "o", candidates=()),
        {"method": "create_offer", "channel_id": "id", "offer": "o", "candidates": []},
        {},
        None,
    ),
    (
        lambda c: c.get_offer("id"),
        {"method": "get_offer", "channel_id": "id"},
        {"offer": "o"},
        Description("o"),
    ),
    (
        lambda c: c.get_offer("id", since=0, wait=5),
        {"method": "get_offer", "channel_id": "id", "since": 0, "wait": 5},
        {"offer": "o", "items": ["a"], "next": 1},
        Description("o", ("a",), 1),
    ),
    (
        lambda c: c.create_answer("id", "a", candidates=["x", "y"]),
        {"method": "create_answer", "channel_id": "id", "answer": "a", "candidates": ["x", "y"]},
        {},
        None,
    ),
    (
        lambda c: c.get_answer("id", since=2),
        {"method": "get_answer", "channel_id": "id", "since": 2},
        {"answer": "a", "items": [], "next": 2},
        Description("a", (), 2),
    ),
    (
        lambda c: c.create_candidate("id", "x"),
        {"method": "create_candidate", "channel_id": "id", "candidate": "x"},
        {},
        None,
    ),
    (
        lambda c: c.create_candidate("id", candidates=["x", "y"]),
        {"method": "create_candidate", "channel_id": "id", "candidates": ["x", "y"]},
        {},
        None,
    ),
    (
        lambda c: c.get_candidates("id"),
        {"method": "get_candidates", "channel_id": "id"},
        {"items": ["x"]},
        Candidates(("x",)),
    ),
    (
        lambda c: c.get_candidates("id", since=1, wait=0.5),
        {"method": "get_candidates", "channel_id": "id", "since": 1, "wait": 0.5},
        {"items": [], "next": 1},
        Candidates((), 1),
    ),
    (
        lambda c: c.create_data_channel(offer="o", ice_servers=True),
        {"method": "create_data_channel", "offer": "o", "ice_servers": True},
        {"channel_id": CHANNEL_ID, "ice_servers": [STUN, TURN]},
        NewChannel(CHANNEL_ID, ICE_SERVERS),
    ),
    (
        lambda c: c.create_data_channel(ice_servers=True),
        {"method": "create_data_channel", "ice_servers": True},
        {"channel_id": CHANNEL_ID},
        NewChannel(CHANNEL_ID),
    ),
    (
        lambda c: c.get_offer("id", since=0, ice_servers=True),
        {"method": "get_offer", "channel_id": "id", "since": 0, "ice_servers": True},
        {"offer": "o", "items": [], "next": 0, "ice_servers": [TURN]},
        Description("o", (), 0, ICE_SERVERS[1:]),
    ),
    (
        lambda c: c.get_offer("id", ice_servers=True),
        {"method": "get_offer", "channel_id": "id", "ice_servers": True},
        {"offer": "o"},
        Description("o"),
    ),
    (
        lambda c: c.get_ice_servers("id"),
        {"method": "get_ice_servers", "channel_id": "id"},
        {"ice_servers": [STUN, TURN]},
        list(ICE_SERVERS),
    ),
    (lambda c: c.get_ice_servers(), {"method": "get_ice_servers"}, {"ice_servers": []}, []),
    (lambda c: c.delete_data_channel("id"), {"method": "delete_data_channel", "channel_id": "id"}, {}, None),
    (
        lambda c: c.create_data_channel(ttl=86_400, owner=OWNER),
        {"method": "create_data_channel", "ttl": 86_400, "owner": OWNER},
        {"channel_id": CHANNEL_ID, "ttl": 3_600},
        NewChannel(CHANNEL_ID, ttl=3_600),
    ),
    (
        lambda c: c.create_data_channel(ttl=600),
        {"method": "create_data_channel", "ttl": 600},
        {"channel_id": CHANNEL_ID},
        NewChannel(CHANNEL_ID, ttl=None),
    ),
    (
        lambda c: c.create_data_channel(owner=OWNER),
        {"method": "create_data_channel", "owner": OWNER},
        {"channel_id": CHANNEL_ID},
        CHANNEL_ID,
    ),
    (
        lambda c: c.create_offer("id", "o", owner=OWNER),
        {"method": "create_offer", "channel_id": "id", "offer": "o", "owner": OWNER},
        {},
        None,
    ),
    (
        lambda c: c.create_answer("id", "a", owner=OWNER),
        {"method": "create_answer", "channel_id": "id", "answer": "a", "owner": OWNER},
        {},
        None,
    ),
    (
        lambda c: c.create_candidate("id", "x", owner=OWNER),
        {"method": "create_candidate", "channel_id": "id", "candidate": "x", "owner": OWNER},
        {},
        None,
    ),
    (
        lambda c: c.delete_data_channel("id", owner=OWNER),
        {"method": "delete_data_channel", "channel_id": "id", "owner": OWNER},
        {},
        None,
    ),
]


@pytest.mark.parametrize(("call", "request_body", "reply", "result"), METHODS)
def test_each_method_sends_one_request_and_returns_its_reply(
    call: Call, request_body: dict[str, Any], reply: dict[str, Any], result: object
) -> None:
    script = Script(ok(**reply))

    assert asyncio.run(run(call, script)) == result

    assert script.requests == [request_body]


async def run(call: Call, script: Script) -> object:
    return await call(script.client)


def test_a_400_raises_a_refusal_with_the_servers_message() -> None:
    script = Script(refused("no offer yet"))

    with pytest.raises(RefusalError, match="^no offer yet$"):
        asyncio.run(script.client.get_offer("id"))


WITH_ACCESS_KEY: list[Call] = [
    lambda c: c.create_data_channel(),
    lambda c: c.create_data_channel(offer="o", ice_servers=True),
    lambda c: c.get_ice_servers(),
]
WITHOUT_ACCESS_KEY = [call for call, request, *_ in METHODS if "channel_id" in request]


@pytest.mark.parametrize(
    ("calls", "authorization"), [(WITH_ACCESS_KEY, f"Bearer {ACCESS_KEY}"), (WITHOUT_ACCESS_KEY, None)]
)
def test_the_access_key_is_sent_only_with_the_requests_that_need_it(
    calls: list[Call], authorization: str | None
) -> None:
    everything = {"channel_id": CHANNEL_ID, "offer": "o", "answer": "a", "items": [], "ice_servers": []}

    for call in calls:
        script = Script(ok(**everything, next=0), access_key=ACCESS_KEY)
        asyncio.run(run(call, script))

        assert script.authorizations == [authorization]


def test_without_an_access_key_no_request_sends_one() -> None:
    script = Script(ok(channel_id=CHANNEL_ID))

    asyncio.run(script.client.create_data_channel())

    assert script.authorizations == [None]


@pytest.mark.parametrize(
    "access_key", ["", " ", "a b", "a\r\nHost: b", "a\n", "schl\u00fcssel", "=", "a=b", "\ud800", "\x00"]
)
def test_an_access_key_that_does_not_fit_in_a_header_is_an_error_that_hides_it(access_key: str) -> None:
    with pytest.raises(ValueError, match="^an access key may contain only letters, digits and .*, and may end with =$"):
        SignalingClient(URL, access_key=access_key)


@pytest.mark.parametrize("sentence", ["access key is missing", "access key is unknown"])
def test_a_401_raises_an_access_error(sentence: str) -> None:
    script = Script(unauthorized(sentence))

    with pytest.raises(AccessKeyError, match=f"^{sentence}$") as caught:
        asyncio.run(script.client.create_data_channel())

    assert isinstance(caught.value, RefusalError)


def test_printed_objects_show_no_access_key_and_no_credential() -> None:
    client = SignalingClient(URL, access_key=ACCESS_KEY)

    shown = repr(client) + repr(NewChannel(CHANNEL_ID, ICE_SERVERS)) + repr(Description("o", ice_servers=ICE_SERVERS))

    assert ACCESS_KEY not in shown
    assert "c2VjcmV0" not in shown


@pytest.mark.parametrize("status", [400, 401, 403, 500])
def test_an_owners_secret_that_a_server_repeats_is_in_no_error(status: int) -> None:
    script = Script(httpx.Response(status, text=f"owner {OWNER} does not match"))

    with pytest.raises((RefusalError, ServerError), match=r"owner \[owner\] does not match$"):
        asyncio.run(script.client.create_offer("id", "o", owner=OWNER))


@pytest.mark.parametrize("ttl", [0, -1, True, 1.5, "300", []])
def test_a_granted_lifetime_that_is_not_a_whole_number_from_1_is_a_server_error(ttl: object) -> None:
    script = Script(ok(channel_id=CHANNEL_ID, ttl=ttl))

    with pytest.raises(ServerError, match="not from a Peerpost server"):
        asyncio.run(script.client.create_data_channel(ttl=600))


def test_nothing_logs_the_access_key(server: str, caplog: pytest.LogCaptureFixture) -> None:
    async def open_channel() -> None:
        async with SignalingClient(server, access_key=ACCESS_KEY) as client:
            await client.create_data_channel()

    with caplog.at_level("DEBUG"):
        asyncio.run(open_channel())

    assert "httpcore" in {record.name.partition(".")[0] for record in caplog.records}
    assert ACCESS_KEY not in caplog.text


@pytest.mark.parametrize(
    ("status", "headers", "retry_after", "is_temporary"),
    [
        (429, {}, None, True),
        (429, {"Retry-After": "7"}, 7.0, True),
        (500, {}, None, True),
        (502, {}, None, True),
        (503, {"Retry-After": "1"}, 1.0, True),
        (503, {"Retry-After": "soon"}, None, True),
        (403, {}, None, False),
        (404, {}, None, False),
        (413, {}, None, False),
        (301, {"Location": "https://elsewhere.test/"}, None, False),
    ],
)
def test_any_other_status_is_a_server_error(
    status: int, headers: dict[str, str], retry_after: float | None, is_temporary: bool
) -> None:
    script = Script(httpx.Response(status, text="<h1>\nsorry", headers=headers))

    with pytest.raises(ServerError, match=f"{status}: <h1>$") as caught:
        asyncio.run(script.client.create_data_channel())

    assert (caught.value.status, caught.value.retry_after) == (status, retry_after)
    assert caught.value.is_temporary is is_temporary


@pytest.mark.parametrize("status", [301, 400, 401, 403, 429])
@pytest.mark.parametrize(
    "reply",
    [
        {"html": "<!DOCTYPE HTML>\n<p>Welcome"},
        {"json": {"message": "Missing Authentication Token"}},
        {"content": b"untyped"},
        {"text": " \n"},
    ],
)
def test_a_reply_without_a_message_of_our_server_is_a_server_error_that_gives_its_status(
    status: int, reply: dict[str, Any]
) -> None:
    script = Script(httpx.Response(status, **reply))

    with pytest.raises(ServerError, match=f"^https://signaling.test/ replied {status}$") as caught:
        asyncio.run(script.client.create_data_channel())

    assert caught.value.status == status


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("3", 3),
        ("0.5", 0.5),
        ("-1", 0),
        ("nan", None),
        ("inf", None),
        ("", None),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 90),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Thu, 99 Foo 1970", None),
    ],
)
def test_a_retry_after_can_be_seconds_or_a_date(value: str, seconds: float | None) -> None:
    reply = httpx.Response(503, headers={"Retry-After": value})

    found = retry_after_of(reply, now=10)

    assert found == seconds


def test_a_retry_after_with_a_date_that_the_system_cannot_convert_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    class DateOnWindows(datetime):
        def timestamp(self) -> NoReturn:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    monkeypatch.setattr("peerpost.client.parsedate_to_datetime", DateOnWindows.fromisoformat)
    reply = httpx.Response(503, headers={"Retry-After": "1969-12-31"})

    assert retry_after_of(reply) is None


@pytest.mark.parametrize(
    "error",
    [
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("too long"),
        httpx.ReadError(""),
        httpx.RemoteProtocolError("cut"),
    ],
)
def test_a_missing_reply_is_a_network_error(error: Exception) -> None:
    script = Script(error)

    with pytest.raises(NetworkError, match="^no reply from https://signaling.test/: ."):
        asyncio.run(script.client.create_data_channel())


NO_PORTS = [f"{scheme}://127.0.0.1:{port}/" for scheme in ("http", "https") for port in ("b", 99_999, 65_536, -1)]


@pytest.mark.parametrize("url", ["", "nonsense", "ftp://signaling.test/", *NO_PORTS, "http://xn--/"])
def test_an_invalid_url_is_a_network_error(url: str) -> None:
    async def call() -> None:
        async with SignalingClient(url) as client:
            await client.create_data_channel()

    with pytest.raises(NetworkError, match="is not the URL of a server") as caught:
        asyncio.run(call())

    assert not caught.value.is_temporary


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[" * 100_000,
        b"\xff",
        b"[]",
        b"{}",
        b'{"items": "x"}',
        b'{"items": [1]}',
        b'{"items": [], "next": -1}',
        b'{"items": [], "next": true}',
        b'{"items": [], "next": "1"}',
    ],
)
def test_a_reply_that_does_not_match_the_protocol_is_a_server_error(body: bytes) -> None:
    script = Script(httpx.Response(200, content=body))

    with pytest.raises(ServerError, match="not from a Peerpost server"):
        asyncio.run(script.client.get_candidates("id", since=0))


@pytest.mark.parametrize("channel_id", ["", "x", "\x1b[2J", f"{CHANNEL_ID}.key", f"{CHANNEL_ID}\n"])
def test_an_invalid_channel_id_in_a_reply_is_a_server_error(channel_id: str) -> None:
    """The id goes into links and is printed, so it must be valid."""
    script = Script(ok(channel_id=channel_id))

    with pytest.raises(ServerError, match="not from a Peerpost server"):
        asyncio.run(script.client.create_data_channel())


@pytest.mark.parametrize("status", [400, 500])
def test_messages_from_a_server_are_safe_to_print_in_a_terminal(status: int) -> None:
    script = Script(httpx.Response(status, text="\x1b[2J\x07no \u202eoffer\r\nyet"))

    with pytest.raises((RefusalError, ServerError), match=r" \[2J no  offer$"):
        asyncio.run(script.client.get_offer("id"))


def test_an_http_client_that_the_caller_passed_in_stays_open() -> None:
    http = httpx.AsyncClient()

    asyncio.run(SignalingClient(URL, http=http).aclose())

    assert not http.is_closed
