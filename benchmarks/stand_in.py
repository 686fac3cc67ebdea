"""A stand-in for DynamoDB, for when its time must not count: it gives every request the same reply, immediately."""

import socketserver
import ssl
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import trustme

NOTHING = b"{}"
# The headers that DynamoDB sends, with values of the same length.
REPLY = b"".join(
    [
        b"HTTP/1.1 200 OK\r\n",
        b"Server: Server\r\n",
        b"Date: Wed, 25 Nov 2026 20:00:00 GMT\r\n",
        b"Content-Type: application/x-amz-json-1.0\r\n",
        b"Content-Length: %d\r\n" % len(NOTHING),
        b"Connection: keep-alive\r\n",
        b"x-amzn-RequestId: 8JQ5E4V5N0L7T3QG4H1QJ2K9ABVV4KQNSO5AEMVJF66Q9ASUAAJG\r\n",
        b"x-amz-crc32: %d\r\n\r\n" % zlib.crc32(NOTHING),
        NOTHING,
    ]
)


class Answer(socketserver.StreamRequestHandler):
    """One connection. For a read, the reply means that the item does not exist. For a write, it means success."""

    disable_nagle_algorithm = True

    def handle(self) -> None:
        length = 0
        while line := self.rfile.readline().lower():
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
            elif line == b"\r\n":
                self.rfile.read(length)
                self.wfile.write(REPLY)


class StandIn(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """Do nothing: a function that ends does not close its connection."""


@contextmanager
def stand_in(context: ssl.SSLContext | None = None) -> Iterator[str]:
    """Listen on a port of this machine, behind TLS if a context is given, and yield the endpoint."""
    with StandIn(("127.0.0.1", 0), Answer) as server:
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"{'https' if context else 'http'}://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def authority() -> tuple[ssl.SSLContext, bytes]:
    """Return a TLS context whose certificate has an RSA key, as Amazon's do, and the root certificate to trust."""
    root = trustme.CA(key_type=trustme.KeyType.RSA)
    issued = root.issue_cert("127.0.0.1", key_type=trustme.KeyType.RSA)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued.configure_cert(context)
    return context, root.cert_pem.bytes()
