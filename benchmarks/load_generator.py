"""Generates load: peers in separate processes, which set up one connection after another by the fast exchange."""

import http.client
import json
import queue
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any
from urllib.parse import urlsplit

from benchmarks.descriptions import load

PROCESSES = 2
# Long enough that the server holds a reply for as long as it allows: it shortens this to its MAX_WAIT_SECONDS.
WAIT_SECONDS = 20

# The name of a method and its seconds. "connection" stands for a whole connection, until the offerer has the answer.
Timing = tuple[str, float]


@dataclass(frozen=True)
class Load:
    """The timings of all peers in one run, and how long the run took."""

    timings: list[Timing]
    seconds: float

    @property
    def connections_per_second(self) -> float:
        return len(self.of("connection")) / self.seconds

    @property
    def requests(self) -> int:
        return len(self.timings) - len(self.of("connection"))

    def of(self, name: str) -> list[float]:
        """Return the seconds of each call of a method, or of each "connection"."""
        return [seconds for each, seconds in self.timings if each == name]


class Caller:
    """One peer's HTTP connection, which stays open."""

    def __init__(self, url: str, timings: list[Timing]) -> None:
        self._http = http.client.HTTPConnection(urlsplit(url).netloc)
        self._timings = timings

    def __call__(self, method: str, **fields: Any) -> Any:
        """Send a request, and return its reply. Repeat the request while the server replies "no ... yet"."""
        body = json.dumps({"method": method} | fields)
        while True:
            started = time.perf_counter()
            self._http.request("POST", "/", body)
            reply = self._http.getresponse()
            text = reply.read()
            self._timings.append((method, time.perf_counter() - started))
            if reply.status == 200:
                return json.loads(text)
            if not text.endswith(b" yet"):
                raise RuntimeError(f"{method}: {reply.status} {text!r}")


class Pair:
    """An offerer and an answerer, each in its own thread, which connect again and again."""

    def __init__(self, url: str, until: float) -> None:
        self.timings: list[Timing] = []
        self._url, self._until = url, until
        self._opened: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._offerer, self._answerer = load("data channel")

    def offer(self) -> None:
        call = Caller(self._url, self.timings)
        try:
            while time.monotonic() < self._until:
                started = time.perf_counter()
                channel_id = call("create_data_channel", offer=self._offerer.early)["channel_id"]
                self._opened.put(channel_id)
                call("get_answer", channel_id=channel_id, since=0, wait=WAIT_SECONDS)
                self.timings.append(("connection", time.perf_counter() - started))
                call("delete_data_channel", channel_id=channel_id)
        finally:
            self._opened.put(None)

    def answer(self) -> None:
        call = Caller(self._url, self.timings)
        for channel_id in iter(self._opened.get, None):
            call("get_offer", channel_id=channel_id, since=0, wait=WAIT_SECONDS)
            call("create_answer", channel_id=channel_id, answer=self._answerer.early)


def connect(url: str, pairs: int, seconds: float) -> Load:
    """Let this many pairs connect for this many seconds, in this process."""
    started = time.monotonic()
    peers = [Pair(url, started + seconds) for _ in range(pairs)]
    with ThreadPoolExecutor(max(1, 2 * pairs)) as threads:
        running = [threads.submit(side) for pair in peers for side in (pair.offer, pair.answer)]
        for each in running:
            each.result()
    return Load([timing for pair in peers for timing in pair.timings], time.monotonic() - started)


class Generator:
    """The processes. They keep running between measurements, so that no measurement includes their start."""

    def __init__(self, processes: ProcessPoolExecutor) -> None:
        self._processes = processes
        for ready in [processes.submit(time.sleep, 0.2) for _ in range(PROCESSES)]:
            ready.result()

    def run(self, url: str, pairs: int, seconds: float) -> Load:
        """Let this many pairs connect at the same time for this many seconds, spread over the processes."""
        shares = [len(range(number, pairs, PROCESSES)) for number in range(min(PROCESSES, pairs))]
        running = [self._processes.submit(connect, url, share, seconds) for share in shares]
        loads = [each.result() for each in running]
        return Load([timing for load in loads for timing in load.timings], max(load.seconds for load in loads))


@contextmanager
def generator() -> Iterator[Generator]:
    """Start the processes. We do not fork, because a fork would copy locks that this process's threads hold."""
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as processes:
        yield Generator(processes)
