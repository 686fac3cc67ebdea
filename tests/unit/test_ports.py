"""tools/ports.py: `make run` reports a port that is in use, and suggests a free one."""

import re
import socket
import subprocess
import sys

from harness.engines import ROOT, free_port


def ports(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "tools.ports", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


def suggested_port(run: "subprocess.CompletedProcess[str]") -> int:
    found = re.search(r" is in use\. Try: PAGE_PORT=(\d+) make run$", run.stderr.strip())
    assert found, run.stderr
    return int(found[1])


def test_a_port_in_use_is_reported_with_a_suggestion() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        run = ports("PORT=0", f"PAGE_PORT={port}")

    assert run.returncode == 1
    assert run.stderr.startswith(f"Port {port} is in use. Try: PAGE_PORT=")
    assert suggested_port(run) > port


def test_the_suggested_port_skips_ports_that_are_in_use() -> None:
    first, second = neighbours()
    port = first.getsockname()[1]

    with first, second:
        run = ports("PORT=0", f"PAGE_PORT={port}")

    assert suggested_port(run) > port + 1


def neighbours() -> tuple[socket.socket, socket.socket]:
    """Return two sockets that listen on neighbouring ports."""
    while True:
        first = socket.create_server(("127.0.0.1", 0))
        try:
            return first, socket.create_server(("127.0.0.1", first.getsockname()[1] + 1))
        except OSError:  # Another process listens there.
            first.close()


def test_using_the_same_port_twice_is_refused() -> None:
    port = free_port()

    run = ports(f"PORT={port}", f"PAGE_PORT={port}")

    assert run.returncode == 1
    assert run.stderr.startswith(f"Port {port} is in use. Try: PAGE_PORT=")


def test_checking_free_ports_leaves_them_free() -> None:
    for _ in range(2):
        run = ports("PORT=0", "PAGE_PORT=0")

        assert (run.returncode, run.stdout + run.stderr) == (0, "")
