"""One of two peers, in a separate process: it connects, says hello, and prints what it received.

python peer.py connect|signaling|file SERVER sealed|plain|LINK
"""

import asyncio
import hashlib
import os
import sys

from aiortc import RTCConfiguration, RTCDataChannel, RTCIceCandidate, RTCPeerConnection, RTCSessionDescription

from peerpost import BYE, Link, Signaling, connect, new_key

FILE_PIECES = 128


def tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def with_connect(peer: RTCPeerConnection, server: str, link: Link | None, key: bytes | None) -> None:
    heard: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    closed = asyncio.Event()
    if link:

        @peer.on("datachannel")
        def on_data_channel(chat: RTCDataChannel) -> None:
            chat.on("message", heard.set_result)
            chat.on("close", closed.set)
            chat.send("hello from the answerer")

        await connect(peer, server, link.channel_id, key=link.key)
        tell(await heard)
        await closed.wait()
    else:
        chat = peer.createDataChannel("chat")
        chat.on("open", lambda: chat.send("hello from the offerer"))
        chat.on("message", heard.set_result)
        await connect(peer, server, key=key, on_channel=lambda channel_id: tell(str(Link(channel_id, key))))
        tell(await heard)


async def with_signaling(peer: RTCPeerConnection, server: str, link: Link | None, key: bytes | None) -> None:
    """Do what aiortc's examples do: the role decides who offers, and a loop handles the rest until BYE."""
    signaling = signaling_of(server, link, key)
    await signaling.connect()

    if link:

        @peer.on("datachannel")
        def on_data_channel(chat: RTCDataChannel) -> None:
            @chat.on("message")
            async def on_message(message: str) -> None:
                tell(message)
                await signaling.send(BYE)

            chat.send("hello from the answerer")

    else:
        chat = peer.createDataChannel("chat")
        chat.on("open", lambda: chat.send("hello from the offerer"))
        chat.on("message", tell)
        await peer.setLocalDescription(await peer.createOffer())
        await signaling.send(peer.localDescription)

    await consume(peer, signaling)
    await signaling.close()


async def with_a_file(peer: RTCPeerConnection, server: str, link: Link | None, key: bytes | None) -> None:
    """Send a file as aiortc's datachannel-filexfer does. It closes the connection first, and the signaling last."""
    signaling = signaling_of(server, link, key)
    await signaling.connect()
    checksum = hashlib.sha256()

    if link:

        @peer.on("datachannel")
        def on_data_channel(channel: RTCDataChannel) -> None:
            @channel.on("message")
            async def on_message(piece: bytes) -> None:
                checksum.update(piece)
                if not piece:
                    await signaling.send(BYE)

    else:
        pieces = [os.urandom(16_384) for _ in range(FILE_PIECES)] + [b""]
        checksum.update(b"".join(pieces))
        channel = peer.createDataChannel("file")

        def send() -> None:
            while pieces and channel.bufferedAmount <= channel.bufferedAmountLowThreshold:
                channel.send(pieces.pop(0))

        channel.on("open", send)
        channel.on("bufferedamountlow", send)
        await peer.setLocalDescription(await peer.createOffer())
        await signaling.send(peer.localDescription)

    await consume(peer, signaling)
    tell(checksum.hexdigest())
    await peer.close()
    await signaling.close()


def signaling_of(server: str, link: Link | None, key: bytes | None) -> Signaling:
    if link:
        return Signaling(server, link.channel_id, key=link.key)
    return Signaling(server, key=key, on_channel=lambda channel_id: tell(str(Link(channel_id, key))))


async def consume(peer: RTCPeerConnection, signaling: Signaling) -> None:
    while True:
        message = await signaling.receive()
        if isinstance(message, RTCSessionDescription):
            await peer.setRemoteDescription(message)
            if message.type == "offer":
                await peer.setLocalDescription(await peer.createAnswer())
                await signaling.send(peer.localDescription)
        elif isinstance(message, RTCIceCandidate):
            await peer.addIceCandidate(message)
        elif message is BYE:
            tell("BYE")
            return


WAYS = {"connect": with_connect, "signaling": with_signaling, "file": with_a_file}


async def main(way: str, server: str, given: str) -> None:
    link = Link.parse(given) if given not in ("sealed", "plain") else None
    key = new_key() if given == "sealed" else None
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    try:
        await WAYS[way](peer, server, link, key)
    finally:
        await peer.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
