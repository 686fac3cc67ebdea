"""One address, and many guests one after another, while hosts, guests and functions are killed.

If a guest is reported as connected, its host must have seen it, unless that host was killed during the visit.
And each guest that keeps trying must connect in the end.

Host and guests are aiortc, in processes of their own. The function is the package, under AWS's own runtime.
"""

import asyncio
import json
import os
import queue
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import httpx
from peerpost import new_guest_id

from harness.engines import ROOT, client_of, new_table
from harness.front import front_of
from harness.runtime import TIMEOUT_SECONDS, Event, ExecutionEnvironment, execution_environment
from tests.reliability.waiting_host import address_in

# Three replies may be held at the same time: two to the host, which reads two doors, and one to a guest.
ENVIRONMENTS = 4
# A guest whose host was killed looks for another door after 15 s. Everything else takes less than a tenth of
# the remaining time.
PATIENCE_SECONDS = 180
# Most visits take about this long.
LONGEST_PAUSE_SECONDS = 0.6
HOST, GUEST, FUNCTION, NOTHING = "hosts killed", "guests killed", "functions killed", "undisturbed visits"
# How often each of these happens in a hundred visits.
SHARES = {HOST: 12, GUEST: 12, FUNCTION: 16, NOTHING: 60}

Words = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """What happens during a visit, and after how many seconds."""

    event: str
    pause: float
    environment: int

    @classmethod
    def random(cls, random: Random) -> "Plan":
        [event] = random.choices(list(SHARES), list(SHARES.values()))
        return cls(event, random.random() * LONGEST_PAUSE_SECONDS, random.randrange(ENVIRONMENTS))


class Process:
    """A process with a host or with guests, and the lines that it has printed so far."""

    def __init__(self, process: asyncio.subprocess.Process, news: asyncio.Condition) -> None:
        self.words: list[Words] = []
        self.is_killed = False
        self.has_ended = False
        self._process = process
        self._news = news
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def start(cls, news: asyncio.Condition, errors: Any, module: str, *arguments: str) -> "Process":
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", f"tests.reliability.{module}", *arguments),
            env=os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'clients/python/src'}"},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
        )
        return cls(process, news)

    def tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())

    async def kill(self) -> None:
        """Kill the process, and return once everything that it has printed was read."""
        self.is_killed = True
        self._process.kill()
        await self._listening
        await self._process.wait()

    async def _listen(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            async with self._news:
                self.words.append(json.loads(line))
                self._news.notify_all()
        async with self._news:
            self.has_ended = True
            self._news.notify_all()


@dataclass
class Place:
    """A server, and the hosts and guests who meet there. Only the last host and the last process of guests are alive.

    `violations` lists what should not have happened, and `counts` counts what has happened.
    """

    url: str
    environments: list[ExecutionEnvironment]
    errors: Any
    patience: float = PATIENCE_SECONDS
    hosts: list[Process] = field(default_factory=list)
    guests: list[Process] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def address(self) -> str:
        """The address that the last host has printed. It can be passed to the next host."""
        return json.dumps([words for host in self.hosts for words in host.words if "address_id" in words][-1])

    async def start_host(self, *address: str) -> None:
        self.hosts.append(await Process.start(self.news, self.errors, "waiting_host", self.url, *address))

    async def start_guests(self) -> None:
        link = address_in(self.address).link(self.url)
        self.guests.append(await Process.start(self.news, self.errors, "trying_guest", str(link)))

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Return once the condition is true. Raise RuntimeError if a host or the guests have ended by themselves."""

        def look() -> bool:
            if any(process.has_ended and not process.is_killed for process in self.hosts + self.guests):
                raise RuntimeError(f"a process has ended by itself: see {self.errors.name}")
            return is_so()

        async with self.news:
            await self.news.wait_for(look)

    async def disturb(self, plan: Plan) -> None:
        """Kill a host, guests or a function, as planned. Start another host, or other guests, for those killed."""
        await asyncio.sleep(plan.pause)
        if plan.event == HOST:
            address = self.address
            await self.hosts[-1].kill()
            await self.start_host(address)
        elif plan.event == GUEST:
            await self.guests[-1].kill()
            await self.start_guests()
        elif plan.event == FUNCTION:
            process = self.environments[plan.environment].function()
            if process is not None:
                os.kill(process, signal.SIGKILL)
        async with self.news:
            self.news.notify_all()

    async def close(self) -> None:
        for process in (*self.hosts[-1:], *self.guests[-1:]):
            await process.kill()


class Visit:
    """One guest, who keeps trying until the host has welcomed it."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.guest = new_guest_id()
        self._hosts_before = len(place.hosts)

    async def run(self, plan: Plan) -> None:
        """Visit the host. Raise TimeoutError if it takes too long."""
        async with asyncio.timeout(self._place.patience), asyncio.TaskGroup() as tasks:
            tasks.create_task(self._place.disturb(plan))
            tasks.create_task(self._keep_trying())

    async def until_seen(self) -> None:
        """Return once the host has seen this guest as often as the guest was reported as connected.

        Each killed host may have missed it once. Raise TimeoutError if the host does not see it often enough.
        """
        killed = len(self._place.hosts) - self._hosts_before
        async with asyncio.timeout(self._place.patience):
            await self._place.until(lambda: self._times_seen() >= self.times_told() - killed)

    def times_told(self) -> int:
        return sum(self._said(process, "connected") for process in self._place.guests)

    def _times_seen(self) -> int:
        return sum(words.get("guest") == self.guest for host in self._place.hosts for words in host.words)

    async def _keep_trying(self) -> None:
        place = self._place
        while True:
            guests, hosts, before = place.guests[-1], len(place.hosts), self.times_told()
            guests.tell(self.guest)

            def is_welcomed(guests: Process = guests) -> bool:
                return self._said(guests, "welcomed") > 0

            def must_try_again(guests: Process = guests, hosts: int = hosts, before: int = before) -> bool:
                was_left = self.times_told() > before and len(place.hosts) > hosts
                return place.guests[-1] is not guests or was_left

            await place.until(lambda: is_welcomed() or must_try_again())
            if is_welcomed():
                return

    def _said(self, process: Process, state: str) -> int:
        return process.words.count({"guest": self.guest, "state": state})


async def visits(place: Place, seed: int, number: int, report: Callable[[int], object] = lambda _: None) -> None:
    """Let this many guests visit one address. `report` is called after each visit."""
    random = Random(seed)
    try:
        await place.start_host()
        await place.until(lambda: bool(place.hosts[-1].words))
        await place.start_guests()
        for done in range(1, number + 1):
            plan, visit = Plan.random(random), Visit(place)
            where = f"guest {done} with seed {seed} ({plan})"
            try:
                await visit.run(plan)
            except TimeoutError:
                place.violations.append(f"{where} did not connect within {place.patience} s")
            try:
                await visit.until_seen()
            except TimeoutError:
                place.violations.append(f"{where} was reported as connected, but its host has not seen it")
            place.counts.update({"guests": 1, "times reported as connected": visit.times_told(), plan.event: 1})
            report(done)
    finally:
        await place.close()


@contextmanager
def place(task_root: Path, endpoint: str, folder: Path) -> Iterator[Place]:
    """Run the unpacked package in several execution environments, behind one URL, on a new table."""
    idle: queue.SimpleQueue[ExecutionEnvironment] = queue.SimpleQueue()
    with ExitStack() as stack:
        output = stack.enter_context((folder / "log").open("ab"))
        errors = stack.enter_context((folder / "errors").open("ab"))
        table = stack.enter_context(new_table(client_of(endpoint)))
        http = stack.enter_context(httpx.Client(timeout=3 * TIMEOUT_SECONDS, trust_env=False))
        start = execution_environment
        environments = [stack.enter_context(start(task_root, endpoint, table, output)) for _ in range(ENVIRONMENTS)]
        for each in environments:
            idle.put(each)

        def invoke(event: Event, context: object) -> Event:  # noqa: ARG001 - the runtime makes the context
            environment = idle.get()
            try:
                reply: Event = http.post(environment.url, content=json.dumps(event)).raise_for_status().json()
            except (httpx.HTTPError, ValueError):
                # The function was killed, which a function URL reports as a 502.
                return {}
            finally:
                idle.put(environment)
            return reply

        yield Place(stack.enter_context(front_of(invoke)).url, environments, errors)
