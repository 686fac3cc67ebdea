"""A proxy between the gateway and a DynamoDB engine, which does to each request what a bad day would."""

import json
import socket
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

STALL_SECONDS = 2.5


class FaultyProxy(ThreadingHTTPServer):
    """Forwards to `engine`. Each request takes the next of `faults`, and is let through when there is none."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, engine: str) -> None:
        super().__init__(("127.0.0.1", 0), Forwarder)
        self.engine = httpx.Client(base_url=engine)
        self.faults: list[Fault] = []
        self.requests = 0
        self._turn = threading.Lock()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def next_fault(self) -> "Fault":
        with self._turn:
            self.requests += 1
            return self.faults.pop(0) if self.faults else let_through

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has given up is what these tests are about."""


class Forwarder(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    server: FaultyProxy

    def do_POST(self) -> None:
        self.body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.next_fault()(self)

    def forward(self) -> httpx.Response:
        return self.server.engine.post("/", content=self.body, headers=dict(self.headers))

    def answer(self, status: int, content: bytes, sent: bytes | None = None) -> None:
        """Announce `content` with its CRC-32, as DynamoDB does, and send it, or `sent` in its place."""
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("x-amz-crc32", str(zlib.crc32(content)))
        self.end_headers()
        self.wfile.write(content if sent is None else sent)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
        pass


Fault = Callable[[Forwarder], None]


def let_through(call: Forwarder) -> None:
    reply = call.forward()
    call.answer(reply.status_code, reply.content)


def lose_the_reply(call: Forwarder) -> None:
    """The engine has done it, and the connection ends before anybody hears of it."""
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
    """RST before the engine has seen the request."""
    call.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    call.connection.close()
    call.close_connection = True


def stall(call: Forwarder) -> None:
    time.sleep(STALL_SECONDS)
    call.close_connection = True


def refusal(status: int, code: str) -> Fault:
    """Return the fault of a service that answers with an error of its own."""
    content = json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "SECRET"}).encode()

    def answer(call: Forwarder) -> None:
        call.answer(status, content)

    answer.__name__ = code
    return answer


@contextmanager
def faulty_proxy(engine: str) -> Iterator[FaultyProxy]:
    with FaultyProxy(engine) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, daemon=True)
        thread.start()
        yield proxy
        proxy.shutdown()
