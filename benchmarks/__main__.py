"""Run the benchmarks, and write docs/benchmarks.md from their results.

`python -m benchmarks` runs all benchmarks except nat_lifetime, and saves the results in benchmarks/results.
`python -m benchmarks units cost` runs only these benchmarks.
`--short` runs them briefly, saves the results in build/benchmarks, and does not write the document.
`--write` runs nothing, and writes the document from the saved results.
`--record` saves the counts of this run as the limits for later runs.
"""

import argparse
import importlib
import json
import sys
from pathlib import Path

from benchmarks import guard, limits, summary
from benchmarks.report import ROOT, machine

# In the order in which they run: `cost` and `waiting_policy` compute with the results of `units` and `load`.
# Each module has `measure(short) -> results` and `section(results, images) -> Markdown`.
# It may also have `counts(results)`, which guard.py compares with the recorded counts, and `check(results)`, which
# raises AssertionError if any other result is wrong.
BENCHMARKS = (
    *("units", "setup_time", "late_guest", "click", "load", "cold_start", "warm_request", "memory"),
    *("cost", "waiting_policy"),
)
# This one runs only if it is named: it needs root, and more than an hour.
BY_NAME = ("nat_lifetime",)
# In the order of the document: what matters most to users comes first.
SECTIONS = (
    "late_guest",
    "click",
    "setup_time",
    "cost",
    "waiting_policy",
    "nat_lifetime",
    "cold_start",
    "memory",
    "load",
    "units",
    "warm_request",
)
# In a section, whatever follows this line moves to the end of the document.
BACKGROUND = "<!-- background -->"
RESULTS = ROOT / "benchmarks/results"
DOCUMENT = ROOT / "docs/benchmarks.md"
IMAGES = ROOT / "docs/images/benchmarks"


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(
        prog="benchmarks", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    names = (*BENCHMARKS, *BY_NAME)
    parser.add_argument("names", nargs="*", choices=[[], *names], metavar="BENCHMARK", help=", ".join(names))
    parser.add_argument("--short", action="store_true", help="run briefly, and do not write the document")
    parser.add_argument("--write", action="store_true", help="run nothing, and write the document from saved results")
    parser.add_argument("--record", action="store_true", help="save the counts of this run as limits for later runs")
    options = parser.parse_args()
    folder = ROOT / "build/benchmarks" if options.short else RESULTS
    if not options.write:
        for name in options.names or BENCHMARKS:
            measure(name, options.short, folder, options.record)
    if not options.short:
        write()


def measure(name: str, short: bool, folder: Path, record: bool) -> None:
    """Run one benchmark, save its results, and check them."""
    print(f"{name} ...", file=sys.stderr, flush=True)
    benchmark = importlib.import_module(f"benchmarks.{name}")
    results = {"machine": machine()} | benchmark.measure(short)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(results, indent=1) + "\n")
    if hasattr(benchmark, "check"):
        benchmark.check(results)
    if hasattr(benchmark, "counts"):
        (guard.record if record else guard.check)(name, benchmark.counts(results))


def write() -> None:
    """Write the document from the saved results of those benchmarks that have any."""
    found = {name: json.loads(path.read_text()) for name in SECTIONS if (path := RESULTS / f"{name}.json").exists()}
    sections = [importlib.import_module(f"benchmarks.{name}").section(each, IMAGES) for name, each in found.items()]
    DOCUMENT.write_text(document(summary.section(found), sections, limits.section(found)))


def document(beginning: str, sections: list[str], end: str) -> str:
    """Return the whole document, in which the background of all sections comes after the figures."""
    split = [section.partition(BACKGROUND) for section in sections]
    figures = [figures for figures, _, _ in split]
    background = [background for _, _, background in split if background]
    parts = [beginning, *figures, "## Background", end, *background]
    return "\n".join(part.strip() + "\n" for part in parts)


if __name__ == "__main__":
    main()
