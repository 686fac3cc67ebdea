"""`make fuzz`: fuzzes the handler and clients/python with atheris, and the HTTP API with schemathesis."""

import argparse
import subprocess
import sys

from harness.engines import ROOT

# Each target's share of the time. The HTTP API gets the rest, because its requests take longest.
SHARES = {"handler": 0.4, "python_client": 0.2}
FOUND = """\
Fuzzing {target} found an input that breaks a promise. It is in tests/fuzz/crashes/{target}.
Fix the bug, rename the file after the cause, and commit both. tests/fuzz/test_corpus.py then replays the input.
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="total time to spend (default: %(default)s)")
    parser.add_argument("--seed", help="seed of the random numbers (default: a new one each time)")
    arguments = parser.parse_args()
    seconds, failed = arguments.seconds, 0
    for target, share in SHARES.items():
        options = [f"-max_total_time={max(1, round(seconds * share))}", "-print_final_stats=1", "-verbosity=0"]
        options += [f"-seed={arguments.seed}"] if arguments.seed else []
        done = subprocess.run([sys.executable, "-m", "tests.fuzz.guided", target, *options], cwd=ROOT, check=False)
        if done.returncode:
            sys.stderr.write(FOUND.format(target=target))
        failed |= done.returncode
    from tests.fuzz import http  # Imported here because it takes a second, which should not delay a crash above.

    return failed | http.run(max(1, round(seconds * (1 - sum(SHARES.values())))), arguments.seed)


if __name__ == "__main__":
    sys.exit(main())
