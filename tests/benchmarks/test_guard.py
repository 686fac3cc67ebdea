"""The guard of the benchmarks: on every build of Python, a count that has grown too much fails."""

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


def test_a_count_that_has_grown_by_more_than_3_percent_fails_and_is_named(path: Path) -> None:
    with pytest.raises(AssertionError, match="start has grown by more than 3%: ready: 1,000 -> 1,031$"):
        guard.check("start", Counted(OURS | {"ready": 1031}, None, HERE), path)


@pytest.mark.parametrize("ours", [OURS | {"another": 1.0}, {"ready": 1000.0}])
def test_an_unrecorded_or_missing_count_fails(ours: dict[str, float], path: Path) -> None:
    with pytest.raises(AssertionError, match="the record has"):
        guard.check("start", Counted(ours, None, HERE), path)


def test_on_another_build_the_ratio_to_the_rival_is_compared(path: Path) -> None:
    twice = {name: 2 * count for name, count in OURS.items()}

    guard.check("start", Counted(twice, {name: 2 * count for name, count in RIVAL.items()}, ELSEWHERE), path)

    with pytest.raises(AssertionError, match="request: 0.5 -> 1"):
        guard.check("start", Counted(twice, RIVAL | {"ready": 8000.0}, ELSEWHERE), path)


def test_on_another_build_the_check_fails_without_counts_of_the_rival(path: Path) -> None:
    assert not guard.is_recorded("start", ELSEWHERE, path)

    with pytest.raises(ValueError, match="the rival must be counted too"):
        guard.check("start", Counted(OURS, None, ELSEWHERE), path)


def test_a_new_record_replaces_the_old_one_and_leaves_other_benchmarks_alone(path: Path) -> None:
    guard.record("units", Counted({"writes": 5.0}), path)
    guard.record("start", Counted(OURS | {"ready": 2000.0}, RIVAL, HERE), path)

    guard.check("start", Counted(OURS | {"ready": 2050.0}, None, HERE), path)
    with pytest.raises(AssertionError, match="writes: 5 -> 6"):
        guard.check("units", Counted({"writes": 6.0}), path)


def test_a_benchmark_without_a_record_fails(path: Path) -> None:
    with pytest.raises(AssertionError, match="the record has"):
        guard.check("load", Counted(OURS, RIVAL, HERE), path)
