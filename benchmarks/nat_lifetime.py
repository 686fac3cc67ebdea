"""Measures how long an offer can wait behind a NAT until a guest can no longer reach its candidates.

A host offers, with candidates from a STUN server, and waits. Later a guest answers. Meanwhile the host's NAT may have
forgotten the binding that the offer's candidate names, unless the host keeps it alive. Each host opens one offer for
each wait and guest, all at the same time. The guests are aiortc, so that only the hosts differ.

Everything runs in network namespaces, on addresses that are reserved for documentation. It needs root, nftables,
Chromium, Firefox ESR and more than an hour, nearly all of it idle. So it only runs if it is named:

    python -m benchmarks nat_lifetime
    python -m benchmarks --short nat_lifetime    takes minutes
"""

import asyncio
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any, Protocol
from urllib.parse import urlsplit

from aioice.ice import server_reflexive_candidate
from aiortc import RTCConfiguration, RTCDataChannel, RTCIceServer, RTCPeerConnection, RTCSessionDescription

from benchmarks import pace
from benchmarks.report import table, versions
from harness import browsers, chromium
from harness.browsers import Page
from harness.namespaces import Host
from harness.nat import Router, carrier_nat, home_router, internet
from harness.stun import Address, Request, stun_server, udp_socket

# Linux forgets a binding after 30 s if the STUN server was asked once, and after 120 s if it was asked again later.
# Few NATs are as fast as 10 s. No host keeps a binding alive there, so long waits would show nothing new.
WAITS = {10: (5, 20, 60), 30: (5, 20, 60, 110, 200, 280), 120: (5, 20, 60, 110, 200, 280)}
SHORT_WAITS = {10: (2, 20)}
# A home router gives back the same port, so one lifetime is enough.
HOME_LIFETIME = 10
# A guest's binding is as old as its answer, so its lifetime does not matter.
GUEST_LIFETIME = 120
# Connecting takes less than two seconds here. aiortc and the browsers give up only after more than 20 s.
CONNECT_SECONDS = 20
# Retransmissions of one STUN request are closer together than this.
RETRANSMISSION_SECONDS = 2
# The interval that RFC 8445, section 11, sets for keepalives.
KEEPALIVE_SECONDS = 15
# Shorter than the time after which Linux forgets a binding if the host has asked only once.
FREQUENT_DOOR_SECONDS = 25

Results = dict[str, Any]
Nat = Callable[[Router], None]


class Peer(Protocol):
    """An application with any number of RTCPeerConnections, each of which has a name."""

    def offer(self, name: str) -> str:
        """Return a new offer with all its candidates."""

    def accept(self, name: str, answer: str) -> None: ...

    def is_connected(self, name: str) -> bool:
        """Return whether the data channel opens within CONNECT_SECONDS."""


class AiortcPeer:
    """aiortc, in a thread on a host of its own."""

    def __init__(self, host: Host, stun_url: str, keepalive_seconds: float | None = None) -> None:
        self._stun_url = stun_url
        self._keepalive_seconds = keepalive_seconds
        self._connections: dict[str, RTCPeerConnection] = {}
        self._opened: dict[str, asyncio.Event] = {}
        self._keepalives: list[asyncio.Task[None]] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        host.inside(self._thread.start)

    def offer(self, name: str) -> str:
        offer: str = self._run(self._offer(name))
        return offer

    async def _offer(self, name: str) -> str:
        connection = self._new_connection(name)
        channel = connection.createDataChannel("chat")
        channel.on("open", self._opened[name].set)
        await connection.setLocalDescription(await connection.createOffer())
        if self._keepalive_seconds:
            self._keepalives.append(asyncio.create_task(self._keep_alive(connection, self._keepalive_seconds)))
        return connection.localDescription.sdp

    def accept(self, name: str, answer: str) -> None:
        description = RTCSessionDescription(answer, "answer")
        self._run(self._connections[name].setRemoteDescription(description))

    def answer(self, name: str, offer: str) -> str:
        answer: str = self._run(self._answer(name, offer))
        return answer

    async def _answer(self, name: str, offer: str) -> str:
        connection = self._new_connection(name)

        @connection.on("datachannel")
        def on_data_channel(_: RTCDataChannel) -> None:
            self._opened[name].set()

        await connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        await connection.setLocalDescription(await connection.createAnswer())
        return connection.localDescription.sdp

    def is_connected(self, name: str) -> bool:
        is_connected: bool = self._run(self._is_connected(name))
        return is_connected

    async def _is_connected(self, name: str) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._opened[name].wait(), CONNECT_SECONDS)
        return self._opened[name].is_set()

    def close(self) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _close(self) -> None:
        await asyncio.gather(*(connection.close() for connection in self._connections.values()))
        # The keepalives run on, and so does aiortc itself after a failed attempt to connect.
        running = asyncio.all_tasks() - {asyncio.current_task()}
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _keep_alive(self, connection: RTCPeerConnection, seconds: float) -> None:
        """Ask the STUN server again and again, from the sockets of the connection."""
        assert connection.sctp is not None
        # aiortc has no public way to do this.
        ice = connection.sctp.transport.transport.iceGatherer._connection
        assert ice.stun_server is not None
        while True:
            await asyncio.sleep(seconds)
            for protocol in ice._protocols:
                await server_reflexive_candidate(protocol, ice.stun_server)

    def _new_connection(self, name: str) -> RTCPeerConnection:
        connection = RTCPeerConnection(RTCConfiguration([RTCIceServer(self._stun_url)]))
        self._connections[name] = connection
        self._opened[name] = asyncio.Event()
        return connection

    def _run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()


class BrowserPeer:
    """A page of a browser."""

    def __init__(self, page: Page, stun_url: str) -> None:
        self._page = page
        self._stun_url = stun_url

    def offer(self, name: str) -> str:
        offer: str = self._page.evaluate(OFFER, name, self._stun_url)
        return offer

    def accept(self, name: str, answer: str) -> None:
        self._page.evaluate(ACCEPT, name, answer)

    def is_connected(self, name: str) -> bool:
        is_connected: bool = self._page.evaluate(IS_CONNECTED, name, CONNECT_SECONDS)
        return is_connected


OFFER = """async (name, urls) => {
  const connection = new RTCPeerConnection({ iceServers: [{ urls }] });
  const channel = connection.createDataChannel("chat");
  const opened = new Promise((resolve) => (channel.onopen = () => resolve(true)));
  window.peers = { ...window.peers, [name]: { connection, opened } };
  await connection.setLocalDescription();
  while (connection.iceGatheringState !== "complete") {
    await new Promise((resolve) => connection.addEventListener("icegatheringstatechange", resolve, { once: true }));
  }
  return connection.localDescription.sdp;
}"""
ACCEPT = "(name, sdp) => window.peers[name].connection.setRemoteDescription({ type: 'answer', sdp })"
IS_CONNECTED = """(name, seconds) => {
  const timeout = new Promise((resolve) => setTimeout(() => resolve(false), seconds * 1000));
  return Promise.race([window.peers[name].opened, timeout]);
}"""


@contextmanager
def aiortc(host: Host, stun_url: str, keepalive_seconds: float | None = None) -> Iterator[AiortcPeer]:
    peer = AiortcPeer(host, stun_url, keepalive_seconds)
    try:
        yield peer
    finally:
        peer.close()


@contextmanager
def browser(agent: str, host: Host, stun_url: str) -> Iterator[BrowserPeer]:
    flags = CAMERA_FLAGS if agent == WITH_CAMERA else PLAIN_FLAGS
    with (
        tempfile.TemporaryDirectory() as home,
        browsers.page_server() as url,
        host.reach(urlsplit(url).port or 0),
        browsers.run(BROWSERS[agent], Path(home), flags, host.entry) as running,
        running.profile() as profile,
    ):
        yield BrowserPeer(profile.open(url), stun_url)


@contextmanager
def peer_of(agent: str, host: Host, stun_url: str) -> Iterator[Peer]:
    """Run a WebRTC implementation on a host."""
    if agent in BROWSERS:
        with browser(agent, host, stun_url) as page:
            yield page
    else:
        with aiortc(host, stun_url, KEEPALIVE_SECONDS if agent == KEPT_ALIVE else None) as peer:
            yield peer


# Chromium assumes that a page is on a high-cost network until the user lets it use a camera or a microphone.
WITH_CAMERA = "Chromium, page may use the camera"
BROWSERS = {"Chromium": "chromium", WITH_CAMERA: "chromium", "Firefox": "firefox-esr"}
# The harness's flags would let every page use a camera, and would offer loopback addresses.
CAMERA_FLAGS = [flag for flag in chromium.FLAGS if "loopback" not in flag]
PLAIN_FLAGS = [flag for flag in CAMERA_FLAGS if "fake" not in flag]
KEPT_ALIVE = f"aiortc, keepalive every {KEEPALIVE_SECONDS} s"
AGENTS = (*BROWSERS, "aiortc", KEPT_ALIVE)
CARRIER, HOME = "carrier's NAT", "home router"
NATS: dict[str, Callable[[float], Nat]] = {CARRIER: carrier_nat, HOME: home_router}
GUESTS = ("public", "behind a NAT")


def measure(short: bool) -> Results:
    """Return one session for each host, NAT and lifetime."""
    waits = SHORT_WAITS if short else WAITS
    nats = [(CARRIER, lifetime) for lifetime in waits] + [(HOME, HOME_LIFETIME)]
    sessions = [session(agent, nat, lifetime, waits[lifetime]) for agent in AGENTS for nat, lifetime in nats]
    return {"versions": browser_versions() | versions("aiortc", "aioice"), "sessions": sessions}


def browser_versions() -> dict[str, str]:
    """Return the version that each browser reports, as in "Mozilla Firefox 153.7.0esr"."""
    found = {}
    for name in ("chromium", "firefox-esr"):
        printed = subprocess.run([browsers.find(name), "--version"], capture_output=True, text=True, check=True).stdout
        found[name] = next(word for word in printed.split() if word[0].isdigit())
    return found


@dataclass(frozen=True)
class Trial:
    """A guest that answers an offer after a wait."""

    guest: str
    wait: float

    @property
    def name(self) -> str:
        return f"{self.guest}, {self.wait:g} s"

    def run(self, host: Peer, guest: AiortcPeer, offer: str, began: float) -> bool:
        """Return whether the two connected."""
        time.sleep(max(0, began + self.wait - time.monotonic()))
        host.accept(self.name, guest.answer(self.name, offer))
        return host.is_connected(self.name)


def session(agent: str, nat: str, lifetime: float, waits: Sequence[float]) -> Results:
    """Return which guests could connect to a host behind a NAT, by how long the offer waited for them."""
    trials = [Trial(guest, wait) for wait in waits for guest in GUESTS]
    with internet() as network, ExitStack() as stack:
        endpoint = network.exchange.inside(lambda: udp_socket(network.addresses[network.exchange]))
        stun = stack.enter_context(stun_server(endpoint))
        stun.release()
        host = stack.enter_context(peer_of(agent, network.host_behind(NATS[nat](lifetime)), stun.url))
        guest_hosts = (network.public_host(), network.host_behind(home_router(GUEST_LIFETIME)))
        guests = {
            name: stack.enter_context(aiortc(each, stun.url)) for name, each in zip(GUESTS, guest_hosts, strict=True)
        }
        offers = {trial: host.offer(trial.name) for trial in trials}
        began = time.monotonic()
        # No guest has asked the STUN server yet.
        hosts_address = stun.requests[0].address[0]
        with ThreadPoolExecutor(len(trials)) as threads:
            running = {
                trial: threads.submit(trial.run, host, guests[trial.guest], offers[trial], began) for trial in trials
            }
        asked = [request for request in stun.requests if request.address[0] == hosts_address]
    connected = {
        guest: {str(trial.wait): running[trial].result() for trial in trials if trial.guest == guest}
        for guest in GUESTS
    }
    return {"agent": agent, "nat": nat, "lifetime": lifetime, "connected": connected} | asking(asked)


def asking(requests: list[Request]) -> dict[str, float | None]:
    """Return how the bindings were kept alive, in seconds.

    `asks_every` is the median interval between two requests over one binding, without retransmissions. `asks_for` is
    the longest time from the first request over a binding to the last.
    """
    times: dict[Address, list[float]] = {}
    for request in requests:
        times.setdefault(request.address, []).append(request.seconds)
    gaps = [later - earlier for each in times.values() for earlier, later in pairwise(each)]
    long_gaps = [gap for gap in gaps if gap > RETRANSMISSION_SECONDS]
    return {
        "asks_every": median(long_gaps) if long_gaps else None,
        "asks_for": max(each[-1] - each[0] for each in times.values()),
    }


def section(results: Results, _: Path) -> str:
    """Return the section of the document."""
    sessions = results["sessions"]
    nat, guest = next(iter(NATS)), GUESTS[-1]
    hard = [each for each in sessions if each["nat"] == nat]
    lifetimes = sorted({each["lifetime"] for each in hard})
    rows = []
    for agent in dict.fromkeys(each["agent"] for each in hard):
        reaches = {each["lifetime"]: reach(each["connected"][guest]) for each in hard if each["agent"] == agent}
        rows.append([agent, asks(sessions, agent), *(reaches[lifetime] for lifetime in lifetimes)])
    head = ["host", "asks the STUN server again", *(f"forgotten after {lifetime:g} s" for lifetime in lifetimes)]
    easy = [
        is_connected
        for each in sessions
        for whose, outcomes in each["connected"].items()
        if (each["nat"], whose) != (nat, guest)
        for is_connected in outcomes.values()
    ]
    waits = {each["lifetime"]: list(each["connected"][guest]) for each in hard}
    door_seconds = pace.limits()["DOOR_MS"] / 1000
    return (
        Path(__file__)
        .with_suffix(".md")
        .read_text()
        .format(
            table=table(head, rows),
            longest=waits[lifetimes[-1]][-1],
            waits=", ".join(waits[lifetimes[-1]]),
            few_waits=", ".join(waits[lifetimes[0]]),
            patience=CONNECT_SECONDS,
            connected=sum(easy),
            easy=len(easy),
            keepalive=KEEPALIVE_SECONDS,
            door=f"{door_seconds:g}",
            frequent=FREQUENT_DOOR_SECONDS,
            ratio=f"{door_seconds / FREQUENT_DOOR_SECONDS:.0f}",
            versions=", ".join(f"{name} {version}" for name, version in results["versions"].items()),
        )
    )


def reach(connected: dict[str, bool]) -> str:
    """Return the longest wait after which a guest could connect, as could all guests before it."""
    longest = None
    for wait, is_connected in sorted(connected.items(), key=lambda outcome: float(outcome[0])):
        if not is_connected:
            break
        longest = wait
    return "never" if longest is None else f"{longest} s"


def asks(sessions: Sequence[Results], agent: str) -> str:
    """Return how often an agent asks its STUN server while an offer waits, and for how long if it stops."""
    found = [each for each in sessions if each["agent"] == agent and each["asks_every"] is not None]
    if not found:
        return "never"
    every = median(each["asks_every"] for each in found)
    longest = max(found, key=longest_wait)
    has_stopped = longest["asks_for"] + 2 * every < longest_wait(longest)
    return f"every {every:.0f} s" + (f", for {longest['asks_for']:.0f} s" if has_stopped else "")


def longest_wait(measured: Results) -> float:
    return max(float(wait) for outcomes in measured["connected"].values() for wait in outcomes)
