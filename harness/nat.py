"""Hosts behind NATs: an internet of network namespaces, with routers that translate UDP addresses.

Two kinds of NAT, in the words of RFC 4787. Both forget a binding after a time without outgoing packets. Both accept
packets only from addresses that the host has sent to, which makes them "port-restricted cone" NATs.

- A home router is Linux's own NAT. It gives a host the port that the host uses itself if that is free. So a binding
  that was forgotten and is made again usually has its earlier port.
- A carrier's NAT gives each binding a new port, the same for all destinations. A forgotten binding never comes back.
"""

import fcntl
import os
import selectors
import shutil
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from harness.namespaces import Host, lay_cable, new_host, run
from harness.stun import MAX_DATAGRAM_BYTES, Address, udp_socket

# <linux/if_tun.h>
TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
IPV4_HEADER_BYTES, UDP_HEADER_BYTES, HOPS = 20, 8, 64
# Packets from the LAN follow this routing table into the carrier's NAT.
ROUTING_TABLE = "100"
POLL_SECONDS = 0.2

# These networks are reserved for documentation (RFC 5737).
INTERNET = "198.51.100.{}"
LAN = "192.0.2.{}"

NO_NFT = """\
The simulated home router needs `nft`, but it is not on the PATH.
On Debian and Ubuntu: apt-get install nftables"""

# Without the second chain, a packet that no binding expects would occupy its port on the router.
# The host's own packet to the same address would then get another port.
HOME_ROUTER = """
table ip nat {{
  chain outgoing {{ type nat hook postrouting priority srcnat; oifname "{outside}" masquerade; }}
  chain incoming {{ type filter hook input priority filter; iifname "{outside}" drop; }}
}}
"""


@dataclass
class Internet:
    """A network of public addresses. Closing `stack` deletes everything on it."""

    stack: ExitStack
    exchange: Host
    """The host that all cables lead to."""
    addresses: dict[Host, str]
    """The address of each host on its own network."""

    def public_host(self) -> Host:
        """Return a new host with a public address."""
        host, _ = self._new_host("public")
        return host

    def host_behind(self, nat: Callable[["Router"], None]) -> Host:
        """Return a new host with a private address, behind a new router. `nat` sets up the router."""
        router, outside = self._new_host("router")
        host = self.stack.enter_context(new_host(f"private{len(self.addresses)}"))
        lay_cable("lan", router, host)
        router.join("lan", LAN.format(1) + "/24")
        run("ip", "-n", router.name, "route", "replace", "default", "dev", outside)
        host.join("lan", LAN.format(2) + "/24", gateway=LAN.format(1))
        host.wait_until_up("lan")
        nat(Router(router, self.addresses[router], outside, self.stack))
        self.addresses[host] = LAN.format(2)
        return host

    def disconnect(self, host: Host) -> None:
        """Take the address of a public host away, as when a user turns off the Wi-Fi. The host notices."""
        host.leave(self._cable(host))

    def connect(self, host: Host) -> None:
        host.join(self._cable(host), self.addresses[host] + "/24")

    def mute(self, host: Host) -> None:
        """Drop all packets from and to a public host. Nobody notices, as if a router further away had failed."""
        run("ip", "-n", self.exchange.name, "link", "set", self._cable(host), "nomaster")

    def unmute(self, host: Host) -> None:
        run("ip", "-n", self.exchange.name, "link", "set", self._cable(host), "master", "exchange")

    def _cable(self, host: Host) -> str:
        return f"cable{list(self.addresses).index(host)}"

    def _new_host(self, kind: str) -> tuple[Host, str]:
        number = len(self.addresses)
        host = self.stack.enter_context(new_host(f"{kind}{number}"))
        self.addresses[host] = INTERNET.format(number)
        cable = self._cable(host)
        lay_cable(cable, host, self.exchange)
        run("ip", "-n", self.exchange.name, "link", "set", cable, "master", "exchange", "up")
        host.join(cable, self.addresses[host] + "/24")
        host.wait_until_up(cable)
        return host, cable


@dataclass(frozen=True)
class Router:
    """A router between a LAN and the internet."""

    host: Host
    address: str
    outside: str
    stack: ExitStack


@contextmanager
def internet() -> Iterator[Internet]:
    with ExitStack() as stack:
        exchange = stack.enter_context(new_host("exchange"))
        run("ip", "-n", exchange.name, "link", "add", "exchange", "type", "bridge")
        address = INTERNET.format(254)
        exchange.join("exchange", address + "/24")
        yield Internet(stack, exchange, {exchange: address})


def home_router(lifetime: float) -> Callable[[Router], None]:
    """Return the NAT of a home router, which forgets a binding after `lifetime` seconds."""
    nft = shutil.which("nft")
    if nft is None:
        raise RuntimeError(NO_NFT)

    def start(router: Router) -> None:
        rules = HOME_ROUTER.format(outside=router.outside)
        subprocess.run([*router.host.entry, nft, "-f", "-"], input=rules, text=True, check=True)
        for name in ("udp_timeout", "udp_timeout_stream"):
            set_kernel_option(router.host, f"netfilter/nf_conntrack_{name}", int(lifetime))
        set_kernel_option(router.host, "ipv4/ip_forward", 1)

    return start


def report_nothing(_: str) -> None:
    """Do nothing."""


def carrier_nat(
    lifetime: float, clock: Callable[[], float] = time.monotonic, report: Callable[[str], None] = report_nothing
) -> Callable[[Router], None]:
    """Return the NAT of a carrier, which forgets a binding after `lifetime` seconds.

    It reports what it has done with each packet: `sent` it to the internet, `received` it from there, or dropped it
    because it was `uninvited` or its binding is `forgotten`.
    """

    def start(router: Router) -> None:
        tunnel = router.host.inside(lambda: open_tunnel("nat"))
        router.stack.callback(os.close, tunnel)
        run("ip", "-n", router.host.name, "link", "set", "nat", "up")
        for interface in ("all", "nat"):  # Packets from the internet reach the LAN through the tunnel.
            set_kernel_option(router.host, f"ipv4/conf/{interface}/rp_filter", 0)
        set_kernel_option(router.host, "ipv4/ip_forward", 1)
        run("ip", "-n", router.host.name, "route", "add", "default", "dev", "nat", "table", ROUTING_TABLE)
        run("ip", "-n", router.host.name, "rule", "add", "iif", "lan", "lookup", ROUTING_TABLE)

        def open_port() -> socket.socket:
            return router.host.inside(lambda: udp_socket(router.address))

        nat = CarrierNat(tunnel, open_port, lifetime, clock, report)
        thread = threading.Thread(target=nat.serve, daemon=True)
        thread.start()
        router.stack.callback(thread.join)
        router.stack.callback(nat.stop)

    return start


@dataclass
class Binding:
    """A host's address, and the socket through which the NAT sends the packets from it."""

    inside: Address
    socket: socket.socket
    used: float
    destinations: set[Address] = field(default_factory=set)


class CarrierNat:
    """Translates the IPv4 UDP packets of a tunnel, and drops all others."""

    def __init__(
        self,
        tunnel: int,
        open_port: Callable[[], socket.socket],
        lifetime: float,
        clock: Callable[[], float],
        report: Callable[[str], None],
    ) -> None:
        self._tunnel = tunnel
        self._open_port = open_port
        self._lifetime = lifetime
        self._clock = clock
        self._report = report
        self._bindings: dict[Address, Binding] = {}
        self._selector = selectors.DefaultSelector()
        self._is_stopped = threading.Event()

    def serve(self) -> None:
        self._selector.register(self._tunnel, selectors.EVENT_READ)
        while not self._is_stopped.is_set():
            for key, _ in self._selector.select(POLL_SECONDS):
                if key.data is None:
                    self._send(os.read(self._tunnel, MAX_DATAGRAM_BYTES))
                else:
                    self._receive(key.data)
        for key in list(self._selector.get_map().values()):
            if key.data is not None:
                key.data.socket.close()
        self._selector.close()

    def stop(self) -> None:
        self._is_stopped.set()

    def _send(self, packet: bytes) -> None:
        datagram = Datagram.parse(packet)
        if datagram is None:
            return
        binding = self._bindings.get(datagram.source)
        if binding is None or self._is_forgotten(binding):
            binding = Binding(datagram.source, self._open_port(), self._clock())
            # The socket of a forgotten binding stays open. The kernel would reject packets to a closed one, with ICMP.
            self._bindings[datagram.source] = binding
            self._selector.register(binding.socket, selectors.EVENT_READ, binding)
        binding.used = self._clock()
        binding.destinations.add(datagram.destination)
        binding.socket.sendto(datagram.payload, datagram.destination)
        self._report("sent")

    def _receive(self, binding: Binding) -> None:
        payload, sender = binding.socket.recvfrom(MAX_DATAGRAM_BYTES)
        if self._bindings[binding.inside] is not binding or self._is_forgotten(binding):
            self._report("forgotten")
        elif sender not in binding.destinations:
            self._report("uninvited")
        else:
            os.write(self._tunnel, Datagram(sender, binding.inside, payload).packet())
            self._report("received")

    def _is_forgotten(self, binding: Binding) -> bool:
        return self._clock() - binding.used >= self._lifetime


@dataclass(frozen=True)
class Datagram:
    """A UDP packet in an IPv4 packet."""

    source: Address
    destination: Address
    payload: bytes

    @classmethod
    def parse(cls, packet: bytes) -> "Datagram | None":
        """Return the UDP packet, or None if it is anything else or a fragment."""
        if packet[0] >> 4 != 4 or packet[9] != socket.IPPROTO_UDP:
            return None
        header_bytes = 4 * (packet[0] & 0x0F)
        (fragment,) = struct.unpack_from("!H", packet, 6)
        if fragment & 0x3FFF:
            return None
        source, destination = (socket.inet_ntoa(packet[start : start + 4]) for start in (12, 16))
        source_port, destination_port = struct.unpack_from("!HH", packet, header_bytes)
        payload = packet[header_bytes + UDP_HEADER_BYTES :]
        return cls((source, source_port), (destination, destination_port), payload)

    def packet(self) -> bytes:
        """Return the IPv4 packet. Its UDP packet has no checksum, which IPv4 allows."""
        udp_bytes = UDP_HEADER_BYTES + len(self.payload)
        udp = struct.pack("!HHHH", self.source[1], self.destination[1], udp_bytes, 0) + self.payload
        addresses = socket.inet_aton(self.source[0]) + socket.inet_aton(self.destination[0])
        fields = (0x45, 0, IPV4_HEADER_BYTES + udp_bytes, 0, 0, HOPS, socket.IPPROTO_UDP)
        unchecked = struct.pack("!BBHHHBBH", *fields, 0) + addresses
        return struct.pack("!BBHHHBBH", *fields, checksum(unchecked)) + addresses + udp


def checksum(header: bytes) -> int:
    """Return the checksum of an IPv4 header (RFC 1071)."""
    total: int = sum(struct.unpack(f"!{len(header) // 2}H", header))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def open_tunnel(name: str) -> int:
    """Return a file descriptor of a new network interface, whose packets are read and written there."""
    tunnel = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tunnel, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
    return tunnel


def set_kernel_option(host: Host, name: str, value: int) -> None:
    host.inside(lambda: Path("/proc/sys/net", name).write_text(f"{value}\n"))
