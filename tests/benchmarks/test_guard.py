"""The guard of the benchmarks: a count that has grown fails, on every build of Python."""

from pathlib import Path

import pytest

from benchmarks import guard
from benchmarks.guard import Counted

HERE, ELSEWHERE = "CPython 3.13.0", "CPython 3.13.9"
OURS, RIVAL = {"ready": 1000.0, "request": 100.0}, {"ready": 4000.0, "request": 200.0}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "recorded.json"
    guard.record("start", Counted(OURS, RIVAL, HERE), path)
    return path


@pytest.mark.parametrize("ready", [0, 500, 1000, 1030])
def test_a_count_may_shrink_or_grow_by_3_percent(ready: float, path: Path) -> None:
    guard.check("start", Counted(OURS | {"ready": ready}, None, HERE), path)


def test_a_count_that_has_grown_by_more_fails_and_is_named(path: Path) -> None:
    with pytest.raises(AssertionError, match="start has grown by more than 3%: ready: 1,000 -> 1,031$"):
        guard.check("start", Counted(OURS | {"ready": 1031}, None, HERE), path)


@pytest.mark.parametrize("ours", [OURS | {"another": 1.0}, {"ready": 1000.0}])
def test_a_count_that_is_new_or_gone_fails(ours: dict[str, float], path: Path) -> None:
    with pytest.raises(AssertionError, match="recorded are"):
        guard.check("start", Counted(ours, None, HERE), path)


def test_on_another_build_the_part_of_the_rival_is_held(path: Path) -> None:
    twice = {name: 2 * count for name, count in OURS.items()}

    guard.check("start", Counted(twice, {name: 2 * count for name, count in RIVAL.items()}, ELSEWHERE), path)

    with pytest.raises(AssertionError, match="request: 0.5 -> 1"):
        guard.check("start", Counted(twice, RIVAL | {"ready": 8000.0}, ELSEWHERE), path)


def test_on_another_build_nothing_passes_without_the_rival(path: Path) -> None:
    assert not guard.is_recorded("start", ELSEWHERE, path)

    with pytest.raises(ValueError, match="the rival has to be counted too"):
        guard.check("start", Counted(OURS, None, ELSEWHERE), path)


def test_what_is_recorded_anew_is_held_from_then_on_and_the_rest_stays(path: Path) -> None:
    guard.record("units", Counted({"writes": 5.0}), path)
    guard.record("start", Counted(OURS | {"ready": 2000.0}, RIVAL, HERE), path)

    guard.check("start", Counted(OURS | {"ready": 2050.0}, None, HERE), path)
    with pytest.raises(AssertionError, match="writes: 5 -> 6"):
        guard.check("units", Counted({"writes": 6.0}), path)


def test_a_benchmark_that_nobody_has_recorded_fails(path: Path) -> None:
    with pytest.raises(AssertionError, match="recorded are"):
        guard.check("load", Counted(OURS, RIVAL, HERE), path)
