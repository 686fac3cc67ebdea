"""Random histories: many clients call a few channels at the same time, under faults, and record the replies."""

import json
import signal
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

from chalicelib.limits import CHANNEL_TTL_SECONDS, RETRY_AFTER_SECONDS
from harness import faulty_proxy as faults
from harness.channel_model import DONE, EXPIRE, Channel, Request, State, step
from harness.contract import OWNER, STRANGER
from harness.faulty_proxy import Fault, let_through, refusal
from harness.linearizability import NEVER, Operation, explain
from harness.runtime import TIMEOUT_SECONDS
from harness.transports import Reply
from tests.reliability.cluster import Client, Cluster, NoReply

CLIENTS = 4
# The seconds that a channel may live: less than the usual time, as much, and more.
TTLS = [100, CHANNEL_TTL_SECONDS, 500]
STEPS = 12
# The machine's clock is read shortly before or after a call or a jump, so times can be off by this much.
CLOCK_ERROR_SECONDS = 0.001

SHORT_FAULTS: list[Fault] = [
    refusal(400, "ThrottlingException"),
    refusal(400, "ProvisionedThroughputExceededException"),
    refusal(500, "InternalServerError"),
    refusal(503, "ServiceUnavailable"),
    faults.lose_the_reply,
    faults.lose_the_reply,
    faults.halve_the_reply,
    faults.garble_the_reply,
    faults.reset,
    faults.reset_after_the_write,
]
LONG_FAULTS: list[Fault] = [
    *SHORT_FAULTS,
    faults.stall,
    faults.send_slowly,
    faults.arrive_late(),
    faults.arrive_late(2),
    faults.arrive_late(3),
]
# Each kind of weather: its possible faults, and the share of requests to the table that get one.
WEATHER: Sequence[tuple[Sequence[Fault], float]] = [
    ([let_through], 0),
    (SHORT_FAULTS, 0.05),
    (SHORT_FAULTS, 0.2),
    (LONG_FAULTS, 0.1),
]


@dataclass
class History:
    """The calls to each channel, and the state of each channel before them."""

    seed: int
    initial: dict[str, State] = field(default_factory=dict)
    operations: dict[str, list[Operation]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    calls: int = 0
    lost: int = 0
    disturbances: Counter[str] = field(default_factory=Counter)

    def violations(self) -> list[str]:
        """Return a description of everything that no sequential order explains, or an empty list."""
        found = list(self.wrong)
        for channel_id, operations in self.operations.items():
            if explain(operations, self.initial[channel_id], step) is None:
                found.append(f"no order explains channel {channel_id} of history {self.seed}:\n{listing(operations)}")
        return found


def listing(operations: Sequence[Operation]) -> str:
    start = min(operation.invoked for operation in operations)
    return "\n".join(
        f"{each.invoked - start:8.3f} to {each.completed - start:8.3f}: {json.dumps(each.call)} -> {each.reply}"
        for each in sorted(operations, key=lambda operation: operation.invoked)
    )


def run(seed: int, here: Cluster) -> History:
    """Run one random history with all clients of a cluster."""
    return Run(seed, here).run()


class Run:
    def __init__(self, seed: int, here: Cluster) -> None:
        self._random = Random(seed)
        self._here = here
        self._history = History(seed)
        self._turn = threading.Lock()
        self._killed: set[Client] = set()

    def run(self) -> History:
        proxy, clients = self._here.proxy, self._here.clients
        menu, share = self._random.choice(WEATHER)
        weather = Random(self._random.random())
        proxy.weather = lambda: weather.choice(menu) if weather.random() < share else let_through
        for _ in range(self._random.randint(1, 2)):
            self.open(self._random.choice(clients))
        nobody = str(uuid.UUID(int=self._random.getrandbits(128), version=4))
        self._history.initial[nobody], self._history.operations[nobody] = None, []
        plans = [list(self.plan(number, nobody)) for number in range(len(clients))]
        self.disturb(plans)
        with ThreadPoolExecutor(len(clients)) as pool:
            for done in [pool.submit(self.follow, plan) for plan in plans]:
                done.result()
        proxy.weather = lambda: let_through
        proxy.settle()
        for client in clients:
            self.read_until_replied(client, {"method": "get_offer", "channel_id": nobody})
        self.look(clients[0])
        return self._history

    def open(self, client: Client) -> None:
        """Open a channel. If no client learns its id, it is left out of the history."""
        request: dict[str, Any] = {"method": "create_data_channel"}
        if self._random.random() < 0.5:
            request |= {"offer": "the first", "candidates": ["shared 0", "first"]}
        if self._random.random() < 0.5:
            request |= {"ttl": self._random.choice(TTLS)}
        if self._random.random() < 0.5:
            request |= {"owner": OWNER}
        for _ in range(3):
            operation = self.call(client, request)
            if operation.reply is not None:
                break
        else:
            return
        channel_id = operation.reply[1]["channel_id"]
        candidates = tuple(request.get("candidates", ()))
        self._history.initial[channel_id] = Channel(request.get("offer"), None, candidates, request.get("owner"))
        self._history.operations[channel_id] = [self.end(operation, request.get("ttl", CHANNEL_TTL_SECONDS))]

    def end(self, opening: Operation, ttl: int) -> Operation:
        """Return the expiry of a channel as an operation.

        The time of its opening gives the earliest and the latest moment for it.
        """
        clock = self._here.clock
        first = int(clock.earliest(opening.invoked - CLOCK_ERROR_SECONDS)) + ttl
        last = int(clock.latest(opening.completed + CLOCK_ERROR_SECONDS)) + ttl
        return Operation({**EXPIRE, "from": first, "to": last}, DONE, 0, 0)

    def plan(self, number: int, nobody: str) -> Iterator[Callable[[], None]]:
        client = self._here.clients[number]
        channels = [channel_id for channel_id in self._history.operations if channel_id != nobody]
        for step_number in range(STEPS):
            channel_id = self._random.choice(channels) if channels and self._random.random() < 0.97 else nobody
            request = {**self.request(f"{number}.{step_number}"), **self.secret(channel_id), "channel_id": channel_id}
            yield lambda request=request: self.record(client, request)  # type: ignore[misc]

    def request(self, name: str) -> dict[str, Any]:
        """Return a random request. It writes values that are unique to it, or values that it shares with others."""
        random = self._random
        some = [random.choice([f"shared {random.randrange(4)}", f"{name} {n}"]) for n in range(random.randrange(4))]
        along = {"candidates": some} if some and random.random() < 0.4 else {}
        since = {"since": random.randrange(4)} if random.random() < 0.3 else {}
        wait = {"wait": random.choice([0.05, 0.3])} if random.random() < 0.15 else {}
        choices: list[tuple[int, dict[str, Any]]] = [
            (20, {"method": "create_offer", "offer": f"offer {name}", **along}),
            (12, {"method": "create_answer", "answer": f"answer {name}", **along}),
            (12, {"method": "create_candidate", "candidate": random.choice([f"shared {len(some)}", name]), **since}),
            (10, {"method": "create_candidate", "candidates": some, **since}),
            (16, {"method": "get_offer", **since, **wait}),
            (13, {"method": "get_answer", **since, **wait}),
            (15, {"method": "get_candidates", **since, **wait}),
            (2, {"method": "delete_data_channel"}),
        ]
        return random.choices([each for _, each in choices], [weight for weight, _ in choices])[0]

    def secret(self, channel_id: str) -> dict[str, str]:
        """Return the owner's secret that a request brings: mostly the right one, if the channel has an owner."""
        channel = self._history.initial[channel_id]
        if channel is not None and channel.owner is not None and self._random.random() < 0.7:
            return {"owner": channel.owner}
        return self._random.choice([{}, {}, {"owner": STRANGER}])

    def disturb(self, plans: list[list[Callable[[], None]]]) -> None:
        """Insert clock jumps, kills and freezes of functions, and outages between the calls."""
        random = self._random
        clients = self._here.clients
        # All values are chosen here, and not by the threads of the clients: their order is not that of the seed.
        disturbances: list[tuple[str, float, Callable[[], None]]] = [
            ("jumps of the clock", 0.4, partial(self._here.clock.jump, random.choice([1, 100, 299]))),
            ("jumps of the clock", 0.4, partial(self._here.clock.jump, random.choice([1, 200, 300]))),
            ("kills", 0.15, partial(self.kill, random.choice(clients))),
            ("freezes", 0.15, partial(self.freeze, random.choice(clients), random.random() / 4)),
            ("outages", 0.05, partial(self.cut, random.random() / 4)),
        ]
        for name, chance, disturbance in disturbances:
            if random.random() < chance:
                self._history.disturbances[name] += 1
                plan = random.choice(plans)
                plan.insert(random.randrange(len(plan) + 1), disturbance)

    def kill(self, client: Client) -> None:
        with self._turn:
            self._killed.add(client)
        client.signal(signal.SIGKILL)

    def freeze(self, client: Client, seconds: float) -> None:
        client.signal(signal.SIGSTOP)
        time.sleep(seconds)
        client.signal(signal.SIGCONT)

    def cut(self, seconds: float) -> None:
        with self._turn, self._here.proxy.out_of_reach():
            time.sleep(seconds)

    def follow(self, plan: list[Callable[[], None]]) -> None:
        for each in plan:
            each()

    def look(self, client: Client) -> None:
        """Read every channel, after all faults have ended."""
        for channel_id, operations in self._history.operations.items():
            for method in ("get_offer", "get_answer", "get_candidates"):
                self.read_until_replied(client, {"method": method, "channel_id": channel_id})
            for number, operation in enumerate(operations):
                if operation.call["method"] == EXPIRE["method"]:
                    invoked, _ = self._here.clock.first_shows(operation.call["from"])
                    _, completed = self._here.clock.first_shows(operation.call["to"])
                    operations[number] = Operation(EXPIRE, DONE, invoked - CLOCK_ERROR_SECONDS, completed)

    def read_until_replied(self, client: Client, request: Request) -> None:
        for _ in range(3):
            if self.record(client, request):
                return
        self._history.wrong.append(f"no reply to {request} when all was quiet, in history {self._history.seed}")

    def record(self, client: Client, request: Request) -> bool:
        """Make a call, add it to the history, and return whether there was a reply."""
        operation = self.call(client, request)
        told = operation.reply is not None
        with self._turn:
            self._history.calls += 1
            self._history.lost += not told
        if told or not request["method"].startswith("get_"):
            call = {name: value for name, value in request.items() if name not in ("channel_id", "wait")}
            noted = [Operation(call, operation.reply, operation.invoked, operation.completed)]
            if told and "since" in request and request["method"] == "create_candidate":
                # The server may have sent this write to the table twice.
                # Then its reply can show later writes, as if it had written first and read afterwards.
                noted.append(Operation(call, None, operation.invoked, NEVER))
            with self._turn:
                self._history.operations[request["channel_id"]] += noted
        return told

    def call(self, client: Client, request: Request) -> Operation:
        invoked = time.time()
        try:
            reply = client.post(request)
        except NoReply as lost:
            if client not in self._killed:
                self.complain(f"the function died of {request}: {lost}")
            return Operation(request, None, invoked, NEVER)
        completed = time.time()
        if completed - invoked > TIMEOUT_SECONDS:
            self.complain(f"{request} took {completed - invoked:.1f} s")
        if reply.status == 503:
            self.check_form(reply)
            return Operation(request, None, invoked, NEVER)
        if reply.status not in (200, 400):
            self.complain(f"{request} got {reply}")
        return Operation(request, decoded(reply), invoked, completed)

    def check_form(self, reply: Reply) -> None:
        if reply.headers.get("retry-after") != str(RETRY_AFTER_SECONDS) or reply.body != "storage is unavailable":
            self.complain(f"an outage is reported by {reply}")

    def complain(self, sentence: str) -> None:
        with self._turn:
            self._history.wrong.append(f"{sentence}, in history {self._history.seed}")


def decoded(reply: Reply) -> tuple[int, Any]:
    return reply.status, reply.json() if reply.status == 200 else reply.body


def counts(history: History) -> dict[str, int]:
    """Return the numbers of channels, calls and disturbances."""
    return {
        "histories": 1,
        "channels": len(history.operations),
        "calls": history.calls,
        "calls of unknown outcome": history.lost,
        **history.disturbances,
    }
