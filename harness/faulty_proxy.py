"""A proxy between the gateway and a DynamoDB engine that injects faults."""

import json
import math
import socket
import struct
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

import httpx

from chalicelib.limits import DYNAMODB_READ_TIMEOUT_SECONDS
from harness.engines import free_port

STALL_SECONDS = 2.5
# Four times the function's time-out.
FOR_EVER_SECONDS = 60
SLOW_SECONDS = 0.5
SLOW_PIECES = 3


class FaultyProxy(ThreadingHTTPServer):
    """Forwards requests to `engine`. Each request takes the next fault from `faults`.

    When `faults` is empty, `weather` picks the fault; by default it lets every request through.
    A connection that has been idle for `idle_seconds` is closed.
    `met` counts the faults by name.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, engine: str) -> None:
        # The port must be a reserved one: `out_of_reach` gives it up and binds it again.
        super().__init__(("127.0.0.1", free_port()), Forwarder)
        # Engines speak plain HTTP, so skip reading the certificate authorities, which takes longer than many tests do.
        self.engine = httpx.Client(base_url=engine, verify=False)
        self.faults: list[Fault] = []
        self.weather: Callable[[], Fault] = lambda: let_through
        self.idle_seconds: float | None = None
        self.requests = self.connections = 0
        self.met: Counter[str] = Counter()
        self._turn = threading.Condition()
        self._under_way = 0
        self._connections: set[socket.socket] = set()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @contextmanager
    def next_fault(self) -> "Iterator[Fault]":
        with self._turn:
            self.requests += 1
            self._under_way += 1
            fault = self.faults.pop(0) if self.faults else self.weather()
            self.met[fault.__name__] += 1
        try:
            yield fault
        finally:
            with self._turn:
                self._under_way -= 1
                self._turn.notify_all()

    def settle(self) -> None:
        """Return once no request is in progress, including those whose clients have given up."""
        with self._turn:
            assert self._turn.wait_for(lambda: self._under_way == 0, timeout=60)

    def wait_for_requests(self, number: int) -> None:
        """Return once this many requests have arrived. A client may give up a request before we have read it."""
        with self._turn:
            assert self._turn.wait_for(lambda: self.requests >= number, timeout=60), self.met

    def process_request(self, request: Any, client_address: Any) -> None:
        # Not in the thread of the connection, which may start late: `out_of_reach` must close this connection, too.
        with self._turn:
            self.connections += 1
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._turn:
            self._connections.discard(request)
            self._turn.notify_all()
        super().shutdown_request(request)

    def wait_until_idle_connections_are_closed(self) -> None:
        with self._turn:
            assert self._turn.wait_for(lambda: not self._connections, timeout=60)

    @contextmanager
    def out_of_reach(self) -> Iterator[None]:
        """Refuse new connections, and close the existing ones."""
        self.shutdown()
        self.server_close()
        with self._turn:
            for connection in self._connections:
                # The client may have reset the connection, and we have not noticed yet.
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        try:
            yield
        finally:
            self.socket = socket.socket(self.address_family, self.socket_type)
            self.server_bind()
            self.server_activate()
            self.start()

    def start(self) -> None:
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Do nothing: these tests are about clients that give up."""


class Forwarder(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    # Otherwise the content of each reply would wait for 40 ms, until the client acknowledges the headers.
    disable_nagle_algorithm = True
    server: FaultyProxy

    def setup(self) -> None:
        super().setup()
        self.connection.settimeout(self.server.idle_seconds)

    def do_POST(self) -> None:
        self.body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.next_fault() as fault:
            fault(self)

    def forward(self) -> httpx.Response:
        return self.server.engine.post("/", content=self.body, headers=dict(self.headers))

    def announce(self, status: int, content: bytes) -> None:
        """Send the status and headers of a reply, with the CRC-32 of its content, as DynamoDB does."""
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("x-amz-crc32", str(zlib.crc32(content)))
        self.end_headers()
        self.wfile.flush()

    def answer(self, status: int, content: bytes, sent: bytes | None = None) -> None:
        """Send a reply whose headers describe `content`. If `sent` is given, send that as the body instead."""
        self.announce(status, content)
        self.wfile.write(content if sent is None else sent)
        self.wfile.flush()

    def drip(self, seconds: float, pieces: int) -> None:
        """Forward the request, and send the reply in pieces, which are spread over `seconds`."""
        reply = self.forward()
        # Spaces after JSON mean nothing. Without them, a short reply would have empty pieces.
        content = reply.content.ljust(pieces)
        self.announce(reply.status_code, content)
        length = len(content)
        for piece in range(pieces):
            time.sleep(seconds / pieces)
            self.wfile.write(content[length * piece // pieces : length * (piece + 1) // pieces])
            self.wfile.flush()

    def end(self) -> None:
        """Close the connection with a TCP reset."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
        pass


class Fault(Protocol):
    """What happens to one request."""

    __name__: str

    def __call__(self, call: Forwarder, /) -> None: ...


def let_through(call: Forwarder) -> None:
    reply = call.forward()
    call.answer(reply.status_code, reply.content)


def lose_the_reply(call: Forwarder) -> None:
    """The engine carries out the request, but the connection closes before the reply."""
    call.forward()
    call.close_connection = True


def halve_the_reply(call: Forwarder) -> None:
    reply = call.forward().content
    call.answer(200, reply, sent=reply[: len(reply) // 2])
    call.close_connection = True


def garble_the_reply(call: Forwarder) -> None:
    reply = call.forward().content
    call.answer(200, reply, sent=b"?" * len(reply))


def reset(call: Forwarder) -> None:
    """Reset the connection before the engine sees the request."""
    call.end()


def reset_after_the_write(call: Forwarder) -> None:
    """Reset the connection after the engine has carried out the request."""
    call.forward()
    call.end()


def stall(call: Forwarder) -> None:
    """The engine never sees the request, and no reply comes."""
    time.sleep(STALL_SECONDS)
    call.close_connection = True


def arrive_late(seconds: float = DYNAMODB_READ_TIMEOUT_SECONDS + 0.3) -> Fault:
    """Return a fault that delays the request so long that the client gives up and sends it again."""

    def arrive_late(call: Forwarder) -> None:
        time.sleep(seconds)
        lose_the_reply(call)

    return arrive_late


def arrive_after(event: threading.Event) -> Fault:
    """Return a fault that closes the connection, so that the client sends the request again.

    The engine sees the first copy only after the event.
    """

    def arrive_after(call: Forwarder) -> None:
        call.connection.shutdown(socket.SHUT_RDWR)
        event.wait()
        call.forward()
        call.close_connection = True

    return arrive_after


def send_slowly(call: Forwarder) -> None:
    """The whole reply arrives, but in pieces."""
    call.drip(SLOW_SECONDS, SLOW_PIECES)


def drip_for_ever(call: Forwarder) -> None:
    """No pause between two pieces is as long as the gateway's time-out."""
    call.drip(FOR_EVER_SECONDS, math.ceil(FOR_EVER_SECONDS / (DYNAMODB_READ_TIMEOUT_SECONDS / 2)))


def refusal(status: int, code: str) -> Fault:
    """Return a fault in which the service replies with this error."""
    content = json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "SECRET"}).encode()

    def answer(call: Forwarder) -> None:
        call.answer(status, content)

    answer.__name__ = code
    return answer


def answer_with(content: bytes) -> Fault:
    """Return a fault in which the proxy replies with this content at once, and asks nobody."""

    def answer_with(call: Forwarder) -> None:
        call.answer(200, content)

    return answer_with


@contextmanager
def faulty_proxy(engine: str) -> Iterator[FaultyProxy]:
    with FaultyProxy(engine) as proxy:
        proxy.start()
        yield proxy
        proxy.shutdown()
