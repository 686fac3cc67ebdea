"""The document's section on limits: the least that is possible, and how far Peerpost is above it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.cost import MILLION, dollars_of
from benchmarks.cost import US as OUR_COST
from benchmarks.descriptions import KINDS
from benchmarks.functions import EMPTY, US
from benchmarks.late_guest import HELD, POLLED
from benchmarks.report import table

# Two are for TCP and TLS 1.3. Three carry the id to the offerer, the offer to the answerer, and the answer back.
SETUP_ROUND_TRIPS = 2 + 3
# Two are for TCP and TLS 1.3. The offer could be in the link, and the answer goes to the server and on to the host.
LATE_ROUND_TRIPS = 2 + 1
# The offer goes in and out, and so does the answer.
MESSAGES = 4
# Two descriptions of less than a KB, each written once and read once, strongly consistent.
WRITE_UNITS, READ_UNITS = 2, 2
LEAST_DOLLARS = MILLION * sum(
    (
        dollars_of("lambda_requests", MESSAGES),
        dollars_of("dynamodb_write_units", WRITE_UNITS),
        dollars_of("dynamodb_read_units", READ_UNITS),
    )
)

Found = dict[str, Any]
Row = tuple[str, str, str, str]


def section(found: Found) -> str:
    """Return the section of the document, with the figures of those benchmarks that have results."""
    rows = [row for name, rows_of in ROWS.items() if name in found for row in rows_of(found[name])]
    return Path(__file__).with_suffix(".md").read_text().format(table=table(HEAD, rows))


HEAD: Sequence[str] = ("figure", "limit", "Peerpost", "Peerpost / limit")


def row(figure: str, limit: float, ours: float, unit: str = "") -> Row:
    return figure, f"{limit:,.4g}{unit}", f"{ours:,.4g}{unit}", f"{ours / limit:.2g}"


def setup_time(results: Found) -> list[Row]:
    far = max(results["runs"]["peerpost"], key=int)
    each = results["runs"]["peerpost"][far]
    limit = SETUP_ROUND_TRIPS * int(far)
    return [
        row(f"set-up from no connection, {far} ms away", limit, median(each["milliseconds"]), " ms"),
        row("requests of a set-up", MESSAGES, median(each["requests"])),
    ]


def late_guest(results: Found) -> list[Row]:
    far = max(results["runs"][HELD], key=int)
    limit = LATE_ROUND_TRIPS * int(far)
    return [
        row(f"late guest, {far} ms away, {state}", limit, median(results["runs"][case][far]["milliseconds"]), " ms")
        for case, state in ((HELD, "host's read held"), (POLLED, "host polls"))
    ]


def cold_start(results: Found) -> list[Row]:
    counted = results["instructions"]
    return [
        row(f"instructions until {step}, millions", counted[EMPTY][step] / 1e6, counted[US][step] / 1e6)
        for step in counted[US]
    ]


def warm_request(results: Found) -> list[Row]:
    counted = results["instructions"]
    return [row("instructions of a request, thousands", counted[EMPTY] / 1e3, counted[US] / 1e3)]


def units(results: Found) -> list[Row]:
    fast = results["connections"][f"{KINDS[0]}, fast"]
    return [
        row("write units of a connection", WRITE_UNITS, fast["write_units"]),
        row("read units of a connection", READ_UNITS, fast["read_units"]),
    ]


def cost(results: Found) -> list[Row]:
    ours = sum(results["connections"][KINDS[0]][OUR_COST]["both ready"].values())
    return [row("dollars of a million connections", LEAST_DOLLARS, ours)]


ROWS: dict[str, Callable[[Found], list[Row]]] = {
    "late_guest": late_guest,
    "setup_time": setup_time,
    "cold_start": cold_start,
    "warm_request": warm_request,
    "units": units,
    "cost": cost,
}
