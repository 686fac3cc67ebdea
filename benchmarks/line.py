"""A server that is far away: a line of TCP on which each direction takes half of a round trip."""

import queue
import socket
import socketserver
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import Any

from harness.web_servers import serving

CHUNK_BYTES = 65_536


class Line(socketserver.ThreadingTCPServer):
    """Forwards each connection to a port of this machine, as over a network with a round trip of `rtt` seconds.

    The kernel accepts for us at once, and so TCP's own handshake would be free. On a network the first bytes of the
    client leave only when the server's SYN-ACK is here, one round trip after its SYN: so here none of them leaves
    sooner after the connection began. From there on every byte comes when it would come over that network, and nobody
    who waits for an answer can tell the difference; only who asks how long `connect` took is told zero.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, rtt: float = 0) -> None:
        super().__init__(("127.0.0.1", 0), Connection)
        self.far_port = port
        self.rtt = rtt
        self.connections = 0
        self._open: set[socket.socket] = set()

    @property
    def port(self) -> int:
        """Where clients connect."""
        return int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """Count a connection, and begin it."""
        self.connections += 1
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """End a connection."""
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Take the line away, with all that is connected over it."""
        super().server_close()
        for connection in list(self._open):
            with suppress(OSError):  # It has ended meanwhile.
                connection.shutdown(socket.SHUT_RDWR)


class Connection(socketserver.BaseRequestHandler):
    """One connection, from its beginning to its end."""

    server: Line

    def handle(self) -> None:
        """Forward both directions until both have ended."""
        rtt, began = self.server.rtt, time.monotonic()
        with socket.create_connection(("127.0.0.1", self.server.far_port)) as far:
            for end in (self.request, far):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            there = threading.Thread(
                target=forward, args=(self.request, far, lambda now: max(now, began + rtt) + rtt / 2), daemon=True
            )
            there.start()
            forward(far, self.request, lambda now: now + rtt / 2)
            there.join()


def forward(source: socket.socket, target: socket.socket, due: Callable[[float], float]) -> None:
    """Send on what comes, and the end of it, each at the time that `due` says of the time at which it came."""
    sent: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()
    sender = threading.Thread(target=deliver, args=(sent, target), daemon=True)
    sender.start()
    while True:
        try:
            data = source.recv(CHUNK_BYTES)
        except OSError:  # A reset is an end, too.
            data = b""
        sent.put((due(time.monotonic()), data))
        if not data:
            break
    sender.join()


def deliver(sent: queue.SimpleQueue[tuple[float, bytes]], target: socket.socket) -> None:
    """Send each when it is due. What is empty is the end, of this direction only."""
    with suppress(OSError):  # The other side is gone, and takes no more.
        while True:
            due, data = sent.get()
            time.sleep(max(0, due - time.monotonic()))
            if not data:
                target.shutdown(socket.SHUT_WR)
                return
            target.sendall(data)


def line(port: int, rtt: float = 0) -> AbstractContextManager[Line]:
    """Lay a line to a port of this machine, with a round trip of `rtt` seconds."""
    return serving(Line(port, rtt))
