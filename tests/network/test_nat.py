"""The simulated NAT of a carrier, which the benchmarks use."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from queue import SimpleQueue

import pytest

from harness.clock import Clock
from harness.namespaces import Host
from harness.nat import Internet, carrier_nat, internet
from harness.stun import MAX_DATAGRAM_BYTES, Address, udp_socket

LIFETIME = 30
# Even on a busy machine, a packet needs a tenth of this.
PATIENCE_SECONDS = 20


@dataclass(frozen=True)
class Sockets:
    """A socket behind the NAT, and two on the internet."""

    inside: socket.socket
    server: socket.socket
    stranger: socket.socket

    def ask(self, other: socket.socket) -> Address:
        """Send a packet from behind the NAT, and return the address that the receiver sees."""
        self.inside.sendto(b"request", other.getsockname())
        _, (host, port) = other.recvfrom(MAX_DATAGRAM_BYTES)
        return host, port

    def received(self) -> bytes:
        """Return the next packet that gets through the NAT."""
        return self.inside.recv(MAX_DATAGRAM_BYTES)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def reports() -> SimpleQueue[str]:
    """What the NAT has done with each packet."""
    return SimpleQueue()


@pytest.fixture
def sockets(clock: Clock, reports: SimpleQueue[str]) -> Iterator[Sockets]:
    with internet() as network:
        nat = carrier_nat(LIFETIME, clock, reports.put)
        hosts = (network.host_behind(nat), network.exchange, network.public_host())
        opened = [open_on(network, host) for host in hosts]
        yield Sockets(*opened)
        for each in opened:
            each.close()


def open_on(network: Internet, host: Host) -> socket.socket:
    opened = host.inside(lambda: udp_socket(network.addresses[host]))
    opened.settimeout(PATIENCE_SECONDS)
    return opened


def test_everyone_sees_a_host_at_the_same_address(sockets: Sockets) -> None:
    assert sockets.ask(sockets.server) == sockets.ask(sockets.stranger)


def test_the_nat_lets_in_packets_only_from_addresses_that_the_host_has_sent_packets_to(
    sockets: Sockets, reports: SimpleQueue[str]
) -> None:
    address = sockets.ask(sockets.server)
    assert reports.get(timeout=PATIENCE_SECONDS) == "sent"

    sockets.stranger.sendto(b"uninvited", address)
    # The two senders are different hosts, so the packet that was sent first may arrive last.
    assert reports.get(timeout=PATIENCE_SECONDS) == "uninvited"
    sockets.server.sendto(b"invited", address)

    assert sockets.received() == b"invited"


def test_a_binding_lasts_as_long_as_it_is_used(sockets: Sockets, clock: Clock) -> None:
    address = sockets.ask(sockets.server)
    clock.seconds += LIFETIME - 1
    sockets.ask(sockets.server)
    clock.seconds += LIFETIME - 1

    sockets.server.sendto(b"reply", address)

    assert sockets.received() == b"reply"


def test_a_forgotten_binding_is_replaced_by_one_with_another_port(sockets: Sockets, clock: Clock) -> None:
    earlier = sockets.ask(sockets.server)
    clock.seconds += LIFETIME

    later = sockets.ask(sockets.server)
    sockets.server.sendto(b"to the earlier port", earlier)
    sockets.server.sendto(b"to the later port", later)

    assert earlier != later
    assert sockets.received() == b"to the later port"
