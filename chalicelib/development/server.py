"""Makes Chalice's development server fit for browsers: quick, on both localhosts, and readable."""

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chalice.local import ChaliceRequestHandler, ThreadedHTTPServer

IPV4_LOCALHOST = "127.0.0.1"
IPV6_LOCALHOST = "::1"


def prepare() -> None:
    """Prepare the development server. It has no settings for this, so its classes are changed."""
    speed_up()
    listen_on_both_localhosts()
    log_in_words()


def speed_up() -> None:
    # -1 buffers the reply, so that its headers and body leave in one TCP segment. In two segments,
    # Nagle's algorithm and the delayed acknowledgement add 44 ms to each request.
    ChaliceRequestHandler.wbufsize = -1
    # A "100 Continue" must not stay in that buffer: its client would wait a second.
    ChaliceRequestHandler.handle_expect_100 = continue_at_once
    # With the default of 5 waiting connections, the sixth browser is turned away for a second.
    ThreadedHTTPServer.request_queue_size = 128


def continue_at_once(handler: ChaliceRequestHandler) -> bool:
    """Send a "100 Continue" at once, and do not leave it in the buffer."""
    # Chalice's handler only inherits this method, so `super` still finds the original here.
    may_continue: bool = super(ChaliceRequestHandler, handler).handle_expect_100()
    handler.wfile.flush()
    return may_continue


class IPv6Server(ThreadedHTTPServer):
    """The same server, for IPv6 addresses."""

    address_family = socket.AF_INET6


def listen_on_both_localhosts() -> None:
    """Serve on ::1 too if the server is on 127.0.0.1: browsers may take localhost for either."""
    serve_forever = ThreadedHTTPServer.serve_forever

    def serve_on_both(server: ThreadedHTTPServer, poll_interval: float = 0.5) -> None:
        with also_on_ipv6(server, poll_interval):
            serve_forever(server, poll_interval)

    ThreadedHTTPServer.serve_forever = serve_on_both


@contextmanager
def also_on_ipv6(server: ThreadedHTTPServer, poll_interval: float) -> Iterator[None]:
    """Serve on the same port of ::1, and say so below the address that Chalice has printed."""
    host, port = server.server_address[:2]
    if host != IPV4_LOCALHOST:
        yield
        return
    try:
        other = IPv6Server((IPV6_LOCALHOST, port), server.RequestHandlerClass)
    except OSError as error:
        print(f"Not on http://[::1]:{port}, which localhost may mean: {error}", flush=True)
        yield
        return
    print(f"Serving on http://[::1]:{port}", flush=True)
    with other:
        # Take the method of the base class: that of ThreadedHTTPServer is `serve_on_both` by now.
        serve = super(ThreadedHTTPServer, other).serve_forever
        threading.Thread(target=serve, args=(poll_interval,), daemon=True).start()
        try:
            yield
        finally:
            other.shutdown()


def log_in_words() -> None:
    """Make the log lines of requests readable.

    `chalice local` logs to a plain StreamHandler, which it has added before it loads our app.
    Handlers of a subclass belong to somebody else, such as pytest, and are left as they are.
    """
    for handler in logging.getLogger().handlers:
        if type(handler) is logging.StreamHandler:
            handler.addFilter(InWords())


class InWords(logging.Filter):
    """Turns the log record of a request into one readable line, `get_offer 200 done`.

    On Lambda, the same facts are members of a JSON object.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name == "chalicelib.request_log":
            facts: Any = record
            record.msg = f"{facts.method} {facts.status} {facts.outcome}"
        return True
