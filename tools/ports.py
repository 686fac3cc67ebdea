"""Checks that ports are free before any server starts: `python -m tools.ports PORT=8000 PAGE_PORT=8080`."""

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
                # Keep listening until all ports have been tried, so that using the same port twice is refused, too.
                taken.enter_context(listen(port))
            except OSError:
                raise SystemExit(f"Port {port} is in use. {advice(name, port)}") from None


def listen(port: int) -> socket.socket:
    """Listen on a port of this machine, as http.server does. Raise OSError if the port is taken."""
    return socket.create_server(("127.0.0.1", port))


def advice(name: str, port: int) -> str:
    """Return what the user can do: run the same command with the next free port."""
    for candidate in range(port + 1, HIGHEST_PORT + 1):
        try:
            listen(candidate).close()
        except OSError:
            continue
        return f"Try: {name}={candidate} make run"
    return f"Set {name} to a free port."


if __name__ == "__main__":
    main()
