"""A Python host that waits at an address behind a carrier's NAT, and a guest behind another one."""

import asyncio
import math
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, aclosing, contextmanager
from dataclasses import dataclass
from queue import SimpleQueue
from urllib.parse import urlsplit

import pytest
from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection
from peerpost import Address, ConnectionFailedError, connect, keepalive, listen

from harness.clock import Clock
from harness.front import Front
from harness.namespaces import Host
from harness.nat import carrier_nat, internet
from harness.stun import StunServer, stun_server, udp_socket

# Linux forgets a binding after this time if the STUN server was asked once.
LIFETIME = 30
# The next door opens after 120 s.
WAIT = 100
# Even on a busy machine, nothing here takes a tenth of this.
PATIENCE_SECONDS = 60
# A guest that can connect needs less than two seconds.
HOPELESS_SECONDS = 10


@dataclass(frozen=True)
class Waiting:
    """A host that waits. Its NAT has a clock that only the test moves."""

    address: Address
    clock: Clock
    stun: StunServer
    guest: Host
    url: str

    def until_asked_again(self) -> None:
        """Return once the host has sent two more requests to its STUN server.

        The first of them may already have been on its way before this call.
        """
        deadline, before = time.monotonic() + PATIENCE_SECONDS, len(self.stun.requests)
        while len(self.stun.requests) < before + 2:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def visit(self, timeout: float) -> None:
        """Let a guest try the door that is open now, and no other one."""

        async def dial() -> None:
            connection = new_connection(self.stun)
            try:
                await connect(connection, self.url, self.address.link(), timeout=timeout)
            finally:
                await connection.close()

        self.guest.inside(lambda: asyncio.run(dial()))


def new_connection(stun: StunServer) -> RTCPeerConnection:
    connection = RTCPeerConnection(RTCConfiguration([RTCIceServer(stun.url)]))
    connection.createDataChannel("chat")
    return connection


@pytest.fixture
def keepalive_seconds() -> float:
    """Much shorter than the real interval. The NAT has its own clock, so this changes nothing for it."""
    return 0.1


@pytest.fixture
def waiting(front: Front, keepalive_seconds: float, monkeypatch: pytest.MonkeyPatch) -> Iterator[Waiting]:
    monkeypatch.setattr(keepalive, "KEEPALIVE_SECONDS", keepalive_seconds)
    with ExitStack() as stack:
        network = stack.enter_context(internet())
        clock = Clock()
        endpoint = network.exchange.inside(lambda: udp_socket(network.addresses[network.exchange]))
        stun = stack.enter_context(stun_server(endpoint))
        stun.release()
        host = network.host_behind(carrier_nat(LIFETIME, clock))
        guest = network.host_behind(carrier_nat(LIFETIME))
        for each in (host, guest):
            stack.enter_context(each.reach(urlsplit(front.url).port or 0))
        address = stack.enter_context(listening(host, front.url, stun))
        yield Waiting(address, clock, stun, guest, front.url)


@contextmanager
def listening(host: Host, url: str, stun: StunServer) -> Iterator[Address]:
    """Wait for guests on a host, in a thread. The address is given once its first door is open."""
    links, connections = SimpleQueue[Address](), list[RTCPeerConnection]()
    loop, end = asyncio.new_event_loop(), asyncio.Event()

    async def serve() -> None:
        peers = listen(url, new_connection=lambda _: new_connection(stun), on_link=links.put)
        async with aclosing(peers):
            async for peer in peers:
                connections.append(peer.connection)

    async def run() -> None:
        serving = asyncio.create_task(serve())
        await end.wait()
        serving.cancel()
        await asyncio.gather(serving, *(each.close() for each in connections), return_exceptions=True)

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    host.inside(thread.start)
    yield links.get(timeout=PATIENCE_SECONDS)
    loop.call_soon_threadsafe(end.set)
    thread.join()
    loop.close()


def test_a_guest_can_connect_with_an_offer_that_is_older_than_the_lifetime_of_a_nat_binding(waiting: Waiting) -> None:
    for _ in range(WAIT // 20):
        waiting.clock.seconds += 20
        waiting.until_asked_again()

    waiting.visit(PATIENCE_SECONDS)


@pytest.mark.parametrize("keepalive_seconds", [math.inf])
def test_a_guest_cannot_connect_with_an_old_offer_without_keepalives(waiting: Waiting) -> None:
    waiting.clock.seconds += WAIT

    with pytest.raises(ConnectionFailedError):
        waiting.visit(HOPELESS_SECONDS)
