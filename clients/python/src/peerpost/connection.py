"""From two RTCPeerConnections to one connection: the whole exchange in one call on each side."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import overload

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from peerpost.candidates import END_OF_CANDIDATES, without_mdns
from peerpost.channel import Channel
from peerpost.client import SignalingClient
from peerpost.errors import ChannelExpiredError, ConnectionFailedError
from peerpost.limits import CONNECT_SECONDS, HANG_UP_SECONDS, LATE_SECONDS, SETTLE_SECONDS, UNLIKELY_SECONDS
from peerpost.negotiation import answer_later_offers
from peerpost.remote import add_candidate, set_remote

NewPeerConnection = Callable[[RTCConfiguration], RTCPeerConnection]
"""Makes an RTCPeerConnection, with its data channels and tracks, from a configuration."""


@overload
async def connect(
    peer_connection: RTCPeerConnection,
    server: str | SignalingClient,
    channel_id: str | None = None,
    *,
    key: bytes | None = None,
    access_key: str | None = None,
    on_channel: Callable[[str], object] | None = None,
    on_progress: Callable[[str], object] | None = None,
    timeout: float = CONNECT_SECONDS,
) -> str: ...


@overload
async def connect(
    peer_connection: NewPeerConnection,
    server: str | SignalingClient,
    channel_id: str | None = None,
    *,
    key: bytes | None = None,
    access_key: str | None = None,
    on_channel: Callable[[str], object] | None = None,
    on_progress: Callable[[str], object] | None = None,
    timeout: float = CONNECT_SECONDS,
) -> RTCPeerConnection: ...


async def connect(
    peer_connection: RTCPeerConnection | NewPeerConnection,
    server: str | SignalingClient,
    channel_id: str | None = None,
    *,
    key: bytes | None = None,
    access_key: str | None = None,
    on_channel: Callable[[str], object] | None = None,
    on_progress: Callable[[str], object] | None = None,
    timeout: float = CONNECT_SECONDS,
) -> str | RTCPeerConnection:
    """Connect an RTCPeerConnection with the other peer of a channel, and return the channel's id.

    Instead of an RTCPeerConnection, `peer_connection` may be a function that makes one. `connect` then returns it.
    The function is called once, with an RTCConfiguration that has the ICE servers which the operator gives to the
    peers of a channel. If there are none, the RTCConfiguration leaves aiortc its own default.
    This costs the offerer one more request, because aiortc has to know its ICE servers before it makes an offer.

    Without `channel_id`, this peer offers the data channels and tracks that its RTCPeerConnection has by now.
    Raises ValueError if there are none.
    `on_channel` is called with the id of the new channel, for the other peer.
    With `channel_id`, this peer answers.
    `key` has 32 bytes and seals everything. Both peers need the same key, or none.
    `access_key` opens the channel if the operator requires one. It needs a `server` that is given as a URL.
    `on_progress` is called with "gathering", "waiting", "connecting" and "connected".
    Later, it is called with "renegotiated" or "negotiation-failed" when the other peer has offered again, for example
    because it has added a track: such an offer is answered over the connection itself, without the server.
    `timeout` is the number of seconds for ICE and DTLS, once both descriptions are known.

    The offerer waits for the answer as long as the channel lives, 300 seconds, and erases the channel at the end.
    The caller closes an RTCPeerConnection that it has passed, after an error too.
    If `connect` has made it, `connect` closes it after an error, and otherwise the caller does.

    Raises ChannelExpiredError, TamperedError, InvalidDescriptionError or ConnectionFailedError,
    RefusalError if another peer has answered, AccessKeyError if the server does not know the access key,
    and ServerError or NetworkError if the request failed too often.
    """
    report = on_progress or (lambda _: None)
    is_given = isinstance(peer_connection, RTCPeerConnection)
    async with client_of(server, access_key) as client:
        channel = Channel(client, channel_id, key=key, asks_for_ice_servers=not is_given)
        try:
            offered = await meet(channel, report, opens_first=not is_given)
            async with peer_of(peer_connection, channel) as peer:
                if offered is None:
                    remote = await offer(peer, channel, on_channel, report)
                else:
                    remote = await answer(peer, channel, offered, report)
                report("connecting")
                await until_connected(peer, channel, remote, timeout)
                report("connected")
            return channel.channel_id if is_given else peer
        finally:
            if channel.role == "offerer":
                await channel.hang_up()


@asynccontextmanager
async def client_of(server: str | SignalingClient, access_key: str | None) -> AsyncIterator[SignalingClient]:
    """Give the client, or a new one for a URL."""
    if isinstance(server, SignalingClient):
        if access_key is not None:
            raise ValueError("pass the access key to the SignalingClient instead")
        yield server
    else:
        async with SignalingClient(server, access_key=access_key) as client:
            yield client


async def meet(channel: Channel, report: Callable[[str], object], *, opens_first: bool) -> str | None:
    """Return the offer, once it has arrived. The offerer gets None, and opens the channel now if `opens_first`."""
    if channel.role == "offerer":
        if opens_first:
            await channel.open()
        return None
    report("waiting")
    return await channel.receive_offer()


@asynccontextmanager
async def peer_of(
    peer_connection: RTCPeerConnection | NewPeerConnection, channel: Channel
) -> AsyncIterator[RTCPeerConnection]:
    """Give the connection, or a new one with the ICE servers of the channel, which is closed after an error."""
    if isinstance(peer_connection, RTCPeerConnection):
        yield peer_connection
        return
    # With an empty list, aiortc would use no ICE server at all, not even its own default.
    peer = peer_connection(RTCConfiguration(list(channel.ice_servers) or None))
    async with AsyncExitStack() as stack:
        stack.push_async_callback(close, peer)
        yield peer
        stack.pop_all()


async def offer(
    peer_connection: RTCPeerConnection,
    channel: Channel,
    on_channel: Callable[[str], object] | None,
    report: Callable[[str], object],
) -> str:
    """Send the offer, wait for the answer, and return it."""
    if peer_connection.sctp is None and not peer_connection.getTransceivers():
        # aiortc would make an offer that no peer can answer.
        raise ValueError("nothing to offer: the connection has no data channel and no track")
    answer_later_offers(peer_connection, report)
    report("gathering")
    await peer_connection.setLocalDescription(await peer_connection.createOffer())
    sdp = peer_connection.localDescription.sdp
    await (channel.send_offer(sdp) if channel.is_open else channel.open(sdp))
    if on_channel:
        on_channel(channel.channel_id)
    report("waiting")
    remote = await until_answered(peer_connection, channel)
    await set_remote(peer_connection, RTCSessionDescription(remote, "answer"))
    return remote


async def until_answered(peer_connection: RTCPeerConnection, channel: Channel) -> str:
    """Return the answer, once it has arrived. Raises ConnectionFailedError if the connection is closed."""
    answering = asyncio.create_task(channel.receive_answer())

    def look() -> None:
        if peer_connection.signalingState == "closed":
            answering.cancel()

    peer_connection.on("signalingstatechange", look)
    look()
    try:
        await asyncio.wait({answering})
    finally:
        if peer_connection.signalingState != "closed":
            peer_connection.remove_listener("signalingstatechange", look)
        answering.cancel()
        await asyncio.gather(answering, return_exceptions=True)
    if answering.cancelled():
        raise ConnectionFailedError("the connection is closed")
    return answering.result()


async def answer(
    peer_connection: RTCPeerConnection, channel: Channel, remote: str, report: Callable[[str], object]
) -> str:
    """Answer the offer, and return it."""
    await set_remote(peer_connection, RTCSessionDescription(remote, "offer"))
    if peer_connection.sctp is not None:
        # Only an offerer can open the way for data channels, and browsers with our client always do.
        answer_later_offers(peer_connection, report)
    report("gathering")
    await peer_connection.setLocalDescription(await peer_connection.createAnswer())
    await channel.send_answer(peer_connection.localDescription.sdp)
    return remote


async def close(peer_connection: RTCPeerConnection) -> None:
    """Close a connection, even if its remote description could not be used, or its TURN server is silent."""
    # In the first case, aiortc's data channels have no transport, and closing raises an AttributeError.
    # In the second case, the other peer learns of the close, and then aioice tries for a minute to release the relay.
    with suppress(AttributeError, TimeoutError):
        async with asyncio.timeout(HANG_UP_SECONDS):
            await peer_connection.close()


async def until_connected(peer_connection: RTCPeerConnection, channel: Channel, remote: str, timeout: float) -> None:
    """Add the other peer's candidates until there is a connection."""
    settled = asyncio.Event()

    def look() -> None:
        if peer_connection.connectionState in ("connected", "failed", "closed"):
            settled.set()

    peer_connection.on("connectionstatechange", look)
    look()
    tasks: set[asyncio.Task[object]] = {asyncio.create_task(settled.wait())}
    # If the description says that there are no more candidates, do not ask for more.
    if END_OF_CANDIDATES not in remote:
        tasks.add(asyncio.create_task(add_candidates(peer_connection, channel, remote)))
    try:
        async with asyncio.timeout(timeout):
            while not settled.is_set():
                done, tasks = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
    except TimeoutError as error:
        raise ConnectionFailedError(f"the peers could not reach each other within {timeout:g} seconds") from error
    finally:
        if peer_connection.connectionState != "closed":
            peer_connection.remove_listener("connectionstatechange", look)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if peer_connection.connectionState != "connected":
        raise ConnectionFailedError("the peers could not reach each other")


async def add_candidates(peer_connection: RTCPeerConnection, channel: Channel, remote: str) -> None:
    """Add candidates as they come, until ICE has found a way, or the channel ends.

    Between two reads, ICE gets time to try what it has, so that a peer that is about to connect makes no request.
    """
    _, texts = without_mdns(remote)
    texts += channel.take_arrived()
    pause = first_pause(peer_connection.localDescription.sdp, remote, has_more=bool(texts))
    adding: set[asyncio.Task[None]] = set()
    try:
        with suppress(ChannelExpiredError):
            while True:
                # Add them at the same time, because looking up an mDNS name takes a while.
                adding.update(asyncio.create_task(add_candidate(peer_connection, text)) for text in texts)
                await asyncio.sleep(pause)
                if peer_connection.iceConnectionState == "completed":
                    return
                texts = await channel.receive_candidates()
                pause = SETTLE_SECONDS
        await asyncio.gather(*adding)
    finally:
        for task in adding:
            task.cancel()


def first_pause(local: str, remote: str, *, has_more: bool) -> float:
    """Return the seconds before the first read for late candidates.

    `has_more` says that there are candidates besides those in the description.
    """
    if not has_more and "a=candidate:" not in remote:
        return 0
    # It is not known which servers the other peer uses, but peers that need servers often meet.
    return LATE_SECONDS if re.search(" typ (srflx|relay)", local + remote) else UNLIKELY_SECONDS
