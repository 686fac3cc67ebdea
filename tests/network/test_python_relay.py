"""aiortc peers that reach each other by the operator's TURN server alone, where channels need an access key."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from aiortc import RTCConfiguration, RTCDataChannel, RTCIceTransportPolicy, RTCPeerConnection
from mypy_boto3_dynamodb import DynamoDBClient
from peerpost import ConnectionFailedError, connect, new_key

from app import create_app
from chalicelib.access_keys import AccessKeys
from chalicelib.channels import Channels
from chalicelib.function_url import lambda_handler
from chalicelib.ice_servers import IceServers
from harness.coturn import TurnServer, coturn
from harness.engines import ROOT
from harness.front import Front, front_of
from harness.namespaces import Host, two_hosts
from harness.ssm import KEY, digest

PATIENCE_SECONDS = 30
FILE_BYTES = 3_000_000


@pytest.fixture
def turn(tmp_path: Path) -> Iterator[TurnServer]:
    with coturn(tmp_path) as server:
        yield server


@contextmanager
def operated(client: DynamoDBClient, table: str, urls: list[str], secret: str) -> Iterator[Front]:
    """Run a server whose operator wants an access key, and has TURN servers."""
    channels = Channels(client, table)
    ice_servers = IceServers([], urls, lambda: secret)
    keys = AccessKeys(lambda: digest(KEY))
    with front_of(lambda_handler(create_app(lambda: channels, access_keys=keys, ice_servers=ice_servers))) as front:
        yield front


def relayed(configuration: RTCConfiguration) -> RTCPeerConnection:
    return RTCPeerConnection(replace(configuration, iceTransportPolicy=RTCIceTransportPolicy.RELAY))


async def talk(server: str, timeout: float) -> list[str]:
    """Connect two peers that use a relay or nothing, send a message each way, and return what arrived."""
    heard: asyncio.Queue[str] = asyncio.Queue()
    channel_id: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    key = new_key()

    def offerer(configuration: RTCConfiguration) -> RTCPeerConnection:
        peer = relayed(configuration)
        chat = peer.createDataChannel("chat")
        chat.on("open", lambda: chat.send("from the offerer"))
        chat.on("message", heard.put_nowait)
        return peer

    def answerer(configuration: RTCConfiguration) -> RTCPeerConnection:
        peer = relayed(configuration)

        @peer.on("datachannel")
        def greet(chat: RTCDataChannel) -> None:
            chat.on("message", heard.put_nowait)
            chat.send("from the answerer")

        return peer

    offering = asyncio.create_task(
        connect(offerer, server, key=key, access_key=KEY, on_channel=channel_id.set_result, timeout=timeout)
    )
    answering = asyncio.create_task(connect(answerer, server, await channel_id, key=key, timeout=timeout))
    try:
        await asyncio.gather(offering, answering)
        return sorted([await heard.get(), await heard.get()])
    finally:
        done, _ = await asyncio.wait([offering, answering])
        await asyncio.gather(*(task.result().close() for task in done if not task.exception()))


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_two_peers_talk_over_the_relay_alone(
    real_client: DynamoDBClient, real_table: str, turn: TurnServer, transport: str
) -> None:
    url = f"turn:127.0.0.1:{turn.port}?transport={transport}"
    with operated(real_client, real_table, [url], turn.secret) as front:
        heard = asyncio.run(talk(front.url, timeout=PATIENCE_SECONDS))

    assert heard == ["from the answerer", "from the offerer"]
    assert front.exchange == {
        "create_data_channel": 1,
        "create_offer": 1,
        "get_offer": 1,
        "create_answer": 1,
        "get_answer": 1,
    }


def test_a_credential_of_another_secret_is_a_connection_that_fails(
    real_client: DynamoDBClient, real_table: str, turn: TurnServer
) -> None:
    """So that the others show what they say: nothing but the relay connects such peers."""
    with (
        operated(real_client, real_table, [turn.url], "another secret") as front,
        pytest.raises(ConnectionFailedError),
    ):
        asyncio.run(talk(front.url, timeout=1))


@contextmanager
def peerpost(host: Host, *arguments: object, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """Run the command line on a host; the process is killed at the end, if it is still there."""
    with subprocess.Popen(
        [*host.entry, sys.executable, "-m", "peerpost", *map(str, arguments), "--quiet"],
        env={"PYTHONPATH": str(ROOT / "clients/python/src"), "PATH": "/usr/bin:/bin"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_file_crosses_between_two_hosts_without_a_network(
    real_client: DynamoDBClient, real_table: str, turn: TurnServer, tmp_path: Path
) -> None:
    """Each reaches the server and the TURN server over TCP, and nothing else; and only the sender has an access key."""
    content = bytes(range(256)) * (FILE_BYTES // 256)
    (tmp_path / "film.bin").write_bytes(content)
    url = f"turn:127.0.0.1:{turn.port}?transport=tcp"

    with operated(real_client, real_table, [url], turn.secret) as front, two_hosts(0) as hosts, ExitStack() as stack:
        for host in hosts:
            for port in (turn.port, urlsplit(front.url).port):
                assert port
                stack.enter_context(host.reach(port))
        sending = peerpost(hosts[0], "send", tmp_path / "film.bin", "--server", front.url, PEERPOST_ACCESS_KEY=KEY)
        sender = stack.enter_context(sending)
        assert sender.stdout
        link = sender.stdout.readline().strip()
        receiver = stack.enter_context(peerpost(hosts[1], "receive", link, "--output", tmp_path / "copy.bin"))
        received, sent = (process.communicate(timeout=PATIENCE_SECONDS) for process in (receiver, sender))

    assert (received, sent) == (("", ""), ("", ""))
    assert (tmp_path / "copy.bin").read_bytes() == content
    assert KEY not in link
