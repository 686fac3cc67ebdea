"""How often the random and the repeated tests try: all of it in `make test-all`, a quarter in `make test`."""

import os

IS_QUICK = os.environ.get("PEERPOST_TESTS") == "quick"


def tries(number: int) -> int:
    """Return how many tries to make in place of `number`."""
    return max(1, number // 4) if IS_QUICK else number
