"""Measures how long it takes from a guest's click on a link until the page is connected, with nothing loaded before."""

import itertools
import json
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Page

from benchmarks.guard import Counted
from benchmarks.guests import MEDIAN_SECONDS
from benchmarks.late_guest import CANDIDATES, REAL_SECONDS, between
from benchmarks.line import INITIAL_WINDOW_BYTES, line
from benchmarks.report import ROOT, table, versions
from benchmarks.servers import SecureFunctionUrl, certificate
from benchmarks.setup_time import RTTS_MS, RUNS, deployed, ordinary_profile, spread
from harness.web_servers import serving
from tools.serve import MOUNTS

TEXT = Path(__file__).with_suffix(".md")
NOTES = Path(__file__).with_suffix(".js").read_text()
STATIC_HOST = Path(__file__).with_name("static_host.mjs")

LOOK_EACH_MS = 50
# The requests with which a host asks for an answer, if there are any.
READS = "(found => found.length && found)(notes.requests.filter(({ method }) => method === 'get_answer'))"

HINTS, NO_HINTS, BUNDLE = "hints", "no hints", "bundle"
CASES = {
    BUNDLE: "`make site`: one file of code",
    HINTS: "the files as they are in this repository",
    NO_HINTS: "the same without hints to the browser",
}
FILES = {mount: str(folder) for mount, folder in MOUNTS.items()}
# `make bench` has made the bundle with `make site`.
SITES: dict[str, dict[str, Any]] = {
    BUNDLE: {"mounts": {"/": str(ROOT / "build/site")}, "hints": True},
    HINTS: {"mounts": FILES, "hints": True},
    NO_HINTS: {"mounts": FILES, "hints": False},
}
# The times that are shown, in order, each in milliseconds from the click.
TIMES = {
    "html": "the HTML has arrived",
    "code": "all that the page loads has arrived",
    "asked": "the first request to the server is sent",
    "connected": "both pages are connected",
}


@dataclass
class Stage:
    """Everything that a run needs. `sites` are the ports of the static host, by case."""

    profile: BrowserContext
    sites: dict[str, int]
    function: int


@contextmanager
def stage() -> Iterator[Stage]:
    """Start the servers and the browser."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        key, chain = certificate(folder)
        function = SecureFunctionUrl(stack.enter_context(deployed(folder)), key, chain)
        stack.enter_context(serving(function))
        sites = stack.enter_context(static_host(key, chain))
        profile = stack.enter_context(ordinary_profile(folder))
        profile.add_init_script(NOTES)
        yield Stage(profile, sites, function.server_port)


@contextmanager
def static_host(key: Path, chain: Path) -> Iterator[dict[str, int]]:
    """Serve the page, and yield the port of each case."""
    command = ["node", str(STATIC_HOST), str(key), str(chain), json.dumps(list(SITES.values()))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout is not None
            yield dict(zip(SITES, json.loads(process.stdout.readline()), strict=True))
        finally:
            process.terminate()


def measure(short: bool) -> dict[str, Any]:
    """Run each case at each distance, in an order that changes from round to round."""
    runs, rtts = (1, RTTS_MS[1:2]) if short else (RUNS, RTTS_MS)
    found: dict[str, Any] = {case: {str(rtt): [] for rtt in rtts} for case in CASES}
    with stage() as here:
        # The first run of each case is a warm-up, and is not counted.
        # A short run needs no warm-up, because only its counts are used.
        for case in () if short else CASES:
            run(here, case, 0, 0)
        cells = list(itertools.product(CASES, rtts))
        for turn in range(runs):
            first = turn * len(cells) // runs
            for case, rtt in cells[first:] + cells[:first]:
                found[case][str(rtt)].append(run(here, case, rtt, (turn + 0.5) / runs))
        browser = here.profile.browser
        chromium = {"Chromium": browser.version} if browser else {}
    return {
        "versions": versions("chalice", "boto3", "playwright") | chromium,
        "runs": {
            case: {rtt: {name: [each[name] for each in cell] for name in cell[0]} for rtt, cell in by_rtt.items()}
            for case, by_rtt in found.items()
        },
    }


def run(here: Stage, case: str, rtt_ms: int, part: float) -> dict[str, float]:
    """Let a host make a link and wait, and a guest open the link, over new lines to the server and the static host.

    The guest comes between two polls of the host: `part` is the share of the time between them that has passed.
    """
    rtt = rtt_ms / 1000
    with (
        line(here.sites[case]) as near_site,
        line(here.function, rtt) as near_server,
        line(here.sites[case], rtt) as far_site,
        line(here.function, rtt) as far_server,
    ):
        # The pages are on two different sites, so that each has its own browser process.
        host, guest = here.profile.new_page(), here.profile.new_page()
        host.goto(f"https://localhost:{near_site.port}/?server=https://127.0.0.1:{near_server.port}/")
        wait_for(host, "document.querySelector('#link').value")
        link = urlsplit(host.input_value("#link"))
        moment = between_two_polls(host, part)
        host.wait_for_timeout(max(0, moment - host.evaluate("notes.now()")))
        guest.goto(
            f"https://127.0.0.1:{far_site.port}/?server=https://127.0.0.1:{far_server.port}/#{link.fragment}",
            wait_until="commit",
        )
        for page in (host, guest):
            wait_for(page, "notes.connected")
        click, asked, loaded = guest.evaluate("[performance.timeOrigin, notes.requests, notes.loaded()]")
        connected = max(page.evaluate("notes.connected") for page in (host, guest))
        connections = far_site.connections
        for page in (host, guest):
            page.close()
    return {
        "html": round(loaded[0]["responseEnd"], 1),
        "code": round(max(each["responseEnd"] for each in loaded if each["isCode"]), 1),
        "asked": round(asked[0]["at"] - click, 1),
        "connected": round(connected - click, 1),
        "files": len(loaded),
        "bytes": sum(each["transferSize"] for each in loaded),
        "chain": chain(loaded),
        "requests": sum(each["method"] not in CANDIDATES for each in asked),
        "connections": connections,
    }


def between_two_polls(host: Page, part: float) -> float:
    """Return a moment between two polls of a host that waits for a typical guest.

    `part` is the share of the time between these polls that has passed, from 0 to 1.
    """
    wait_for(host, READS)
    host.evaluate("(milliseconds) => notes.age(milliseconds)", 1000 * (MEDIAN_SECONDS - REAL_SECONDS))
    host.wait_for_timeout(1000 * REAL_SECONDS)
    return between([each["at"] for each in host.evaluate(READS)], part, host.evaluate("notes.now()"))


def wait_for(page: Page, condition: str) -> None:
    """Return once a condition holds. Playwright's own `wait_for_function` violates the page's security policy."""
    while not page.evaluate(condition):
        page.wait_for_timeout(LOOK_EACH_MS)


def chain(loaded: list[dict[str, float]]) -> int:
    """Return the length of the longest chain of files in which each began to load after the one before had arrived."""
    number, latest = 0, -1.0
    for each in sorted(loaded, key=lambda each: each["responseEnd"]):
        if each["startTime"] >= latest:
            number, latest = number + 1, each["responseEnd"]
    return number


def counts(results: dict[str, Any]) -> Counted:
    """Return the count that the guard checks: the requests that a guest's page sends to the signaling server."""
    cells = [cell for by_rtt in results["runs"].values() for cell in by_rtt.values()]
    return Counted({"requests to the server": max(max(cell["requests"]) for cell in cells)})


def section(results: dict[str, Any], images: Path) -> str:  # noqa: ARG001 - the tables need no picture
    """Return the section of the document."""
    runs = results["runs"]
    rtts = list(runs[BUNDLE])
    far = rtts[-1]
    columns = [f"{rtt} ms" for rtt in rtts]

    def by_case(name: str) -> list[list[str]]:
        return [[CASES[case], *(spread(runs[case][rtt][name]) for rtt in rtts)] for case in CASES]

    def medians(case: str) -> dict[str, float]:
        return {name: statistics.median(cell) for name, cell in runs[case][far].items()}

    steps = [[step, *(spread(runs[BUNDLE][rtt][name]) for rtt in rtts)] for name, step in TIMES.items()]
    loaded = [
        [CASES[case], f"{each['files']:g}", f"{each['bytes'] / 1000:.0f}", f"{each['chain']:g}"]
        for case in CASES
        for each in [medians(case)]
    ]
    slowest = medians(NO_HINTS)["connected"]
    return Template(TEXT.read_text()).substitute(
        runs=len(runs[BUNDLE][far]["connected"]),
        connected=table(["from the click until both pages are connected", *columns], by_case("connected")),
        asked=table(["from the click until the first request to the server", *columns], by_case("asked")),
        steps=table([f"from the click ({CASES[BUNDLE]}) until", *columns], steps),
        loaded=table(["", "files", "kB", "files that load one after another"], loaded),
        farthest=far,
        saved_by_hints=f"{100 * (1 - medians(HINTS)['connected'] / slowest):.0f}",
        saved_by_bundle=f"{100 * (1 - medians(BUNDLE)['connected'] / slowest):.0f}",
        waited=MEDIAN_SECONDS,
        real=REAL_SECONDS,
        window=f"{INITIAL_WINDOW_BYTES:,}",
        machine=results["machine"],
        versions=", ".join(f"{name} {version}" for name, version in results["versions"].items()),
    )
