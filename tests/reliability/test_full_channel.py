"""A channel that holds the maximum number of candidates, and the peers that use it."""

import asyncio
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection
from mypy_boto3_dynamodb import DynamoDBClient
from peerpost import connect

from chalicelib.channels import Channels
from chalicelib.dynamodb import Table
from chalicelib.limits import MAX_BATCH, MAX_CANDIDATES
from harness.transports import Post
from tests.reliability.overload import Url, overloaded_url

REFUSAL = "too many candidates: a channel holds 800"
ALL = [str(number) for number in range(MAX_CANDIDATES)]


@pytest.fixture
def channels(real_client: DynamoDBClient, real_table: str) -> Channels:
    return Channels(Table(real_client, real_table))


@pytest.fixture
def served(channels: Channels) -> Channels:
    return channels


@pytest.fixture
def url(endpoint: str) -> Iterator[Url]:
    with overloaded_url(endpoint, 20) as url:
        yield url


def fill(channels: Channels, channel_id: str) -> None:
    for start in range(0, MAX_CANDIDATES, MAX_BATCH):
        channels.add_candidates(channel_id, ALL[start : start + MAX_BATCH])


@pytest.mark.parametrize(
    "request_",
    [
        {"method": "create_candidate", "candidate": "new"},
        {"method": "create_candidate", "candidates": ["0", "new"]},
        {"method": "create_offer", "offer": "x", "candidates": ["new"]},
        {"method": "create_answer", "answer": "x", "candidates": ["new"]},
    ],
    ids="-".join,
)
def test_a_full_channel_refuses_new_candidates_and_keeps_its_own(
    request_: dict[str, object], channels: Channels, post: Post
) -> None:
    channel_id = channels.create("the offer")
    fill(channels, channel_id)

    reply = post({**request_, "channel_id": channel_id})

    assert (reply.status, reply.body) == (400, REFUSAL)
    channel = channels.get(channel_id)
    assert (channel.offer, channel.answer, channel.candidates) == ("the offer", None, ALL)


def test_a_full_channel_does_everything_else_and_other_channels_are_not_affected(
    channels: Channels, post: Post
) -> None:
    full, other = channels.create(), channels.create()
    fill(channels, full)

    requests: list[dict[str, object]] = [
        {"method": "create_candidate", "candidates": ["7", "799"]},
        {"method": "create_offer", "offer": "the offer", "candidates": ["0"]},
        {"method": "create_answer", "answer": "the answer"},
        {"method": "get_offer", "since": 799},
        {"method": "get_answer"},
        {"method": "get_candidates"},
        {"method": "delete_data_channel"},
    ]
    replies = [post({**request, "channel_id": full}).json() for request in requests]
    added = post({"method": "create_candidate", "channel_id": other, "candidate": "new"})

    offer = {"offer": "the offer", "items": ["799"], "next": 800}
    assert replies == [{}, {}, {}, offer, {"answer": "the answer"}, {"items": ALL}, {}]
    assert added.status == 200


def test_two_aiortc_peers_connect_through_a_full_channel(url: Url) -> None:
    """The channel is full of other candidates, but the peers' own are in their descriptions."""

    def flood(channel_id: str) -> None:
        with httpx.Client() as http:
            for start in range(0, MAX_CANDIDATES, MAX_BATCH):
                batch = {"method": "create_candidate", "channel_id": channel_id, "candidates": ALL[start:][:MAX_BATCH]}
                http.post(url.address, json=batch).raise_for_status()
            assert http.post(url.address, json=batch | {"candidates": ["new"]}).text == REFUSAL

    async def both() -> list[str]:
        offerer, answerer = (RTCPeerConnection(RTCConfiguration(iceServers=[])) for _ in range(2))
        offerer.createDataChannel("x")
        opened: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        async def answer() -> None:
            channel_id = await opened
            await asyncio.to_thread(flood, channel_id)
            await connect(answerer, url.address, channel_id)

        try:
            await asyncio.gather(connect(offerer, url.address, on_channel=opened.set_result), answer())
            return [offerer.connectionState, answerer.connectionState]
        finally:
            await asyncio.gather(offerer.close(), answerer.close())

    assert asyncio.run(both()) == ["connected", "connected"]


def test_javascript_clients_connect_even_if_the_channel_is_too_full_for_late_candidates(url: Url) -> None:
    script = str(Path(__file__).with_name("full-channel.mjs"))

    run = subprocess.run(["node", script, url.address], capture_output=True, text=True, timeout=100, check=False)

    assert run.returncode == 0, run.stderr
    said = json.loads(run.stdout)
    assert said == {"connected": ["v=0 offer 0", "v=0 answer 0"], "skipped": [REFUSAL, REFUSAL]}
