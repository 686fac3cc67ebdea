"""Holds our counts to those in recorded.json: none may grow by more than 3 % unless somebody records it anew.

`python -m benchmarks --short --record` does that, and the difference is there to be read.
A count of instructions belongs to one build of Python. Where another one runs, the part that ours is of the
conventional way's, counted in the same run, is held to the part that it was.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RECORDED = Path(__file__).with_name("recorded.json")
MAX_GROWTH = 0.03
# Of what depends on no machine.
ANY = "any"

Counts = dict[str, float]


@dataclass(frozen=True)
class Counted:
    """Our counts, the same of the rival that they are put beside, and the build on which they were made."""

    ours: Counts
    rival: Counts | None = None
    build: str = ANY

    def parts(self) -> Counts:
        """Return which part of the rival's each of ours is."""
        if self.rival is None:
            raise ValueError("on a build that is not recorded the rival has to be counted too")
        return {name: count / self.rival[name] for name, count in self.ours.items()}


def recorded(benchmark: str, path: Path = RECORDED) -> dict[str, Any]:
    """Return what is recorded of a benchmark."""
    everything: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    kept: dict[str, Any] = everything.get(benchmark, {"builds": {}, "parts": {}})
    return kept


def is_recorded(benchmark: str, build: str, path: Path = RECORDED) -> bool:
    """Whether there are counts of this build."""
    return build in recorded(benchmark, path)["builds"]


def check(benchmark: str, counted: Counted, path: Path = RECORDED) -> None:
    """Raise AssertionError when a count of ours has grown, is not recorded, or is not counted any more."""
    if is_recorded(benchmark, counted.build, path):
        found, kept = counted.ours, recorded(benchmark, path)["builds"][counted.build]
    else:
        found, kept = counted.parts(), recorded(benchmark, path)["parts"]
    assert found.keys() == kept.keys(), f"{benchmark}: recorded are {sorted(kept)}, and counted {sorted(found)}"
    grown = [f"{name}: {kept[name]:,g} -> {found[name]:,g}" for name in found if is_more(found[name], kept[name])]
    assert not grown, f"{benchmark} has grown by more than {MAX_GROWTH:.0%}: {'; '.join(grown)}"


def is_more(found: float, kept: float) -> bool:
    return found > kept * (1 + MAX_GROWTH)


def record(benchmark: str, counted: Counted, path: Path = RECORDED) -> None:
    """Keep these counts as the ones to hold from now on, and what other builds have counted is gone."""
    everything = json.loads(path.read_text()) if path.exists() else {}
    parts = counted.parts() if counted.rival else {}
    everything[benchmark] = {"builds": {counted.build: counted.ours}, "parts": parts}
    path.write_text(json.dumps(dict(sorted(everything.items())), indent=1) + "\n")
