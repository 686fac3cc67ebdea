"""What `peerpost send` and `peerpost receive` have in common: their server, and their connections."""

import argparse
import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from weakref import WeakKeyDictionary

from aiortc import RTCConfiguration, RTCDataChannel, RTCPeerConnection

from peerpost.client import SignalingClient
from peerpost.connection import connect
from peerpost.console import Console
from peerpost.errors import PeerLostError, PeerpostError
from peerpost.exchange import NewPeerConnection, close
from peerpost.file_channel import LABEL, FileChannel
from peerpost.ice_options import DEFAULT_ICE_SERVERS, configuration_of
from peerpost.links import Link, page_url, server_url

SERVER_VARIABLE = "PEERPOST_SERVER"
PAGE_VARIABLE = "PEERPOST_PAGE"

PROGRESS_WORDS = {
    "gathering": "finding this machine's IP addresses",
    "connecting": "connecting",
    "host-away": "the sender is away: waiting until it is back",
}


class FileChannels:
    """The data channels for files, on all connections that a command makes.

    `patience` is the time in seconds after which a silent peer counts as lost.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._opened: WeakKeyDictionary[RTCPeerConnection, asyncio.Future[FileChannel]] = WeakKeyDictionary()

    def offer_on(self, peer: RTCPeerConnection) -> None:
        """Let a new connection offer a data channel for files."""
        opened = self._expect_on(peer)
        data_channel = peer.createDataChannel(LABEL)
        data_channel.on("open", lambda: self._take(data_channel, opened))

    def accept_on(self, peer: RTCPeerConnection) -> None:
        """Let a new connection accept the data channel for files that the other peer offers."""
        opened = self._expect_on(peer)

        def on_data_channel(data_channel: RTCDataChannel) -> None:
            if data_channel.label == LABEL:
                self._take(data_channel, opened)

        peer.on("datachannel", on_data_channel)

    async def of(self, peer: RTCPeerConnection) -> FileChannel:
        """Return the data channel of a connection, once it is open. Raises PeerLostError if it does not open.

        This can be called only once for each connection.
        """
        # An open data channel refers to its connection. If it stayed in the dictionary, so would the connection,
        # although the dictionary has only weak references to its keys.
        opened = self._opened.pop(peer)
        try:
            async with asyncio.timeout(self._patience):
                return await opened
        except TimeoutError as error:
            raise PeerLostError("the other peer connected, but opened no data channel for a file") from error

    def _expect_on(self, peer: RTCPeerConnection) -> asyncio.Future[FileChannel]:
        opened: asyncio.Future[FileChannel] = asyncio.get_running_loop().create_future()
        self._opened[peer] = opened
        return opened

    def _take(self, data_channel: RTCDataChannel, opened: asyncio.Future[FileChannel]) -> None:
        # The wait for the data channel may have ended already.
        if not opened.done():
            opened.set_result(FileChannel(data_channel, self._patience))


def connection_maker(options: argparse.Namespace, prepare: Callable[[RTCPeerConnection], None]) -> NewPeerConnection:
    """Return a function that makes a connection, and calls `prepare` with it.

    A connection uses the ICE servers in the options. Without any, it uses those of the server's operator, and if the
    operator has none either, the default ones.
    """

    def make(configuration: RTCConfiguration) -> RTCPeerConnection:
        if options.ice_server:
            configuration = configuration_of(options.ice_server)
        elif configuration.iceServers is None:
            configuration = configuration_of(DEFAULT_ICE_SERVERS)
        peer = RTCPeerConnection(configuration)
        prepare(peer)
        return peer

    return make


@asynccontextmanager
async def connected(
    options: argparse.Namespace,
    make: NewPeerConnection,
    server: str | SignalingClient,
    channel: Link | None = None,
    **how: Any,
) -> AsyncIterator[RTCPeerConnection]:
    """Connect, and yield the connection. `how` contains more arguments for `connect`."""
    report = reporter(options)
    is_address = channel is not None and channel.is_address
    async with AsyncExitStack() as stack:
        # Close the connection at the end, so that the other peer notices at once, and does not wait until its patience
        # runs out.
        if options.ice_server and not is_address:
            # The ICE servers are known, so this needs no request for them.
            peer = make(RTCConfiguration())
            stack.push_async_callback(close, peer)
            await connect(peer, server, channel, on_progress=report, **how)
        else:
            peer = await connect(make, server, channel, on_progress=report, **how)
            stack.push_async_callback(close, peer)
        yield peer


def reporter(options: argparse.Namespace) -> Callable[[str], None]:
    """Return a function that prints the steps of `connect` that take time."""
    console = Console(quiet=options.quiet)

    def report(step: str) -> None:
        if step in PROGRESS_WORDS:
            console.say(PROGRESS_WORDS[step])

    return report


def server_from(options: argparse.Namespace, link: Link | None) -> str:
    """Return the URL of the server. Raises PeerpostError if there is none, or if it holds a password."""
    of_the_link = link.server if link else None
    server = options.server or of_the_link or os.environ.get(SERVER_VARIABLE)
    if not server:
        raise PeerpostError(f"no server: pass --server, or set {SERVER_VARIABLE}")
    try:
        return server_url(server)
    except ValueError as error:
        raise PeerpostError(str(error)) from error


def page_from(options: argparse.Namespace) -> str | None:
    """Return the URL of the page that the link opens in a browser, or None.

    Raises PeerpostError if this URL cannot be in a link.
    """
    page = options.page or os.environ.get(PAGE_VARIABLE)
    try:
        return page_url(page) if page else None
    except ValueError as error:
        raise PeerpostError(str(error)) from error
