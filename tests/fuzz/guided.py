"""One coverage-guided run: `python -m tests.fuzz.guided TARGET [OPTION OF LIBFUZZER]...`.

The seeds are in corpus/TARGET.
The fuzzer stores useful inputs in build/fuzz/TARGET, and the next run starts from them.
It writes any input that breaks a promise to crashes/TARGET, where tests/fuzz/test_corpus.py picks it up.
"""

import importlib
import logging
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import atheris

HERE = Path(__file__).parent
# Do not import ROOT from harness.engines: modules imported before the fuzzer starts are not instrumented.
ROOT = HERE.parent.parent
# Small inputs run fast and mutate well. They can still stand for large bodies: `x*262144*` means 262,144 bytes.
MAX_INPUT_BYTES = 4_096
REPORT_EVERY = 10_000
# Our own code, the framework around it, and the library code that parses untrusted bytes.
INSTRUMENTED = ["aiortc.sdp", "app", "chalice", "chalicelib", "peerpost"]


def main(target: str, *options: str) -> None:
    learned, crashes = ROOT / "build/fuzz" / target, HERE / "crashes" / target
    for folder in (learned, crashes):
        folder.mkdir(parents=True, exist_ok=True)
    with atheris.instrument_imports(include=INSTRUMENTED):
        run = importlib.import_module(f"tests.fuzz.{target}").new_run()
    # The server logs every failure of DynamoDB, as it should. Here these would be thousands of lines a second.
    logging.disable()
    own = [f"-artifact_prefix={crashes}/", f"-dict={HERE / 'dictionary'}", f"-max_len={MAX_INPUT_BYTES}", "-timeout=20"]
    atheris.Setup([sys.argv[0], *own, *options, str(learned), str(HERE / "corpus" / target)], counting(run))
    atheris.Fuzz()


def counting(run: Callable[[bytes], Iterable[object]]) -> Callable[[bytes], None]:
    """Print the outcomes now and then, so that one can see whether too many requests are refused."""
    outcomes: Counter[object] = Counter()

    def run_and_count(data: bytes) -> None:
        before = outcomes.total() // REPORT_EVERY
        outcomes.update(run(data))
        if outcomes.total() // REPORT_EVERY > before:
            sys.stderr.write(f"outcomes of {outcomes.total()} requests: {dict(outcomes.most_common())}\n")

    return run_and_count


if __name__ == "__main__":
    main(*sys.argv[1:])
