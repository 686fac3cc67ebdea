"""Measures how the function's memory setting changes its latency and its price.

Lambda gives a function memory / 1,769 MB of a core, but a whole core while it starts. So each function starts with a
whole core here too, and a control group then limits it to its share.
"""

import math
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from benchmarks.cost import CORE_MB, MEMORY_MB, MILLION, STORAGE_SECONDS, dollars_of
from benchmarks.functions import CONVENTIONAL, US, Function, functions
from benchmarks.report import OURS, RIVALS, Spread, save, table

STEPS_MB = (128, 256, 512, 1024, 1769)
# The interval at which Linux's scheduler renews a process's share. AWS does not document Lambda's interval.
PERIOD_MICROSECONDS = 20_000
RUNS, REQUESTS = 10, 20
# Long enough that the share used by one request does not slow down the next.
PAUSE_SECONDS = (0.05, 0.09)

Results = dict[str, Any]
Put = Callable[[int], None]


def measure(short: bool) -> Results:
    """Return the seconds of the first request and of later ones, by memory. The two functions take turns."""
    runs, requests, steps = (1, 3, STEPS_MB[1:2]) if short else (RUNS, REQUESTS, STEPS_MB)
    found: Results = {name: {str(memory): {"first": [], "next": []} for memory in steps} for name in (US, CONVENTIONAL)}
    with functions(list(found), secure=True) as started:
        for memory in list(steps) * runs:
            with quota(memory) as put:
                for name, function in started.items():
                    first, later = under(put, memory, function, requests)
                    found[name][str(memory)]["first"].append(first)
                    found[name][str(memory)]["next"] += later
    return {"is_measured": put is not None, "seconds": found}


def under(put: Put | None, memory: int, function: Function, requests: int) -> tuple[float, list[float]]:
    """Return the seconds that requests take under a quota. Without a quota, compute them from the time on a core."""
    with function.started() as running:
        if put:
            put(running.process.pid)
        calls = []
        for _ in range(1 + requests):
            time.sleep(random.uniform(*PAUSE_SECONDS))
            call = running.call()
            calls.append(call["seconds"] if put else max(call["seconds"], call["cpu"] * CORE_MB / memory))
        return calls[0], calls[1:]


@contextmanager
def quota(memory: int) -> Iterator[Put | None]:
    """Yield a function that puts a process into a control group with this share of a core.

    Yield None if this machine does not allow control groups.
    """
    microseconds = PERIOD_MICROSECONDS * memory // CORE_MB
    one, two = Path("/sys/fs/cgroup/cpu"), Path("/sys/fs/cgroup")
    group = (one if one.exists() else two) / f"peerpost-{os.getpid()}-{memory}"
    limits = {"cpu.cfs_period_us": PERIOD_MICROSECONDS, "cpu.cfs_quota_us": microseconds}
    try:
        group.mkdir()
        for name, value in (limits if one.exists() else {"cpu.max": f"{microseconds} {PERIOD_MICROSECONDS}"}).items():
            (group / name).write_text(str(value))
    except OSError:
        with suppress(OSError):
            group.rmdir()
        yield None
        return

    def put(process: int) -> None:
        (group / "cgroup.procs").write_text(str(process))

    try:
        yield put
    finally:
        group.rmdir()


def dollars(seconds: float, memory: int) -> float:
    """Return the price of a million requests of this length, including DynamoDB's time."""
    billed = math.ceil(1000 * (seconds + STORAGE_SECONDS)) / 1000
    return MILLION * (dollars_of("lambda_requests", 1) + dollars_of("lambda_gb_seconds", billed * memory / 1024))


def section(results: Results, images: Path) -> str:
    """Return the section of the document, and draw its picture."""
    draw(results["seconds"], images / "memory.svg")
    ours, usual = (results["seconds"][name] for name in (US, CONVENTIONAL))
    rows = [
        (
            memory,
            *(show(each[memory][which]) for which in ("first", "next") for each in (ours, usual)),
            f"${dollars(Spread.of(ours[memory]['next']).median, int(memory)):.2f}",
        )
        for memory in ours
    ]
    head = (
        "memory, MB",
        "first request",
        "first request, conventional way",
        "later requests",
        "later requests, conventional way",
        "price per million",
    )
    how = "measured under the CPU quota of a control group" if results["is_measured"] else "computed from CPU time"
    return (
        Path(__file__)
        .with_suffix(".md")
        .read_text()
        .format(table=table(head, rows), how=how, memory=MEMORY_MB, storage_ms=f"{1000 * STORAGE_SECONDS:g}")
    )


def show(seconds: list[float]) -> str:
    spread = Spread.of([1000 * each for each in seconds])
    return f"{spread.median:.1f} ({spread.low:.1f} to {spread.high:.1f})"


def draw(found: Results, path: Path) -> None:
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 3))
    for (name, steps), color in zip(found.items(), (OURS, *RIVALS), strict=False):
        sizes = [int(memory) for memory in steps]
        for which, line in (("first", "o:"), ("next", "o-")):
            medians = [1000 * Spread.of(each[which]).median for each in steps.values()]
            request = {"first": "first request", "next": "later requests"}[which]
            axes.plot(sizes, medians, line, color=color, label=f"{name.strip('*').replace('`', '')}: {request}")
    axes.set(xscale="log", yscale="log", xlabel="memory, MB", ylabel="milliseconds", xticks=sizes, xticklabels=sizes)
    axes.minorticks_off()
    axes.legend(frameon=False, fontsize="small", loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    save(figure, path)
    pyplot.close(figure)
