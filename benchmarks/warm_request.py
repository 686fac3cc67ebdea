"""Measures one request to a function that has already started, with a DynamoDB that answers immediately.

In the results, `instructions[name]` are those of one request, and `cpu_seconds[name]` has the mean of each round.
"""

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks import guard
from benchmarks.functions import CONVENTIONAL, HANDLERS, US, Function, build, functions
from benchmarks.guard import Counted
from benchmarks.report import OURS, RIVALS, Spread, save, table

# The first requests take more instructions, because Python still specialises its bytecode.
FEW, MANY = 20, 70
ROUNDS, REQUESTS = 15, 200
GOAL = 0.6

Results = dict[str, Any]


def measure(short: bool) -> Results:
    """Count the instructions of a request, and measure its time on a core. The functions take turns."""
    here = build()
    names = [US, *HANDLERS]
    if short:  # If this build has no recorded counts, the guard compares ratios, so count the rival too.
        names = [US] if guard.is_recorded("warm_request", here) else [US, CONVENTIONAL]
    with functions(names, secure=False) as started:
        counted = {name: count(function) for name, function in started.items()}
        return {
            "build": here,
            "instructions": counted,
            "again": counted[US] if short else count(started[US]),
            "cpu_seconds": times(started, *((2, 20) if short else (ROUNDS, REQUESTS))),
        }


def count(function: Function) -> float:
    return (function.instructions(MANY) - function.instructions(FEW)) / (MANY - FEW)


def times(started: dict[str, Function], rounds: int, requests: int) -> dict[str, list[float]]:
    """Return the seconds of a core that a request took in each round. The functions take turns."""
    found: dict[str, list[float]] = {name: [] for name in started}
    for _ in range(rounds):
        for name, function in started.items():
            with function.started() as running:
                for _ in range(FEW):
                    running.call()
                found[name].append(fmean(running.call()["cpu"] for _ in range(requests)))
    return found


def counts(results: Results) -> Counted:
    """Return the counts that the guard checks."""
    counted = {name: {"request": each} for name, each in results["instructions"].items()}
    return Counted(counted[US], counted.get(CONVENTIONAL), results["build"])


def section(results: Results, images: Path) -> str:
    """Return the section of the document, and draw its picture."""
    draw(results, images / "warm-request.svg")
    counted = results["instructions"]
    seconds = {name: Spread.of(each) for name, each in results["cpu_seconds"].items()}
    return (
        Path(__file__)
        .with_suffix(".md")
        .read_text()
        .format(
            goal=GOAL,
            instructions=f"{counted[US] / counted[CONVENTIONAL]:.2f}",
            seconds=f"{seconds[US].median / seconds[CONVENTIONAL].median:.2f}",
            table=table(
                ("one request", "thousand instructions", "ratio to conventional", "µs of a core", "ratio"),
                [row(name, counted, seconds) for name in counted],
            ),
            runs=len(results["cpu_seconds"][US]),
            requests=REQUESTS,
            build=results["build"],
            machine=results["machine"],
            repeats=f"{counted[US]:,.0f} and {results['again']:,.0f}",
        )
    )


def row(name: str, counted: dict[str, float], seconds: dict[str, Spread]) -> Sequence[str]:
    own = seconds[name]
    return (
        name,
        f"{counted[name] / 1e3:,.0f}",
        f"{counted[name] / counted[CONVENTIONAL]:.2f}",
        f"{1e6 * own.median:,.0f} ({1e6 * own.low:,.0f} to {1e6 * own.high:,.0f})",
        f"{own.median / seconds[CONVENTIONAL].median:.2f}",
    )


def draw(results: Results, path: Path) -> None:
    from matplotlib import pyplot

    counted = results["instructions"]
    figure, axes = pyplot.subplots(figsize=(8, 2.2))
    for place, (name, each) in enumerate(counted.items()):
        axes.barh(place, each / 1e3, color=OURS if name == US else RIVALS[0])
        axes.text(each / 1e3, place, f" {each / 1e3:,.0f}", va="center", fontsize=8)
    axes.set_yticks(range(len(counted)), [name.replace("*", "").replace("`", "") for name in counted])
    axes.invert_yaxis()
    axes.set(xlabel="thousand instructions of one request")
    save(figure, path)
    pyplot.close(figure)
