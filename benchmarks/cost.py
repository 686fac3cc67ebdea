"""Calculates what a million connections cost with Peerpost and with its alternatives.

This is a model: the quantities that one connection uses, times dated prices. `units` counts the use of DynamoDB, and
`load` measures the use of the function. The model runs the client's code to find how often a waiting host asks, and the
server's code to find how often the server reads while it holds a reply.
"""

import itertools
import json
import math
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks import guests, pace
from benchmarks.descriptions import KINDS, load
from benchmarks.report import OURS, RIVALS, ROOT, save, table
from benchmarks.units import ERASE_DOOR, OPEN_DOOR, POINT, POLL_DOOR
from chalicelib import waiting
from chalicelib.limits import LOOK_AGAIN_SECONDS, MAX_QUIET_POLLS, MAX_WAIT_SECONDS, QUIET_SECONDS

# The quantities that one connection uses, by the name of the price.
Quantities = dict[str, float]
Results = dict[str, Any]

PRICES: dict[str, Any] = tomllib.loads(Path(__file__).with_name("prices.toml").read_text())
PARTS = list(dict.fromkeys(price["part"] for price in PRICES.values() if price["part"] != "machine"))
MILLION = 1_000_000

# The seconds between the host's first read and the guest's first request. A case with several of these is their mean.
TYPICAL, READY = "typical guests", "both ready"
CASES: dict[str, tuple[float, ...]] = {
    TYPICAL: guests.arrivals(),
    READY: (0,),
    "guest after 10 s": (10,),
    "guest after 60 s": (60,),
}
# What a million data channels may cost at most.
GOALS_DOLLARS = {READY: 8, "guest after 10 s": 20, "guest after 60 s": 45}
# What one host that waits for a month may cost, also if it offers audio and video.
IDLE_GOAL_DOLLARS = 0.50
# The periods in the table of how often a host asks, and the medians in the table of costs with faster or slower
# guests.
PACE_SECONDS = (0, 2, 10, 30, 60, 120, 300)
MEDIANS = (5, 10, guests.MEDIAN_SECONDS, 60, 120)

# The default in infra/modules/peerpost/variables.tf.
MEMORY_MB = 256
# With this much memory a function has one whole core, and with less a part of one.
# Source: AWS Lambda Developer Guide, "Configure Lambda function memory".
CORE_MB = 1769
# DynamoDB promises single-digit milliseconds, and within a region that is what clients see.
STORAGE_SECONDS = 0.005
# The round trip between a peer and the service.
ROUND_TRIP_SECONDS = 0.05
# From the guest's first request until its answer is in the table. In this time the guest sends two requests, and its
# browser creates a description.
ANSWERING_SECONDS = 0.25
# With a STUN server: from the late candidates until the peers are connected. Reads that are still held end then.
CONNECTING_SECONDS = 0.2
# Each peer has one late candidate, as in the counts of `units`.
LATE_CANDIDATES = 2
# DynamoDB bills half of a read's units if the read need not see the latest write.
# Source: Amazon DynamoDB Developer Guide, "DynamoDB read consistency".
GLANCE_SHARE = 0.5
# The share of requests that start an execution environment, usually less than 1 %.
# Source: AWS Compute Blog, "Operating Lambda: Performance optimization, part 1".
STARTS_PER_REQUEST = 0.01
# The status line, our headers, AWS's headers, and TLS.
REPLY_OVERHEAD_BYTES = 500
UUID_BYTES = 36
MESSAGE_OVERHEAD_BYTES = 100

# A host at an address reads less and less often. From the first to the second of these times, it already reads as
# rarely as it ever does, and opens twenty doors.
IDLE_FROM_SECONDS, IDLE_UNTIL_SECONDS = 1200, 3600

# From Cloudflare's own example: the time of one event, the size of an object, and how many messages count as a request.
EVENT_SECONDS, OBJECT_GB, MESSAGES_A_REQUEST = 0.01, 0.128, 20
MONTH_HOURS, MONTH_SECONDS = 730, 730 * 3600
# This EC2 machine comes without a disk. Debian and Node.js fit on one of this size.
NANO_DISK_GB = 8
# The default `concurrent_limit` of peerjs-server (peers/peerjs, issue 631), and the ratio of the busiest minute to the
# average one.
PEERJS_CLIENTS, PEAK = 5_000, 10
# For how long a pair of peers keeps its two connections open.
CAPACITY_SECONDS = 61


@dataclass(frozen=True)
class Held:
    """A request that reads, and that the server may hold.

    The server looks for news with reads, and in between with glances, which cost half. `seconds` pass until the last
    look, and `found` says whether the last look found something.
    """

    reads: int
    glances: int
    seconds: float
    found: bool

    @property
    def whole_reads(self) -> float:
        """The number of reads that cost as much as all looks."""
        return self.reads + GLANCE_SHARE * self.glances

    @property
    def is_quiet(self) -> bool:
        """Whether it is a poll that found nothing. Most of these have no line in the log."""
        return not self.found and self.glances == 0


class Clock:
    """A simulated clock, which only reads and pauses move forward."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@dataclass(frozen=True)
class Service:
    """A deployment: the results of `units`, the `function` result of `load`, the memory, and the longest wait.

    `client` is the client whose requests are counted.
    """

    units: Results
    function: Results
    memory_mb: int = MEMORY_MB
    max_wait_seconds: float = MAX_WAIT_SECONDS
    client: pace.Client = field(default_factory=pace.Client)

    def _slowed(self, cpu_seconds: float) -> float:
        return cpu_seconds / min(1, self.memory_mb / CORE_MB)

    @property
    def read_seconds(self) -> float:
        """The seconds of one request to DynamoDB."""
        return STORAGE_SECONDS + self._slowed(self.function["read_cpu_seconds"])

    @property
    def overhead_seconds(self) -> float:
        """The seconds of a request, without its one request to DynamoDB."""
        return self._slowed(max(0, self.function["request_cpu_seconds"] - self.function["read_cpu_seconds"]))

    def hold(self, ready_after: float, wait: float) -> Held:
        """Hold one reply with the server's own code, until there is news or the wait is over."""
        clock, looks = Clock(), Counter[str]()

        def look(how: str) -> float:
            asked = clock.now
            clock.now += self.read_seconds
            looks[how] += 1
            return asked

        seen = waiting.until(
            lambda seen: seen >= ready_after, lambda: look("read"), lambda: look("glance"), wait, clock, clock.sleep
        )
        return Held(looks["read"], looks["glance"], clock.now, seen >= ready_after)

    @property
    def reply_seconds(self) -> float:
        """The seconds from a client's request to its reply, if the reply is not held."""
        return self.overhead_seconds + self.read_seconds + ROUND_TRIP_SECONDS

    def reads_until(self, ready_after: float) -> list[Held]:
        """Return all requests that the host makes from its first read until the answer is there."""
        vain, requests = cache(lambda wait: self.hold(math.inf, wait)), list[Held]()
        for asked in self.client.reads(self.reply_seconds, self.max_wait_seconds):
            wait = min(asked.wait, self.max_wait_seconds)
            is_vain = ready_after - asked.at > wait
            requests.append(vain(wait) if is_vain else self.hold(ready_after - asked.at, wait))
            if requests[-1].found:
                return requests
        raise ValueError(f"the host gives up before {ready_after:g} s have passed")

    def held_until(self, ready_after: float) -> list[Held]:
        """Return the requests of a host whose replies are all held for as long as possible."""
        now, requests = 0.0, list[Held]()
        while not requests or not requests[-1].found:
            requests.append(self.hold(ready_after - now, self.max_wait_seconds))
            now += self.overhead_seconds + requests[-1].seconds + ROUND_TRIP_SECONDS
        return requests

    def quantities(
        self,
        requests: float,
        seconds: float,
        writes: float,
        reads: float,
        reply_bytes: float,
        lines: float | None = None,
    ) -> Quantities:
        """Return the quantities of requests that keep the function busy for `seconds`, including starts and headers.

        `lines` is the number of their lines in the log: by default one for each request.
        """
        starts = STARTS_PER_REQUEST * requests * self.function["start_cpu_seconds"]
        return {
            "lambda_requests": requests,
            "lambda_gb_seconds": (seconds + starts) * self.memory_mb / 1024,
            "dynamodb_write_units": writes,
            "dynamodb_read_units": reads,
            "egress_bytes": reply_bytes + requests * REPLY_OVERHEAD_BYTES,
            "log_bytes": (requests if lines is None else lines) * self.function["log_bytes_per_request"],
        }

    def waited(
        self,
        requests: Iterable[Held],
        read_units: float,
        reply: str = "no answer yet",
        polls_for_a_line: float = MAX_QUIET_POLLS + 1,
    ) -> Quantities:
        """Return the quantities of requests that only read.

        `polls_for_a_line` is how many quiet polls there are for each line in the log. The default assumes that an
        instance of the function is busy: it then writes a line after a fixed number of quiet polls.
        """
        requests = list(requests)
        seconds = sum(self.overhead_seconds + each.seconds for each in requests)
        reads = read_units * sum(each.whole_reads for each in requests)
        lines = sum(1 / polls_for_a_line if each.is_quiet else 1 for each in requests)
        return self.quantities(len(requests), seconds, 0, reads, len(reply) * len(requests), lines)

    def fast(self, kind: str, after: float, stun: bool = False) -> Quantities:
        """Return the quantities of a connection by the fast exchange, if the guest begins `after` seconds later."""
        once = self.units["connections"][f"{kind}, fast with STUN" if stun else f"{kind}, fast"]
        asked = self.reads_until(after + ANSWERING_SECONDS)
        # The count of the connection already includes the last read, which finds the answer.
        extra = [self.waited(asked[:-1], self.units["reread_units"][kind])]
        extra.append(self.longer(self.besides(asked[-1]), self.units["reread_units"][kind]))
        if stun:
            # Each peer's read is held until the channel is deleted. The count already includes one read for each peer:
            # the consistent read with which the server makes sure that the channel is gone.
            methods = self.units["methods" if kind == KINDS[0] else f"methods, {kind}"]
            held = self.hold(CONNECTING_SECONDS, self.max_wait_seconds)
            extra += 2 * [self.longer(held, methods["get_candidates"]["read_units"])]
        return total(self._once(once, reply_bytes(kind, "early")), *extra)

    def plain(self, kind: str, after: float) -> Quantities:
        """Return the quantities of a connection by the seven plain methods, polling at the pace of our client."""
        once = self.units["connections"][f"{kind}, plain"]
        polls = replace(self, max_wait_seconds=0).reads_until(after + ANSWERING_SECONDS)
        # The count of the connection already includes one read that is too early, and the read that finds the answer.
        return total(
            self._once(once, reply_bytes(kind, "bare")), self.waited(polls[:-2], self.units["reread_units"][kind])
        )

    def _once(self, counted: Results, reply: float) -> Quantities:
        requests = counted["http_requests"]
        seconds = requests * (self.overhead_seconds + self.read_seconds)
        return self.quantities(requests, seconds, counted["write_units"], counted["read_units"], reply)

    def idle_host(self, kind: str) -> Quantities:
        """Return the quantities of a month in which a host waits at an address, and no guest comes."""
        sent, steps = self.idle_requests(), self.units["address"][kind]
        writes = [steps[step] for step in (OPEN_DOOR, POINT, ERASE_DOOR)]
        opening_seconds = sum(self.overhead_seconds + each["requests"] * self.read_seconds for each in writes)
        units = sum(each["write_units"] for each in writes)
        opened = self.quantities(len(writes), opening_seconds, units, 0, len('{"channel_id":""}{}{}') + UUID_BYTES)
        seconds = IDLE_UNTIL_SECONDS - IDLE_FROM_SECONDS
        # The worst case: no other host keeps this instance busy, so that it writes a line each minute.
        polls_for_a_line = 1 + QUIET_SECONDS * sent["get_answer"] / seconds
        poll = self.waited([self.hold(math.inf, 0)], steps[POLL_DOOR]["read_units"], polls_for_a_line=polls_for_a_line)
        periods = MONTH_SECONDS / seconds
        return total(times(opened, periods * sent["create_data_channel"]), times(poll, periods * sent["get_answer"]))

    def idle_requests(self) -> Counter[str]:
        """Return how often a host at an address uses each method from IDLE_FROM_SECONDS to IDLE_UNTIL_SECONDS."""
        sent = self.client.listening(self.reply_seconds, self.max_wait_seconds, IDLE_UNTIL_SECONDS)
        return Counter(request.method for request in sent if request.at >= IDLE_FROM_SECONDS)

    def besides(self, held: Held) -> Held:
        """Return a held request without its last read."""
        return replace(held, reads=held.reads - 1, seconds=held.seconds - self.read_seconds)

    def longer(self, held: Held, read_units: float) -> Quantities:
        """Return what a held request uses in addition to one that is answered at once, which is already counted."""
        return self.quantities(0, held.seconds, 0, read_units * held.whole_reads, 0)


def reply_bytes(kind: str, form: str) -> int:
    """Return the bytes of all replies of a connection. Each peer gets the other's description once.

    Without candidates in the descriptions, each peer also gets the list of all candidates once.
    """
    offerer, answerer = load(kind)
    replies: list[object] = [
        {"channel_id": "1c5ca5a5-6f0b-4c55-8b9a-3ad1e1b58f0e"},
        {"offer": getattr(offerer, form), "items": [], "next": 0},
        {"answer": getattr(answerer, form), "items": [], "next": 0},
    ]
    if form == "bare":
        replies += 2 * [{"items": offerer.candidates + answerer.candidates}]
    return sum(len(json.dumps(reply, separators=(",", ":"))) for reply in replies)


def websocket(service: Service, kind: str, after: float, stun: bool = False) -> Quantities:
    """API Gateway, Lambda and DynamoDB: three messages in (open, join, answer), three out (id, offer, answer).

    This is the cheapest design that works. No function is called for connecting and disconnecting. Connection ids are
    in a separate item, so that the offer is written once. Only TTL deletes anything, and minutes are billed by the
    second.
    """
    offerer, answerer = load(kind)
    late = LATE_CANDIDATES * stun
    invocations = 3 + late
    # Open: put. Join: get, put, push. Answer and candidates: get, push. We assume that a push takes as long as a put.
    seconds = invocations * service.overhead_seconds + (6 + 2 * late) * service.read_seconds
    writes = service.units["methods" if kind == KINDS[0] else f"methods, {kind}"]["create_offer"]["write_units"] + 1
    reads = service.units["reread_units"][kind] + 1 + late
    said = [offerer.early, answerer.early, *[offerer.candidates[0]] * late]
    pushed = sum(len(json.dumps(each)) for each in said) + (3 + late) * MESSAGE_OVERHEAD_BYTES
    # The function's replies are not sent to anybody.
    used = service.quantities(invocations, seconds, writes, reads, 0) | {"egress_bytes": pushed}
    minutes = (after + 2 * ANSWERING_SECONDS) / 60
    return used | {"websocket_messages": 2 * invocations, "websocket_minutes": minutes}


def kinesis(service: Service, kind: str, after: float, stun: bool = False) -> Quantities:  # noqa: ARG001 - as the others
    """Kinesis Video Streams: offer, answer and late candidates, in channels that later pairs use again."""
    months = (after + ANSWERING_SECONDS) / MONTH_SECONDS
    return {"kinesis_messages": 2 + LATE_CANDIDATES * stun, "kinesis_channel_months": months}


def durable_objects(service: Service, kind: str, after: float, stun: bool = False) -> Quantities:  # noqa: ARG001 - as the others
    """Cloudflare: two WebSockets to one hibernating object, which stores the offer and forwards the rest."""
    sockets, messages = 2, 3 + LATE_CANDIDATES * stun
    return {
        "worker_requests": sockets,
        "durable_object_requests": sockets + messages / MESSAGES_A_REQUEST,
        "durable_object_gb_seconds": (sockets + messages) * EVENT_SECONDS * OBJECT_GB,
        "durable_object_rows": 2,
    }


def machines() -> dict[str, float]:
    """Return the dollars per month of the smallest machines that are always on."""
    hours = dollars_of("nano_hours", MONTH_HOURS) + dollars_of("ipv4_hours", MONTH_HOURS)
    return {
        "smallest Lightsail": dollars_of("lightsail_months", 1),
        "EC2 t4g.nano": hours + dollars_of("disk_gb_months", NANO_DISK_GB),
    }


WAYS: dict[str, Callable[..., Quantities]] = {
    "fast exchange, waiting": Service.fast,
    "fast exchange, polling": lambda service, *case, **late: replace(service, max_wait_seconds=0).fast(*case, **late),
    "seven plain methods, polling": Service.plain,
    "API Gateway WebSocket": websocket,
    "Kinesis Video Streams": kinesis,
    "Cloudflare Durable Objects": durable_objects,
}
US, OTHER_WAYS = next(iter(WAYS)), list(WAYS)[3:]


def total(*all_of: Quantities) -> Quantities:
    """Return the sum of quantities."""
    names = {name for each in all_of for name in each}
    return {name: sum(each.get(name, 0) for each in all_of) for name in sorted(names)}


def times(quantities: Quantities, number: float) -> Quantities:
    return {name: number * each for name, each in quantities.items()}


def dollars_of(name: str, quantity: float) -> float:
    price = PRICES[name]
    return float(quantity * price["dollars"] / price["per"])


def dollars(quantities: Quantities) -> dict[str, float]:
    """Return the dollars of quantities, by part of the bill."""
    parts = dict.fromkeys(PARTS, 0.0)
    for name, quantity in quantities.items():
        parts[PRICES[name]["part"]] += dollars_of(name, quantity)
    return parts


def per_million(quantities: Quantities) -> float:
    """Return the dollars of a million times these quantities."""
    return MILLION * sum(dollars(quantities).values())


def measure(short: bool) -> Results:
    """Return the dollars of a million connections, from the results of `units` and `load`."""
    service = Service(found("units", short), found("load", short)["function"])

    def cases(changed: Service) -> dict[str, float]:
        return {case: per_million(expected(Service.fast, changed, KINDS[0], after)) for case, after in CASES.items()}

    return {
        "function": service.function,
        "connections": {
            kind: {
                way: {case: by_part(expected(take, service, kind, after)) for case, after in CASES.items()}
                for way, take in WAYS.items()
            }
            for kind in KINDS
        },
        "stun": {
            kind: {way: per_million(WAYS[way](service, kind, 0, stun=True)) for way in [US, *OTHER_WAYS]}
            for kind in KINDS
        },
        "memory": {str(memory): cases(replace(service, memory_mb=memory)) for memory in (128, 256, 512, 1024, 1769)},
        "max_wait": {str(wait): cases(replace(service, max_wait_seconds=wait)) for wait in (0, 5, 20)},
        "medians": {
            str(median): {
                way: per_million(expected(take, service, KINDS[0], guests.arrivals(median)))
                for way, take in WAYS.items()
            }
            for median in MEDIANS
        },
        "waiting": waiting_or_polling(service),
        "pace": host_pace(service),
        "doors": doors(service),
        "machines": machines(),
        "idle_hosts": {kind: idle_hosts(service, kind) for kind in KINDS},
    }


def expected(take: Callable[..., Quantities], service: Service, kind: str, after: Sequence[float]) -> Quantities:
    """Return the mean quantities of connections whose guests come after these times."""
    return times(total(*(take(service, kind, each) for each in after)), 1 / len(after))


def host_pace(service: Service) -> list[Results]:
    """Return how often a host asks while no guest comes, in each period of PACE_SECONDS."""
    asked = service.client.reads(service.reply_seconds, service.max_wait_seconds)
    periods = list(itertools.pairwise(PACE_SECONDS))
    return [
        {
            "from": begin,
            "until": end,
            "held": sum(begin <= each.at < end and each.wait > 0 for each in asked),
            "polls": sum(begin <= each.at < end and each.wait == 0 for each in asked),
        }
        for begin, end in periods
    ]


def doors(service: Service) -> dict[str, float]:
    """Return for how long a host at an address opens a door, and how often it then reads it if nobody comes."""
    limits, sent = pace.limits(), service.idle_requests()
    seconds, overlap = limits["DOOR_MS"] / 1000, limits["DOOR_OVERLAP_MS"] / 1000
    open_seconds = sent["create_data_channel"] * (seconds + overlap)
    return {
        "seconds": seconds,
        "overlap_seconds": overlap,
        "read_each_seconds": open_seconds / sent["get_answer"],
    }


def idle_hosts(service: Service, kind: str) -> dict[str, float]:
    """Return the dollars of a month in which one host waits and no guest comes."""
    connected: dict[str, Quantities] = {
        "API Gateway WebSocket": {"websocket_minutes": MONTH_SECONDS / 60},
        "Kinesis Video Streams": {"kinesis_channel_months": 1},
        # An object that hibernates is not billed, and the connection is made once.
        "Cloudflare Durable Objects": {"worker_requests": 1, "durable_object_requests": 1},
    }
    months = {way: sum(dollars(quantities).values()) for way, quantities in connected.items()}
    return {"Peerpost": sum(dollars(service.idle_host(kind)).values()), **months}


def found(name: str, short: bool) -> Results:
    """Return the results of another benchmark. A short run prefers those of the last short run."""
    folders = [ROOT / "build/benchmarks"] * short + [ROOT / "benchmarks/results"]
    for path in (folder / f"{name}.json" for folder in folders):
        if path.exists():
            results: Results = json.loads(path.read_text())
            return results
    raise FileNotFoundError(f"the cost benchmark needs the results of `{name}`: run make bench BENCH={name}")


def by_part(quantities: Quantities) -> dict[str, float]:
    return {part: MILLION * each for part, each in dollars(quantities).items()}


def waiting_or_polling(service: Service) -> Results:
    """Return the cost of waiting for the other peer, held or polled, and after what time polling is cheaper."""
    units = service.units["reread_units"][KINDS[0]]
    held, polled, ours = "held", "polled", "as our clients do"
    polling = replace(service, max_wait_seconds=0)

    def after(seconds: float) -> dict[str, dict[str, float]]:
        asked = {
            held: service.held_until(seconds),
            polled: polling.reads_until(seconds),
            ours: service.reads_until(seconds),
        }
        return {
            way: {"dollars": per_million(service.waited(each, units)), "requests": len(each)}
            for way, each in asked.items()
        }

    hundredths = {number / 100: after(number / 100) for number in range(501)}
    dearer = [seconds for seconds, each in hundredths.items() if each[polled]["dollars"] > each[held]["dollars"]]
    vain, poll = service.hold(math.inf, service.max_wait_seconds), service.hold(math.inf, 0)
    return {
        "polling_is_cheaper_after_seconds": max(dearer, default=0),
        "held_second_dollars": per_million(service.waited([vain], units)) / vain.seconds,
        "held_looks_per_second": (vain.reads + vain.glances) / vain.seconds,
        "poll_dollars": per_million(service.waited([poll], units)),
        "seconds": {f"{seconds:g}": after(seconds) for seconds in (0.25, 1, 2, 5, 10, 25, 60, 240)},
    }


def check(results: Results) -> None:
    """Fail unless a million connections, and a month of waiting, cost less than the goals."""
    for case, goal in GOALS_DOLLARS.items():
        cost = sum(results["connections"][KINDS[0]][US][case].values())
        assert cost < goal, f"{case}: a million connections cost ${cost:.2f}, but should cost less than ${goal}"
    for kind, ways in results["idle_hosts"].items():
        cost = ways["Peerpost"]
        assert cost < IDLE_GOAL_DOLLARS, f"{kind}: a host that waits for a month costs ${cost:.2f}"


def section(results: Results, images: Path) -> str:
    """Return the section of the document, and draw its pictures."""
    draw_cases(results["connections"], images / "cost.svg")
    draw_parts(results["connections"], images / "cost-parts.svg")
    waited = results["waiting"]
    return (
        Path(__file__)
        .with_suffix(".md")
        .read_text()
        .format(
            memory=MEMORY_MB,
            wait=f"{MAX_WAIT_SECONDS:g}",
            request_ms=f"{1000 * results['function']['request_cpu_seconds']:.1f}",
            start_ms=f"{1000 * results['function']['start_cpu_seconds']:.0f}",
            log_bytes=f"{results['function']['log_bytes_per_request']:g}",
            storage_ms=f"{1000 * STORAGE_SECONDS:g}",
            answering_ms=f"{1000 * ANSWERING_SECONDS:g}",
            round_trip_ms=f"{1000 * ROUND_TRIP_SECONDS:g}",
            starts=f"{100 * STARTS_PER_REQUEST:g}",
            overhead=REPLY_OVERHEAD_BYTES,
            prices=prices_table(),
            goals=goals_table(results["connections"][KINDS[0]][US]),
            cases="\n".join(
                f"{kind.capitalize()}:\n\n{cases_table(ways)}" for kind, ways in results["connections"].items()
            ),
            cheaper=cheaper(results["connections"]),
            stun=table(
                (f"{READY}, with a STUN server", *KINDS),
                [(way, *(money(results["stun"][kind][way]) for kind in KINDS)) for way in [US, *OTHER_WAYS]],
            ),
            machines=machines_table(results),
            clients=f"{PEERJS_CLIENTS:,}",
            peak=PEAK,
            capacity=f"{PEERJS_CLIENTS / 2 / CAPACITY_SECONDS / PEAK * MONTH_SECONDS / MILLION:.0f}",
            idle=table(
                ("one host, one month", *KINDS),
                [
                    (way, *(money(results["idle_hosts"][kind][way]) for kind in KINDS))
                    for way in results["idle_hosts"][KINDS[0]]
                ],
            ),
            idle_goal=f"{IDLE_GOAL_DOLLARS:.2f}",
            door_seconds=f"{results['doors']['seconds']:g}",
            overlap_seconds=f"{results['doors']['overlap_seconds']:g}",
            rare_seconds=f"{results['doors']['read_each_seconds']:.1f}",
            by_memory=sensitivity("memory, MB", results["memory"]),
            by_wait=sensitivity("`MAX_WAIT_SECONDS`", results["max_wait"]),
            pace=pace_table(results["pace"]),
            median=guests.MEDIAN_SECONDS,
            sigma=f"{guests.SIGMA:g}",
            within_7=f"{100 * guests.share_within(7):.0f}",
            after_90=f"{100 * (1 - guests.share_within(90)):.0f}",
            too_late=f"{100 * (1 - guests.share_within(guests.LATEST_SECONDS)):.1f}",
            latest=guests.LATEST_SECONDS,
            medians=medians_table(results["medians"]),
            waiting=waiting_table(waited["seconds"]),
            cheaper_after=f"{1000 * waited['polling_is_cheaper_after_seconds']:.0f}",
            held_second=f"{waited['held_second_dollars']:.2f}",
            held_looks=f"{waited['held_looks_per_second']:.0f}",
            look_again_ms=f"{1000 * LOOK_AGAIN_SECONDS:g}",
            quiet_polls=MAX_QUIET_POLLS,
            poll=f"{waited['poll_dollars']:.2f}",
            polls=f"{waited['held_second_dollars'] / waited['poll_dollars']:.0f}",
        )
    )


def money(amount: float) -> str:
    return f"${amount:.2f}" if amount < 100 else f"${amount:,.0f}"


def prices_table() -> str:
    rows = [
        (
            each["unit"],
            f"${Decimal(str(each['dollars'])):f} for {each['per']:,}",
            each["source"],
            each["date"],
            each["kind"],
        )
        for each in PRICES.values()
    ]
    return table(("unit", "price", "source", "date", "kind of source"), rows)


def cases_table(ways: Results) -> str:
    rows = [(way, *(money(sum(parts.values())) for parts in cases.values())) for way, cases in ways.items()]
    return table(("a million connections", *CASES), rows)


def goals_table(cases: Results) -> str:
    """Return the goals, and what our clients' fast exchange costs."""
    rows = [(case, f"less than ${goal}", money(sum(cases[case].values()))) for case, goal in GOALS_DOLLARS.items()]
    return table(("a million data channels", "goal", "cost"), rows)


def cheaper(kinds: Results) -> str:
    """Return lines that name the services that cost less than our clients' fast exchange, in each case."""
    says = []
    for kind, ways in kinds.items():
        for case in CASES:
            costs = {way: sum(cases[case].values()) for way, cases in ways.items()}
            less = [f"{way} by {money(costs[US] - costs[way])}" for way in OTHER_WAYS if costs[way] < costs[US]]
            says.append(f"- {kind.capitalize()}, {case}: {', '.join(less) or 'none'}.")
    return "\n".join(says)


def machines_table(results: Results) -> str:
    """Return how many connections a month cost as much as a machine that is always on, in each case."""
    ours = {case: sum(parts.values()) for case, parts in results["connections"][KINDS[0]][US].items()}
    rows = [
        (machine, money(month), *(f"{MILLION * month / ours[case]:,.0f}" for case in CASES))
        for machine, month in results["machines"].items()
    ]
    return table(("machine", "price per month", *(f"connections, {case}" for case in CASES)), rows)


def pace_table(periods: list[Results]) -> str:
    rows = [(f"{each['from']} to {each['until']} s", each["held"], each["polls"]) for each in periods]
    return table(("time since the host's first read", "reads that may be held", "polls"), rows)


def medians_table(medians: dict[str, dict[str, float]]) -> str:
    rows = [(way, *(money(each[way]) for each in medians.values())) for way in next(iter(medians.values()))]
    return table(("a million connections", *(f"median {seconds} s" for seconds in medians)), rows)


def sensitivity(name: str, rows: dict[str, dict[str, float]]) -> str:
    return table((name, *CASES), [(value, *(money(each) for each in cases.values())) for value, cases in rows.items()])


def waiting_table(rows: Results) -> str:
    ways = list(next(iter(rows.values())))
    lines = [
        (f"{seconds} s", *(f"{money(each[way]['dollars'])} ({each[way]['requests']})" for way in ways))
        for seconds, each in rows.items()
    ]
    return table(("the other peer writes after", *ways), lines)


def draw_cases(kinds: Results, path: Path) -> None:
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(1, 2, figsize=(9, 5), sharey=True)
    for axes, (kind, ways) in zip(panels, kinds.items(), strict=True):
        for row, (way, cases) in enumerate(ways.items()):
            color = RIVALS[2] if way in OTHER_WAYS else OURS
            for number, (case, alpha) in enumerate(zip(CASES, (1, 0.6, 0.4, 0.25), strict=True)):
                cost = sum(cases[case].values())
                place = row + 0.2 * (number - 1.5)
                axes.barh(place, cost, 0.18, color=color, alpha=alpha)
                axes.text(1.1 * cost, place, f"{cost:.3g}", va="center", fontsize=6)
        axes.set(xscale="log", xlim=(1, 1000), title=kind, xlabel="US dollars per million connections")
    panels[0].set_yticks(range(len(WAYS)), list(WAYS))
    panels[0].invert_yaxis()
    figure.suptitle(f"from dark to light: {', '.join(CASES)}", fontsize=9)
    save(figure, path)
    pyplot.close(figure)


def draw_parts(kinds: Results, path: Path) -> None:
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(1, 2, figsize=(9, 3), sharey=True)
    for axes, (kind, ways) in zip(panels, kinds.items(), strict=True):
        left = [0.0] * len(ways)
        for part, color in zip(PARTS, (OURS, *RIVALS), strict=False):
            costs = [cases[TYPICAL][part] for cases in ways.values()]
            axes.barh(range(len(ways)), costs, left=left, color=color, label=part)
            left = [before + cost for before, cost in zip(left, costs, strict=True)]
        axes.set(title=f"{kind}, {TYPICAL}", xlabel="US dollars per million connections")
    panels[0].set_yticks(range(len(WAYS)), list(WAYS))
    panels[0].invert_yaxis()
    panels[1].legend(frameon=False, fontsize="small", loc="lower right")
    save(figure, path)
    pyplot.close(figure)
