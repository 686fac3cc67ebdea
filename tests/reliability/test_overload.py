"""Many clients and too little capacity: clients back off at different times, and all connect in the end."""

import asyncio
import json
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from peerpost import SignalingClient
from peerpost.channel import Channel
from peerpost.poller import Poller

from tests.reliability.overload import Url, overloaded_url

PAIRS = 100
# A tenth of what the clients would use at the same time.
CONCURRENCY = 20
# Each pair makes five requests to the table, and further reads.
# This is a tenth of what all pairs together would use in a second.
TABLE_REQUESTS_PER_SECOND = 60
PATIENCE_SECONDS = 110


@dataclass
class Peers:
    """Pairs of Python clients that exchange descriptions. Each client has its own connections."""

    url: str
    delays: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.delays.append(seconds)
        await asyncio.sleep(seconds)

    async def offer(self, number: int, opened: "asyncio.Future[str]") -> str:
        async with httpx.AsyncClient(verify=False) as http:
            channel = Channel(SignalingClient(self.url, http=http), poller=Poller(sleep=self.sleep))
            opened.set_result(await channel.open(f"v=0 offer {number}"))
            answer = await channel.receive_answer()
            await channel.hang_up()
            return answer

    async def answer(self, number: int, opened: "asyncio.Future[str]") -> str:
        async with httpx.AsyncClient(verify=False) as http:
            channel = Channel(SignalingClient(self.url, http=http), await opened, poller=Poller(sleep=self.sleep))
            offer = await channel.receive_offer()
            await channel.send_answer(f"v=0 answer {number}")
            return offer

    async def connect(self, number: int) -> list[str]:
        opened: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        return list(await asyncio.gather(self.answer(number, opened), self.offer(number, opened)))

    async def connect_all(self) -> list[list[str]]:
        return await asyncio.gather(*(self.connect(number) for number in range(PAIRS)))


Outcome = tuple[list[list[str]], list[float]]


def in_python(address: str) -> Outcome:
    peers = Peers(address)
    return asyncio.run(peers.connect_all()), peers.delays


def in_javascript(address: str) -> Outcome:
    command = ["node", str(Path(__file__).with_name("overload.mjs")), address, str(PAIRS)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
    assert run.returncode == 0, run.stderr
    said = json.loads(run.stdout)
    return said["connected"], said["delays"]


EXPECTED = [[f"v=0 offer {number}", f"v=0 answer {number}"] for number in range(PAIRS)]
CLIENTS = pytest.mark.parametrize("connect_all", [in_python, in_javascript], ids=lambda client: client.__name__)


@pytest.fixture
def url_of(endpoint: str) -> Callable[..., AbstractContextManager[Url]]:
    return lambda *capacity: overloaded_url(endpoint, *capacity)


@CLIENTS
def test_all_clients_connect_with_a_tenth_of_the_concurrency(
    connect_all: Callable[[str], Outcome], url_of: Callable[..., AbstractContextManager[Url]]
) -> None:
    with url_of(CONCURRENCY) as url:
        connected, delays = connect_all(url.address)

    assert connected == EXPECTED
    assert set(url.statuses) <= {200, 400, 429}
    assert 429 in url.statuses
    assert_apart(delays)


@CLIENTS
def test_all_clients_connect_with_a_tenth_of_the_tables_throughput(
    connect_all: Callable[[str], Outcome], url_of: Callable[..., AbstractContextManager[Url]]
) -> None:
    with url_of(2 * PAIRS, TABLE_REQUESTS_PER_SECOND) as url:
        connected, delays = connect_all(url.address)

    assert connected == EXPECTED
    assert set(url.statuses) <= {200, 400, 503}
    assert 503 in url.statuses
    assert_apart(delays)


def assert_apart(delays: list[float]) -> None:
    """Clients that were refused at the same time do not all retry at the same time."""
    assert len(delays) > PAIRS
    assert len(set(delays)) == len(delays)
