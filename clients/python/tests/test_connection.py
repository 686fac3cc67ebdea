"""aiortc connects to aiortc, through `chalice local`."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterable
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCSessionDescription

from doubles import ACCESS_KEY, CHANNEL_ID, STUN, TURN, Script, ok, refused, unauthorized
from peerpost import (
    AccessKeyError,
    ConnectionFailedError,
    InvalidDescriptionError,
    RefusalError,
    Sealer,
    SignalingClient,
    TamperedError,
    connect,
    exchange,
    new_key,
    remote,
)
from peerpost.channel import Channel
from processes import HERE, PATIENCE_SECONDS, end_of, line_of, python


def new_peer() -> RTCPeerConnection:
    return RTCPeerConnection(RTCConfiguration(iceServers=[]))


@pytest.mark.parametrize(
    ("way", "protection"),
    [
        ("connect", "sealed"),
        pytest.param("connect", "plain", marks=pytest.mark.slow),
        pytest.param("signaling", "sealed", marks=pytest.mark.slow),
        ("signaling", "plain"),
    ],
)
def test_two_peers_in_separate_processes_connect(server: str, way: str, protection: str) -> None:
    with python(HERE / "peer.py", way, server, protection) as offerer:
        link = line_of(offerer)
        with python(HERE / "peer.py", way, server, link) as answerer:
            offered, answered = end_of(offerer), end_of(answerer)

    assert ("." in link) is (protection == "sealed")
    assert offered[0] == answered[0] == 0, (offered, answered)
    assert "hello from the answerer" in offered[1]
    assert "hello from the offerer" in answered[1]
    assert ("BYE" in offered[1]) is ("BYE" in answered[1]) is (way == "signaling")


def test_a_file_is_sent_as_in_aiortcs_examples_and_both_processes_end(server: str) -> None:
    with python(HERE / "peer.py", "file", server, "sealed") as offerer:
        link = line_of(offerer)
        with python(HERE / "peer.py", "file", server, link) as answerer:
            answered, offered = end_of(answerer), end_of(offerer)

    assert offered[0] == answered[0] == 0, (offered, answered)
    assert offered[1:] == answered[1:]


class Recorder(httpx.AsyncBaseTransport):
    """Forwards requests and records them.

    In the reply to `method`, `change` is inserted before the text. The method `never_answers` gets no reply.
    Requests with the method `holds` reach the server only when `released` is set.
    """

    def __init__(self, method: str = "", change: str = "", *, never_answers: str = "", holds: str = "") -> None:
        self.requests: list[dict[str, str]] = []
        self._inner = httpx.AsyncHTTPTransport()
        self._method = method
        self._change = change
        self._never_answers = never_answers
        self._holds = holds
        self.released = asyncio.Event()
        self._news = asyncio.Condition()

    @property
    def methods(self) -> list[str]:
        return [request["method"] for request in self.requests]

    async def until(self, *methods: str) -> None:
        """Return when requests with these methods have arrived."""
        async with self._news:
            await self._news.wait_for(lambda: self.methods[: len(methods)] == list(methods))

    async def until_last(self, method: str) -> None:
        """Return when the last request has this method."""
        async with self._news:
            await self._news.wait_for(lambda: self.methods[-1:] == [method])

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        async with self._news:
            self.requests.append(body)
            self._news.notify_all()
        if body["method"] == self._never_answers:
            await asyncio.Event().wait()
        if body["method"] == self._holds:
            await self.released.wait()
        reply = await self._inner.handle_async_request(request)
        content, kind = await reply.aread(), reply.headers["Content-Type"]
        if body["method"] == self._method:
            content = content.replace(b'":"', b'":"' + self._change.encode(), 1)
        return httpx.Response(reply.status_code, content=content, headers={"Content-Type": kind})


async def run_pair(
    server: str, key: bytes | None = None, other_key: bytes | None = None, transport: Recorder | None = None
) -> tuple[object, object]:
    """Connect two peers in this process, and return the result of each side. `transport` is the answerer's."""
    peers = new_peer(), new_peer()
    peers[0].createDataChannel("chat")
    channel: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    async with httpx.AsyncClient(transport=transport or Recorder()) as http:

        async def answer() -> str:
            client = SignalingClient(server, http=http)
            return await connect(peers[1], client, await channel, key=other_key or key)

        offering = asyncio.create_task(connect(peers[0], server, key=key, on_channel=channel.set_result))
        answered = (await asyncio.gather(answer(), return_exceptions=True))[0]
        if isinstance(answered, BaseException):
            offering.cancel()
        offered = (await asyncio.gather(offering, return_exceptions=True))[0]
    await asyncio.gather(*(peer.close() for peer in peers))
    return offered, answered


def test_an_answerer_connects_with_two_requests(server: str) -> None:
    recorder = Recorder()

    offered, answered = asyncio.run(run_pair(server, transport=recorder))

    assert offered == answered
    assert recorder.methods == ["get_offer", "create_answer"]


class Factory:
    """Makes a connection on request, and records the ICE servers that it was given. It uses none of them."""

    def __init__(self) -> None:
        self.told: list[list[RTCIceServer] | None] = []
        self.made: list[RTCPeerConnection] = []

    def __call__(self, configuration: RTCConfiguration) -> RTCPeerConnection:
        self.told.append(configuration.iceServers)
        self.made.append(new_peer())
        self.made[0].createDataChannel("chat")
        return self.made[0]

    @property
    def states(self) -> list[str]:
        return [peer.connectionState for peer in self.made]


OWN_ICE_SERVERS = [
    ({}, None),
    ({"ice_servers": []}, None),
    ({"ice_servers": [{"urls": "stuns:of-no-use.test"}]}, None),
    (
        {"ice_servers": [STUN, TURN]},
        [RTCIceServer(STUN["urls"]), RTCIceServer(TURN["urls"], TURN["username"], TURN["credential"])],
    ),
]


@pytest.mark.parametrize(("beside", "told"), OWN_ICE_SERVERS)
def test_an_offerers_connection_gets_the_servers_ice_servers_before_it_makes_its_offer(
    beside: dict[str, Any], told: list[RTCIceServer] | None
) -> None:
    steps = ok(channel_id=CHANNEL_ID, **beside), ok(), ok(answer="nonsense", items=[], next=0), ok()
    script, factory, announced = Script(*steps), Factory(), []

    with pytest.raises(InvalidDescriptionError):
        asyncio.run(connect(factory, script.client, on_channel=lambda _: announced.extend(script.methods)))

    assert factory.told == [told]
    assert factory.states == ["closed"]
    assert script.requests[0] == {"method": "create_data_channel", "ice_servers": True}
    assert announced == ["create_data_channel", "create_offer"]
    assert script.methods == [*announced, "get_answer", "delete_data_channel"]


@pytest.mark.parametrize(("beside", "told"), OWN_ICE_SERVERS)
def test_an_answerers_connection_is_made_with_the_ice_servers_that_come_with_the_offer(
    beside: dict[str, Any], told: list[RTCIceServer] | None
) -> None:
    script, factory = Script(refused("no offer yet"), ok(offer="nonsense", items=[], next=0, **beside)), Factory()

    with pytest.raises(InvalidDescriptionError):
        asyncio.run(connect(factory, script.client, CHANNEL_ID))

    assert factory.told == [told]
    assert factory.states == ["closed"]
    assert [request["ice_servers"] for request in script.requests] == [True, True]
    assert script.methods == ["get_offer", "get_offer"]


def test_two_peers_that_pass_a_factory_connect(server: str) -> None:
    """The server does not support ICE servers, or has none."""

    async def run() -> None:
        factories, channel = (Factory(), Factory()), asyncio.get_running_loop().create_future()
        offering = asyncio.create_task(connect(factories[0], server, on_channel=channel.set_result))
        answered = await connect(factories[1], server, await channel)
        offered = await offering
        assert [factory.made for factory in factories] == [[offered], [answered]]
        assert [factory.states for factory in factories] == [["connected"], ["connected"]]
        await asyncio.gather(offered.close(), answered.close())

    asyncio.run(run())


def test_with_an_existing_connection_no_ice_servers_are_requested() -> None:
    script = Script(ok(offer="nonsense", items=[], next=0))

    async def answer() -> None:
        peer = new_peer()
        try:
            await connect(peer, script.client, CHANNEL_ID)
        finally:
            await peer.close()

    with pytest.raises(InvalidDescriptionError):
        asyncio.run(answer())

    assert "ice_servers" not in script.requests[0]


def test_an_error_in_the_callers_factory_is_raised_and_deletes_the_channel() -> None:
    script = Script(ok(channel_id=CHANNEL_ID), ok())

    def fail(_: RTCConfiguration) -> RTCPeerConnection:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(connect(fail, script.client))

    assert script.methods == ["create_data_channel", "delete_data_channel"]


def test_offering_a_connection_without_content_is_an_error_at_once() -> None:
    script = Script(ok(channel_id=CHANNEL_ID), ok(), refused("no answer yet"))

    async def offer_nothing() -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await connect(new_peer(), script.client)

    with pytest.raises(ValueError, match="^nothing to offer"):
        asyncio.run(offer_nothing())

    assert script.requests == []


@pytest.mark.parametrize(
    "add", [lambda peer: peer.createDataChannel("chat"), lambda peer: peer.addTransceiver("audio")]
)
def test_a_data_channel_or_a_transceiver_is_enough_to_offer(add: Callable[[RTCPeerConnection], object]) -> None:
    script = Script(ok(channel_id=CHANNEL_ID), ok(answer="nonsense", items=[], next=0), ok())

    async def offer() -> None:
        peer = new_peer()
        add(peer)
        try:
            await connect(peer, script.client)
        finally:
            await exchange.close(peer)

    with pytest.raises(InvalidDescriptionError):
        asyncio.run(offer())


def test_a_factorys_connection_without_content_is_an_error_and_deletes_the_channel() -> None:
    script = Script(ok(channel_id=CHANNEL_ID), ok())

    async def offer_nothing() -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await connect(lambda _: new_peer(), script.client)

    with pytest.raises(ValueError, match="^nothing to offer"):
        asyncio.run(offer_nothing())

    assert script.methods == ["create_data_channel", "delete_data_channel"]


def test_the_access_key_is_sent_only_to_open_the_channel() -> None:
    replies = ok(channel_id=CHANNEL_ID), ok(), ok(answer="nonsense", items=[], next=0), ok()
    script = Script(*replies, access_key=ACCESS_KEY)

    with pytest.raises(InvalidDescriptionError):
        asyncio.run(connect(Factory(), script.client))

    assert script.methods == ["create_data_channel", "create_offer", "get_answer", "delete_data_channel"]
    assert script.authorizations == [f"Bearer {ACCESS_KEY}", None, None, None]


def test_a_refused_access_key_is_an_error_and_no_connection_is_made() -> None:
    script, factory = Script(unauthorized("access key is missing")), Factory()

    with pytest.raises(AccessKeyError, match="^access key is missing$"):
        asyncio.run(connect(factory, script.client))

    assert script.methods == ["create_data_channel"]
    assert factory.made == []


def test_passing_both_an_access_key_and_a_client_is_an_error() -> None:
    with pytest.raises(ValueError, match="pass the access key to the SignalingClient"):
        asyncio.run(connect(Factory(), Script(ok()).client, access_key=ACCESS_KEY))


def test_a_sealed_exchange_shows_no_address_and_no_fingerprint(server: str) -> None:
    recorder = Recorder()

    asyncio.run(run_pair(server, new_key(), transport=recorder))

    assert re.fullmatch("[A-Za-z0-9_-]+", recorder.requests[1]["answer"])


def test_a_tampered_offer_raises_an_error_and_does_not_connect(server: str) -> None:
    recorder = Recorder("get_offer", change="A")

    _, answered = asyncio.run(run_pair(server, new_key(), transport=recorder))

    assert isinstance(answered, TamperedError)
    assert recorder.methods == ["get_offer"]


def test_a_different_key_raises_an_error_and_does_not_connect(server: str) -> None:
    _, answered = asyncio.run(run_pair(server, new_key(), new_key()))

    assert isinstance(answered, TamperedError)


def test_an_offer_that_is_returned_as_the_answer_is_an_error() -> None:
    def reflect(_: dict[str, str]) -> httpx.Response:
        return ok(answer=script.requests[0]["offer"], items=[], next=0)

    script = Script(ok(channel_id=CHANNEL_ID), reflect, ok())

    async def offer() -> None:
        peer = new_peer()
        peer.createDataChannel("chat")
        try:
            await connect(peer, script.client, key=new_key())
        finally:
            await peer.close()

    with pytest.raises(TamperedError, match="the answer"):
        asyncio.run(offer())


NO_COMMON_CODEC = """v=0\r
o=- 1 1 IN IP4 0.0.0.0\r
s=-\r
t=0 0\r
m=audio 9 UDP/TLS/RTP/SAVPF 100\r
c=IN IP4 0.0.0.0\r
a=rtpmap:100 unheard/48000\r
a=mid:0\r
a=rtcp-mux\r
a=ice-ufrag:abcd\r
a=ice-pwd:abcdefghijklmnopqrstuv\r
a=setup:actpass\r
"""


@pytest.mark.parametrize(
    "offer",
    [
        "nonsense",
        "v=0",
        "v=0\r\nm=",
        "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n",
        "v=0\r\na=candidate:1\r\nm=audio x y z\r\n",
        NO_COMMON_CODEC,
    ],
)
def test_an_invalid_offer_is_an_error(offer: str) -> None:
    script = Script(ok(offer=offer, items=[], next=0), ok())

    async def answer() -> None:
        peer = new_peer()
        try:
            await connect(peer, script.client, CHANNEL_ID)
        finally:
            await peer.close()

    with pytest.raises(InvalidDescriptionError, match="the other peer's offer cannot be used"):
        asyncio.run(answer())


def test_the_second_answerer_is_refused(server: str) -> None:
    async def answer_twice() -> None:
        async with SignalingClient(server) as client:
            peers = new_peer(), new_peer()
            peers[0].createDataChannel("chat")
            await peers[0].setLocalDescription(await peers[0].createOffer())
            channel_id = await client.create_data_channel()
            await client.create_offer(channel_id, peers[0].localDescription.sdp)
            await client.create_answer(channel_id, "somebody else's")
            try:
                await connect(peers[1], client, channel_id)
            finally:
                await asyncio.gather(*(peer.close() for peer in peers))

    with pytest.raises(RefusalError, match="answer already exists"):
        asyncio.run(answer_twice())


HOSTILE = [
    "nonsense",
    '{"candidate":""}',
    '{"candidate":"candidate:1 1 udp 1 evil.test 9 typ host","sdpMid":"0"}',
]
# An address reserved for documentation (RFC 5737), which no host has.
UNREACHABLE = "candidate:1 1 udp 2113937151 192.0.2.1 50000 typ"
TWO_REQUESTS = ["get_offer", "create_answer"]
Write = Callable[..., Awaitable[None]]


def without_candidates(sdp: str) -> str:
    return re.sub("a=(candidate:.*|end-of-candidates)\r\n", "", sdp)


async def answer_one_that_trickles(
    server: str,
    trickle: Callable[[Write, list[str], Recorder], Awaitable[None]],
    attributes: str = "",
    early: bool = False,
    recorder: Recorder | None = None,
) -> list[str]:
    """Answer an offerer that sends its candidates as a browser does: separately, and without an end of candidates.

    The offerer never gets a candidate of ours, so only its trickled candidates can connect the two.
    `attributes` are added to its description. With `early`, candidates come together with it.
    Return the methods of our requests.
    """
    key, recorder = new_key(), recorder or Recorder()
    peers, sealer = (new_peer(), new_peer()), Sealer(key)
    peers[0].createDataChannel("chat")
    await peers[0].setLocalDescription(await peers[0].createOffer())
    offer = peers[0].localDescription.sdp
    lines = re.findall("a=(candidate:.*)\r\n", offer)
    texts = [json.dumps({"candidate": line, "sdpMid": "0", "sdpMLineIndex": 0}) for line in lines]
    async with SignalingClient(server) as client, httpx.AsyncClient(transport=recorder) as http:

        def seal(candidates: Iterable[str]) -> list[str]:
            return [sealer.seal(candidate, "candidate offerer") for candidate in candidates]

        async def write(*candidates: str) -> None:
            await client.create_candidate(channel_id, candidates=seal(candidates))

        channel_id = await client.create_data_channel(
            offer=sealer.seal(without_candidates(offer) + attributes, "offer"),
            candidates=seal(texts) if early else None,
        )
        answering = asyncio.create_task(connect(peers[1], SignalingClient(server, http=http), channel_id, key=key))
        await recorder.until(*TWO_REQUESTS)
        answer = sealer.open((await client.get_answer(channel_id, wait=5)).text, "answer")
        await peers[0].setRemoteDescription(RTCSessionDescription(without_candidates(answer), "answer"))
        await trickle(write, texts, recorder)
        assert await answering == channel_id
        await asyncio.gather(*(peer.close() for peer in peers))
    return recorder.methods


@pytest.mark.parametrize(
    "attributes", ["", f"a={UNREACHABLE} host\r\n", f"a={UNREACHABLE} srflx raddr 0.0.0.0 rport 0\r\n"]
)
def test_late_candidates_are_read_with_one_request_and_hostile_ones_are_ignored(
    server: str, monkeypatch: pytest.MonkeyPatch, attributes: str
) -> None:
    """This works whatever the description contains. The long settle time allows for a busy machine."""
    monkeypatch.setattr(exchange, "SETTLE_SECONDS", 60)

    async def trickle(write: Write, candidates: list[str], recorder: Recorder) -> None:
        await write(*HOSTILE, *candidates)
        recorder.released.set()

    # On a busy machine, the server could not hold the read until the candidates are written, so the recorder does.
    recorder = Recorder(holds="get_candidates")
    methods = asyncio.run(answer_one_that_trickles(server, trickle, attributes, recorder=recorder))

    assert methods == [*TWO_REQUESTS, "get_candidates"]


def test_candidates_that_arrive_after_the_first_late_ones_are_read_too(server: str) -> None:
    async def trickle(write: Write, candidates: list[str], recorder: Recorder) -> None:
        await write(*HOSTILE)
        await recorder.until(*TWO_REQUESTS, "get_candidates", "get_candidates")
        await write(*candidates)

    methods = asyncio.run(answer_one_that_trickles(server, trickle))

    assert methods[:4] == [*TWO_REQUESTS, "get_candidates", "get_candidates"]


def test_candidates_that_arrive_with_the_offer_need_no_request(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "UNLIKELY_SECONDS", 60)

    async def nothing(_: Write, __: list[str], ___: Recorder) -> None:
        pass

    methods = asyncio.run(answer_one_that_trickles(server, nothing, early=True))

    assert methods == TWO_REQUESTS


def test_no_candidates_are_read_during_the_dtls_handshake() -> None:
    """ICE has found a path between the peers, so more candidates would be useless."""
    script = Script(ok(items=[], next=0))
    peer = SimpleNamespace(iceConnectionState="completed", localDescription=RTCSessionDescription("v=0", "answer"))

    asyncio.run(exchange.add_candidates(cast("RTCPeerConnection", peer), Channel(script.client, CHANNEL_ID), "v=0"))

    assert script.requests == []


def test_an_unreachable_peer_is_an_error() -> None:
    async def answer_nobody() -> None:
        offerer, peer = new_peer(), new_peer()
        offerer.createDataChannel("chat")
        await offerer.setLocalDescription(await offerer.createOffer())
        sdp = offerer.localDescription.sdp
        await offerer.close()
        script = Script(ok(offer=sdp, items=[], next=0), ok())
        try:
            await connect(peer, script.client, CHANNEL_ID, timeout=0.5)
        finally:
            await peer.close()

    with pytest.raises(ConnectionFailedError, match=r"within 0\.5 seconds"):
        asyncio.run(answer_nobody())


def test_closing_the_connection_of_a_waiting_offerer_deletes_its_channel(server: str) -> None:
    async def close_while_waiting() -> None:
        peer, recorder = new_peer(), Recorder(never_answers="get_answer")
        peer.createDataChannel("chat")
        async with httpx.AsyncClient(transport=recorder) as http, asyncio.timeout(PATIENCE_SECONDS):
            offering = asyncio.create_task(connect(peer, SignalingClient(server, http=http)))
            await recorder.until("create_data_channel", "get_answer")
            await peer.close()
            try:
                await offering
            finally:
                assert recorder.methods[-1] == "delete_data_channel"

    with pytest.raises(ConnectionFailedError, match="^the connection is closed$"):
        asyncio.run(close_while_waiting())


@pytest.mark.parametrize("kind", ["offer", "answer"])
def test_closing_our_own_connection_is_not_blamed_on_the_other_peer(kind: str) -> None:
    async def close_first() -> None:
        other, peer = new_peer(), new_peer()
        other.createDataChannel("chat")
        sdp = (await other.createOffer()).sdp
        await asyncio.gather(other.close(), peer.close())
        await remote.set_remote(peer, RTCSessionDescription(sdp, kind))

    with pytest.raises(ConnectionFailedError, match="^the connection is closed$"):
        asyncio.run(close_first())


def test_cancelling_an_offerer_deletes_its_channel(server: str) -> None:
    async def cancel() -> str:
        peer = new_peer()
        peer.createDataChannel("chat")
        channel: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        offering = asyncio.create_task(connect(peer, server, on_channel=channel.set_result))
        channel_id = await channel
        offering.cancel()
        await asyncio.gather(offering, return_exceptions=True)
        assert offering.cancelled()
        await peer.close()
        async with SignalingClient(server) as client:
            await client.get_offer(channel_id)
        return channel_id

    with pytest.raises(RefusalError, match="no such channel"):
        asyncio.run(cancel())


def test_cancelling_connect_while_it_deletes_its_channel_closes_the_connection_that_it_has_made(server: str) -> None:
    async def cancel() -> list[str]:
        factory, other, recorder = Factory(), new_peer(), Recorder(never_answers="delete_data_channel")
        channel: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        async with httpx.AsyncClient(transport=recorder) as http:
            client = SignalingClient(server, http=http)
            offering = asyncio.create_task(connect(factory, client, on_channel=channel.set_result))
            answering = asyncio.create_task(connect(other, server, await channel))
            await recorder.until_last("delete_data_channel")
            offering.cancel()
            await asyncio.gather(offering, answering, return_exceptions=True)
        # This comes first: closing the other connection would close this one, too.
        states = factory.states
        await other.close()
        assert offering.cancelled()
        return states

    assert asyncio.run(cancel()) == ["closed"]
