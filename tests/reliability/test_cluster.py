"""The clock that all functions of a cluster see."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.reliability.cluster import FunctionClock


def test_jumps_at_the_same_moment_all_count(tmp_path: Path) -> None:
    clock = FunctionClock(tmp_path / "clock")

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(clock.jump, [1] * 800))

    assert clock.offset == 800
    assert (tmp_path / "clock").read_text() == "+800\n"
