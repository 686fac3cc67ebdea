"""`make fuzz`: the handler and clients/python by atheris, and the document over HTTP by schemathesis."""

import argparse
import subprocess
import sys

from harness.engines import ROOT

# Of the time; the rest is for the document over HTTP, where each request takes longest.
SHARES = {"handler": 0.4, "python_client": 0.2}
FOUND = """\
{target} has broken a promise: the input is in tests/fuzz/crashes/{target}.
Mend it, give the file a name that says what it is about, and commit both: tests/fuzz/test_corpus.py replays it from
then on.
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="in all (default: %(default)s)")
    parser.add_argument("--seed", help="another one, other inputs (default: a new one each time)")
    arguments = parser.parse_args()
    seconds, failed = arguments.seconds, 0
    for target, share in SHARES.items():
        options = [f"-max_total_time={max(1, round(seconds * share))}", "-print_final_stats=1", "-verbosity=0"]
        options += [f"-seed={arguments.seed}"] if arguments.seed else []
        done = subprocess.run([sys.executable, "-m", "tests.fuzz.guided", target, *options], cwd=ROOT, check=False)
        if done.returncode:
            sys.stderr.write(FOUND.format(target=target))
        failed |= done.returncode
    from tests.fuzz import http  # Here, since it takes a second that a crash above should not wait for.

    return failed | http.run(max(1, round(seconds * (1 - sum(SHARES.values())))), arguments.seed)


if __name__ == "__main__":
    sys.exit(main())
