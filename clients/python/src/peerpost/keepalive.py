"""Keeps a peer reachable behind a NAT while its offer waits for an answer.

The candidates of an offer contain the public address of a NAT binding. A NAT forgets a binding if this peer sends
nothing for a while, sometimes for only 30 seconds. So this module regularly sends a STUN request, from the same
sockets, to the STUN server that the peer has asked before. It does not wait for replies.

aiortc has no public API for these sockets. This module reads three attributes that are private, or may become private.
If a later version of aiortc or aioice lacks one of them, no bindings are kept alive, and no error is raised.
"""

import asyncio
import secrets
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiortc import RTCPeerConnection

from peerpost.limits import KEEPALIVE_SECONDS

# A STUN request without attributes: its type, its length, the magic cookie, and a random transaction id (RFC 8489).
BINDING_REQUEST = struct.Struct("!HHI12s")
MAGIC_COOKIE = 0x2112A442
TRANSACTION_BYTES = 12


@asynccontextmanager
async def kept_alive(peer_connection: RTCPeerConnection) -> AsyncIterator[None]:
    """Keep a peer with an offer reachable for the length of a `with` block."""
    keeping = asyncio.create_task(keep_alive(peer_connection))
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


async def keep_alive(peer_connection: RTCPeerConnection) -> None:
    """Refresh the NAT's bindings until this is cancelled."""
    # The private attributes are all in this block.
    with suppress(AttributeError):
        agents = {transport.iceGatherer._connection for transport in ice_transports(peer_connection)}
        while True:
            await asyncio.sleep(KEEPALIVE_SECONDS)
            for agent in agents:
                if agent.stun_server is not None:
                    await ask(agent.stun_server, [protocol.transport for protocol in agent._protocols])


def ice_transports(peer_connection: RTCPeerConnection) -> set[Any]:
    """Return the transports of a connection. Before it is connected, each data channel and track has one of its own."""
    users: list[Any] = [transceiver.sender for transceiver in peer_connection.getTransceivers()]
    if peer_connection.sctp is not None:
        users.append(peer_connection.sctp)
    return {user.transport.transport for user in users}


async def ask(server: tuple[str, int], transports: list[Any]) -> None:
    """Send a STUN request to a server from each socket that has sent one before."""
    # Without a network, the server's name cannot be resolved.
    with suppress(OSError):
        host, port = server
        [(*_, address), *_] = await asyncio.get_running_loop().getaddrinfo(host, port, family=socket.AF_INET)
        for transport in transports:
            # aioice asks STUN servers only over IPv4. A transport through a TURN server has no socket.
            found = transport.get_extra_info("socket")
            if found is not None and found.family == socket.AF_INET and not transport.is_closing():
                transport.sendto(binding_request(), address)


def binding_request() -> bytes:
    return BINDING_REQUEST.pack(1, 0, MAGIC_COOKIE, secrets.token_bytes(TRANSACTION_BYTES))
