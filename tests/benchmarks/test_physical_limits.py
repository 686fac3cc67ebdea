"""The section on limits in docs/benchmarks.md, which is calculated from the results."""

import pytest

from benchmarks import limits
from benchmarks.functions import EMPTY, US


def test_the_table_compares_each_figure_with_its_limit() -> None:
    runs = {"peerpost": {"0": {}, "100": {"milliseconds": [900, 750, 800], "requests": [4, 4, 4]}}}

    text = limits.section({"setup_time": {"runs": runs}})

    assert "| set-up from no connection, 100 ms away | 500 ms | 800 ms | 1.6 |" in text
    assert "| requests of a set-up | 4 | 4 | 1 |" in text


def test_benchmarks_without_results_are_left_out() -> None:
    found = {"warm_request": {"instructions": {EMPTY: 50_000, US: 3_000_000}}}

    text = limits.section(found)

    assert "| instructions of a request, thousands | 50 | 3,000 | 60 |" in text
    assert "write units of a connection" not in text


def test_the_lowest_possible_cost_is_four_requests_and_the_units() -> None:
    assert pytest.approx(4 * 0.2 + 2 * 0.625 + 2 * 0.125) == limits.LEAST_DOLLARS
