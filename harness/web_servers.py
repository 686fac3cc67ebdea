"""The two servers of a browser test: one for the page, and a proxy to Peerpost that counts and can change requests."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import BaseServer
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx

from harness.engines import ROOT

PAGE = b"""\
<!doctype html>
<title>peer</title>
<script type=importmap>{"imports": {"peerpost": "/src/index.js"}}</script>
<script type=module src=/peer.js></script>
"""
SOURCES = {"src": ROOT / "clients/javascript/src", "peer.js": ROOT / "tests/browser/peer.js"}

# Even on a busy machine, nothing takes a tenth of this.
PATIENCE_SECONDS = 60

Serving = TypeVar("Serving", bound=BaseServer)

Change = Callable[[dict[str, Any]], dict[str, Any]]
"""Takes the JSON object of a request or reply, and returns the one that is passed on."""


class Quiet(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def reply(self, status: int, content_type: str, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        ours = {"Content-Type": content_type, "Content-Length": str(len(content))}
        for name, value in (ours | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    # A page of two dozen modules, in two windows at once. A connection too many would wait for a second.
    request_queue_size = 128

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Do nothing: a page may be closed, or give up on a request."""


class PageHandler(Quiet):
    def do_GET(self) -> None:
        name, _, rest = urlsplit(self.path).path.lstrip("/").partition("/")
        if name not in SOURCES:
            return self.reply(200, "text/html", PAGE)
        return self.reply(200, "text/javascript", (SOURCES[name] / rest if rest else SOURCES[name]).read_bytes())


class Proxy(Server):
    """Forwards requests to Peerpost. `change_request` and `change_reply` can alter what passes through."""

    def __init__(self, server: str) -> None:
        super().__init__(("127.0.0.1", 0), ProxyHandler)
        self.server = httpx.Client(base_url=server, timeout=60)
        self.change_request: Change = dict
        self.change_reply: Change = dict
        self.verbs: Counter[str] = Counter()
        self.methods: Counter[str] = Counter()
        self.bodies: list[str] = []
        self.lose_the_first_replies = False
        self._news = threading.Condition()

    def count(self, verb: str, body: bytes) -> bool:
        """Count a request, and return whether it is the first of its method."""
        with self._news:
            self.verbs[verb] += 1
            self._news.notify_all()
            if not body:
                return False
            method = json.loads(body)["method"]
            self.methods[method] += 1
            self.bodies.append(body.decode())
            return self.methods[method] == 1

    def wait_for(self, method: str, times: int = 1) -> None:
        """Return once this many requests of a method have arrived."""
        with self._news:
            came = self._news.wait_for(lambda: self.methods[method] >= times, PATIENCE_SECONDS)
        assert came, f"{method}: {self.methods[method]} of {times} requests after {PATIENCE_SECONDS} s"


class ProxyHandler(Quiet):
    server: Proxy

    def do_OPTIONS(self) -> None:
        self.pass_on()

    def do_POST(self) -> None:
        self.pass_on()

    def pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        is_first = self.server.count(self.command, body)
        if body:
            body = json.dumps(self.server.change_request(json.loads(body))).encode()
        names = ("Content-Type", "Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers")
        headers = {name: self.headers[name] for name in names if name in self.headers}
        reply = self.server.server.request(self.command, "/", content=body, headers=headers)
        content = reply.content
        if self.server.lose_the_first_replies and is_first:
            self.close_connection = True
            return
        if reply.status_code == httpx.codes.OK and content:
            content = json.dumps(self.server.change_reply(json.loads(content))).encode()
        cors = {name: value for name, value in reply.headers.items() if name.startswith("access-control-")}
        self.reply(reply.status_code, reply.headers.get("Content-Type", "text/plain"), content, cors)


@contextmanager
def serving(server: Serving) -> Iterator[Serving]:
    """Run the server in a thread."""
    with server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
