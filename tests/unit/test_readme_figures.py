"""The README's prices and times are the results of the benchmarks."""

import json
import re
import statistics
from typing import Any

import pytest

from harness.engines import ROOT

README = (ROOT / "README.md").read_text()
RESULTS = ROOT / "benchmarks/results"
OURS = "fast exchange, waiting"
READY = "both ready"
LATE = "guest after 60 s"


def results(name: str) -> Any:
    return json.loads((RESULTS / f"{name}.json").read_text())


def dollars(way: str, case: str, kind: str = "data channel") -> float:
    """Return the price of a million connections, to the cent."""
    parts = results("cost")["connections"][kind][way][case]
    return float(round(sum(parts.values()), 2))


def milliseconds(way: str, round_trip_ms: int) -> int:
    runs: list[float] = results("setup_time")["runs"][way][str(round_trip_ms)]["milliseconds"]
    return round(statistics.median(runs))


def prices_in_the_row_of(name: str) -> list[float]:
    """Return the prices in one row of the table of alternatives."""
    (row,) = re.findall(rf"^\| [*\[]*{re.escape(name)}\b.*$", README, re.MULTILINE)
    return prices_in(row)


def prices_in(text: str) -> list[float]:
    return [float(price) for price in re.findall(r"\$(\d+\.\d\d)", text)]


def answer_to(question: str) -> str:
    """Return the answer below a question."""
    _, _, rest = README.partition(f"**{question}**\n")
    return rest.partition("\n\n")[0]


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("Peerpost", OURS),
        ("API Gateway WebSocket", "API Gateway WebSocket"),
        ("Kinesis Video Streams", "Kinesis Video Streams"),
        ("Durable Objects", "Cloudflare Durable Objects"),
    ],
)
def test_the_table_has_the_measured_prices(name: str, way: str) -> None:
    assert prices_in_the_row_of(name) == [dollars(way, READY), dollars(way, LATE)]


def test_the_table_has_the_price_of_the_smallest_machine_for_peerserver() -> None:
    assert prices_in_the_row_of("PeerServer") == [results("cost")["machines"]["smallest Lightsail"]]


def test_the_readme_names_the_number_of_connections_from_which_peerserver_is_cheaper() -> None:
    (printed,) = re.findall(r"above ([\d,]+) connections a month", README)
    parts = results("cost")["connections"]["data channel"][OURS][READY]

    connections = 1_000_000 * results("cost")["machines"]["smallest Lightsail"] / sum(parts.values())

    assert int(printed.replace(",", "")) == round(connections)


def test_the_readme_has_the_measured_price_of_waiting() -> None:
    answer = answer_to("What does it cost when people wait?")

    assert prices_in(answer) == [dollars(OURS, LATE), dollars("fast exchange, polling", LATE)]


def test_the_readme_has_the_measured_times() -> None:
    _, _, rest = README.partition("A nearby WebSocket server is faster.\n")
    paragraph = rest.partition("\n\n")[0]

    printed = [int(number.replace(",", "")) for number in re.findall(r"takes ([\d,]+) ms", paragraph)]

    assert printed == [
        milliseconds("peerpost", 0),
        milliseconds("peerjs", 0),
        milliseconds("peerpost", 150),
        milliseconds("peerjs", 150),
        milliseconds("peerjsids", 150),
    ]


def test_the_readme_has_the_measured_price_of_audio_and_video() -> None:
    (sentence,) = re.findall(r"^With audio and video, .*$", README, re.MULTILINE)

    assert prices_in(sentence) == [dollars(way, READY, "audio and video") for way in (OURS, "API Gateway WebSocket")]
    for way in ("Kinesis Video Streams", "Cloudflare Durable Objects"):
        for case in (READY, LATE):
            assert dollars(way, case, "audio and video") == dollars(way, case)


def test_every_price_in_the_readme_is_a_measured_one() -> None:
    ways = (
        "API Gateway WebSocket",
        "Kinesis Video Streams",
        "Cloudflare Durable Objects",
        OURS,
        "fast exchange, polling",
    )
    known = {dollars(way, case) for way in ways for case in (READY, LATE)}
    known |= {dollars(way, READY, "audio and video") for way in ways}
    known.add(results("cost")["machines"]["smallest Lightsail"])

    assert set(prices_in(README)) <= known
