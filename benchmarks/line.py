"""Simulates a server that is far away: a TCP proxy that delays each direction by half a round trip."""

import queue
import socket
import socketserver
import threading
import time
from collections import deque
from contextlib import AbstractContextManager, suppress
from typing import Any

from harness.web_servers import serving

CHUNK_BYTES = 65_536
# RFC 6928: a sender begins with ten segments. An Ethernet frame has room for 1,460 bytes of each.
INITIAL_WINDOW_BYTES = 14_600


class Line(socketserver.ThreadingTCPServer):
    """Forwards each connection to a port of this machine, as over a network with a round trip of `rtt` seconds.

    The local kernel accepts connections at once, so TCP's own handshake takes no time here. On a real network, a
    client sends its first bytes only after the server's SYN-ACK, one round trip after its SYN. So we hold back the
    first bytes for that long. From then on, every byte arrives as it would over that network. A client that waits for
    a reply cannot tell the difference; only the measured time of `connect` itself is zero.

    The network has unlimited bandwidth and loses nothing, but both sides follow TCP's slow start.
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
        """The port that clients connect to."""
        return int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """Count a connection, and start to serve it."""
        self.connections += 1
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """End a connection."""
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Close the line, and every connection over it."""
        super().server_close()
        for connection in list(self._open):
            with suppress(OSError):  # The connection has ended meanwhile.
                connection.shutdown(socket.SHUT_RDWR)


class SlowStart:
    """Says when bytes leave (RFC 5681): at most one window in each round trip. The window doubles each time."""

    def __init__(self, rtt: float) -> None:
        self._rtt = rtt
        self._window = INITIAL_WINDOW_BYTES
        # The pieces that are on their way, each with the time at which the sender learns of its arrival.
        self._on_their_way: deque[tuple[float, int]] = deque()
        self.last = 0.0

    def departures(self, now: float, size: int) -> list[tuple[float, int]]:
        """Return when the next `size` bytes leave if they are ready now: a time and a size for each piece."""
        pieces = list[tuple[float, int]]()
        now = max(now, self.last)
        while size:
            while self._on_their_way and self._on_their_way[0][0] <= now:
                self._window += self._on_their_way.popleft()[1]
            room = self._window - sum(piece for _, piece in self._on_their_way)
            if room > 0:
                piece = min(room, size)
                pieces.append((now, piece))
                self._on_their_way.append((now + self._rtt, piece))
                size -= piece
            else:
                now = self._on_their_way[0][0]
        self.last = now
        return pieces


class Connection(socketserver.BaseRequestHandler):
    """One connection through the line."""

    server: Line

    def handle(self) -> None:
        """Forward both directions until both have ended."""
        rtt, began = self.server.rtt, time.monotonic()
        with socket.create_connection(("127.0.0.1", self.server.far_port)) as far:
            for end in (self.request, far):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            there = threading.Thread(target=forward, args=(self.request, far, rtt, began + rtt), daemon=True)
            there.start()
            forward(far, self.request, rtt)
            there.join()


def forward(source: socket.socket, target: socket.socket, rtt: float, not_before: float = 0) -> None:
    """Forward data and its end from source to target. No data leaves before the given time."""
    sent: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()
    sender = threading.Thread(target=deliver, args=(sent, target), daemon=True)
    sender.start()
    tcp = SlowStart(rtt)
    while True:
        try:
            data = source.recv(CHUNK_BYTES)
        except OSError:  # A reset ends the data, too.
            data = b""
        now, rest = max(time.monotonic(), not_before), data
        for departure, size in tcp.departures(now, len(data)):
            now = departure
            sent.put((departure + rtt / 2, rest[:size]))
            rest = rest[size:]
        if not data:
            sent.put((max(now, tcp.last) + rtt / 2, b""))
            break
    sender.join()


def deliver(sent: queue.SimpleQueue[tuple[float, bytes]], target: socket.socket) -> None:
    """Send each piece when it is due. An empty piece ends this direction only."""
    with suppress(OSError):  # The target has closed the connection.
        while True:
            due, data = sent.get()
            time.sleep(max(0, due - time.monotonic()))
            if not data:
                target.shutdown(socket.SHUT_WR)
                return
            target.sendall(data)


def line(port: int, rtt: float = 0) -> AbstractContextManager[Line]:
    """Return a line to a port of this machine, with a round trip of `rtt` seconds."""
    return serving(Line(port, rtt))
