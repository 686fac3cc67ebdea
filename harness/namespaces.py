"""Two hosts on their own network: Linux network namespaces, joined by virtual cables that a test can unplug."""

import ctypes
import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

# <linux/sched.h>
CLONE_NEWNET = 0x40000000
MAX_READ_BYTES = 65_536
# Even on a busy machine, a cable needs a tenth of this.
PATIENCE_SECONDS = 30
POLL_SECONDS = 0.02

Result = TypeVar("Result")
Address = tuple[str, int]

NO_NAMESPACES = """\
The network tests create network namespaces. That needs root (CAP_NET_ADMIN and CAP_SYS_ADMIN) and the `ip` program.
On Debian and Ubuntu: apt-get install iproute2"""


@dataclass(frozen=True)
class Host:
    """A host. It can reach nothing on the machine that it runs on, except ports opened with `reach`."""

    name: str

    @property
    def entry(self) -> list[str]:
        """The command prefix that runs a command on this host."""
        return ["nsenter", f"--net={self._path}", "--"]

    def join(self, cable: str, address: str, gateway: str | None = None) -> None:
        """Give this host's end of a cable an address, and make it the default route, with or without a gateway."""
        through = ["via", gateway] if gateway else []
        run("ip", "-n", self.name, "address", "add", address, "dev", cable)
        run("ip", "-n", self.name, "link", "set", cable, "up")
        run("ip", "-n", self.name, "route", "replace", "default", *through, "dev", cable)

    def wait_until_up(self, cable: str) -> None:
        """Wait until the kernel has announced that a cable works. Both ends must have joined it.

        A browser that is told about a network change stops the requests that it is making (ERR_NETWORK_CHANGED).
        So a test waits here before it starts a browser. The kernel may take a second to announce a cable.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self._is_up(cable):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{cable} of {self.name} did not come up in {PATIENCE_SECONDS} s")
            time.sleep(POLL_SECONDS)

    def _is_up(self, cable: str) -> bool:
        [link] = json.loads(run("ip", "-n", self.name, "-json", "link", "show", "dev", cable))
        state: str = link["operstate"]
        return state == "UP"

    def leave(self, cable: str) -> None:
        """Remove all addresses from this host's end of a cable."""
        run("ip", "-n", self.name, "address", "flush", "dev", cable)

    @contextmanager
    def reach(self, port: int) -> Iterator[None]:
        """Forward a port on this host's 127.0.0.1 to the same port of the machine. It works without any cable."""
        with self._listen("127.0.0.1", port) as listener:
            threading.Thread(target=forward, args=(listener, ("127.0.0.1", port)), daemon=True).start()
            yield
            listener.shutdown(socket.SHUT_RDWR)

    @contextmanager
    def publish(self, address: str, port: int) -> Iterator[None]:
        """Forward a port on this host's address to the same port of the machine, so that other hosts can reach it."""
        with self._listen(address, port) as listener:
            threading.Thread(target=forward, args=(listener, ("127.0.0.1", port)), daemon=True).start()
            yield
            listener.shutdown(socket.SHUT_RDWR)

    @contextmanager
    def reach_over_cable(self, address: str, port: int) -> Iterator[None]:
        """Forward a port on this host's 127.0.0.1 to the same port of another host. It needs the cables."""
        with self._listen("127.0.0.1", port) as listener:
            # The thread connects to the other host, so it must be on this one.
            thread = threading.Thread(target=forward, args=(listener, (address, port)), daemon=True)
            self.inside(thread.start)
            yield
            listener.shutdown(socket.SHUT_RDWR)

    def _listen(self, address: str, port: int) -> socket.socket:
        return self.inside(lambda: socket.create_server((address, port)))

    def inside(self, call: Callable[[], Result]) -> Result:
        """Call a function on this host, in a thread of its own, and return its result.

        Sockets that the function opens stay on this host after the thread has ended. So do threads that it starts.
        """
        with ThreadPoolExecutor(1, initializer=self.enter) as thread:
            return thread.submit(call).result()

    def enter(self) -> None:
        """Move the current thread to this host."""
        with self._path.open() as namespace:
            if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), NO_NAMESPACES)

    @property
    def _path(self) -> Path:
        return Path("/run/netns", self.name)


@contextmanager
def new_host(name: str) -> Iterator[Host]:
    """Create a host without cables. At the end, it is deleted with its cables."""
    if shutil.which("ip") is None:
        raise RuntimeError(NO_NAMESPACES)
    host = Host(f"peerpost-{os.getpid()}-{name}")
    run("ip", "netns", "add", host.name)
    try:
        run("ip", "-n", host.name, "link", "set", "lo", "up")
        yield host
    finally:
        run("ip", "netns", "delete", host.name)


def lay_cable(cable: str, *hosts: Host) -> None:
    """Join two hosts by a cable. It has the same name on both, and no addresses yet."""
    ends = [word for host in hosts for word in ("name", cable, "netns", host.name)]
    run("ip", "link", "add", *ends[:4], "type", "veth", "peer", *ends[4:])
    for host in hosts:
        # Otherwise the kernel adds an IPv6 address, and announces it one to two seconds later.
        run("ip", "-n", host.name, "link", "set", cable, "addrgenmode", "none")


@contextmanager
def two_hosts(cables: int) -> Iterator[tuple[Host, Host]]:
    """Create two hosts, joined by cables named cable0, cable1 and so on. The cables have no addresses yet."""
    with new_host("one") as one, new_host("other") as other:
        for number in range(cables):
            lay_cable(f"cable{number}", one, other)
        yield one, other


def run(*words: str) -> str:
    """Run a command, and return its standard output."""
    result = subprocess.run(words, capture_output=True, text=True, check=False)
    if result.returncode:
        raise RuntimeError(f"{' '.join(words)}: {result.stderr.strip()}\n{NO_NAMESPACES}")
    return result.stdout


def forward(listener: socket.socket, target: Address) -> None:
    with suppress(OSError):  # The listener was closed.
        while True:
            near, _ = listener.accept()
            threading.Thread(target=connect_through, args=(near, target), daemon=True).start()


def connect_through(near: socket.socket, target: Address) -> None:
    with near, suppress(OSError), socket.create_connection(target) as far:
        back = threading.Thread(target=pump, args=(far, near), daemon=True)
        back.start()
        pump(near, far)
        back.join()


def pump(source: socket.socket, target: socket.socket) -> None:
    """Forward data until the source ends, then end the target. If either side fails, shut down both."""
    try:
        while data := source.recv(MAX_READ_BYTES):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
