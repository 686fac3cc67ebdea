"""Measures how long a guest takes to connect to a host that has been waiting, with Peerpost and its alternatives."""

import itertools
import statistics
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from string import Template
from typing import Any

from playwright.sync_api import Page

from benchmarks import pace
from benchmarks.guard import Counted
from benchmarks.line import line
from benchmarks.report import OURS, RIVALS, draw_times, table, versions
from benchmarks.servers import PATIENCE_SECONDS, rival_versions
from benchmarks.setup_time import NOTICE_MS, RTTS_MS, RUNS, VARIANTS, Counts, Stage, ratios, spread, stage
from chalicelib.limits import MAX_WAIT_SECONDS

TEXT = Path(__file__).with_suffix(".md")

# How long a host that polls has been waiting when its guest comes. More than half of all guests come before the first
# of these times, and a fifth after the second (guests.py).
WAITED_SECONDS, LATE_SECONDS = 30, 60
# This much of that time really passes. For the rest, the clock of the host's page is moved forward.
REAL_SECONDS = 6
# All other hosts wait for a push, or poll at the same pace all the time. After this time, even the farthest of them is
# ready.
READY_MS = 1500
# The guests of hosts that poll every second come at moments that are evenly spread over a second.
SECOND_MS = 1000
# From a guest's start until its answer arrives, without the round trips.
ANSWERING_MS = 150

# The time that a simulated reply takes, for the counts: a server 50 ms away, which needs 20 ms.
REPLY_SECONDS = 0.07

# Requests that are not counted: a page on a busy machine may find a candidate too late for its description.
CANDIDATES = ("create_candidate", "get_candidates")
# A guest may take at most this many of each.
MOST = {"requests": 2, "connections": 1}
COUNTS = ("requests", "messages", "connections")
COLORS = (OURS, "#5aa58a", "#a9cfc0", *RIVALS)


@dataclass
class Host:
    """A host that waits in its page. `began` is in milliseconds on the clock that all pages share."""

    page: Page
    began: float
    rtt_ms: int

    def requests(self) -> list[float]:
        """Return when the host sent its requests."""
        times: list[float] = self.page.evaluate("steps.filter(([name]) => name === 'request').map(([, at]) => at)")
        return [self.began + at for at in times]

    def wait_for_requests(self, number: int) -> None:
        """Return once the host has sent this many requests."""
        self.page.wait_for_function(
            "(number) => steps.filter(([name]) => name === 'request').length >= number", arg=number, polling=50
        )

    def wait_until(self, moment: float) -> None:
        """Wait until shortly before a moment, when it is time to tell the guest's page about it."""
        self.page.wait_for_timeout(max(0, moment - NOTICE_MS - self.now()))

    def now(self) -> float:
        now: float = self.page.evaluate("clock()")
        return now


def while_held(host: Host, part: float) -> float:
    """Return a moment for the guest to come, so that its answer finds the host's read held.

    `part`, from 0 to 1, selects one of these moments. The host's second request is its first read.
    """
    host.wait_for_requests(2)
    holds_ms = 1000 * held_seconds() - 4 * host.rtt_ms - ANSWERING_MS
    return host.requests()[1] + part * max(0, holds_ms)


def while_polled(host: Host, part: float, waited: float = WAITED_SECONDS) -> float:
    """Return a moment between two polls of a host that has waited for `waited` seconds.

    `part` is the share of the time between these polls that has passed, from 0 to 1.
    """
    host.wait_for_requests(2)
    host.page.evaluate("(milliseconds) => age(milliseconds)", 1000 * (waited - REAL_SECONDS))
    host.wait_until(host.requests()[1] + 1000 * REAL_SECONDS)
    return between(host.requests(), part, host.now())


def between(requests: Sequence[float], part: float, now: float) -> float:
    """Return a moment between two later polls, if the interval stays as it was between the last two requests."""
    before, last = requests[-2:]
    moment = last + part * (last - before)
    while moment < now + 2 * NOTICE_MS:
        moment += last - before
    return moment


def once_ready(host: Host, part: float) -> float:  # noqa: ARG001 - a host that waits for a push is always the same
    """Return a moment at which the host is ready."""
    return host.began + READY_MS


def within_a_second(host: Host, part: float) -> float:
    """Return a moment at which the host is ready, plus this share of a second."""
    return host.began + READY_MS + part * SECOND_MS


@dataclass(frozen=True)
class Case:
    """A variant of `rivals/peers.js`, and how to find the moment at which the guest comes."""

    name: str
    variant: str
    moment: Callable[[Host, float], float]
    # In PeerJS, the guest is the one who calls: it knows the host's name.
    host_offers: bool = True


HELD, POLLED, LATE, RELAY = "held", "polled", "late", "mailbox"
CASES = {
    HELD: Case("**Peerpost**, while the host's read is held", "peerpost", while_held),
    POLLED: Case(f"**Peerpost**, host polls after {WAITED_SECONDS} s", "peerpost", while_polled),
    LATE: Case(
        f"**Peerpost**, host polls after {LATE_SECONDS} s", "peerpost", partial(while_polled, waited=LATE_SECONDS)
    ),
    RELAY: Case(VARIANTS["mailbox"][0], "mailbox", once_ready),
    "socketio": Case("socket.io", "socketio", once_ready),
    "peerjs": Case("PeerJS, the guest knows the host's name", "peerjs", once_ready, host_offers=False),
    "polling": Case(VARIANTS["polling"][0], "polling", within_a_second),
}
PEERPOST = (HELD, POLLED, LATE)


def held_seconds() -> float:
    """Return for how long our client holds a read while nobody comes."""
    asked = pace.Client().reads(REPLY_SECONDS, MAX_WAIT_SECONDS)
    return max((each.at + min(each.wait, MAX_WAIT_SECONDS) for each in asked if each.wait), default=0)


def measure(short: bool) -> dict[str, Any]:
    """Run each case at each distance, in an order that changes from round to round."""
    runs, rtts = (1, RTTS_MS[1:2]) if short else (RUNS, RTTS_MS)
    found: dict[str, Any] = {case: {str(rtt): [] for rtt in rtts} for case in CASES}
    with stage() as here:
        # The first run of each case is a warm-up, and is not counted.
        # A short run needs no warm-up, because only its counts are used.
        for case in () if short else CASES:
            run(here, CASES[case], 0, 0)
        cells = list(itertools.product(CASES, rtts))
        for turn in range(runs):
            first = turn * len(cells) // runs
            for case, rtt in cells[first:] + cells[:first]:
                found[case][str(rtt)].append(run(here, CASES[case], rtt, (turn + 0.5) / runs))
        browser = here.profile.browser
        chromium = {"Chromium": browser.version} if browser else {}
    return {
        "versions": versions("chalice", "boto3", "playwright") | chromium | rival_versions(),
        "runs": {
            case: {rtt: {count: [each[count] for each in cell] for count in cell[0]} for rtt, cell in by_rtt.items()}
            for case, by_rtt in found.items()
        },
        "phases": phases(),
    }


def run(here: Stage, case: Case, rtt_ms: int, part: float) -> dict[str, float]:
    """Let a host wait, and a guest come to it, each over its own line to the server.

    `part`, from 0 to 1, selects one of the moments at which a guest of this case may come.
    """
    port, counts, meeting = here.ports[VARIANTS[case.variant][1]], Counts(besides(case)), str(uuid.uuid4())
    with line(port, rtt_ms / 1000) as near_host, line(port, rtt_ms / 1000) as near_guest:
        # The pages are on two different sites, so that each has its own browser process.
        host_page, guest_page = (here.open(name, case.variant) for name in ("127.0.0.1", "localhost"))
        counts.follow(guest_page)
        host = Host(host_page, host_page.evaluate("clock()") + NOTICE_MS, rtt_ms)
        options = {"meeting": meeting, "port": near_host.port, "isOfferer": case.host_offers, "at": host.began}
        begin(host_page, options)
        if VARIANTS[case.variant][1] == "function":
            # The guest knows the id from the link.
            options["channelId"] = here.pages.meetings[meeting].get(timeout=PATIENCE_SECONDS).decode()
        moment = case.moment(host, part)
        host.wait_until(moment)
        begin(guest_page, options | {"port": near_guest.port, "isOfferer": not case.host_offers, "at": moment})
        opened = host.began + host_page.evaluate("done")["opened"], moment + guest_page.evaluate("done")["opened"]
        connections = near_guest.connections
        for page in (host_page, guest_page):
            page.close()
    return {
        "milliseconds": round(max(opened) - moment, 1),
        "requests": counts.requests,
        "messages": counts.messages,
        "connections": connections,
    }


def besides(case: Case) -> tuple[str, ...]:
    """Return the methods whose requests are not counted.

    `polling` has to send all its candidates, so all its requests are counted.
    """
    return CANDIDATES if case.variant == "peerpost" else ()


def begin(page: Page, options: dict[str, Any]) -> None:
    """Start the peer of a page."""
    page.evaluate("(options) => { window.done = begin(options) }", options)


def phases() -> dict[str, int]:
    """Return how many requests our client sends in each phase of a connection whose guest comes after 30 s."""
    sent = pace.Client().connection(REPLY_SECONDS, MAX_WAIT_SECONDS, WAITED_SECONDS)
    arrival = next(request.at for request in sent if request.peer == "guest")
    host = [request for request in sent if request.peer == "host"]
    waiting = [request for request in host if request.method.startswith("get_")]
    return {
        "the host opens": sum(request.method.startswith("create_") for request in host),
        "the host waits: held": sum(request.wait > 0 for request in waiting if request.at < arrival),
        "the host waits: answered at once": sum(request.wait == 0 for request in waiting if request.at < arrival),
        "the guest joins": sum(request.peer == "guest" for request in sent),
        "the host finds the answer": sum(request.at >= arrival for request in waiting),
        "the host erases the channel": sum(request.method == "delete_data_channel" for request in host),
    }


def counts(results: dict[str, Any]) -> Counted:
    """Return the counts that the guard checks: the requests of each phase, and those of a guest in Chromium."""
    measured = {
        f"guest in Chromium: {count}": max(max(cell[count]) for own in PEERPOST for cell in cells(results, own))
        for count in MOST
    }
    return Counted(results["phases"] | measured)


def cells(results: dict[str, Any], case: str) -> list[dict[str, list[float]]]:
    """Return the runs of a case, by distance."""
    return list(results["runs"][case].values())


def check(results: dict[str, Any]) -> None:
    """Fail if a guest takes more requests or connections than it should."""
    for case, (count, most) in itertools.product(PEERPOST, MOST.items()):
        for cell in cells(results, case):
            found = statistics.median(cell[count])
            assert found <= most, f"a late guest takes {found:g} {count}, but should take at most {most}"


def section(results: dict[str, Any], images: Path) -> str:
    """Return the section of the document, and draw its picture."""
    times = {
        case: {rtt: cell["milliseconds"] for rtt, cell in by_rtt.items()} for case, by_rtt in results["runs"].items()
    }
    rtts = list(times[HELD])
    named = {CASES[case].name: by_rtt for case, by_rtt in times.items()}
    draw_times(named, COLORS, "the guest's start", images / "late_guest.svg")
    head = ["", *(f"{rtt} ms" for rtt in rtts)]
    rows = [[CASES[case].name, *(spread(times[case][rtt]) for rtt in rtts)] for case in times]
    longest = [[CASES[case].name, *(f"{max(times[case][rtt]):.0f}" for rtt in rtts)] for case in times]
    more = [
        [CASES[own].name, *(f"{statistics.median(ratios(times, own, RELAY, rtt)):.2f}" for rtt in rtts)]
        + [f"{behind(times, own, rtt):+.0f}" for rtt in rtts]
        for own in PEERPOST
    ]
    used = [
        [CASES[case].name, *(f"{statistics.median(by_rtt[rtts[-1]][count]):g}" for count in COUNTS)]
        for case, by_rtt in results["runs"].items()
    ]
    return Template(TEXT.read_text()).substitute(
        runs=len(times[HELD][rtts[0]]),
        times=table(head, rows),
        longest=table(head, longest),
        behind=table(
            ["", *(f"ratio, {rtt} ms" for rtt in rtts), *(f"difference in ms, {rtt} ms" for rtt in rtts)], more
        ),
        farthest=rtts[-1],
        counts=table(["the guest's page", "HTTP requests", "WebSocket messages", "connections"], used),
        phases=table(["phase", "requests"], list(results["phases"].items())),
        waited=WAITED_SECONDS,
        late=LATE_SECONDS,
        real=REAL_SECONDS,
        held_seconds=f"{held_seconds():.1f}",
        rtts=" / ".join(rtts),
        machine=results["machine"],
        versions=", ".join(f"{name} {version}" for name, version in results["versions"].items()),
    )


def behind(times: dict[str, dict[str, list[float]]], own: str, rtt: str) -> float:
    """Return by how many milliseconds our median is above that of the relay."""
    return statistics.median(times[own][rtt]) - statistics.median(times[RELAY][rtt])
