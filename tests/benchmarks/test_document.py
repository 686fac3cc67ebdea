"""docs/benchmarks.md: the order of its parts, and its table of the most important figures."""

from benchmarks import summary
from benchmarks.__main__ import BACKGROUND, BENCHMARKS, BY_NAME, SECTIONS, document
from benchmarks.cost import CASES, OTHER_WAYS
from benchmarks.cost import US as OUR_COST
from benchmarks.functions import CONVENTIONAL, US


def test_the_background_of_every_section_comes_after_all_figures() -> None:
    sections = [f"first figures\n{BACKGROUND}\nfirst story", "second figures"]

    text = document("beginning", sections, "limits")

    assert text == "beginning\n\nfirst figures\n\nsecond figures\n\n## Background\n\nlimits\n\nfirst story\n"


def test_every_benchmark_has_a_section() -> None:
    assert sorted(SECTIONS) == sorted([*BENCHMARKS, *BY_NAME])


def test_the_table_at_the_beginning_shows_the_times_for_a_server_50_ms_away() -> None:
    times = {"peerpost": [300, 100, 200], "relay": [150], "peerjsids": [400.4]}
    runs = {variant: {rtt: {"milliseconds": each} for rtt in ("0", "50", "150")} for variant, each in times.items()}
    runs["peerpost"]["0"] = runs["peerpost"]["150"] = {"milliseconds": [999]}

    text = summary.section({"setup_time": {"runs": runs}})

    assert "server 50 ms away | 200 ms | plain WebSocket relay: 150 ms; PeerJS, IDs from its server: 400 ms |" in text


def test_the_table_at_the_beginning_compares_the_cost() -> None:
    dollars = {OUR_COST: 7.0, **dict.fromkeys(OTHER_WAYS, 3.5)}
    ways = {way: {case: {"compute time": each} for case in CASES} for way, each in dollars.items()}

    text = summary.section({"cost": {"connections": {"data channel": ways}}})

    assert "cost of a million data channels, typical guests | $7.00 | API Gateway WebSocket: $3.50" in text


def test_the_table_at_the_beginning_leaves_out_benchmarks_without_results() -> None:
    text = summary.section({"warm_request": {"instructions": {US: 3_900_000, CONVENTIONAL: 5_000_000}}})

    assert f"| instructions of a request after that | 3.9 million | {CONVENTIONAL}: 5.0 million |" in text
    assert "cost of a million" not in text
