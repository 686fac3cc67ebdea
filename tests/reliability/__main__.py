"""`make soak`: run many random histories against the packaged function.

For each, search for a sequential order of its calls that explains every reply.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from harness.engines import real_engine
from harness.runtime import build_package, unpack_read_only
from tests.reliability.cluster import cluster
from tests.reliability.histories import CLIENTS, counts, run

EVERY = 50


def main() -> int:
    """Run the histories, print what was tried, and return 1 if there was any violation."""
    parser = argparse.ArgumentParser(prog="python -m tests.reliability", description=__doc__)
    parser.add_argument("--histories", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=int(time.time()), help="the first; each history has the next")
    options = parser.parse_args()
    total: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name, real_engine() as endpoint:
        folder = Path(name)
        task_root = unpack_read_only(build_package(folder), folder / "task")
        with cluster(CLIENTS, task_root, endpoint, folder) as here:
            for number in range(1, options.histories + 1):
                history = run(options.seed + number - 1, here)
                found = history.violations()
                total.update(counts(history) | {"violations": len(found)})
                for violation in found:
                    print(violation)
                if number % EVERY == 0 or number == options.histories:
                    print(listed(total), flush=True)
            print(f"What requests to the table met: {listed(here.proxy.met)}")
    return min(total["violations"], 1)


def listed(counted: Counter[str]) -> str:
    return ", ".join(f"{value} {what}" for what, value in counted.items())


if __name__ == "__main__":
    sys.exit(main())
