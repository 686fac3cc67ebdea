"""Shared by the benchmarks: the machine's name, spreads, tables, and plots that are reproducible byte for byte."""

import os
import platform
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]

# The colours of the plots. Peerpost is the dark one in every plot.
OURS, RIVALS = "#0b6e4f", ("#c8553d", "#e0a458", "#7a8ca3", "#a5a58d", "#b08ea2", "#6d597a")


@dataclass(frozen=True)
class Spread:
    """The median of a number of runs, and the quartiles around it."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, runs: Sequence[float]) -> "Spread":
        """Return the spread of at least one run."""
        if len(runs) < 2:
            return cls(runs[0], runs[0], runs[0])
        low, median, high = statistics.quantiles(runs, n=4, method="inclusive")
        return cls(median, low, high)


def machine() -> str:
    """Return a short description of this machine, as far as it matters to the results."""
    cpu = "unknown processor"
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line]
        cpu = names[0] if names else cpu
    return f"{os.cpu_count()} cores of {cpu}, {platform.system()} {platform.machine()}"


def versions(*packages: str) -> dict[str, str]:
    """Return the versions of Python and of installed Python packages."""
    return {"Python": platform.python_version()} | {package: version(package) for package in packages}


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table. All columns but the first are numbers, and are right-aligned."""
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]) + "\n"


def save(figure: Any, path: Path) -> None:
    """Write a matplotlib figure as an SVG. The same numbers always give the same file."""
    import matplotlib

    matplotlib.rcParams.update({"svg.hashsalt": "peerpost", "svg.fonttype": "none"})
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="svg", bbox_inches="tight", metadata={"Date": None, "Creator": None})
