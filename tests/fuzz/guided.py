"""One coverage-guided run: `python -m tests.fuzz.guided TARGET [OPTION OF LIBFUZZER]...`.

The seeds are in corpus/TARGET.
What the fuzzer learns goes to build/fuzz/TARGET, from where the next run goes on; an input that breaks a promise is
written to crashes/TARGET, where tests/fuzz/test_corpus.py finds it from then on.
"""

import importlib
import logging
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import atheris

HERE = Path(__file__).parent
# Not taken from another module: what is imported before the fuzzer looks is not instrumented.
ROOT = HERE.parent.parent
# A full body takes 262,144 bytes, but `x*262144*` is short: small inputs are quick, and change more.
MAX_INPUT_BYTES = 4_096
TOLD_EVERY = 10_000
# All that is ours, what stands between, and what reads the bytes of others.
INSTRUMENTED = ["aiortc.sdp", "app", "chalice", "chalicelib", "peerpost"]


def main(target: str, *options: str) -> None:
    learned, crashes = ROOT / "build/fuzz" / target, HERE / "crashes" / target
    for folder in (learned, crashes):
        folder.mkdir(parents=True, exist_ok=True)
    with atheris.instrument_imports(include=INSTRUMENTED):
        run = importlib.import_module(f"tests.fuzz.{target}").new_run()
    # A refusal of storage is logged, as it should be, and here it happens thousands of times a second.
    logging.disable()
    own = [f"-artifact_prefix={crashes}/", f"-dict={HERE / 'dictionary'}", f"-max_len={MAX_INPUT_BYTES}", "-timeout=20"]
    atheris.Setup([sys.argv[0], *own, *options, str(learned), str(HERE / "corpus" / target)], counting(run))
    atheris.Fuzz()


def counting(run: Callable[[bytes], Iterable[object]]) -> Callable[[bytes], None]:
    """Tell at times what the inputs led to: an input may be several requests, and they should not all be refused."""
    outcomes: Counter[object] = Counter()

    def run_and_count(data: bytes) -> None:
        before = outcomes.total() // TOLD_EVERY
        outcomes.update(run(data))
        if outcomes.total() // TOLD_EVERY > before:
            sys.stderr.write(f"{outcomes.total()} carried out: {dict(outcomes.most_common())}\n")

    return run_and_count


if __name__ == "__main__":
    main(*sys.argv[1:])
