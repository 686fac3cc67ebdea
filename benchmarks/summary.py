"""The beginning of the document: the most important figures beside those of the alternatives."""

from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.cost import OTHER_WAYS, READY, TYPICAL, money
from benchmarks.cost import US as OUR_COST
from benchmarks.descriptions import KINDS
from benchmarks.functions import CONVENTIONAL, US
from benchmarks.late_guest import CASES as LATE_CASES
from benchmarks.late_guest import POLLED, RELAY, WAITED_SECONDS
from benchmarks.limits import READ_UNITS, WRITE_UNITS
from benchmarks.report import table
from benchmarks.setup_time import VARIANTS

# The alternatives that readers know best.
KNOWN_VARIANTS = ("relay", "peerjsids")
KNOWN_LATE_CASES = (RELAY, "peerjs")
SHOWN_CASES = (TYPICAL, READY)

Found = dict[str, Any]
Row = tuple[str, str, str]


def section(found: Found) -> str:
    """Return the beginning of the document, with the figures of those benchmarks that have results."""
    rows = [row for name, rows_of in ROWS.items() if name in found for row in rows_of(found[name])]
    text = Path(__file__).with_name("introduction.md").read_text()
    return text.format(table=table(("", "Peerpost", "alternatives"), rows))


def setup_time(results: Found) -> list[Row]:
    runs = results["runs"]
    distances = sorted(runs["peerpost"], key=int)
    distance = distances[len(distances) // 2]

    def milliseconds(variant: str) -> str:
        return f"{median(runs[variant][distance]['milliseconds']):.0f} ms"

    others = "; ".join(f"{VARIANTS[variant][0]}: {milliseconds(variant)}" for variant in KNOWN_VARIANTS)
    return [(f"set-up time with the server {distance} ms away", milliseconds("peerpost"), others)]


def late(results: Found) -> list[Row]:
    runs = results["runs"]
    distances = sorted(runs[POLLED], key=int)
    distance = distances[len(distances) // 2]

    def milliseconds(case: str) -> str:
        return f"{median(runs[case][distance]['milliseconds']):.0f} ms"

    others = "; ".join(f"{LATE_CASES[case].name}: {milliseconds(case)}" for case in KNOWN_LATE_CASES)
    figure = f"time to connect for a guest who comes after {WAITED_SECONDS} s, with the server {distance} ms away"
    return [(figure, milliseconds(POLLED), others)]


def cost(results: Found) -> list[Row]:
    ways = results["connections"][KINDS[0]]

    def dollars(way: str, case: str) -> str:
        return money(sum(ways[way][case].values()))

    return [
        (
            f"cost of a million data channels, {case}",
            dollars(OUR_COST, case),
            "; ".join(f"{way}: {dollars(way, case)}" for way in OTHER_WAYS),
        )
        for case in SHOWN_CASES
    ]


def cold_start(results: Found) -> list[Row]:
    counted = {name: each["first reply"] for name, each in results["instructions"].items()}
    return [instructions("instructions of a cold start, to the first reply", counted)]


def warm_request(results: Found) -> list[Row]:
    return [instructions("instructions of a request after that", results["instructions"])]


def instructions(figure: str, counted: dict[str, float]) -> Row:
    ours, conventional = (f"{counted[name] / 1e6:,.1f} million" for name in (US, CONVENTIONAL))
    return figure, ours, f"{CONVENTIONAL}: {conventional}"


def units(results: Found) -> list[Row]:
    fast = results["connections"][f"{KINDS[0]}, fast"]
    ours = f"{fast['write_units']:g} written, {fast['read_units']:g} read"
    return [("DynamoDB units of a data channel", ours, f"the least possible: {WRITE_UNITS} written, {READ_UNITS} read")]


ROWS: dict[str, Callable[[Found], list[Row]]] = {
    "late_guest": late,
    "setup_time": setup_time,
    "cost": cost,
    "cold_start": cold_start,
    "warm_request": warm_request,
    "units": units,
}
