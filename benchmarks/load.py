"""Measures connections per second and the time of each method under load, with large tables and full channels.

In the results, `function` has the costs of one execution environment, in seconds of a core and bytes of log. It takes
`start_cpu_seconds` to start and `request_cpu_seconds` for each request, of which `read_cpu_seconds` go into one read of
a channel.
"""

import random
import statistics
import tempfile
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from mypy_boto3_dynamodb import DynamoDBClient

from benchmarks.descriptions import load
from benchmarks.guard import Counted
from benchmarks.load_generator import Generator, generator
from benchmarks.report import OURS, RIVALS, save, table, versions
from benchmarks.units import Meter, dynalite
from chalicelib.channels import Channels
from chalicelib.dynamodb import Table
from chalicelib.limits import MAX_CANDIDATES
from harness.engines import client_of, new_table, real_engine
from harness.runtime import build_package, function_url, lambda_function, unpack_read_only
from harness.service import app_over
from harness.transports import Post, chalice_local, over_function_url, over_handler, url_event


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    pairs: Sequence[int]
    seconds: float
    channels: Sequence[int]
    samples: int
    candidates: Sequence[int]
    candidate_samples: int


FULL = Plan((1, 4, 16, 64), 8, (1_000, 10_000, 100_000, 1_000_000), 400, (0, 50, 100, 200, 400, 799), 100)
SHORT = Plan((1, 4), 2, (1_000, 10_000), 60, (0, 799), 10)

# If every pair has a reply held, this many execution environments are still free for other requests.
SPARE_ENVIRONMENTS = 8
# DynamoDB's limit for a BatchWriteItem.
BATCH = 25
# As JSON a candidate takes 165 to 210 bytes.
CANDIDATE_BYTES = 200

# The programs that run here, by words in their command lines. The first match counts, because the emulator's command
# line contains the function's.
PARTS = {
    "aws-lambda-rie": "runtime emulators",
    "-m awslambdaric": "function",
    "chalice local": "chalice local",
    "multiprocessing": "load generator",
    "dynoxide": "DynamoDB engine",
}
HERE = "function URL"

Results = dict[str, Any]


def measure(short: bool) -> Results:
    """Return the results of the function and `chalice local` under load, and with many channels and candidates."""
    plan = SHORT if short else FULL
    with tempfile.TemporaryDirectory() as folder, generator() as peers:
        task_root = unpack_read_only(build_package(Path(folder)), Path(folder, "task"))
        return {
            "versions": versions("boto3", "chalice"),
            "seconds": plan.seconds,
            "throughput": throughput(plan, peers, task_root),
            "function": function(plan, task_root),
            "channels": by_channels(plan),
            "candidates": by_candidates(plan),
        }


def throughput(plan: Plan, peers: Generator, task_root: Path) -> Results:
    """Return what concurrent pairs of peers see, for each way to run the service and each number of pairs."""
    found: Results = {}
    environments = max(plan.pairs) + SPARE_ENVIRONMENTS
    with ExitStack() as stack:
        endpoint = stack.enter_context(real_engine())
        name = stack.enter_context(new_table(client_of(endpoint)))
        log = Path(stack.enter_context(tempfile.TemporaryDirectory()), "log")
        invoke = stack.enter_context(lambda_function(task_root, endpoint, name, log, environments))
        start(invoke, environments)
        ways = {
            "Lambda runtime": stack.enter_context(function_url(invoke)),
            "chalice local": stack.enter_context(chalice_local()),
            "chalice local on a real engine": stack.enter_context(
                chalice_local({"AWS_ENDPOINT_URL_DYNAMODB": endpoint})
            ),
        }
        for url in ways.values():
            peers.run(url, 1, plan.seconds / 10)
        for pairs in plan.pairs:
            for way, url in ways.items():
                found.setdefault(way, {})[str(pairs)] = under_load(peers, url, pairs, plan.seconds)
    return found


def start(invoke: Callable[..., Any], environments: int) -> None:
    """Start every execution environment and open its connection: idle ones take turns, so each is called twice."""
    read = url_event(b'{"method": "get_offer", "channel_id": "none"}', {})
    with ThreadPoolExecutor(psutil.cpu_count()) as threads:
        list(threads.map(lambda _: invoke(read, None), range(2 * environments)))


def under_load(peers: Generator, url: str, pairs: int, seconds: float) -> Results:
    before = cpu_seconds()
    seen = peers.run(url, pairs, seconds)
    used = {part: seconds - before[part] for part, seconds in cpu_seconds().items()}
    return {
        "connections": len(seen.of("connection")),
        "connections_per_second": seen.connections_per_second,
        "requests_per_second": seen.requests / seen.seconds,
        "milliseconds": {name: spread(seen.of(name)) for name in sorted({name for name, _ in seen.timings})},
        "cores": {part: used[part] / seen.seconds for part in sorted(used)},
    }


def cpu_seconds() -> defaultdict[str, float]:
    """Return the seconds of a core that each running part has used so far."""
    used: defaultdict[str, float] = defaultdict(float)
    here = psutil.Process()
    for process in [here, *here.children(recursive=True)]:
        words = " ".join(process.cmdline())
        part = next((part for word, part in PARTS.items() if word in words), HERE if process == here else "others")
        used[part] += process.cpu_times().user + process.cpu_times().system
    return used


def function(plan: Plan, task_root: Path) -> Results:
    """Return the costs of one execution environment: of its start, and then of each request."""
    offerer, answerer = load("data channel")
    with ExitStack() as stack:
        endpoint = stack.enter_context(real_engine())
        client = client_of(endpoint)
        name = stack.enter_context(new_table(client))
        log = Path(stack.enter_context(tempfile.TemporaryDirectory()), "log")
        post = over_function_url(stack.enter_context(lambda_function(task_root, endpoint, name, log, concurrency=1)))
        post({})
        started = cpu_seconds()["function"]
        connect_once(post, offerer.early, answerer.early)
        before, logged = cpu_seconds()["function"], own_log(log)
        requests = sum(connect_once(post, offerer.early, answerer.early) for _ in range(plan.samples))
        used = cpu_seconds()["function"] - before
        channels = Channels(Table(client, name))
        channel_id = channels.create(offerer.early)
        reading = time.process_time()
        for _ in range(plan.samples):
            channels.get(channel_id)
        reading = time.process_time() - reading
        return {
            "start_cpu_seconds": started,
            "request_cpu_seconds": used / requests,
            "read_cpu_seconds": reading / plan.samples,
            "log_bytes_per_request": (own_log(log) - logged) / requests,
        }


def connect_once(post: Post, offer: str, answer: str) -> int:
    """Set up a connection, one request after another, and return the number of requests."""
    own: dict[str, str] = post({"method": "create_data_channel", "offer": offer}).json()
    rest: list[dict[str, object]] = [
        {"method": "get_offer", "since": 0},
        {"method": "create_answer", "answer": answer},
        {"method": "get_answer", "since": 0},
        {"method": "delete_data_channel"},
    ]
    for request in rest:
        reply = post(request | own)
        if reply.status != 200:
            raise RuntimeError(f"{request['method']}: {reply.status} {reply.body}")
    return 1 + len(rest)


def own_log(log: Path) -> int:
    """Return the bytes that the function itself has logged. Its lines are JSON; the emulator's are not."""
    return sum(len(line) for line in log.read_bytes().splitlines(keepends=True) if line.startswith(b"{"))


def by_channels(plan: Plan) -> list[Results]:
    """Return the times of each call, by the number of channels in the table. The tables take turns."""
    with ExitStack() as stack:
        endpoint = stack.enter_context(real_engine())
        tables = {size: stack.enter_context(new_table(client_of(endpoint))) for size in plan.channels}
        for size, name in tables.items():
            fill(client_of(endpoint), name, size)
        rows = {size: Probe(client_of(endpoint), name) for size, name in tables.items()}
        for _ in range(plan.samples):
            for size, probe in rows.items():
                probe.connect(str(uuid.UUID(int=random.randrange(size))))
        return [{"channels": size} | probe.results(plan.samples) for size, probe in rows.items()]


def fill(client: DynamoDBClient, name: str, size: int) -> None:
    """Put `size` channels with an offer into a table. They never expire, and their ids are consecutive numbers."""
    offer = load("data channel")[0].early

    def put(first: int) -> None:
        items = [
            {
                "channel_id": {"S": str(uuid.UUID(int=number))},
                "offer": {"S": offer},
                "candidate": {"L": []},
                "expire_time": {"N": str(2**40)},
            }
            for number in range(first, min(size, first + BATCH))
        ]
        left: Any = {name: [{"PutRequest": {"Item": item}} for item in items]}
        while left:
            left = client.batch_write_item(RequestItems=left)["UnprocessedItems"]

    with ThreadPoolExecutor(2) as threads:
        for _ in threads.map(put, range(0, size, BATCH)):
            pass


class Probe:
    """Measures the time of each call to one table, both by the gateway and by the whole handler."""

    def __init__(self, client: DynamoDBClient, name: str) -> None:
        self._meter = Meter(client)
        self._channels = Channels(Table(client, name))
        self._post = over_handler(app_over(self._channels))
        self._offerer, self._answerer = load("data channel")
        self._gateway: dict[str, list[float]] = {}
        self._handler: dict[str, list[float]] = {}

    def connect(self, other: str) -> None:
        """Set up one connection through the gateway, and one through the handler. Also read another channel."""
        channels, offer, answer = self._channels, self._offerer.early, self._answerer.early
        with timed(self._gateway, "create"):
            own = channels.create(offer)
        with timed(self._gateway, "get"):
            channels.get(other)
        with timed(self._gateway, "set_answer"):
            channels.set_answer(own, answer)
        with timed(self._gateway, "add_candidates"):
            channels.add_candidates(own, self._offerer.candidates[:1])
        with timed(self._gateway, "delete"):
            channels.delete(own)
        own = self._send("create_data_channel", offer=offer)["channel_id"]
        self._send("get_offer", channel_id=other)
        self._send("create_answer", channel_id=own, answer=answer)
        self._send("create_candidate", channel_id=own, candidate=self._offerer.candidates[0])
        self._send("delete_data_channel", channel_id=own)

    def hold(self, count: int, size: int) -> Results:
        """Read all of a channel's `count` candidates, then only new ones, and append one. Return the units."""
        candidates = [f"{number:04}".ljust(size, ".") for number in range(count + 1)]
        # This is one PutItem. Over the wire it would take many requests.
        own, units = self._channels.create("offer", candidates[:-1]), {}
        steps: list[tuple[str, str, Results]] = [
            ("get_candidates", "read_units", {}),
            ("get_candidates", "read_units", {"since": count}),
            ("create_candidate", "write_units", {"candidate": candidates[-1]}),
        ]
        for method, name, fields in steps:
            step = ", ".join([method, *(field for field in fields if field == "since")])
            before = self._meter.read()[name]
            self._send(method, step, channel_id=own, **fields)
            units[step] = self._meter.read()[name] - before
        self._channels.delete(own)
        return units

    def _send(self, method: str, step: str = "", **fields: Any) -> Any:
        with timed(self._handler, step or method):
            reply = self._post({"method": method} | fields)
        if reply.status != 200:
            raise RuntimeError(f"{method}: {reply.status} {reply.body}")
        return reply.json()

    def results(self, samples: int) -> Results:
        """Return the spreads in milliseconds, and the units of one connection, after `samples` calls of `connect`."""
        taken = self._meter.read()
        # Each call made two connections: one through the gateway, and one through the handler.
        units = {name: taken[name] / samples / 2 for name in ("write_units", "read_units")}
        return {"gateway": spreads(self._gateway), "handler": spreads(self._handler)} | units

    def handler(self) -> Results:
        """Return the spread of each method in milliseconds."""
        return spreads(self._handler)


def by_candidates(plan: Plan) -> list[Results]:
    """Return the times and units of the methods, by the number of candidates. The units come from dynalite."""
    full = MAX_CANDIDATES - 1
    kinds = [(count, CANDIDATE_BYTES) for count in plan.candidates] + [(full, 425)]
    with ExitStack() as stack:
        endpoint, counting = stack.enter_context(real_engine()), stack.enter_context(dynalite())
        name = stack.enter_context(new_table(client_of(endpoint)))
        counted = Probe(client_of(counting), stack.enter_context(new_table(client_of(counting))))
        probes = {kind: Probe(client_of(endpoint), name) for kind in kinds}
        for _ in range(plan.candidate_samples):
            for kind, probe in probes.items():
                probe.hold(*kind)
        return [
            {
                "candidates": kind[0],
                "candidate_bytes": kind[1],
                "units": counted.hold(*kind),
                "handler": probe.handler(),
            }
            for kind, probe in probes.items()
        ]


@contextmanager
def timed(into: dict[str, list[float]], name: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    into.setdefault(name, []).append(time.perf_counter() - started)


def spreads(timings: dict[str, list[float]]) -> Results:
    return {name: spread(seconds) for name, seconds in timings.items()}


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """Return the 50th and the 99th percentile in milliseconds. If there is only one run, return that."""
    if len(seconds) < 2:
        return {"p50": 1000 * seconds[0], "p99": 1000 * seconds[0]}
    percentiles = statistics.quantiles(seconds, n=100, method="inclusive")
    return {"p50": 1000 * percentiles[49], "p99": 1000 * percentiles[98]}


def counts(results: Results) -> Counted:
    """Return the count that the guard checks. AWS bills the log by the byte, and each request here writes a line."""
    return Counted({"log bytes of a request": results["function"]["log_bytes_per_request"]})


def check(results: Results) -> None:
    """Fail if a larger table uses more capacity."""
    for unit in ("write_units", "read_units"):
        taken = {row["channels"]: row[unit] for row in results["channels"]}
        assert len(set(taken.values())) == 1, f"{unit} should not depend on the number of channels: {taken}"


def section(results: Results, images: Path) -> str:
    """Return the section of the document, and draw its pictures."""
    draw_throughput(results["throughput"], images / "throughput.svg")
    draw_channels(results["channels"], images / "channels.svg")
    draw_candidates(results["candidates"], images / "candidates.svg")
    few, many = results["channels"][0], results["channels"][-1]
    return (
        Path(__file__)
        .with_suffix(".md")
        .read_text()
        .format(
            machine=results["machine"],
            most=list(results["throughput"]["Lambda runtime"])[-1],
            seconds=results["seconds"],
            environments=max(map(int, results["throughput"]["Lambda runtime"])) + SPARE_ENVIRONMENTS,
            throughput=throughput_table(results["throughput"]),
            methods="\n".join(f"{way}:\n\n{method_table(levels)}" for way, levels in results["throughput"].items()),
            cores=cores_table(results["throughput"]),
            work=work_table(results["throughput"]),
            busiest=busiest(results["throughput"]),
            few=f"{few['channels']:,}",
            many=f"{many['channels']:,}",
            channels=channels_table(results["channels"]),
            growth=growth(few, many),
            verbs=len(few["gateway"]) + len(few["handler"]),
            candidates=candidates_table(results["candidates"]),
            request_ms=f"{1000 * results['function']['request_cpu_seconds']:.1f}",
            read_ms=f"{1000 * results['function']['read_cpu_seconds']:.1f}",
            start_ms=f"{1000 * results['function']['start_cpu_seconds']:.0f}",
            log_bytes=f"{results['function']['log_bytes_per_request']:g}",
        )
    )


def percentiles(each: dict[str, float]) -> str:
    return " / ".join(f"{each[name]:.3g}" if each[name] < 100 else f"{each[name]:,.0f}" for name in ("p50", "p99"))


def throughput_table(found: Results) -> str:
    levels = list(next(iter(found.values())))
    rows = [
        (
            way,
            *(
                f"{level['connections_per_second']:.0f} ({percentiles(level['milliseconds']['connection'])} ms)"
                for level in each.values()
            ),
        )
        for way, each in found.items()
    ]
    return table(("connections per second", *map(pairs_of_peers, levels)), rows)


def pairs_of_peers(number: str) -> str:
    return f"{number} pair" if number == "1" else f"{number} pairs"


def method_table(levels: Results) -> str:
    methods = [name for name in next(iter(levels.values()))["milliseconds"] if name != "connection"]
    rows = [(f"`{name}`", *(percentiles(level["milliseconds"][name]) for level in levels.values())) for name in methods]
    return table(("p50 / p99 in ms", *map(pairs_of_peers, levels)), rows)


def work_table(found: Results) -> str:
    """Return how many milliseconds of a core each connection took, in all parts together."""
    rows = [
        (
            way,
            *(
                f"{1000 * sum(level['cores'].values()) / level['connections_per_second']:.0f}"
                for level in each.values()
            ),
        )
        for way, each in found.items()
    ]
    levels = list(next(iter(found.values())))
    return table(("ms of a core per connection", *map(pairs_of_peers, levels)), rows)


def cores_table(found: Results) -> str:
    last = {way: list(levels.values())[-1]["cores"] for way, levels in found.items()}
    parts = sorted({part for cores in last.values() for part in cores} - {"others"})
    rows = [(part, *(f"{cores.get(part, 0):.2f}" for cores in last.values())) for part in parts]
    return table(("cores in use", *last), rows)


def busiest(found: Results) -> str:
    """Return lines that say how many cores were in use, and which part used most of them."""
    says = []
    for way, levels in found.items():
        cores = list(levels.values())[-1]["cores"]
        part = max(cores, key=lambda each: cores[each])
        says.append(f'- {way}: {sum(cores.values()):.2f} cores. The busiest part was "{part}" with {cores[part]:.2f}.')
    return "\n".join(says)


def channels_table(rows: list[Results]) -> str:
    head = ("p50 / p99 in ms", *(f"{row['channels']:,} channels" for row in rows))
    lines = [
        (f"{label}{name}`", *(percentiles(row[layer][name]) for row in rows))
        for layer, label in (("gateway", "`Channels."), ("handler", "`"))
        for name in rows[0][layer]
    ]
    units = [
        (label, *(f"{row[unit]:g}" for row in rows))
        for unit, label in (("write_units", "write units per connection"), ("read_units", "read units per connection"))
    ]
    return table(head, lines + units)


def growth(few: Results, many: Results) -> str:
    """Return how p99 changes from the smallest to the largest table, over all calls."""
    ratios = [
        many[layer][name]["p99"] / few[layer][name]["p99"] for layer in ("gateway", "handler") for name in few[layer]
    ]
    return f"{min(ratios):.2f} to {max(ratios):.2f} (median {statistics.median(ratios):.2f})"


def candidates_table(rows: list[Results]) -> str:
    steps = list(rows[0]["handler"])
    shown = [step for step in steps if step in rows[0]["units"]]
    lines = [
        (
            row["candidates"],
            row["candidate_bytes"],
            *(f"{percentiles(row['handler'][step])}" for step in shown),
            *(f"{row['units'][step]:g}" for step in shown),
        )
        for row in rows
    ]
    head = ("candidates", "bytes of each", *(f"`{step}` ms" for step in shown), *(f"`{step}` units" for step in shown))
    return table(head, lines)


def draw_throughput(found: Results, path: Path) -> None:
    from matplotlib import pyplot

    figure, (rate, latency) = pyplot.subplots(1, 2, figsize=(9, 3.2))
    for (way, levels), color in zip(found.items(), (OURS, *RIVALS), strict=False):
        pairs = [int(each) for each in levels]
        rate.plot(pairs, [each["connections_per_second"] for each in levels.values()], "o-", color=color, label=way)
        whole = [each["milliseconds"]["connection"] for each in levels.values()]
        latency.plot(pairs, [each["p50"] for each in whole], "o-", color=color)
        latency.plot(pairs, [each["p99"] for each in whole], "o:", color=color)
    for axes, title in ((rate, "connections per second"), (latency, "milliseconds per connection: p50 —, p99 ···")):
        axes.set(xscale="log", xticks=pairs, xticklabels=pairs, xlabel="pairs at the same time", title=title)
        axes.minorticks_off()
    rate.set_ylim(0)
    latency.set_yscale("log")
    for each in (latency.yaxis.set_major_formatter, latency.yaxis.set_minor_formatter):
        each(lambda milliseconds, _: f"{milliseconds:g}")
    rate.legend(frameon=False)
    save(figure, path)
    pyplot.close(figure)


def draw_channels(rows: list[Results], path: Path) -> None:
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(1, 2, figsize=(9, 3.2), sharey=True)
    sizes = [row["channels"] for row in rows]
    for axes, layer, title in zip(
        panels, ("gateway", "handler"), ("chalicelib.channels", "whole handler"), strict=True
    ):
        for name, color in zip(rows[0][layer], (OURS, *RIVALS), strict=False):
            axes.plot(sizes, [row[layer][name]["p50"] for row in rows], "o-", color=color, label=name)
            axes.plot(sizes, [row[layer][name]["p99"] for row in rows], "o:", color=color)
        axes.set(xscale="log", xlabel="channels in the table", title=f"{title}: p50 —, p99 ···", ylim=(0, None))
        axes.legend(frameon=False, fontsize="small")
    panels[0].set_ylabel("milliseconds")
    save(figure, path)
    pyplot.close(figure)


def draw_candidates(rows: list[Results], path: Path) -> None:
    from matplotlib import pyplot

    usual = [row for row in rows if row["candidate_bytes"] == CANDIDATE_BYTES]
    counts = [row["candidates"] for row in usual]
    figure, (latency, units) = pyplot.subplots(1, 2, figsize=(9, 3.2))
    for step, color in zip(usual[0]["units"], (OURS, *RIVALS), strict=False):
        latency.plot(counts, [row["handler"][step]["p50"] for row in usual], "o-", color=color, label=step)
        latency.plot(counts, [row["handler"][step]["p99"] for row in usual], "o:", color=color)
        units.plot(counts, [row["units"][step] for row in usual], "o-", color=color, label=step)
    latency.set(xlabel="candidates in the channel", title="milliseconds: p50 —, p99 ···", ylim=(0, None))
    units.set(xlabel="candidates in the channel", title="capacity units of one request", ylim=(0, None))
    latency.legend(frameon=False)
    save(figure, path)
    pyplot.close(figure)
