"""Shared by the benchmarks: the machine's name, spreads, tables, and plots that are reproducible byte for byte."""

import os
import platform
import statistics
from collections.abc import Iterable, Mapping, Sequence
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


def draw_times(
    times: Mapping[str, Mapping[str, Sequence[float]]], colors: Sequence[str], since: str, path: Path
) -> None:
    """Draw the medians and quartiles of runs, by name and round-trip time. `since` says when the times begin."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4))
    axes = figure.subplots()
    width = 0.8 / len(times)
    for place, (name, by_rtt) in enumerate(times.items()):
        spreads = [Spread.of(took) for took in by_rtt.values()]
        axes.bar(
            [group + place * width for group in range(len(spreads))],
            [each.median for each in spreads],
            width,
            yerr=[[each.median - each.low for each in spreads], [each.high - each.median for each in spreads]],
            color=colors[place],
            label=name.replace("*", ""),
            error_kw={"elinewidth": 1},
        )
    rtts = list(next(iter(times.values())))
    axes.set_xticks([group + 0.4 - width / 2 for group in range(len(rtts))])
    axes.set_xticklabels([f"{rtt} ms" for rtt in rtts])
    axes.set_xlabel("round trip to the signaling server")
    axes.set_ylabel(f"milliseconds from {since}")
    axes.legend(fontsize="small", frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    axes.spines[["top", "right"]].set_visible(False)
    save(figure, path)
