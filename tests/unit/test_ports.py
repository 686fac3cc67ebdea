"""tools/ports.py: `make run` says which port is in use, and how to take another one."""

import socket
import subprocess
import sys

from harness.engines import ROOT, free_port


def ports(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "tools.ports", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_a_port_that_is_in_use_is_named_with_the_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        run = ports("PORT=0", f"PAGE_PORT={port}")

    assert (run.returncode, run.stderr) == (1, f"port {port} is in use: PAGE_PORT={port + 1} make run takes another\n")


def test_two_that_are_alike_are_one_too_few() -> None:
    port = free_port()

    assert ports(f"PORT={port}", f"PAGE_PORT={port}").stderr.startswith(f"port {port} is in use: PAGE_PORT=")


def test_ports_that_are_free_are_left_free() -> None:
    port = free_port()

    for _ in range(2):
        run = ports(f"PORT={port}")
        assert (run.returncode, run.stdout + run.stderr) == (0, "")
