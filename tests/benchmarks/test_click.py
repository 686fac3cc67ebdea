"""The benchmark of a guest's click: what it counts in the data that the browser has recorded."""

import pytest

from benchmarks import click
from benchmarks.click import HINTS, NO_HINTS


def loaded(*spans: tuple[float, float]) -> list[dict[str, float]]:
    return [{"startTime": start, "responseEnd": end} for start, end in spans]


@pytest.mark.parametrize(
    ("files", "chain"),
    [
        (loaded((0, 10)), 1),
        # The page, then two files at the same time.
        (loaded((0, 10), (11, 20), (11, 25)), 2),
        # One file asks for the next, while another one takes longer.
        (loaded((0, 10), (11, 20), (11, 60), (21, 30), (31, 40)), 4),
    ],
)
def test_the_longest_chain_of_files_loaded_one_after_another_is_counted(
    files: list[dict[str, float]], chain: int
) -> None:
    assert click.chain(files) == chain


def test_the_guard_checks_how_many_requests_the_page_sends_to_the_server() -> None:
    cells = {case: {"50": {"requests": [2, 3]}} for case in (HINTS, NO_HINTS)}

    assert click.counts({"runs": cells}).ours == {"requests to the server": 3}
