"""Mutation testing of the server with mutmut: `make mutants`."""

import argparse
import os
import shutil
import subprocess
import sys

from harness.engines import ROOT, real_engine
from tests.mutation import selection, survivors


def main() -> int:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        help="names of mutants as mutmut prints them, with wildcards; without any, all mutants are tested",
    )
    parser.add_argument(
        "--processes", type=int, default=os.cpu_count(), help="the number of mutants to test at the same time"
    )
    options = parser.parse_args()
    selection.check_names()
    # Otherwise mutmut would keep the results of its last run, even if the tests have changed since.
    shutil.rmtree(ROOT / "mutants", ignore_errors=True)
    with real_engine() as endpoint:
        os.environ["DYNAMODB_TEST_ENDPOINT"] = endpoint
        command = [survivors.MUTMUT, "run", "--max-children", str(options.processes), *options.names]
        subprocess.run(command, check=True, cwd=ROOT)
    return report(complete=not options.names)


def report(complete: bool) -> int:
    """Print the survivors that survivors.toml does not list, and return 1 if there are any."""
    found, accepted = set(survivors.found()), set(survivors.accepted())
    print(f"{len(found)} mutants survive; {len(found & accepted)} of them are accepted in survivors.toml")
    for survivor in sorted(found - accepted):
        print(f"Survives, and is not accepted: {survivor}")
    if complete:
        for survivor in sorted(accepted - found):
            print(f"Does not survive any more, remove it from survivors.toml: {survivor}")
    return 1 if found - accepted else 0


if __name__ == "__main__":
    sys.exit(main())
