"""The time limit of a request."""

import socket
import time

import pytest

from chalicelib.deadline import OutOfTime, deadline, no_deadline

# A deadline ends the alarm that pytest-timeout would set in this process.
pytestmark = pytest.mark.timeout(method="thread")


def test_a_block_that_waits_forever_ends_at_its_deadline() -> None:
    listening, waiting = socket.socketpair()
    began = time.monotonic()

    with listening, waiting, pytest.raises(OutOfTime), deadline(1):
        waiting.recv(1)

    assert time.monotonic() - began > 0.9


def test_except_exception_does_not_catch_out_of_time() -> None:
    """botocore catches every Exception, and would then resend its request instead of stopping."""
    assert not issubclass(OutOfTime, Exception)


@pytest.mark.parametrize("limit", [deadline, no_deadline], ids=["deadline", "no deadline"])
def test_a_block_that_ends_in_time_is_not_interrupted(limit: object) -> None:
    with limit(60):  # type: ignore[operator]
        done = True

    assert done


def test_no_alarm_is_left_after_a_block_that_failed() -> None:
    import signal

    with pytest.raises(KeyError), deadline(60):
        raise KeyError

    assert signal.alarm(0) == 0
