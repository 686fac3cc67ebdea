"""A hostile server and a hostile peer.

The client does not hang, loop or fill the memory, and raises only its own errors.
"""

import asyncio
import gzip
import json
import re
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from io import BytesIO
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from doubles import (
    ACCESS_KEY,
    CHANNEL_ID,
    TURN,
    Script,
    Time,
    answerer,
    offerer,
    ok,
    refused,
    run_at_once,
    unauthorized,
    unavailable,
)
from peerpost import (
    AccessKeyError,
    ChannelExpiredError,
    Description,
    InvalidDescriptionError,
    NetworkError,
    PeerLostError,
    PeerpostError,
    RefusalError,
    Sealer,
    ServerError,
    SignalingClient,
    TransferError,
    connect,
    new_key,
    transfer,
)
from peerpost.channel import Channel
from peerpost.exchange import close
from peerpost.limits import (
    CHANNEL_TTL_SECONDS,
    FIRST_POLL_SECONDS,
    HIGH_WATER_BYTES,
    MAX_BACKLOG_MESSAGES,
    MAX_CANDIDATES,
    MAX_FAILURES_AT_FIRST,
    MAX_FAILURES_BUSY,
    MAX_ICE_SERVERS,
    MAX_ICE_TEXT_BYTES,
    MAX_REPLY_BYTES,
)
from peerpost.remote import set_remote
from peerpost.sealing import CANDIDATE_OF
from peerpost.sources import File
from peerpost.transfer import receive_offer
from test_transfer import control, ignore, two_ends

SHORT_SECONDS = 0.3
MEGABYTE = 1_000_000
CHUNK = b"x" * 65_536
# A channel needs at most one request for each candidate, and the polls of 300 seconds. If news comes again and again,
# the pause before a poll stays the shortest one. More requests mean a loop.
MOST_REQUESTS = MAX_CANDIDATES + int(CHANNEL_TTL_SECONDS / FIRST_POLL_SECONDS)
BASE = {"channel_id": CHANNEL_ID, "offer": "an offer", "answer": "an answer"}

Reply = Callable[[asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server_that(replies: Reply) -> AsyncIterator[SignalingClient]:
    """A client of a server that reacts to each request with `replies`."""
    talking: set[asyncio.Task[Any]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talking.add(asyncio.current_task())  # type: ignore[arg-type]
        try:
            await reader.readuntil(b"\r\n\r\n")
            await replies(writer)
        except OSError:
            pass  # The client has closed the connection.
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        async with server, SignalingClient(f"http://127.0.0.1:{port}/") as client:
            yield client
    finally:
        for task in talking:
            task.cancel()
        await asyncio.gather(*talking, return_exceptions=True)


async def error_of(replies: Reply) -> PeerpostError:
    async with server_that(replies) as client:
        with pytest.raises(PeerpostError) as caught:
            await client.get_answer(CHANNEL_ID)
    return caught.value


class Flood:
    """A long or endless body, which counts how much of it was read."""

    def __init__(self, head: bytes, length: int | None = None) -> None:
        self.head, self.left, self.sent = head, length, 0

    async def __call__(self, writer: asyncio.StreamWriter) -> None:
        writer.write(self.head)
        while self.left is None or self.sent < self.left:
            writer.write(CHUNK)
            await writer.drain()
            self.sent += len(CHUNK)


@pytest.mark.parametrize(
    ("head", "length"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n", 100 * MEGABYTE),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", None),
        (b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 100000000\r\n\r\n", 100 * MEGABYTE),
    ],
    ids=["200 without an end", "200 of 100 MB", "400 without an end", "503 of 100 MB"],
)
def test_a_body_that_is_too_long_is_not_read_completely(head: bytes, length: int | None) -> None:
    flood = Flood(head, length)

    error = asyncio.run(error_of(flood))

    assert isinstance(error, ServerError)
    assert not error.is_temporary
    assert flood.sent < 5 * MAX_REPLY_BYTES  # The limit allows for data in the buffers of the sockets.


async def drip_body(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(SHORT_SECONDS / 10)


async def drip_headers(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X: y\r\n")
        await writer.drain()
        await asyncio.sleep(SHORT_SECONDS / 10)


async def drip_interim_replies(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(SHORT_SECONDS / 10)


async def say_nothing(_: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize("replies", [drip_body, drip_headers, drip_interim_replies, say_nothing])
def test_a_very_slow_reply_is_abandoned(replies: Reply, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("peerpost.client.REQUEST_SECONDS", SHORT_SECONDS)

    error = asyncio.run(error_of(replies))

    assert isinstance(error, NetworkError)


def test_endless_headers_are_not_read_forever() -> None:
    flood = Flood(b"HTTP/1.1 200 OK\r\nX: ")

    error = asyncio.run(error_of(flood))

    assert isinstance(error, NetworkError)
    assert flood.sent < 10 * MEGABYTE


def test_a_reply_that_decompresses_to_100_mb_is_not_decompressed() -> None:
    packed = gzip.compress(gzip.compress(bytes(100 * MEGABYTE), 1), 1)

    async def send_packed(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\n\r\n" + packed)
        await writer.drain()

    tracemalloc.start()
    error = asyncio.run(error_of(send_packed))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert isinstance(error, ServerError)
    assert peak < 20 * MEGABYTE


@pytest.mark.parametrize("status", [400, 401, 429, 503])
def test_an_error_with_a_compressed_body_keeps_its_status(status: int) -> None:
    """The body is not even valid. httpx would raise an error of its own if it read it."""

    async def send_compressed(writer: asyncio.StreamWriter) -> None:
        head = (
            f"HTTP/1.1 {status} Sorry\r\nContent-Type: text/plain\r\nContent-Encoding: gzip\r\nRetry-After: 7\r\n\r\n"
        )
        writer.write(head.encode() + b"sorry")
        await writer.drain()

    error = asyncio.run(error_of(send_compressed))

    assert isinstance(error, ServerError)
    assert (error.status, error.retry_after) == (status, 7)
    assert error.is_temporary is (status in (429, 503))


def test_a_redirect_is_not_followed() -> None:
    script = Script(httpx.Response(307, headers={"Location": "/"}))

    with pytest.raises(ServerError, match="307"):
        asyncio.run(script.client.create_data_channel(offer="secret"))

    assert len(script.requests) == 1


@pytest.mark.parametrize("location", ["/", "https://elsewhere.test/", "https://signaling.test:444/"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_an_access_key_does_not_follow_a_redirect(status: int, location: str) -> None:
    """This holds even if the HTTP client is set to follow redirects."""
    redirect = httpx.Response(status, headers={"Location": location})
    script = Script(redirect, access_key=ACCESS_KEY, follow_redirects=True)

    with pytest.raises(ServerError, match=str(status)):
        asyncio.run(script.client.create_data_channel())

    assert len(script.requests) == 1


@pytest.mark.parametrize("status", [302, 400, 401, 403, 500])
@pytest.mark.parametrize("before", [0, 195])
def test_an_access_key_that_a_server_repeats_is_in_no_error(status: int, before: int) -> None:
    """No part of the key appears either, even if a long message is cut in the middle of it."""
    reply = httpx.Response(status, text=" ." * before + f" Authorization: Bearer {ACCESS_KEY}")
    script = Script(reply, access_key=ACCESS_KEY)

    with pytest.raises(PeerpostError) as caught:
        asyncio.run(script.client.create_data_channel())

    assert ACCESS_KEY[:3] not in str(caught.value)


@pytest.mark.parametrize("role", ["offerer", "answerer"])
def test_a_request_with_a_refused_access_key_is_not_repeated(role: str) -> None:
    script = Script(unauthorized("access key is unknown"))

    with pytest.raises(AccessKeyError):
        asyncio.run(take_all((offerer if role == "offerer" else answerer)(script, Time())))

    assert len(script.requests) == 1


@pytest.mark.parametrize("charset", ["zlib", "hex", "idna", "undefined", "utf-7", "no such"])
@pytest.mark.parametrize("status", [200, 400, 500])
def test_an_unknown_charset_does_no_harm(charset: str, status: int) -> None:
    reply = httpx.Response(status, content=b"\xff{", headers={"Content-Type": f"text/plain; charset={charset}"})

    with pytest.raises((RefusalError, ServerError)):
        asyncio.run(Script(reply).client.get_answer(CHANNEL_ID))


NOT_OURS = {
    "HTML": b"<!doctype html><title>Welcome</title>",
    "nested": b"[" * 100_000,
    "a number of a million digits": b'{"next": %s}' % (b"9" * MEGABYTE),
    "next goes backwards": b'{"answer": "a", "items": [], "next": -1}',
    "next is 10^308": b'{"answer": "a", "items": [], "next": 1%s}' % (b"0" * 308),
    "next is infinite": b'{"answer": "a", "items": [], "next": 1e999}',
    "a million items": json.dumps({"answer": "a", "items": [""] * 1_000_000, "next": 1}).encode(),
    "items are a string": b'{"answer": "a", "items": "abc", "next": 3}',
    "an answer is a list": b'{"answer": ["a"]}',
}


@pytest.mark.parametrize("body", NOT_OURS.values(), ids=NOT_OURS)
def test_an_invalid_reply_is_an_error_at_once(body: bytes) -> None:
    script = Script(httpx.Response(200, content=body))

    with pytest.raises(ServerError, match="not from a Peerpost server") as caught:
        asyncio.run(script.client.get_answer(CHANNEL_ID, since=0))

    assert not caught.value.is_temporary


TOO_LONG = "a" * (MAX_ICE_TEXT_BYTES + 1)
NO_ICE_SERVERS: dict[str, object] = {
    "null": None,
    "a string": "stun:a.test",
    "an object": TURN,
    "a list of strings": ["stun:a.test"],
    "a list of lists": [[TURN]],
    "no urls": [{"username": "u", "credential": "c"}],
    "urls are numbers": [{"urls": [1]}],
    "urls are an object": [{"urls": {"stun:a.test": 1}}],
    "urls are nested": [{"urls": [["stun:a.test"]]}],
    "a million servers": [{}] * 1_000_000,
    "one server too many": [TURN] * (MAX_ICE_SERVERS + 1),
    "a million urls": [{"urls": [""] * 1_000_000}],
    "a long URL": [{"urls": f"stun:{TOO_LONG}"}],
    "a long user name": [TURN | {"username": TOO_LONG}],
    "a long credential": [TURN | {"credential": TOO_LONG}],
    "a credential that is a number": [TURN | {"credential": 1}],
    "half a surrogate pair": [TURN | {"username": "\ud800"}],
    "control characters": [TURN | {"credential": "\x1b[2J"}],
}
ASKING: list[Callable[[SignalingClient], Awaitable[object]]] = [
    lambda client: client.create_data_channel(ice_servers=True),
    lambda client: client.get_offer(CHANNEL_ID, ice_servers=True),
    lambda client: client.get_ice_servers(CHANNEL_ID),
]


@pytest.mark.parametrize("ask", ASKING, ids=["create_data_channel", "get_offer", "get_ice_servers"])
@pytest.mark.parametrize("ice_servers", NO_ICE_SERVERS.values(), ids=NO_ICE_SERVERS)
def test_invalid_ice_servers_are_an_error_at_once(
    ask: Callable[[SignalingClient], Awaitable[object]], ice_servers: object
) -> None:
    body = json.dumps(BASE | {"ice_servers": ice_servers}).encode()

    async def call() -> object:
        return await ask(Script(httpx.Response(200, content=body)).client)

    with pytest.raises(ServerError, match="not from a Peerpost server") as caught:
        asyncio.run(call())

    assert not caught.value.is_temporary


def test_ice_servers_that_were_not_requested_are_ignored() -> None:
    script = Script(ok(**BASE, ice_servers="nonsense"))

    created, found = asyncio.run(two_that_do_not_ask(script.client))

    assert created == CHANNEL_ID
    assert found.ice_servers == ()


async def two_that_do_not_ask(client: SignalingClient) -> tuple[str, Description]:
    return await client.create_data_channel(), await client.get_offer(CHANNEL_ID)


# For some of these, aiortc raises when it makes an offer.
# For others, it would look up any name in the DNS.
URLS_OF_NO_USE = [
    "",
    "stun:",
    "stun:a.test:",
    "stun:a.test:0",
    "stun:a.test:65536",
    f"stun:a.test:{'9' * 400}",
    "stun:a.test?transport=udp",
    "stun:[2001:db8::1]:3478",
    "stun:a b",
    "stun:\u0661.test",
    f"stun:{'a' * 254}",
    "stuns:a.test",
    "turn:a.test?transport=sctp",
    "turns:a.test?transport=udp",
    "turn:u:p@a.test",
    "TURN:a.test",
    "https://a.test/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "stunt:a.test",
]


@pytest.mark.parametrize("url", URLS_OF_NO_USE)
def test_ice_server_urls_that_aiortc_cannot_use_are_skipped_and_the_others_are_used(url: str) -> None:
    script = Script(ok(ice_servers=[TURN | {"urls": url}, TURN | {"urls": [url, *TURN["urls"]]}]))

    async def offer_with_them() -> list[str]:
        found = await script.client.get_ice_servers(CHANNEL_ID)
        peer = RTCPeerConnection(RTCConfiguration(found))
        peer.createDataChannel("x")  # aiortc reads the URLs here.
        await peer.close()
        return [url for server in found for url in server.urls]

    assert asyncio.run(offer_with_them()) == TURN["urls"]


ICE_URLS = st.text(max_size=12).map("turn:a".__add__) | st.sampled_from(URLS_OF_NO_USE) | st.text()
ICE_SERVERS = st.fixed_dictionaries(
    {}, optional={"urls": ICE_URLS | st.lists(ICE_URLS), "username": st.text(), "credential": st.text()}
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ice_servers=st.lists(ICE_SERVERS) | st.recursive(st.text() | st.integers(), st.lists))
def test_after_filtering_aiortc_accepts_any_ice_servers(ice_servers: object) -> None:
    body = json.dumps({"ice_servers": ice_servers}).encode()

    async def take() -> None:
        with suppress(ServerError):
            found = await Script(httpx.Response(200, content=body)).client.get_ice_servers(CHANNEL_ID)
            peer = RTCPeerConnection(RTCConfiguration(found))
            peer.createDataChannel("x")
            await peer.close()

    asyncio.run(take())


def test_closing_does_not_wait_for_a_turn_server_that_does_not_reply(caplog: pytest.LogCaptureFixture) -> None:
    """aioice would retry for a minute, with a TURN server that somebody else chose."""
    peer = SimpleNamespace(close=asyncio.Event().wait)

    run_at_once(close(cast("RTCPeerConnection", peer)))

    assert caplog.text == ""


def test_a_connection_is_closed_completely_although_nobody_waits_for_its_turn_server() -> None:
    """aiortc closes one transport after the other. If it was stopped, the sockets of the others would stay open."""

    async def run() -> None:
        relay_is_released, is_closed = asyncio.Event(), asyncio.Event()

        async def close_slowly() -> None:
            await relay_is_released.wait()
            is_closed.set()

        await close(cast("RTCPeerConnection", SimpleNamespace(close=close_slowly)))
        assert not is_closed.is_set()
        relay_is_released.set()
        await is_closed.wait()

    run_at_once(run())


def test_an_answerer_does_not_connect_with_invalid_ice_servers() -> None:
    script = Script(ok(offer="v=0", items=[], next=0, ice_servers=[1]))

    with pytest.raises(ServerError, match="not from a Peerpost server"):
        asyncio.run(connect(RTCPeerConnection, script.client, CHANNEL_ID))

    assert script.methods == ["get_offer"]


class Asked(Exception):
    """The client has sent more requests than any channel needs."""


async def take_all(channel: Channel) -> None:
    """Read everything from the channel, as `connect` does, until the channel ends."""
    if channel.role == "offerer":
        await channel.open("the offer")
        await channel.receive_answer()
    else:
        await channel.receive_offer()
        await channel.send_answer("the answer")
    while True:
        await channel.receive_candidate()


def take_all_from(reply: Callable[[dict[str, Any]], httpx.Response], role: str, key: bytes | None = None) -> Script:
    """Let a channel read from a server that always replies with `reply`, until the channel raises its own error.

    Fail if the channel never stops asking.
    """

    def say(request: dict[str, Any]) -> httpx.Response:
        if len(script.requests) > MOST_REQUESTS:
            raise Asked
        return reply(request)

    script, time = Script(say), Time()
    with pytest.raises(PeerpostError):
        asyncio.run(take_all((offerer if role == "offerer" else answerer)(script, time, key)))
    assert time.now <= 1_000 + CHANNEL_TTL_SECONDS + 1
    return script


ROLES = pytest.mark.parametrize("role", ["offerer", "answerer"])


@ROLES
def test_a_server_that_always_replies_not_yet_without_waiting_is_polled_less_and_less_often(role: str) -> None:
    def not_yet(request: dict[str, Any]) -> httpx.Response:
        replies = {"get_offer": refused("no offer yet"), "get_answer": refused("no answer yet")}
        return replies.get(request["method"], ok(channel_id=CHANNEL_ID, items=[], next=0))

    script = take_all_from(not_yet, role)

    # In the end, the client polls once a second. While both peers may be ready, it polls more often.
    assert len(script.requests) < CHANNEL_TTL_SECONDS


@ROLES
@pytest.mark.parametrize("retry_after", [None, "0", "1000000000", "-1", "1e308"])
def test_the_client_gives_up_on_a_server_that_stays_unavailable(role: str, retry_after: str | None) -> None:
    script = take_all_from(lambda _: unavailable(503, retry_after), role)

    assert len(script.requests) <= (MAX_FAILURES_AT_FIRST if retry_after is None else MAX_FAILURES_BUSY)


FOR_EVER: dict[str, Callable[[int], dict[str, Any]]] = {
    "the same candidate": lambda _: {"items": ["a"], "next": 0},
    "the same candidate at ever higher positions": lambda count: {"items": ["a"], "next": min(count, MAX_CANDIDATES)},
    "a new candidate each time": lambda count: {"items": [str(count)], "next": 1},
    "new candidates, without next": lambda count: {"items": [str(each) for each in range(count % 900)]},
    "the same candidate, with next and without it in turn": lambda count: {
        "items": ["a"],
        "next": [1, None][count % 2],
    },
    "more candidates, then fewer": lambda count: {"items": ["a"] * (count % 2 * 5)},
    "as many candidates as a channel holds": lambda _: {"items": ["a"] * MAX_CANDIDATES, "next": MAX_CANDIDATES},
}


@ROLES
@pytest.mark.parametrize("items", FOR_EVER.values(), ids=FOR_EVER)
def test_the_client_gives_up_on_a_server_that_always_has_news(
    role: str, items: Callable[[int], dict[str, Any]]
) -> None:
    count = 0

    def news(_: dict[str, Any]) -> httpx.Response:
        nonlocal count
        count += 1
        return ok(**BASE, **items(count))

    take_all_from(news, role)


@ROLES
def test_the_client_gives_up_on_a_server_that_only_returns_our_own_candidates(role: str) -> None:
    key = new_key()
    ours = Sealer(key).seal("{}", CANDIDATE_OF["offerer" if role == "offerer" else "answerer"])
    described = {name: Sealer(key).seal("v=0", name) for name in ("offer", "answer")}

    take_all_from(lambda _: ok(channel_id=CHANNEL_ID, **described, items=[ours], next=1), role, key)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
MEMBERS = st.fixed_dictionaries(
    {}, optional={name: st.just(value) | JSON for name, value in (BASE | {"items": ["a"], "next": 1}).items()}
)


@ROLES
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(replies=st.lists(MEMBERS | JSON, min_size=1, max_size=4))
def test_whatever_a_server_replies_the_channel_raises_only_its_own_errors(role: str, replies: list[object]) -> None:
    count = 0

    def any_reply(_: dict[str, Any]) -> httpx.Response:
        nonlocal count
        count += 1
        return httpx.Response(200, content=json.dumps(replies[count % len(replies)]).encode())

    take_all_from(any_reply, role)


@pytest.mark.parametrize(
    ("retry_after", "error", "seconds"), [("1000000000", ServerError, 0), ("300", ChannelExpiredError, 300)]
)
def test_a_huge_retry_after_does_not_delay_opening_past_the_life_of_a_channel(
    retry_after: str, error: type[Exception], seconds: float
) -> None:
    """If a server asks for a longer wait than that, the client does not wait at all."""
    script, time = Script(unavailable(503, retry_after)), Time()

    with pytest.raises(error):
        asyncio.run(offerer(script, time).open("the offer"))

    assert time.now == pytest.approx(1_000 + seconds)


@pytest.mark.parametrize("size", [2**53, 10**400, -1, 1e308, "1"])
def test_a_file_with_an_impossible_size_is_refused(size: object) -> None:
    async def receive() -> None:
        here, _, _, receiving = two_ends()
        here.send(control(type="file", name="a", size=size))
        await receive_offer(receiving)

    with pytest.raises(TransferError, match="does not follow the protocol"):
        run_at_once(receive())


def test_a_receiver_that_only_sends_progress_messages_does_not_fill_the_senders_memory() -> None:
    """Each such message shows that the receiver is there, so the sender goes on waiting for room for its next bytes."""

    async def send() -> int:
        here, _, sending, _ = two_ends()
        here.delivers = False
        size = 2 * HIGH_WATER_BYTES
        task = asyncio.create_task(transfer.send(sending, File(BytesIO(bytes(size)), "file", size), ignore))
        said = 0
        while not task.done():
            here.emit("message", control(type="received", bytes=0))
            said += 1
            await asyncio.sleep(0)
        await task
        return said

    with pytest.raises(PeerLostError, match="has disconnected"):
        asyncio.run(send())


def test_only_a_limited_number_of_flooding_messages_is_kept() -> None:
    async def flood() -> int:
        here, _, sending, _ = two_ends()
        for _ in range(10 * MAX_BACKLOG_MESSAGES):
            here.emit("message", control(type="received", bytes=0))
            here.emit("message", control(type="alive"))
        return len(list(sending.received()))

    assert asyncio.run(flood()) == MAX_BACKLOG_MESSAGES


AUDIO, DATA = "0", "1"


async def an_offer() -> str:
    """Return an offer of audio and data channels. AUDIO and DATA are their names in it."""
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    peer.createDataChannel("x")
    peer.addTransceiver("audio")
    await peer.setLocalDescription(await peer.createOffer())
    await peer.close()
    return str(peer.localDescription.sdp)


@st.composite
def mutations(draw: st.DrawFn) -> Callable[[str], str]:
    """Changes to the lines of a session description: a line is removed, repeated, cut, moved or replaced."""
    edits = draw(
        st.lists(
            st.tuples(
                st.integers(0, 100),
                st.sampled_from(["drop", "twice", "cut", "move", "digits", "text"]),
                st.text(max_size=8),
            ),
            min_size=1,
            max_size=4,
        )
    )

    def mutate(sdp: str) -> str:
        lines = sdp.splitlines()
        for where, what, text in edits:
            index = where % len(lines)
            line = lines.pop(index)
            new = {
                "drop": [],
                "twice": [line, line],
                "cut": [line[: len(text) + 2]],
                "digits": ["".join("9" * 30 if each.isdigit() else each for each in line)],
                "text": [line[:2] + text],
                "move": [],
            }[what]
            lines[index:index] = new
            if what == "move":
                lines.append(line)
            lines = lines or ["v=0"]
        return "\r\n".join(lines) + "\r\n"

    return mutate


def test_a_changed_description_is_accepted_or_raises_one_of_our_errors() -> None:
    offer = asyncio.run(an_offer())

    @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(mutations())
    def take(mutate: Callable[[str], str]) -> None:
        with suppress(InvalidDescriptionError):
            asyncio.run(answer_to(mutate(offer)))

    take()


async def answer_to(sdp: str) -> None:
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    try:
        await set_remote(peer, RTCSessionDescription(sdp, "offer"))
    finally:
        await close(peer)


def bundled(sdp: str, *names: str) -> str:
    """Return a description whose media with these names use the transport of the first."""
    return re.sub("a=group:BUNDLE .*", f"a=group:BUNDLE {' '.join(names)}\r", sdp)


def renamed(sdp: str, name: str, new_name: str) -> str:
    """Return a description in which a media section has another name."""
    return sdp.replace(f"a=mid:{name}\r\n", f"a=mid:{new_name}\r\n")


def test_media_cannot_share_a_transport_that_does_not_exist() -> None:
    """aiortc could then neither answer nor close the connection."""
    offer = asyncio.run(an_offer())
    data_section = offer[offer.index("m=application") :]

    for offers in [
        [bundled(offer, "nobody", AUDIO, DATA)],
        [bundled(offer + renamed(data_section, DATA, "again"), "again", AUDIO, DATA)],
        [offer, bundled(renamed(offer, DATA, "renamed"), "renamed", AUDIO)],
    ]:
        with pytest.raises(InvalidDescriptionError):
            asyncio.run(answer_all(offers))


@pytest.mark.parametrize("names", [(AUDIO, DATA), (DATA, AUDIO), (AUDIO,), ()])
def test_media_can_share_the_transport_of_any_of_them(names: tuple[str, ...]) -> None:
    offer = asyncio.run(an_offer())

    asyncio.run(answer_all([bundled(offer, *names)]))


async def answer_all(offers: list[str]) -> None:
    """Answer one offer after the other."""
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    try:
        for sdp in offers:
            await set_remote(peer, RTCSessionDescription(sdp, "offer"))
            await peer.setLocalDescription(await peer.createAnswer())
    finally:
        await close(peer)


def test_an_unlisted_payload_type_raises_one_of_our_errors() -> None:
    """aiortc looks it up with `next`, whose StopIteration would leave a coroutine as a RuntimeError."""
    sdp = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=fmtp:1 a=b\r\n"

    with pytest.raises(InvalidDescriptionError):
        asyncio.run(answer_to(sdp))
