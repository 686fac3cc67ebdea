"""How many tries the random and repeated tests make: all of them in `make test-all`, an eighth in `make test`."""

import os

IS_QUICK = os.environ.get("PEERPOST_TESTS") == "quick"


def tries(number: int) -> int:
    """Return how many tries to make in this run, where a full run makes `number`."""
    return max(1, number // 8) if IS_QUICK else number
