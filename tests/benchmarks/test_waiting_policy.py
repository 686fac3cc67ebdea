"""How our clients wait: both by the same numbers, which the benchmark of policies chooses."""

import peerpost.limits

from benchmarks import pace


def test_both_clients_wait_by_the_same_numbers() -> None:
    javascript, python = pace.limits(), vars(peerpost.limits)
    names = (
        "HOLD_AT_FIRST",
        "HOLD_AFTER_NEWS",
        "FIRST_POLL",
        "OFTEN",
        "OFTEN_FOR",
        "SOMETIMES",
        "RARELY_AFTER",
        "RARELY",
    )

    assert {name: javascript[f"{name}_MS"] for name in names} == {
        name: 1000 * python[f"{name}_SECONDS"] for name in names
    }
    assert javascript["POLL_GROWTH"] == python["POLL_GROWTH"]
