"""The steps of one exchange through a channel, until an RTCPeerConnection is connected."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCSessionDescription

from peerpost.candidates import END_OF_CANDIDATES, without_mdns
from peerpost.channel import Channel
from peerpost.errors import ChannelExpiredError, ConnectionFailedError
from peerpost.keepalive import kept_alive
from peerpost.limits import HANG_UP_SECONDS, LATE_SECONDS, SETTLE_SECONDS, UNLIKELY_SECONDS
from peerpost.negotiation import Report, answer_later_offers
from peerpost.remote import add_candidate, set_remote
from peerpost.unreachable import unreachable

NewPeerConnection = Callable[[RTCConfiguration], RTCPeerConnection]
"""Makes an RTCPeerConnection, with its data channels and tracks, from a configuration."""

being_closed: set[asyncio.Task[None]] = set()
"""Nobody waits for these. An event loop keeps only weak references to its tasks, so that they could disappear."""


def new_peer(make: NewPeerConnection, ice_servers: Sequence[RTCIceServer]) -> RTCPeerConnection:
    """Return a new connection with the operator's ICE servers."""
    # With an empty list, aiortc would use no ICE server at all, not even its own default.
    return make(RTCConfiguration(list(ice_servers) or None))


@asynccontextmanager
async def peer_of(
    peer_connection: RTCPeerConnection | NewPeerConnection,
    ice_servers: Sequence[RTCIceServer],
    unreturned: AsyncExitStack,
) -> AsyncIterator[RTCPeerConnection]:
    """Yield the connection that was passed, or a new one with the operator's ICE servers.

    A new one is closed after an error. If no error occurs, `unreturned` closes it later, unless the caller gets it.
    """
    if isinstance(peer_connection, RTCPeerConnection):
        yield peer_connection
        return
    async with AsyncExitStack() as stack:
        peer = new_peer(peer_connection, ice_servers)
        stack.push_async_callback(close, peer)
        yield peer
        unreturned.push_async_exit(stack.pop_all())


async def new_offer(peer_connection: RTCPeerConnection, report: Report) -> str:
    """Return the offer of a connection, with its candidates. Raises ValueError if it has nothing to offer."""
    if peer_connection.sctp is None and not peer_connection.getTransceivers():
        # aiortc would make an offer that no peer can answer.
        raise ValueError("nothing to offer: the connection has no data channel and no track")
    answer_later_offers(peer_connection, report)
    report("gathering")
    await peer_connection.setLocalDescription(await peer_connection.createOffer())
    return str(peer_connection.localDescription.sdp)


async def until_answered(peer_connection: RTCPeerConnection, channel: Channel) -> str:
    """Return the answer, once it has arrived. Raises ConnectionFailedError if the connection is closed."""
    answering = asyncio.create_task(channel.receive_answer())

    def look() -> None:
        if peer_connection.signalingState == "closed":
            answering.cancel()

    peer_connection.on("signalingstatechange", look)
    look()
    try:
        async with kept_alive(peer_connection):
            await asyncio.wait({answering})
    finally:
        if peer_connection.signalingState != "closed":
            peer_connection.remove_listener("signalingstatechange", look)
        answering.cancel()
        await asyncio.gather(answering, return_exceptions=True)
    if answering.cancelled():
        raise ConnectionFailedError("the connection is closed")
    return answering.result()


async def answer(peer_connection: RTCPeerConnection, channel: Channel, remote: str, report: Report) -> None:
    """Answer the other peer's offer."""
    await set_remote(peer_connection, RTCSessionDescription(remote, "offer"))
    if peer_connection.sctp is not None:
        # Data channels are possible only if the offer includes them. Offers of browsers with our client always do.
        answer_later_offers(peer_connection, report)
    report("gathering")
    await peer_connection.setLocalDescription(await peer_connection.createAnswer())
    await channel.send_answer(peer_connection.localDescription.sdp)


async def close(peer_connection: RTCPeerConnection) -> None:
    """Close a connection, even if its remote description could not be used, or its TURN server is silent.

    In the second case, the other peer has learned of the close, but aioice still tries for a minute to release the
    relay. This does not wait for that. But it does not end it either: aiortc closes one transport after the other, and
    the rest of them would stay open.
    """
    task = asyncio.create_task(close_completely(peer_connection))
    being_closed.add(task)
    task.add_done_callback(being_closed.discard)
    done, _ = await asyncio.wait({task}, timeout=HANG_UP_SECONDS)
    for each in done:
        each.result()


async def close_completely(peer_connection: RTCPeerConnection) -> None:
    # If the remote description could not be used, aiortc's data channels may have no transport.
    with suppress(AttributeError):
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
        raise unreachable(peer_connection, f" within {timeout:g} seconds") from error
    finally:
        if peer_connection.connectionState != "closed":
            peer_connection.remove_listener("connectionstatechange", look)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if peer_connection.connectionState != "connected":
        raise unreachable(peer_connection)


async def add_candidates(peer_connection: RTCPeerConnection, channel: Channel, remote: str) -> None:
    """Add candidates as they arrive, until ICE is completed, or the channel does not exist any more.

    Between two reads, ICE gets time to try the candidates that it has, so that a peer that is about to connect makes no
    request.
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
    # This peer does not know which ICE servers the other one uses, but if one peer needs them, the other often does.
    return LATE_SECONDS if re.search(" typ (srflx|relay)", local + remote) else UNLIKELY_SECONDS
