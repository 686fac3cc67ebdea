"""aiortc peers that connect only through the operator's TURN server, on a server that requires access keys."""

import asyncio
import re
from dataclasses import replace

import pytest
from aiortc import RTCConfiguration, RTCDataChannel, RTCIceTransportPolicy, RTCPeerConnection
from mypy_boto3_dynamodb import DynamoDBClient
from peerpost import ConnectionFailedError, connect, new_key

from harness.coturn import TurnServer
from harness.servers import operated_front
from harness.ssm import KEY

# No test takes a tenth of this, even on a busy machine.
PATIENCE_SECONDS = 60


Peers = list[RTCPeerConnection]


def candidate_types(peer: RTCPeerConnection) -> set[str]:
    return set(re.findall(r"a=candidate:.* typ (\w+)", peer.localDescription.sdp))


async def talk(server: str, timeout: float, peers: Peers) -> list[str]:
    """Connect two peers that may use only a relay, send a message each way, and return what arrived.

    Add the connections to `peers`.
    """
    heard: asyncio.Queue[str] = asyncio.Queue()
    channel_id: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    key = new_key()

    def relayed(configuration: RTCConfiguration) -> RTCPeerConnection:
        peer = RTCPeerConnection(replace(configuration, iceTransportPolicy=RTCIceTransportPolicy.RELAY))
        peers.append(peer)
        return peer

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


@pytest.mark.usefixtures("slow_python")
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_two_peers_exchange_messages_through_the_relay_only(
    real_client: DynamoDBClient, real_table: str, turn: TurnServer, transport: str
) -> None:
    peers: Peers = []
    url = f"turn:127.0.0.1:{turn.port}?transport={transport}"
    with operated_front(real_client, real_table, [url], turn.secret) as front:
        heard = asyncio.run(talk(front.url, PATIENCE_SECONDS, peers))

    assert [candidate_types(peer) for peer in peers] == [{"relay"}, {"relay"}]
    assert heard == ["from the answerer", "from the offerer"]
    assert front.exchange == {
        "create_data_channel": 1,
        "create_offer": 1,
        "get_offer": 1,
        "create_answer": 1,
        "get_answer": 1,
    }


def test_a_turn_credential_signed_with_another_secret_cannot_connect(
    real_client: DynamoDBClient, real_table: str, turn: TurnServer
) -> None:
    """This shows that in the test above nothing but the relay connects the peers."""
    peers: Peers = []
    with (
        operated_front(real_client, real_table, [turn.url], "another secret") as front,
        pytest.raises(ConnectionFailedError),
    ):
        asyncio.run(talk(front.url, 1, peers))

    # However long they had tried, they could not have connected.
    assert [candidate_types(peer) for peer in peers] == [set(), set()]
