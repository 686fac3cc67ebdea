"""The servers of a set-up benchmark: the function behind TLS, the rivals' servers, and the server of the pages."""

import json
import queue
import ssl
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import trustme

from harness.engines import ROOT
from harness.runtime import Forwarder, FunctionUrl, Invoke
from harness.web_servers import Quiet, Server

RIVALS = Path(__file__).with_name("rivals")
SOURCES = {
    "src": ROOT / "clients/javascript/src",
    "peers.js": RIVALS / "peers.js",
    "peerjs": RIVALS.parent / "node_modules/peerjs",
    "socket.io-client": RIVALS.parent / "node_modules/socket.io-client",
}
PAGE = b"<!doctype html><title>peer</title><script type=module src=/peers.js></script>"
PATIENCE_SECONDS = 30


def certificate(folder: Path) -> tuple[Path, Path]:
    """Create a certificate for this machine, like those of real services. Return its key and the certificate."""
    issued = trustme.CA().issue_cert("127.0.0.1")
    key, chain = folder / "key.pem", folder / "certificate.pem"
    issued.private_key_pem.write_to_path(str(key))
    for part in issued.cert_chain_pems:
        part.write_to_path(str(chain), append=True)
    return key, chain


class SecureForwarder(Forwarder):
    """A forwarder without Nagle's algorithm, which would wait until TLS's last message is acknowledged."""

    disable_nagle_algorithm = True


class SecureFunctionUrl(FunctionUrl):
    """A function URL like a deployed one: TLS 1.3, and HTTP/1.1 with connections that stay open."""

    def __init__(self, invoke: Invoke, key: Path, chain: Path) -> None:
        super().__init__(invoke)
        self.RequestHandlerClass = SecureForwarder
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.set_alpn_protocols(["http/1.1"])
        context.load_cert_chain(chain, key)
        # Each connection's own thread does its handshake, so that other connections can be accepted meanwhile.
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Do nothing: a page may be closed."""


def rival_versions() -> dict[str, str]:
    """Return the versions of the rivals' npm packages."""
    lock = json.loads((RIVALS.parent / "package-lock.json").read_text())["packages"]
    names = ("peer", "peerjs", "socket.io", "socket.io-client", "ws")
    return {name: lock[f"node_modules/{name}"]["version"] for name in names}


@contextmanager
def rival_servers(key: Path, chain: Path) -> Iterator[dict[str, int]]:
    """Run the rivals' servers, and yield their ports by name."""
    command = ["node", str(RIVALS / "server.mjs"), str(key), str(chain)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


class PageServer(Server):
    """Serves the pages, and passes on what one page sends to the other out of band."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), PageHandler)
        self.meetings: defaultdict[str, queue.SimpleQueue[bytes]] = defaultdict(queue.SimpleQueue)


class PageHandler(Quiet):
    server: PageServer

    def do_GET(self) -> None:  # noqa: N802 - the name of the base class
        path = urlsplit(self.path).path.lstrip("/")
        name, _, rest = path.partition("/")
        if name == "meeting":
            return self.reply(200, "text/plain", self.server.meetings[rest].get(timeout=PATIENCE_SECONDS))
        if name not in SOURCES:
            return self.reply(200, "text/html", PAGE)
        return self.reply(200, "text/javascript", (SOURCES[name] / rest if rest else SOURCES[name]).read_bytes())

    def do_POST(self) -> None:  # noqa: N802 - the name of the base class
        meeting = self.path.rpartition("/")[2]
        self.server.meetings[meeting].put(self.rfile.read(int(self.headers["Content-Length"])))
        self.reply(204, "text/plain", b"")
