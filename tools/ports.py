"""Checks that ports are free before anything starts: `python -m tools.ports PORT=8000 PAGE_PORT=8080`."""

import socket
import sys
from contextlib import ExitStack

HIGHEST_PORT = 65_535


def main() -> None:
    with ExitStack() as taken:
        for argument in sys.argv[1:]:
            name, _, number = argument.partition("=")
            port = int(number)
            try:
                # Keep each port until all have been tried: two names with the same port are refused, too.
                taken.enter_context(listen(port))
            except OSError:
                raise SystemExit(f"port {port} is in use: {advice(name, port)}") from None


def listen(port: int) -> socket.socket:
    """Listen on a port of this machine, as http.server does. Raise OSError if the port is taken."""
    return socket.create_server(("127.0.0.1", port))


def advice(name: str, port: int) -> str:
    """Return what to run instead: the same command with the next port that is free."""
    for candidate in range(port + 1, HIGHEST_PORT + 1):
        try:
            listen(candidate).close()
        except OSError:
            continue
        return f"{name}={candidate} make run uses another one"
    return f"set {name} to a free port"


if __name__ == "__main__":
    main()
