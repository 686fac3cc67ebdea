"""Change the server in a thousand places, one at a time, and see that a test notices: `make mutants`."""

import argparse
import os
import shutil
import subprocess
import sys
from collections import Counter
from fnmatch import fnmatch

from harness.engines import ROOT, real_engine
from tests.mutation import constants, selection, survivors
from tests.mutation.survivors import Survivor


def main() -> int:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("names", nargs="*", help="mutmut's names of mutants, with wildcards; all of them without")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="how many mutants to judge at once")
    options = parser.parse_args()
    selection.check_names()
    with real_engine() as endpoint:
        os.environ["DYNAMODB_TEST_ENDPOINT"] = endpoint
        found = in_functions(options.names, options.processes) + outside_functions(options.names, options.processes)
    return compare(found, options.names)


def in_functions(names: list[str], processes: int) -> list[Survivor]:
    # mutmut would keep what it found of a mutant even when the tests have changed since.
    shutil.rmtree(ROOT / "mutants", ignore_errors=True)
    subprocess.run([survivors.MUTMUT, "run", "--max-children", str(processes), *names], check=True, cwd=ROOT)
    return survivors.found()


def outside_functions(names: list[str], processes: int) -> list[Survivor]:
    paths = [ROOT / "app.py", *sorted(path for path in (ROOT / "chalicelib").glob("*.py") if not ignored(path.name))]
    chosen = [mutant for mutant in constants.mutants(paths) if matches(mutant.module, names)]
    unchanged = constants.unchanged(ROOT / "chalicelib/limits.py")
    if list(constants.judge([unchanged], selection.ARGUMENTS)) != [(unchanged, "survived")]:
        raise RuntimeError("the tests fail where nothing was changed")
    ends: Counter[str] = Counter()
    found: list[Survivor] = []
    for mutant, end in constants.judge(chosen, selection.ARGUMENTS, processes):
        ends[end] += 1
        found += [mutant.where] if end == "survived" else []
    print(f"{len(chosen)} constants outside functions: {dict(ends)}")
    return found


def compare(found: list[Survivor], names: list[str]) -> int:
    known = survivors.known()
    unknown = sorted(set(found) - known.keys())
    gone = sorted(known.keys() - set(found)) if not names else []
    print(f"{len(found)} survive, {len(set(found) & known.keys())} of them for a reason that is known")
    for survivor in unknown:
        print(f"No test notices, and survivors.toml does not say why:\n{survivor}")
    for survivor in gone:
        print(f"Does not survive any more; take it out of survivors.toml:\n{survivor}")
    return 1 if unknown or gone else 0


def ignored(name: str) -> bool:
    return any(fnmatch(f"chalicelib/{name}", pattern) for pattern in selection.CONFIGURATION["do_not_mutate"])


def matches(module: str, names: list[str]) -> bool:
    return not names or any(fnmatch(f"{module}.", name) for name in names)


if __name__ == "__main__":
    sys.exit(main())
