"""A STUN server (RFC 8489) that holds its replies until a test releases them."""

import os
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

MAGIC_COOKIE = 0x2112A442
BINDING_REQUEST, BINDING_SUCCESS = 0x0001, 0x0101
XOR_MAPPED_ADDRESS, IPV4 = 0x0020, 0x01
HEADER_BYTES = 20
MAX_DATAGRAM_BYTES = 1500


Address = tuple[str, int]


@dataclass(frozen=True)
class Request:
    """A peer's request for its address, and the time of its arrival, by the monotonic clock."""

    address: Address
    seconds: float


class StunServer:
    """Sends peers their addresses, from which they make candidates, but not before `release`."""

    def __init__(self, endpoint: socket.socket) -> None:
        self.requests: list[Request] = []
        self._socket = endpoint
        self._released = threading.Event()
        self._waiting: list[tuple[bytes, Address]] = []
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        host, port = self._socket.getsockname()
        return f"stun:{host}:{port}"

    @property
    def asked(self) -> list[Address]:
        """The addresses that requests came from, in order."""
        return [request.address for request in self.requests]

    def release(self) -> None:
        """Reply to all pending requests, and from now on to every request immediately."""
        with self._lock:
            self._released.set()
            for transaction, address in self._waiting:
                self._reply(transaction, address)

    def serve(self) -> None:
        while True:
            datagram, address = self._socket.recvfrom(MAX_DATAGRAM_BYTES)
            if not datagram:  # `stun_server` sends an empty datagram to stop this loop.
                return
            if len(datagram) < HEADER_BYTES:
                continue
            kind, _, cookie, transaction = struct.unpack("!HHI12s", datagram[:HEADER_BYTES])
            if (kind, cookie) != (BINDING_REQUEST, MAGIC_COOKIE):
                continue
            with self._lock:
                self.requests.append(Request(address, time.monotonic()))
                if self._released.is_set():
                    self._reply(transaction, address)
                else:
                    self._waiting.append((transaction, address))

    def _reply(self, transaction: bytes, address: Address) -> None:
        (host,) = struct.unpack("!I", socket.inet_aton(address[0]))
        mapped = struct.pack("!BBHI", 0, IPV4, address[1] ^ MAGIC_COOKIE >> 16, host ^ MAGIC_COOKIE)
        attribute = struct.pack("!HH", XOR_MAPPED_ADDRESS, len(mapped)) + mapped
        header = struct.pack("!HHI12s", BINDING_SUCCESS, len(attribute), MAGIC_COOKIE, transaction)
        self._socket.sendto(header + attribute, address)


def wait_for_stun(port: int, seconds: float = 60) -> None:
    """Return once a server on this machine replies over UDP."""
    request = struct.pack("!HHI12s", BINDING_REQUEST, 0, MAGIC_COOKIE, os.urandom(12))
    deadline = time.monotonic() + seconds
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("127.0.0.1", port))
        probe.settimeout(0.05)
        while time.monotonic() < deadline:
            try:
                probe.send(request)
                probe.recv(MAX_DATAGRAM_BYTES)
            except (ConnectionRefusedError, TimeoutError):
                continue
            return
    raise TimeoutError(f"no STUN server replied on port {port} within {seconds} s")


def udp_socket(host: str = "127.0.0.1") -> socket.socket:
    """Return a socket on a free port."""
    endpoint = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    endpoint.bind((host, 0))
    return endpoint


@contextmanager
def stun_server(endpoint: socket.socket | None = None) -> Iterator[StunServer]:
    """Run a STUN server on a socket, by default on a new one. At the end, the socket is closed."""
    with endpoint or udp_socket() as endpoint:
        server = StunServer(endpoint)
        thread = threading.Thread(target=server.serve, daemon=True)
        thread.start()
        yield server
        endpoint.sendto(b"", endpoint.getsockname())
        thread.join()
