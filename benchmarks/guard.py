"""Compares our counts with those in recorded.json, and fails if a count has grown by more than 3 %.

`python -m benchmarks --short --record` records the new counts, and `git diff` then shows the difference.
A count of instructions is only valid for one build of Python. On another build, we count the conventional way in the
same run, and compare the ratio of our count to it with the recorded ratio.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RECORDED = Path(__file__).with_name("recorded.json")
MAX_GROWTH = 0.03
# Stands for the build if the counts are the same on every machine.
ANY = "any"

Counts = dict[str, float]


@dataclass(frozen=True)
class Counted:
    """Our counts, those of the rival that they are compared with, and the build on which both were counted."""

    ours: Counts
    rival: Counts | None = None
    build: str = ANY

    def parts(self) -> Counts:
        """Return the ratio of each of our counts to the rival's."""
        if self.rival is None:
            raise ValueError("this build is not recorded, so the rival must be counted too")
        return {name: count / self.rival[name] for name, count in self.ours.items()}


def recorded(benchmark: str, path: Path = RECORDED) -> dict[str, Any]:
    """Return the record of a benchmark."""
    everything: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    kept: dict[str, Any] = everything.get(benchmark, {"builds": {}, "parts": {}})
    return kept


def is_recorded(benchmark: str, build: str, path: Path = RECORDED) -> bool:
    """Return whether there are recorded counts for this build."""
    return build in recorded(benchmark, path)["builds"]


def check(benchmark: str, counted: Counted, path: Path = RECORDED) -> None:
    """Raise AssertionError if one of our counts has grown, is not recorded, or is recorded but no longer counted."""
    if is_recorded(benchmark, counted.build, path):
        found, kept = counted.ours, recorded(benchmark, path)["builds"][counted.build]
    else:
        found, kept = counted.parts(), recorded(benchmark, path)["parts"]
    assert found.keys() == kept.keys(), f"{benchmark}: the record has {sorted(kept)}, but this run has {sorted(found)}"
    grown = [f"{name}: {kept[name]:,g} -> {found[name]:,g}" for name in found if is_more(found[name], kept[name])]
    assert not grown, f"{benchmark} has grown by more than {MAX_GROWTH:.0%}: {'; '.join(grown)}"


def is_more(found: float, kept: float) -> bool:
    return found > kept * (1 + MAX_GROWTH)


def record(benchmark: str, counted: Counted, path: Path = RECORDED) -> None:
    """Record these counts as the limits for later runs. This drops the counts of other builds."""
    everything = json.loads(path.read_text()) if path.exists() else {}
    parts = counted.parts() if counted.rival else {}
    everything[benchmark] = {"builds": {counted.build: counted.ours}, "parts": parts}
    path.write_text(json.dumps(dict(sorted(everything.items())), indent=1) + "\n")
