"""Measures a cold start: from the start of the process until the handler is ready, and until its first reply.

In the results, `instructions[name]` and `seconds[name]` have the keys `ready` and `first reply`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import guard
from benchmarks.functions import CONVENTIONAL, EMPTY, HANDLERS, US, WITH_BYTECODE, Function, build, functions
from benchmarks.guard import Counted
from benchmarks.report import OURS, RIVALS, Spread, save, table

RUNS = 15
STEPS = {"ready": 0, "first reply": 1}
GOAL = 0.25

Results = dict[str, Any]


def measure(short: bool) -> Results:
    """Count the instructions of each start, and time all but those with bytecode. The functions take turns."""
    here = build()
    names = [US, *HANDLERS, *WITH_BYTECODE]
    if short:  # If this build has no recorded counts, the guard compares ratios, so count the rival too.
        names = [US] if guard.is_recorded("cold_start", here) else [US, CONVENTIONAL]
    with functions(names, secure=True) as started:
        counted = {name: count(function) for name, function in started.items()}
        return {
            "build": here,
            "instructions": counted,
            "again": counted[US] if short else count(started[US]),
            "seconds": times(
                {name: started[name] for name in names if name not in WITH_BYTECODE}, 1 if short else RUNS
            ),
        }


def count(function: Function) -> dict[str, int]:
    return {step: function.instructions(requests) for step, requests in STEPS.items()}


def times(started: dict[str, Function], runs: int) -> dict[str, dict[str, list[float]]]:
    """Return the seconds of each run. The functions take turns."""
    found: dict[str, dict[str, list[float]]] = {name: {step: [] for step in STEPS} for name in started}
    for _ in range(runs):
        for name, function in started.items():
            with function.started() as running:
                done = running.call()["at"] - running.began
                found[name]["ready"].append(running.ready_seconds)
                found[name]["first reply"].append(done)
    return found


def counts(results: Results) -> Counted:
    """Return the counts that the guard checks."""
    counted = results["instructions"]
    return Counted(counted[US], counted.get(CONVENTIONAL), results["build"])


def section(results: Results, images: Path) -> str:
    """Return the section of the document, and draw its picture."""
    draw(results, images / "cold-start.svg")
    counted, again = results["instructions"], results["again"]
    parts = {step: counted[US][step] / counted[CONVENTIONAL][step] for step in STEPS}
    return (
        Path(__file__)
        .with_suffix(".md")
        .read_text()
        .format(
            goal=GOAL,
            ready=f"{parts['ready']:.3f}",
            first=f"{parts['first reply']:.3f}",
            instructions=table(head("millions of instructions"), rows(counted, lambda count: f"{count / 1e6:,.0f}")),
            times=times_table(results["seconds"]),
            runs=len(results["seconds"][US]["ready"]),
            build=results["build"],
            machine=results["machine"],
            repeats="\n".join(f"- Until {step}: {counted[US][step]:,} and {again[step]:,}." for step in STEPS),
        )
    )


def head(unit: str) -> Sequence[str]:
    return (
        unit,
        *(cell for step in STEPS for cell in (f"until {step}", f"until {step}, ratio to conventional")),
    )


def rows(found: dict[str, Any], show: Any) -> list[Sequence[str]]:
    """Return the result of each function and step, and its ratio to the conventional way's result."""
    usual = found[CONVENTIONAL]
    return [
        (name, *(cell for step in STEPS for cell in (show(each[step]), f"{each[step] / usual[step]:.2f}")))
        for name, each in found.items()
    ]


def times_table(seconds: dict[str, dict[str, list[float]]]) -> str:
    spreads = {name: {step: Spread.of(each[step]) for step in STEPS} for name, each in seconds.items()}
    lines = [
        (
            name,
            *(
                f"{1000 * each[step].median:.0f} ({1000 * each[step].low:.0f} to {1000 * each[step].high:.0f})"
                for step in STEPS
            ),
        )
        for name, each in spreads.items()
    ]
    return table(("milliseconds", *(f"until {step}" for step in STEPS)), lines)


def draw(results: Results, path: Path) -> None:
    from matplotlib import pyplot

    counted = results["instructions"]
    figure, axes = pyplot.subplots(figsize=(8, 3.2))
    for row, (name, each) in enumerate(counted.items()):
        color = OURS if name == US else RIVALS[2] if name == EMPTY else RIVALS[0]
        axes.barh(row, each["first reply"] / 1e6, color=color, alpha=0.4)
        axes.barh(row, each["ready"] / 1e6, color=color)
        axes.text(each["first reply"] / 1e6, row, f" {each['first reply'] / 1e6:,.0f}", va="center", fontsize=8)
    axes.set_yticks(range(len(counted)), [name.replace("*", "").replace("`", "") for name in counted])
    axes.invert_yaxis()
    axes.set(xlabel="millions of instructions: dark until ready, light until the first reply", xlim=(0, None))
    save(figure, path)
    pyplot.close(figure)
