"""`make soak`: try what the reliability tests try, for much longer.

First, run many random histories against the packaged function. For each, search for a sequential order of its calls
that explains every reply. Then let many guests visit one address, while hosts, guests and functions are killed.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from harness.engines import ROOT, real_engine
from harness.runtime import build_package, unpack_read_only

SOURCES = str(ROOT / "clients/python/src")
if SOURCES not in sys.path:
    sys.path.insert(0, SOURCES)

from tests.reliability import histories, visits  # noqa: E402 - they import the Python client
from tests.reliability.cluster import cluster  # noqa: E402

EVERY = 50


def main() -> int:
    """Run the histories and the visits, print what was tried, and return 1 if there was any violation."""
    parser = argparse.ArgumentParser(prog="python -m tests.reliability", description=__doc__)
    parser.add_argument("--histories", type=int, default=1000)
    parser.add_argument("--guests", type=int, default=500)
    parser.add_argument("--seed", type=int, default=int(time.time()), help="the first seed; each history has the next")
    options = parser.parse_args()
    violations = 0
    with tempfile.TemporaryDirectory() as name, real_engine() as endpoint:
        folder = Path(name)
        task_root = unpack_read_only(build_package(folder), folder / "task")
        if options.histories:
            violations += run_histories(options.histories, options.seed, task_root, endpoint, folder)
        if options.guests:
            violations += run_visits(options.guests, options.seed, task_root, endpoint, folder)
    return min(violations, 1)


def run_histories(number: int, seed: int, task_root: Path, endpoint: str, folder: Path) -> int:
    total: Counter[str] = Counter()
    with cluster(histories.CLIENTS, task_root, endpoint, folder) as here:
        for done in range(1, number + 1):
            history = histories.run(seed + done - 1, here)
            found = history.violations()
            total.update(histories.counts(history) | {"violations": len(found)})
            for violation in found:
                print(violation)
            if done % EVERY == 0 or done == number:
                print(listed(total), flush=True)
        print(f"What requests to the table met: {listed(here.proxy.met)}")
    return total["violations"]


def run_visits(number: int, seed: int, task_root: Path, endpoint: str, folder: Path) -> int:
    with visits.place(task_root, endpoint, folder) as place:

        def report(done: int) -> None:
            if done % EVERY == 0 or done == number:
                print(listed(place.counts), flush=True)

        asyncio.run(visits.visits(place, seed, number, report))
        for violation in place.violations:
            print(violation)
        return len(place.violations)


def listed(counted: Counter[str]) -> str:
    return ", ".join(f"{value} {what}" for what, value in counted.items())


if __name__ == "__main__":
    sys.exit(main())
