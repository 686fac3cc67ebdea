"""Peers that set up connections one after another, in processes of their own, as the fast exchange does it."""

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
# What a client of this repository asks for; the server cuts it to its MAX_WAIT_SECONDS.
WAIT_SECONDS = 20

# A method, or "connection" for a whole one up to the offerer's answer, and the seconds that it took.
Timing = tuple[str, float]


@dataclass(frozen=True)
class Load:
    """What the peers of one run saw: each timing, and the seconds from the first connection to the last."""

    timings: list[Timing]
    seconds: float

    @property
    def connections_per_second(self) -> float:
        return len(self.of("connection")) / self.seconds

    @property
    def requests(self) -> int:
        return len(self.timings) - len(self.of("connection"))

    def of(self, name: str) -> list[float]:
        """Return the seconds that each call of a method took, or each connection."""
        return [seconds for each, seconds in self.timings if each == name]


class Caller:
    """One peer's HTTP connection, which it keeps."""

    def __init__(self, url: str, timings: list[Timing]) -> None:
        self._http = http.client.HTTPConnection(urlsplit(url).netloc)
        self._timings = timings

    def __call__(self, method: str, **fields: Any) -> Any:
        """Send a request, and return its reply; again and again while the reply is "not yet"."""
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
    """An offerer and an answerer, each in a thread of its own, who connect again and again."""

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
    """Let so many pairs connect for so long, in this process."""
    started = time.monotonic()
    peers = [Pair(url, started + seconds) for _ in range(pairs)]
    with ThreadPoolExecutor(max(1, 2 * pairs)) as threads:
        running = [threads.submit(side) for pair in peers for side in (pair.offer, pair.answer)]
        for each in running:
            each.result()
    return Load([timing for pair in peers for timing in pair.timings], time.monotonic() - started)


class Generator:
    """The processes, which stay, so that their start is in no measurement."""

    def __init__(self, processes: ProcessPoolExecutor) -> None:
        self._processes = processes
        for ready in [processes.submit(time.sleep, 0.2) for _ in range(PROCESSES)]:
            ready.result()

    def run(self, url: str, pairs: int, seconds: float) -> Load:
        """Let so many pairs connect at once for so long, shared out among the processes."""
        shares = [len(range(number, pairs, PROCESSES)) for number in range(min(PROCESSES, pairs))]
        running = [self._processes.submit(connect, url, share, seconds) for share in shares]
        loads = [each.result() for each in running]
        return Load([timing for load in loads for timing in load.timings], max(load.seconds for load in loads))


@contextmanager
def generator() -> Iterator[Generator]:
    """Start the processes; not by fork, which would take this process's threads' locks along."""
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as processes:
        yield Generator(processes)
