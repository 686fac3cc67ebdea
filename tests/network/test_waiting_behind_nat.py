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
from peerpost import Address, connect, keepalive, listen

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
# A guest repeats its checks. If the host has kept its binding, none is lost to a forgotten one.
LOST_CHECKS = 3
# A guest that can connect needs less than two seconds. After lost checks, it has this long to prove that it can.
HOPELESS_SECONDS = 10


@dataclass(frozen=True)
class Waiting:
    """A host that waits. Its NAT has a clock that only the test moves, and reports what it does with each packet."""

    address: Address
    clock: Clock
    reports: list[str]
    stun: StunServer
    guest: Host
    url: str

    def until_asked_again(self) -> None:
        """Return once the NAT has passed on two more requests of the host to its STUN server.

        The NAT may have looked at the clock for the first of them before this call.
        """
        deadline, before = time.monotonic() + PATIENCE_SECONDS, self.reports.count("sent")
        while self.reports.count("sent") < before + 2:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def visit(self) -> bool:
        """Let a guest try the door that is open now, and no other one. Return whether it gets connected.

        It has no chance once the host's NAT has dropped its checks because a binding is forgotten.
        """

        async def dial() -> bool:
            connection = new_connection(self.stun)
            link = self.address.link()
            dialing = asyncio.create_task(connect(connection, self.url, link, timeout=PATIENCE_SECONDS))
            try:
                while not dialing.done() and self.reports.count("forgotten") < LOST_CHECKS:
                    await asyncio.sleep(0.01)
                await asyncio.wait([dialing], timeout=HOPELESS_SECONDS)
                return dialing.done() and dialing.exception() is None
            finally:
                dialing.cancel()
                await asyncio.gather(dialing, return_exceptions=True)
                await connection.close()

        return self.guest.inside(lambda: asyncio.run(dial()))


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
        reports: list[str] = []
        host = network.host_behind(carrier_nat(LIFETIME, clock, reports.append))
        guest = network.host_behind(carrier_nat(LIFETIME))
        for each in (host, guest):
            stack.enter_context(each.reach(urlsplit(front.url).port or 0))
        address = stack.enter_context(listening(host, front.url, stun))
        yield Waiting(address, clock, reports, stun, guest, front.url)


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
    try:
        yield links.get(timeout=PATIENCE_SECONDS)
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join()
        loop.close()


def test_a_guest_can_connect_with_an_offer_that_is_older_than_the_lifetime_of_a_nat_binding(waiting: Waiting) -> None:
    for _ in range(WAIT // 20):
        waiting.clock.seconds += 20
        waiting.until_asked_again()

    assert waiting.visit()


@pytest.mark.parametrize("keepalive_seconds", [math.inf])
def test_a_guest_cannot_connect_with_an_old_offer_without_keepalives(waiting: Waiting) -> None:
    waiting.clock.seconds += WAIT

    assert not waiting.visit()
