"""The time limit of a request."""

import socket
import time

import pytest

from chalicelib.deadline import OutOfTime, deadline, no_deadline


def test_a_block_that_waits_for_ever_ends_at_its_deadline() -> None:
    listening, waiting = socket.socketpair()
    began = time.monotonic()

    with listening, waiting, pytest.raises(OutOfTime), deadline(1):
        waiting.recv(1)

    assert 0.9 < time.monotonic() - began < 10


def test_no_except_clause_for_errors_catches_it() -> None:
    """botocore has such clauses, and would send its request again."""
    assert not issubclass(OutOfTime, Exception)


@pytest.mark.parametrize("limit", [deadline, no_deadline], ids=["deadline", "no deadline"])
def test_a_block_that_ends_in_time_is_left_alone(limit: object) -> None:
    with limit(60):  # type: ignore[operator]
        done = True

    assert done


def test_after_the_block_there_is_no_alarm_however_it_ended() -> None:
    import signal

    with pytest.raises(KeyError), deadline(60):
        raise KeyError

    assert signal.alarm(0) == 0
