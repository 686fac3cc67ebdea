"""`connect`: on each side, one call runs the whole exchange and connects the two RTCPeerConnections."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import overload

from aiortc import RTCPeerConnection, RTCSessionDescription

from peerpost.channel import Channel
from peerpost.client import SignalingClient
from peerpost.exchange import NewPeerConnection, answer, new_offer, peer_of, until_answered, until_connected
from peerpost.limits import ADDRESS_PATIENCE_SECONDS, CONNECT_SECONDS
from peerpost.links import Link
from peerpost.negotiation import Report
from peerpost.remote import set_remote
from peerpost.visit import Visit


@overload
async def connect(
    peer_connection: RTCPeerConnection,
    server: str | SignalingClient,
    channel_id: str | Link | None = None,
    *,
    key: bytes | None = None,
    access_key: str | None = None,
    guest: str | None = None,
    on_channel: Callable[[str], object] | None = None,
    on_progress: Report | None = None,
    timeout: float = CONNECT_SECONDS,
    patience: float = ADDRESS_PATIENCE_SECONDS,
) -> str: ...


@overload
async def connect(
    peer_connection: NewPeerConnection,
    server: str | SignalingClient,
    channel_id: str | Link | None = None,
    *,
    key: bytes | None = None,
    access_key: str | None = None,
    guest: str | None = None,
    on_channel: Callable[[str], object] | None = None,
    on_progress: Report | None = None,
    timeout: float = CONNECT_SECONDS,
    patience: float = ADDRESS_PATIENCE_SECONDS,
) -> RTCPeerConnection: ...


async def connect(
    peer_connection: RTCPeerConnection | NewPeerConnection,
    server: str | SignalingClient,
    channel_id: str | Link | None = None,
    *,
    key: bytes | None = None,
    access_key: str | None = None,
    guest: str | None = None,
    on_channel: Callable[[str], object] | None = None,
    on_progress: Report | None = None,
    timeout: float = CONNECT_SECONDS,
    patience: float = ADDRESS_PATIENCE_SECONDS,
) -> str | RTCPeerConnection:
    """Connect an RTCPeerConnection with the other peer of a channel, and return the channel's id.

    Instead of an RTCPeerConnection, `peer_connection` may be a function that makes one. `connect` then returns the
    RTCPeerConnection. The function is called with an RTCConfiguration that contains the operator's ICE servers. If the
    operator has configured none, aiortc uses its own default.
    With a function, the offerer makes one more request, because aiortc has to know its ICE servers before it makes an
    offer.

    Without `channel_id`, this peer offers the data channels and tracks that its RTCPeerConnection has by now.
    Raises ValueError if there are none.
    `on_channel` is called with the id of the new channel, which the other peer needs.
    With `channel_id`, this peer answers. `channel_id` may also be a Link, which has a key of its own.
    `key` has 32 bytes and seals everything. Both peers need the same key, or none.
    `access_key` opens the channel if the operator requires one. It needs a `server` that is given as a URL.
    `on_progress` is called with "gathering", "waiting", "connecting" and "connected".
    The other peer may offer again later, for example because it has added a track. This peer answers over the
    connection itself, without the server, and calls `on_progress` with "renegotiated" or "negotiation-failed".
    `timeout` is the number of seconds for ICE and DTLS, once both descriptions are known.

    The offerer waits for the answer as long as the channel lives, 300 seconds, and erases the channel at the end.
    The caller must close the RTCPeerConnection, even after an error. There is one exception: if a function made the
    RTCPeerConnection, `connect` closes it after an error, or when `connect` is cancelled.

    A Link can also lead to an address, where a host waits with `listen` and any number of guests can connect.
    `patience` is the number of seconds for which this guest keeps trying. The function that makes a connection is
    called for each try. If an RTCPeerConnection is passed instead, the guest tries only once.
    `on_progress` is also called with "host-away" if the host does not seem to be there.
    `guest` is the guest id, from `new_guest_id`. If a guest uses the same id each time, the host recognises it.

    Raises ChannelExpiredError, TamperedError, InvalidDescriptionError or ConnectionFailedError,
    RefusalError if another peer has answered, AccessKeyError if the server does not know the access key,
    and ServerError or NetworkError if the request failed too often.
    """
    report = on_progress or (lambda _: None)
    link = link_of(channel_id, key)
    is_given = isinstance(peer_connection, RTCPeerConnection)
    async with AsyncExitStack() as unreturned:
        async with client_of(server, access_key) as client:
            if link is not None and link.is_address:
                visit = Visit(
                    peer_connection, client, link, unreturned=unreturned, guest=guest, report=report, timeout=timeout
                )
                peer = await visit.connect(patience)
                met_in = visit.door_id
            else:
                channel = Channel(
                    client,
                    None if link is None else link.channel_id,
                    key=key if link is None else link.key,
                    asks_for_ice_servers=not is_given,
                )
                peer = await connect_through(
                    channel,
                    peer_connection,
                    unreturned=unreturned,
                    on_channel=on_channel,
                    report=report,
                    timeout=timeout,
                )
                met_in = channel.channel_id
        # Until here, this may be cancelled. The caller would then not get a new connection, and could not close it.
        unreturned.pop_all()
    return met_in if is_given else peer


async def connect_through(
    channel: Channel,
    peer_connection: RTCPeerConnection | NewPeerConnection,
    *,
    unreturned: AsyncExitStack,
    on_channel: Callable[[str], object] | None,
    report: Report,
    timeout: float,
) -> RTCPeerConnection:
    """Run the whole exchange through a channel, and return the connection. The offerer deletes the channel at the end.

    `unreturned` closes a new connection after this has returned it, unless the caller gets it.
    """
    try:
        offered = await meet(channel, report, opens_first=not isinstance(peer_connection, RTCPeerConnection))
        async with peer_of(peer_connection, channel.ice_servers, unreturned) as peer:
            if offered is None:
                remote = await offer(peer, channel, on_channel, report)
            else:
                remote = offered
                await answer(peer, channel, remote, report)
            report("connecting")
            await until_connected(peer, channel, remote, timeout)
            report("connected")
        return peer
    finally:
        if channel.role == "offerer":
            await channel.hang_up()


def link_of(channel_id: str | Link | None, key: bytes | None) -> Link | None:
    """Return the link that the answerer follows, or None for the offerer."""
    if channel_id is None:
        return None
    if isinstance(channel_id, str):
        return Link(channel_id, key)
    if key is not None:
        raise ValueError("do not pass a key together with a Link, which has its own")
    return channel_id


@asynccontextmanager
async def client_of(server: str | SignalingClient, access_key: str | None) -> AsyncIterator[SignalingClient]:
    """Yield the client that was passed, or a new one for a URL."""
    if isinstance(server, SignalingClient):
        if access_key is not None:
            raise ValueError("pass the access key to the SignalingClient instead")
        yield server
    else:
        async with SignalingClient(server, access_key=access_key) as client:
            yield client


async def meet(channel: Channel, report: Report, *, opens_first: bool) -> str | None:
    """Return the offer, once it has arrived. The offerer gets None, and opens the channel now if `opens_first`."""
    if channel.role == "offerer":
        if opens_first:
            await channel.open()
        return None
    report("waiting")
    return await channel.receive_offer()


async def offer(
    peer_connection: RTCPeerConnection,
    channel: Channel,
    on_channel: Callable[[str], object] | None,
    report: Report,
) -> str:
    """Send the offer, wait for the answer, and return it."""
    sdp = await new_offer(peer_connection, report)
    await (channel.send_offer(sdp) if channel.is_open else channel.open(sdp))
    if on_channel:
        on_channel(channel.channel_id)
    report("waiting")
    remote = await until_answered(peer_connection, channel)
    await set_remote(peer_connection, RTCSessionDescription(remote, "answer"))
    return remote
