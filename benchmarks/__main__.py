"""Measure, and write docs/benchmarks.md from what was measured.

`python -m benchmarks` measures everything and keeps it in benchmarks/results;
`python -m benchmarks units cost` measures these only;
`--short` runs each of them briefly, keeps its results in build/benchmarks, and leaves the document alone;
`--write` measures nothing and writes the document anew;
`--record` keeps the counts of this run as those that must not grow from now on.
"""

import argparse
import importlib
import json
import sys
from pathlib import Path

from benchmarks import guard, limits
from benchmarks.report import ROOT, machine

# In the order of the document. Each module has `measure(short) -> results` and `section(results, images) -> Markdown`,
# and may have `counts(results)`, which guard.py holds to what is recorded, and `check(results)`, which raises
# AssertionError when anything else is not as it should be.
BENCHMARKS = ("units", "setup_time", "load", "cold_start", "warm_request", "memory", "cost")
RESULTS = ROOT / "benchmarks/results"
DOCUMENT = ROOT / "docs/benchmarks.md"
IMAGES = ROOT / "docs/images/benchmarks"


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(
        prog="benchmarks", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("names", nargs="*", choices=[[], *BENCHMARKS], metavar="BENCHMARK", help=", ".join(BENCHMARKS))
    parser.add_argument("--short", action="store_true", help="run briefly; write no document")
    parser.add_argument("--write", action="store_true", help="measure nothing; write the document")
    parser.add_argument("--record", action="store_true", help="keep our counts as those that must not grow")
    options = parser.parse_args()
    folder = ROOT / "build/benchmarks" if options.short else RESULTS
    if not options.write:
        for name in options.names or BENCHMARKS:
            measure(name, options.short, folder, options.record)
    if not options.short:
        write()


def measure(name: str, short: bool, folder: Path, record: bool) -> None:
    """Run one benchmark, and keep what it found."""
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
    """Put the document together from the results that are there."""
    found = {name: json.loads(path.read_text()) for name in BENCHMARKS if (path := RESULTS / f"{name}.json").exists()}
    parts = [(Path(__file__).with_name("introduction.md")).read_text()]
    parts += [importlib.import_module(f"benchmarks.{name}").section(each, IMAGES) for name, each in found.items()]
    parts.append(limits.section(found))
    DOCUMENT.write_text("\n".join(part.strip() + "\n" for part in parts))


if __name__ == "__main__":
    main()
