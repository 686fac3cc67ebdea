"""The server that browsers are tested with serves many requests at once."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from harness.front import PATIENCE_SECONDS, Front

REQUESTS = 400
THREADS = 16


@pytest.fixture
def threads_that_alternate() -> Iterator[None]:
    """Let Python change between threads all the time, as it does by chance on a busy machine."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("threads_that_alternate")
def test_each_of_many_requests_at_once_gets_its_own_reply(front: Front) -> None:
    """Every second request is refused with a sentence that names no channel."""
    methods = ["create_data_channel", "unknown"] * (REQUESTS // 2)
    with httpx.Client(base_url=front.url, timeout=PATIENCE_SECONDS) as client, ThreadPoolExecutor(THREADS) as threads:
        replies = list(threads.map(lambda method: client.post("", json={"method": method}).text, methods))

    assert ["create_data_channel" if "channel_id" in reply else "unknown" for reply in replies] == methods
