"""Says which port is in use already, before anything starts: `python -m tools.ports PORT=8000 PAGE_PORT=8080`."""

import socket
import sys
from contextlib import ExitStack


def main() -> None:
    with ExitStack() as taken:
        for argument in sys.argv[1:]:
            name, _, port = argument.partition("=")
            try:
                # As http.server binds it, and kept until all are tried, so that two that are alike are told, too.
                taken.enter_context(socket.create_server(("127.0.0.1", int(port))))
            except OSError:
                raise SystemExit(f"port {port} is in use: {name}={int(port) + 1} make run takes another") from None


if __name__ == "__main__":
    main()
