"""Measures how long two pages take to open a data channel, with Peerpost and with its alternatives."""

import itertools
import socket
import ssl
import statistics
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

from playwright.sync_api import BrowserContext, Page, Request, sync_playwright

from benchmarks.line import line
from benchmarks.report import OURS, RIVALS, Spread, draw_times, table, versions
from benchmarks.servers import PageServer, SecureFunctionUrl, certificate, rival_servers, rival_versions
from harness.chromium import FLAGS, path
from harness.engines import client_of, new_table, real_engine
from harness.runtime import Invoke, build_package, lambda_function, unpack_read_only
from harness.transports import url_event
from harness.web_servers import serving

RTTS_MS = (0, 50, 150)
RUNS = 15
TEXT = Path(__file__).with_suffix(".md")

# The name of each variant, and the server that it talks to. `rivals/peers.js` implements them.
VARIANTS = {
    "peerpost": ("**Peerpost**", "function"),
    "relay": ("plain WebSocket relay", "relay"),
    "mailbox": ("WebSocket relay that stores messages", "mailbox"),
    "socketio": ("socket.io", "socketio"),
    "peerjs": ("PeerJS, IDs chosen by the pages", "peerjs"),
    "peerjsids": ("PeerJS, IDs from its server", "peerjs"),
    "polling": ("seven plain methods, polling every second", "function"),
}
# The variants that are Peerpost's. The document lists the steps of the first one.
PEERPOST = ("peerpost",)
# The values that are saved for each run.
COUNTS = ("milliseconds", "requests", "messages", "connections")
COLORS = (OURS, *RIVALS)
# A Peerpost set-up may take at most this much.
MOST = {"requests": 4, "connections": 2}

# Of the function's environments, two hold a read, one writes, and one deletes the channel of the previous run.
ENVIRONMENTS = 4
# Both pages learn the start time this long in advance.
NOTICE_MS = 60
# How many times the handshakes over the line are measured.
PROBES = 5


Times = dict[str, dict[str, list[float]]]
"""The milliseconds of each run, by variant and round-trip time."""


@dataclass
class Stage:
    """Everything that a run needs."""

    profile: BrowserContext
    pages: PageServer
    ports: dict[str, int]

    def open(self, host: str, variant: str) -> Page:
        """Open a page of a variant, and return it once it is ready."""
        page = self.profile.new_page()
        page.goto(f"http://{host}:{self.pages.server_port}/?{variant}")
        page.wait_for_function("window.begin !== undefined")
        return page


class Counts:
    """Counts what pages send, except for requests of some methods: by default deletions, which nobody waits for."""

    def __init__(self, besides: Sequence[str] = ("delete_data_channel",)) -> None:
        self.requests = self.messages = 0
        self._besides = besides

    def follow(self, page: Page) -> None:
        """Count everything that this page sends from now on."""
        page.on("request", self._request)
        page.on("websocket", lambda socket: socket.on("framesent", self._message))

    def _request(self, request: Request) -> None:
        body = request.post_data or ""
        if request.url.startswith("https:") and not any(method in body for method in self._besides):
            self.requests += 1

    def _message(self, _: object) -> None:
        self.messages += 1


def measure(short: bool) -> dict[str, Any]:
    """Run each variant at each distance, in an order that changes from round to round."""
    runs, rtts = (2, RTTS_MS[:2]) if short else (RUNS, RTTS_MS)
    found: dict[str, Any] = {variant: {str(rtt): [] for rtt in rtts} for variant in VARIANTS}
    with stage() as here:
        handshakes = {str(rtt): [handshake(here.ports["function"], rtt) for _ in range(PROBES)] for rtt in rtts}
        for variant in VARIANTS:
            run(here, variant, 0)  # The first run of each variant is a warm-up, and is not counted.
        cells = list(itertools.product(VARIANTS, rtts))
        for turn in range(runs):
            first = turn * len(cells) // runs
            for variant, rtt in cells[first:] + cells[:first]:
                found[variant][str(rtt)].append(run(here, variant, rtt))
        browser = here.profile.browser
        chromium = {"Chromium": browser.version} if browser else {}
    return {
        "versions": versions("chalice", "boto3", "playwright") | chromium | rival_versions(),
        "handshake_ms": handshakes,
        "timeline": {rtt: timeline([each["steps"] for each in cell]) for rtt, cell in found[PEERPOST[0]].items()},
        "runs": {
            variant: {rtt: {count: [each[count] for each in cell] for count in COUNTS} for rtt, cell in by_rtt.items()}
            for variant, by_rtt in found.items()
        },
    }


def timeline(runs: list[dict[str, list[tuple[str, float]]]]) -> dict[str, float]:
    """Return the median time of each step of both peers, in order of time."""
    times: dict[str, list[float]] = {}
    for peers in runs:
        for peer, steps in peers.items():
            seen: dict[str, int] = {}
            for step, at in steps:
                seen[step] = seen.get(step, 0) + 1
                times.setdefault(f"{peer}: {step}" + f" {seen[step]}" * (step == "request"), []).append(at)
    medians = {step: round(statistics.median(each), 1) for step, each in times.items() if len(each) > len(runs) / 2}
    return dict(sorted(medians.items(), key=lambda item: item[1]))


def check(results: dict[str, Any]) -> None:
    """Fail if a Peerpost set-up takes more requests or connections than it should."""
    cells = [(rtt, cell) for own in PEERPOST for rtt, cell in results["runs"][own].items()]
    for (rtt, cell), (count, most) in itertools.product(cells, MOST.items()):
        median = statistics.median(cell[count])
        assert median <= most, f"a set-up at {rtt} ms takes {median:g} {count}, but should take at most {most}"


@contextmanager
def stage() -> Iterator[Stage]:
    """Start the servers, the lines to them, and the browser."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        key, chain = certificate(folder)
        function = SecureFunctionUrl(stack.enter_context(deployed(folder)), key, chain)
        stack.enter_context(serving(function))
        ports = stack.enter_context(rival_servers(key, chain)) | {"function": function.server_port}
        pages = stack.enter_context(serving(PageServer()))
        profile = stack.enter_context(ordinary_profile(folder))
        yield Stage(profile, pages, ports)


@contextmanager
def ordinary_profile(folder: Path) -> Iterator[BrowserContext]:
    """Run Chromium with an ordinary profile, as users do.

    In an incognito profile, Chromium opens no connection before a request.
    """
    with sync_playwright() as playwright:
        profile = playwright.chromium.launch_persistent_context(
            folder / "profile", executable_path=path(), args=[*FLAGS, "--ignore-certificate-errors"]
        )
        try:
            yield profile
        finally:
            profile.close()


@contextmanager
def deployed(folder: Path) -> Iterator[Invoke]:
    """Run the package under the Lambda runtime, on the real engine, with all environments already started."""
    task_root = unpack_read_only(build_package(folder), folder / "task")
    with (
        real_engine() as endpoint,
        new_table(client_of(endpoint)) as name,
        lambda_function(task_root, endpoint, name, folder / "log", ENVIRONMENTS) as invoke,
    ):
        for _ in range(ENVIRONMENTS):  # They take turns.
            invoke(url_event(b'{"method": "create_data_channel"}', {"content-type": "text/plain"}), None)
        yield invoke


def handshake(port: int, rtt_ms: int) -> float:
    """Return the milliseconds of the TCP and TLS handshakes over a line: two round trips and some computing."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with line(port, rtt_ms / 1000) as far:
        began = time.perf_counter()
        with socket.create_connection(("127.0.0.1", far.port)) as plain, context.wrap_socket(plain):
            return (time.perf_counter() - began) * 1000


def run(here: Stage, variant: str, rtt_ms: int) -> dict[str, Any]:
    """Connect two pages, each over its own line to the server, with a round trip of `rtt_ms` milliseconds.

    The lines and their ports are new, so that no connection or TLS session of an earlier run can be reused.
    """
    port, counts, meeting = here.ports[VARIANTS[variant][1]], Counts(), str(uuid.uuid4())
    with line(port, rtt_ms / 1000) as one, line(port, rtt_ms / 1000) as other:
        # The pages are on two different sites, so that each has its own browser process.
        pages = [here.open(host, variant) for host in ("127.0.0.1", "localhost")]
        at = pages[0].evaluate("clock()") + NOTICE_MS
        for page, far in zip(pages, (one, other), strict=True):
            counts.follow(page)
            options = {"port": far.port, "meeting": meeting, "isOfferer": far is one, "at": at}
            page.evaluate("(options) => { window.done = begin(options) }", options)
        told = [page.evaluate("done") for page in pages]
        connections = one.connections + other.connections
        for page in pages:
            page.close()
    return {
        "milliseconds": round(max(each["opened"] for each in told), 1),
        "connections": connections,
        "requests": counts.requests,
        "messages": counts.messages,
        "steps": {peer: each["steps"] for peer, each in zip(("offerer", "answerer"), told, strict=True)},
    }


def section(results: dict[str, Any], images: Path) -> str:
    """Return the section of the document, and draw its picture."""
    runs: dict[str, dict[str, dict[str, list[float]]]] = results["runs"]
    times = {variant: {rtt: cell["milliseconds"] for rtt, cell in by_rtt.items()} for variant, by_rtt in runs.items()}
    rtts = list(times[PEERPOST[0]])
    named = {VARIANTS[variant][0]: by_rtt for variant, by_rtt in times.items()}
    draw_times(named, COLORS, "the start", images / "setup_time.svg")
    head = ["", *(f"{rtt} ms" for rtt in rtts)]
    time_rows = [[VARIANTS[variant][0], *(spread(times[variant][rtt]) for rtt in rtts)] for variant in times]
    ratio_rows = [
        [f"{VARIANTS[own][0]} / {VARIANTS[rival][0]}", *(spread(ratios(times, own, rival, rtt), 2) for rtt in rtts)]
        for own, rival in itertools.product(PEERPOST, rivals(times))
    ]
    count_rows = [
        [VARIANTS[variant][0], *(f"{statistics.median(by_rtt[rtts[-1]][count]):g}" for count in COUNTS[1:])]
        for variant, by_rtt in runs.items()
    ]
    return Template(TEXT.read_text()).substitute(
        runs=len(times[PEERPOST[0]][rtts[0]]),
        times=table(head, time_rows),
        ratios=table(head, ratio_rows),
        faster="\n".join(faster(times, own, rtt) for own, rtt in itertools.product(PEERPOST, rtts)),
        farthest=rtts[-1],
        counts=table(["", "HTTP requests", "WebSocket messages", "connections"], count_rows),
        steps=table(
            head,
            [
                [step, *(f"{results['timeline'][rtt].get(step, 0):.0f}" for rtt in rtts)]
                for step in results["timeline"][rtts[-1]]
            ],
        ),
        rtts=" / ".join(rtts),
        handshakes=" / ".join(f"{Spread.of(took).median:.1f}" for took in results["handshake_ms"].values()),
        machine=results["machine"],
        versions=", ".join(f"{name} {version}" for name, version in results["versions"].items()),
    )


def spread(runs: Sequence[float], digits: int = 0) -> str:
    """Return a median and its quartiles as text."""
    of = Spread.of(runs)
    return f"{of.median:.{digits}f} ({of.low:.{digits}f} to {of.high:.{digits}f})"


def rivals(times: Times) -> list[str]:
    """Return the variants that are not ours."""
    return [variant for variant in times if variant not in PEERPOST]


def ratios(times: Times, own: str, rival: str, rtt: str) -> list[float]:
    """Return our time divided by the other's, for each round."""
    return [ours / other for ours, other in zip(times[own][rtt], times[rival][rtt], strict=True)]


def faster(times: Times, own: str, rtt: str) -> str:
    """Return a line that names the variants that took less time than ours, by the median of the rounds."""
    ahead = [rival for rival in rivals(times) if statistics.median(ratios(times, own, rival, rtt)) > 1]
    names = "; ".join(VARIANTS[rival][0] for rival in ahead) or "none"
    return f"- At {rtt} ms, these are faster than {VARIANTS[own][0]}: {names}."
