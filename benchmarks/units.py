"""Counts the DynamoDB requests and the consumed capacity units of each method and of a whole connection.

In the results, `methods[name]` and `connections[name]` are the counts of one method or connection, and
`reread_units[kind]` are the units of each further read of a channel while a reply is held. `address[kind][step]` are
the counts of the steps of a host at an address and its guest.
"""

import base64
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mypy_boto3_dynamodb import DynamoDBClient

from benchmarks.descriptions import KINDS, Peer, browser, load
from benchmarks.guard import Counted
from benchmarks.report import ROOT, table
from chalicelib.channels import Channels
from chalicelib.dynamodb import Table
from chalicelib.limits import MAX_TTL_SECONDS
from harness.engines import client_of, free_port, new_table, wait_for_port
from harness.service import app_over
from harness.transports import Post, Reply, over_handler

DYNALITE = ROOT / "benchmarks/node_modules/dynalite/cli.js"
# A late candidate (RFC 8839) as Chromium writes it. The STUN server replied only after the description was sent.
LATE = (
    "candidate:842163049 1 udp 1677729535 192.0.2.7 {port} typ srflx raddr 0.0.0.0 rport 0 "
    "generation 0 ufrag {ufrag} network-cost 999"
)

# A random text of 32 bytes in base64url, as the clients make the keys of doors and the secrets of owners.
RANDOM_TEXT = "x" * 43

Units = dict[str, float]


class Meter:
    """Counts a client's requests and consumed units, through botocore's public events."""

    def __init__(self, client: DynamoDBClient) -> None:
        self.reset()
        events = client.meta.events
        events.register("before-parameter-build.dynamodb", self._ask)
        events.register("after-call.dynamodb", self._count)

    def reset(self) -> None:
        self.requests, self.write_units, self.read_units = 0, 0.0, 0.0

    def _ask(self, params: dict[str, Any], **_: Any) -> None:
        params["ReturnConsumedCapacity"] = "TOTAL"

    def _count(self, parsed: dict[str, Any], model: Any, **_: Any) -> None:
        self.requests += 1
        units = parsed["ConsumedCapacity"]["CapacityUnits"]
        if model.name == "GetItem":
            self.read_units += units
        else:
            self.write_units += units

    def read(self) -> Units:
        """Return the counts so far."""
        return {"requests": self.requests, "write_units": self.write_units, "read_units": self.read_units}


@dataclass
class Exchange:
    """Two peers, whose requests are sent in the order in which they would really happen."""

    post: Post
    offerer: Peer
    answerer: Peer
    meter: Meter

    def __post_init__(self) -> None:
        self.http_requests, self.channel_id, self.by_method = 0, "", dict[str, Units]()
        self.by_step = dict[str, Units]()

    def step(self, step: str, channel_id: str, status: int = 200, **fields: Any) -> Reply:
        """Send the request of a step at an address, and record its units."""
        before, self.channel_id = self.meter.read(), channel_id
        reply = self.send(ADDRESS_STEPS[step], status, **fields)
        self.by_step[step] = difference(self.meter.read(), before)
        return reply

    def send(self, method: str, status: int = 200, **fields: Any) -> Reply:
        """Send a request, which must get this status, and record the units of its method."""
        before = self.meter.read()
        named = {"channel_id": self.channel_id} if self.channel_id else {}
        reply = self.post({"method": method} | named | fields)
        if reply.status != status:
            raise RuntimeError(f"{method}: {reply.status} {reply.body}")
        self.http_requests += 1
        if status == 200:
            self.by_method[method] = difference(self.meter.read(), before)
        return reply

    def open(self, **fields: Any) -> None:
        self.channel_id = self.send("create_data_channel", **fields).json()["channel_id"]

    def plain(self) -> None:
        """Use the seven plain methods with trickle ICE. The offerer asks once for the answer before it is there."""
        self.open()
        self.send("create_offer", offer=self.offerer.bare)
        for candidate in useful(self.offerer):
            self.send("create_candidate", candidate=candidate)
        self.send("get_answer", status=400)
        self.send("get_offer")
        self.send("create_answer", answer=self.answerer.bare)
        for candidate in useful(self.answerer):
            self.send("create_candidate", candidate=candidate)
        self.send("get_candidates")
        self.send("get_answer")
        self.send("get_candidates")

    def fast(self) -> None:
        """Use the fast exchange, as the clients in this repository do. A held reply counts as one read."""
        self._describe()
        self.send("delete_data_channel")

    def fast_with_stun(self) -> None:
        """Use the fast exchange. Each peer also finds and sends a late candidate, and asks for the other's."""
        self._describe()
        for port, peer in enumerate((self.offerer, self.answerer), start=50_000):
            ufrag = json.loads(peer.candidates[0])["usernameFragment"]
            late = json.loads(peer.candidates[0]) | {"candidate": LATE.format(port=port, ufrag=ufrag)}
            self.send("create_candidate", candidate=json.dumps(late, separators=(",", ":")))
        for _ in range(2):
            self.send("get_candidates", since=0)
        self.send("delete_data_channel")

    def address(self) -> None:
        """Open an address and a door, replace the door, as an idle host does, and let a guest join."""
        self.open(ttl=MAX_TTL_SECONDS, owner=RANDOM_TEXT)
        address = self.channel_id
        first, second = (self._open_door(address) for _ in range(2))
        self.step(POLL_DOOR, first, status=400, since=0)
        self.step(ERASE_DOOR, first)
        self.step(READ_POINTER, address, since=0)
        answer = {"answer": self.answerer.early, "guest": RANDOM_TEXT[:22]}
        self.step(ANSWER, second, answer=sealed(json.dumps(answer, separators=(",", ":"))))
        self.step(READ_ANSWER, second, since=0)

    def join(self) -> None:
        """Let a guest join a host that waits at an address. This includes the next door, for the next guest."""
        self.open(ttl=MAX_TTL_SECONDS, owner=RANDOM_TEXT)
        address = self.channel_id
        door = self._open_door(address)
        self.meter.reset()
        self.http_requests = 0
        self.step(READ_POINTER, address, since=0)
        answer = {"answer": self.answerer.early, "guest": RANDOM_TEXT[:22]}
        self.step(ANSWER, door, answer=sealed(json.dumps(answer, separators=(",", ":"))))
        self.step(READ_ANSWER, door, since=0)
        self._open_door(address)
        self.channel_id = door
        self.send("delete_data_channel")

    def _open_door(self, address: str) -> str:
        door: str = self.step(OPEN_DOOR, "").json()["channel_id"]
        pointer = {"door": door, "key": RANDOM_TEXT, "offer": self.offerer.early}
        text = sealed(json.dumps(pointer, separators=(",", ":")))
        self.step(POINT, address, offer=text, owner=RANDOM_TEXT)
        return door

    def _describe(self) -> None:
        self.open(offer=self.offerer.early)
        self.send("get_offer", since=0)
        self.send("create_answer", answer=self.answerer.early)
        self.send("get_answer", since=0)


def sealed(text: str) -> str:
    """Return a text as long as this one is when it is sealed: with a nonce and a tag, in base64url."""
    return base64.urlsafe_b64encode(bytes(12) + text.encode() + bytes(16)).decode().rstrip("=")


def useful(peer: Peer) -> list[str]:
    """Return all candidates except active TCP ones (RFC 6544), which nobody can connect to."""
    return [candidate for candidate in peer.candidates if "tcptype active" not in candidate]


def difference(after: Units, before: Units) -> Units:
    return {name: after[name] - before[name] for name in after}


@contextmanager
def dynalite() -> Iterator[str]:
    """Run dynalite in memory, which counts units as DynamoDB's documentation says, and yield its endpoint."""
    port = free_port()
    command = ["node", str(DYNALITE), "--port", str(port), "--createTableMs", "0", "--deleteTableMs", "0"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=os.environ | {"NODE_ENV": "production"}) as process:
        try:
            wait_for_port(port, process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def measure(short: bool) -> dict[str, Any]:  # noqa: ARG001 - it is short
    """Return the counts of all methods and connections, and the units of a re-read while a reply is held."""
    results: dict[str, Any] = {
        "browser": browser(),
        "methods": {},
        "connections": {},
        "reread_units": {},
        "address": {},
    }
    with dynalite() as endpoint, new_table(client_of(endpoint)) as name:

        def run(kind: str, exchange: Callable[[Exchange], None]) -> Exchange:
            client = client_of(endpoint)
            meter = Meter(client)
            channels = Channels(Table(client, name))
            done = Exchange(over_handler(app_over(channels)), *load(kind), meter)
            exchange(done)
            return done

        for kind in KINDS:
            for way, exchange in WAYS.items():
                done = run(kind, exchange)
                results["connections"][f"{kind}, {way}"] = {"http_requests": done.http_requests} | done.meter.read()
            # Until the answer comes, a held `get_answer` reads a channel that contains only the offer.
            waiting = run(kind, lambda each: each.open(offer=each.offerer.early))
            waiting.send("get_answer", status=400)
            results["reread_units"][kind] = waiting.meter.read_units
            plain, fast = run(kind, Exchange.plain).by_method, run(kind, Exchange.fast).by_method
            results["address"][kind] = run(kind, Exchange.address).by_step
            column = "methods" if kind == "data channel" else "methods, audio and video"
            results[column] = plain | {"delete_data_channel": fast["delete_data_channel"]}
    return results


def counts(results: dict[str, Any]) -> Counted:
    """Return the counts that the guard checks: requests and units of each connection, and of a re-read."""
    ours = {f"{name}: {unit}": count for name, each in results["connections"].items() for unit, count in each.items()}
    rereads = {f"{kind}: reread": units for kind, units in results["reread_units"].items()}
    at_an_address = {
        f"{kind}, address: {unit}": sum(each[unit] for each in steps.values())
        for kind, steps in results["address"].items()
        for unit in ("requests", *UNIT_NAMES)
    }
    return Counted(ours | rereads | at_an_address)


WAYS: dict[str, Callable[[Exchange], None]] = {
    "fast": Exchange.fast,
    "fast with STUN": Exchange.fast_with_stun,
    "plain": Exchange.plain,
    "at an address": Exchange.join,
}


def section(results: dict[str, Any], images: Path) -> str:  # noqa: ARG001 - numbers this small need no picture
    """Return the section of the document."""
    connections = [
        (f"{name}", each["http_requests"], each["requests"], f"{each['write_units']:g}", f"{each['read_units']:g}")
        for name, each in results["connections"].items()
    ]
    methods = [
        (f"`{name}`", each["requests"], *(f"{kind[name][unit]:g}" for kind in both(results) for unit in UNIT_NAMES))
        for name, each in results["methods"].items()
    ]
    by_kind = [f"{unit}, {kind}" for kind in KINDS for unit in ("write units", "read units")]
    reread = " or ".join(f"{units:g} ({kind})" for kind, units in results["reread_units"].items())
    return (
        Path(__file__)
        .with_suffix(".md")
        .read_text()
        .format(
            browser=results["browser"],
            connections=table(
                ("connection", "HTTP requests", "DynamoDB requests", "write units", "read units"), connections
            ),
            methods=table(("method", "DynamoDB requests", *by_kind), methods),
            reread=reread,
            address=address_table(results),
        )
    )


def address_table(results: dict[str, Any]) -> str:
    """Return the table of what a host at an address and its guest do."""
    rows = [
        (
            step,
            f"`{method}`",
            results["address"][KINDS[0]][step]["requests"],
            *(f"{results['address'][kind][step][unit]:g}" for kind in KINDS for unit in UNIT_NAMES),
        )
        for step, method in ADDRESS_STEPS.items()
    ]
    by_kind = [f"{unit}, {kind}" for kind in KINDS for unit in ("write units", "read units")]
    return table(("step", "method", "DynamoDB requests", *by_kind), rows)


OPEN_DOOR = "the host opens a door"
POINT = "the host writes the pointer"
POLL_DOOR = "the host reads the door, and nobody has come"
ERASE_DOOR = "the host erases an unused door"
READ_POINTER = "the guest reads the pointer"
ANSWER = "the guest answers in the door"
READ_ANSWER = "the host reads the answer"
# The method of each step.
ADDRESS_STEPS = {
    OPEN_DOOR: "create_data_channel",
    POINT: "create_offer",
    POLL_DOOR: "get_answer",
    ERASE_DOOR: "delete_data_channel",
    READ_POINTER: "get_offer",
    ANSWER: "create_answer",
    READ_ANSWER: "get_answer",
}


def both(results: dict[str, Any]) -> tuple[dict[str, Units], dict[str, Units]]:
    return results["methods"], results["methods, audio and video"]


UNIT_NAMES = ("write_units", "read_units")
