"""Later offers of the other peer, over a data channel that both sides negotiated in advance."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack

from doubles import CHANNEL_ID, Script, ok
from peerpost import connect
from peerpost.negotiation import LABEL, STREAM_ID
from processes import PATIENCE_SECONDS


class Other:
    """The other peer: it offers as a browser with our client does, and its negotiation is scripted by the test."""

    def __init__(self) -> None:
        self.connection = new_peer()
        self._channel = self.connection.createDataChannel(LABEL, negotiated=True, id=STREAM_ID)
        self._is_open = asyncio.Event()
        self._messages: asyncio.Queue[str] = asyncio.Queue()
        self._channel.on("open", self._is_open.set)
        self._channel.on("message", self._messages.put_nowait)

    async def describe(self) -> str:
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return str(self.connection.localDescription.sdp)

    async def take_answer(self, sdp: str) -> None:
        await self.connection.setRemoteDescription(RTCSessionDescription(sdp, "answer"))

    async def send(self, **message: object) -> None:
        await self._is_open.wait()
        self._channel.send(json.dumps(message))

    async def send_text(self, text: str | bytes) -> None:
        await self._is_open.wait()
        self._channel.send(text)

    async def receive(self) -> dict[str, Any]:
        return dict(json.loads(await self._messages.get()))


class Peer:
    """The peer under test, which answers with `connect`."""

    def __init__(self) -> None:
        self.connection = new_peer()
        self.steps: asyncio.Queue[str] = asyncio.Queue()
        self.tracks: asyncio.Queue[MediaStreamTrack] = asyncio.Queue()
        self.connection.on("track", self.tracks.put_nowait)

    async def until(self, step: str) -> None:
        while await self.steps.get() != step:
            pass


def new_peer() -> RTCPeerConnection:
    return RTCPeerConnection(RTCConfiguration(iceServers=[]))


def run(act: Callable[[Other, Peer], Awaitable[None]]) -> None:
    """Connect both peers, and then run `act`."""

    async def connect_and_act() -> None:
        other, peer = Other(), Peer()
        answered: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def take_answer(request: dict[str, Any]) -> httpx.Response:
            answered.set_result(request["answer"])
            return ok()

        script = Script(ok(offer=await other.describe(), items=[], next=0), take_answer, ok(items=[], next=0))
        connecting = asyncio.create_task(
            connect(peer.connection, script.client, CHANNEL_ID, on_progress=peer.steps.put_nowait)
        )
        try:
            await other.take_answer(await answered)
            await connecting
            await act(other, peer)
        finally:
            await asyncio.gather(other.connection.close(), peer.connection.close())

    asyncio.run(asyncio.wait_for(connect_and_act(), PATIENCE_SECONDS))


def test_a_track_that_the_other_peer_adds_later_arrives() -> None:
    async def add_track(other: Other, peer: Peer) -> None:
        other.connection.addTrack(AudioStreamTrack())
        await other.send(description={"type": "offer", "sdp": await other.describe()})
        reply = await other.receive()
        await other.take_answer(reply["description"]["sdp"])
        await peer.until("renegotiated")

        assert reply["description"]["type"] == "answer"
        assert other.connection.signalingState == peer.connection.signalingState == "stable"
        frame = await (await peer.tracks.get()).recv()
        assert type(frame).__name__ == "AudioFrame"

    run(add_track)


@pytest.mark.parametrize("sdp", ["nonsense", "v=0\r\n", None])
def test_an_unusable_later_offer_is_reported_and_does_not_end_the_connection(sdp: str | None) -> None:
    async def offer(other: Other, peer: Peer) -> None:
        await other.send(description={"type": "offer", "sdp": sdp})
        await peer.until("negotiation-failed")

        assert peer.connection.connectionState == "connected"

    run(offer)


def test_an_ice_restart_is_reported_because_aiortc_does_not_support_it() -> None:
    async def restart(other: Other, peer: Peer) -> None:
        offer = re.sub("a=ice-ufrag:.*", "a=ice-ufrag:new1", await other.describe())
        await other.send(description={"type": "offer", "sdp": offer})
        await peer.until("negotiation-failed")

        assert peer.connection.connectionState == "connected"

    run(restart)


def test_unknown_messages_are_skipped() -> None:
    async def send(other: Other, peer: Peer) -> None:
        for text in ("nonsense", "[]", "1", '{"description": 1}', '{"candidate": {"candidate": 1}}', "[" * 60_000):
            await other.send_text(text)
        await other.send_text(b"\xff")
        await other.send(candidate={"candidate": "", "sdpMid": "0"})
        await other.send(description={"type": "answer", "sdp": "v=0"})
        other.connection.addTrack(AudioStreamTrack())
        await other.send(description={"type": "offer", "sdp": await other.describe()})
        await peer.until("renegotiated")

        assert (await other.receive())["description"]["type"] == "answer"

    run(send)


def test_an_application_can_use_the_negotiation_stream_itself() -> None:
    async def offer() -> list[str]:
        peer = new_peer()
        own = peer.createDataChannel("mine", negotiated=True, id=STREAM_ID)
        script = Script(ok(channel_id=CHANNEL_ID), ok(answer="nonsense", items=[], next=0), ok())
        await asyncio.gather(connect(peer, script.client), return_exceptions=True)
        own.close()
        return script.methods

    assert asyncio.run(offer()) == ["create_data_channel", "get_answer", "delete_data_channel"]
