"""A static web server for the page. Only this machine can reach it. Start it with `python -m tools.serve`."""

import argparse
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

ROOT = Path(__file__).parent.parent

# The longest matching prefix wins.
MOUNTS = {
    "/": ROOT / "web",
    "/examples/": ROOT / "examples",
    "/peerpost/": ROOT / "clients/javascript/src",
    "/vendor/uqr/": ROOT / "web/node_modules/uqr/dist",
}
# Only these file types are served, so notes, settings and tests are not.
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
DEFAULT_SERVICE = "http://127.0.0.1:8000/"


def find(url: str) -> Path | None:
    """Return the file for a request's URL, or None if there is no such file to serve."""
    path = unquote(urlsplit(url).path)
    mount = max((mount for mount in MOUNTS if path.startswith(mount)), key=len, default=None)
    if mount is None or "\0" in path:
        return None
    base = MOUNTS[mount].resolve()
    file = (base / (path.removeprefix(mount) or "index.html")).resolve()
    if not file.is_relative_to(base) or "node_modules" in file.relative_to(base).parts:
        return None
    return file if file.suffix in MEDIA_TYPES and file.is_file() else None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        file = find(self.path)
        if file is None:
            self._reply(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", b"not found\n")
        else:
            self._reply(HTTPStatus.OK, MEDIA_TYPES[file.suffix], file.read_bytes())

    def do_HEAD(self) -> None:
        self.do_GET()

    def _reply(self, status: HTTPStatus, media_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Log nothing: the query of a shared link is private."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    # A browser opens six connections at once. The default is 5, and each connection beyond that waits for seconds.
    request_queue_size = 128


def serve(port: int = 0) -> ThreadingHTTPServer:
    """Return a server that already listens. Port 0 means any free port."""
    return Server(("127.0.0.1", port), Handler)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--service", default=DEFAULT_SERVICE, help="the URL of the signaling server")
    arguments = parser.parse_args()
    query = "" if arguments.service == DEFAULT_SERVICE else f"?server={quote(arguments.service, safe=':/')}"
    with serve(arguments.port) as server:
        print(f"The page is at http://127.0.0.1:{server.server_port}/{query}", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    main()
