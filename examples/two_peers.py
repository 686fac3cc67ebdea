"""Two aiortc peers, in two processes, that share only the id of a channel.

    python examples/two_peers.py [URL]

The offerer opens a channel and starts the answerer with the channel's id, as if somebody had sent a link.
Once they are connected, they talk directly: the messages that they print have arrived through their data channel.
"""

import argparse
import asyncio
import sys

import httpx
from aiortc import RTCConfiguration, RTCDataChannel, RTCPeerConnection, RTCSessionDescription

POLL_SECONDS = 0.1
PATIENCE_SECONDS = 60


class Refusal(Exception):
    """The server refused the request. The text is its reason."""


async def call(http: httpx.AsyncClient, method: str, **fields: str) -> dict[str, str]:
    reply = await http.post("", json={"method": method, **fields})
    if reply.status_code == httpx.codes.BAD_REQUEST:
        raise Refusal(reply.text)
    reply.raise_for_status()
    result: dict[str, str] = reply.json()
    return result


async def poll(http: httpx.AsyncClient, method: str, channel_id: str) -> dict[str, str]:
    """Ask again until the other peer has written."""
    while True:
        try:
            return await call(http, method, channel_id=channel_id)
        except Refusal as refusal:
            if "yet" not in str(refusal):
                raise
        await asyncio.sleep(POLL_SECONDS)


def new_peer() -> RTCPeerConnection:
    # Both peers are on this machine. Across networks they need STUN servers here, and some need TURN.
    return RTCPeerConnection(RTCConfiguration(iceServers=[]))


async def offer(http: httpx.AsyncClient, channel_id: str, message: str) -> str:
    """Offer a data channel, send a message once it is open, and return the reply."""
    peer = new_peer()
    data_channel = peer.createDataChannel("chat")
    received: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    data_channel.on("open", lambda: data_channel.send(message))
    data_channel.on("message", received.set_result)

    await peer.setLocalDescription(await peer.createOffer())  # This also adds aiortc's candidates to the offer.
    await call(http, "create_offer", channel_id=channel_id, offer=peer.localDescription.sdp)
    answer = (await poll(http, "get_answer", channel_id))["answer"]
    await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    reply = await asyncio.wait_for(received, PATIENCE_SECONDS)
    await peer.close()
    return reply


async def answer(http: httpx.AsyncClient, channel_id: str) -> str:
    """Answer the offer in a channel, reply to the first message, and return it."""
    peer = new_peer()
    received: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    closed = asyncio.Event()

    @peer.on("datachannel")
    def on_data_channel(data_channel: RTCDataChannel) -> None:
        @data_channel.on("message")
        def on_message(message: str) -> None:
            data_channel.send(f"I heard: {message}")
            received.set_result(message)

        data_channel.on("close", closed.set)

    offer = (await poll(http, "get_offer", channel_id))["offer"]
    await peer.setRemoteDescription(RTCSessionDescription(offer, "offer"))
    await peer.setLocalDescription(await peer.createAnswer())
    await call(http, "create_answer", channel_id=channel_id, answer=peer.localDescription.sdp)

    message = await asyncio.wait_for(received, PATIENCE_SECONDS)
    await asyncio.wait_for(closed.wait(), PATIENCE_SECONDS)
    await peer.close()
    return message


async def run_offerer(url: str) -> None:
    async with httpx.AsyncClient(base_url=url, timeout=30) as http:
        channel_id = (await call(http, "create_data_channel"))["channel_id"]
        print(f"offerer: opened channel {channel_id}", flush=True)
        answerer = await asyncio.create_subprocess_exec(sys.executable, __file__, url, "--channel", channel_id)
        reply = await offer(http, channel_id, "hello over the data channel")
        print(f"offerer: the answerer replied {reply!r}", flush=True)
        if await answerer.wait():
            raise SystemExit("the answerer failed")


async def run_answerer(url: str, channel_id: str) -> None:
    async with httpx.AsyncClient(base_url=url, timeout=30) as http:
        message = await answer(http, channel_id)
        print(f"answerer: received {message!r}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "url", nargs="?", default="http://127.0.0.1:8000/", help="the server's URL (default: %(default)s)"
    )
    parser.add_argument("--channel", help="answer the offer in this channel, instead of opening one")
    arguments = parser.parse_args()
    try:
        asyncio.run(run_answerer(arguments.url, arguments.channel) if arguments.channel else run_offerer(arguments.url))
    except httpx.TransportError:
        raise SystemExit(f"no reply from {arguments.url}: `make run` starts a server") from None
    except httpx.HTTPStatusError as error:
        raise SystemExit(f"{arguments.url} is not a Peerpost server: it replied {error.response.status_code}") from None
    except Refusal as refusal:
        raise SystemExit(f"{arguments.url} refused the request: {refusal}") from None


if __name__ == "__main__":
    main()
