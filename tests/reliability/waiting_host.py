"""The host of an address, in a process that a test can kill: `python -m tests.reliability.waiting_host URL [ADDRESS]`.

It prints one JSON object a line: its address, as it can be passed to the next host, and then the id of each guest.
It says "welcome" to each guest over their data channel, and closes the connection when the guest has left.
"""

import asyncio
import json
import sys

from aiortc import RTCConfiguration, RTCDataChannel, RTCPeerConnection
from peerpost import Address, Peer, listen
from peerpost.sealing import key_from_text, key_to_text

ASKS_NOBODY = RTCConfiguration(iceServers=[])


class Host:
    def __init__(self) -> None:
        self._chats: dict[RTCPeerConnection, RTCDataChannel] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, url: str, resume: Address | None) -> None:
        async for peer in listen(url, new_connection=self._new_connection, resume=resume, on_link=say_address):
            say(guest=peer.guest)
            task = asyncio.create_task(self._receive(peer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _new_connection(self, _: RTCConfiguration) -> RTCPeerConnection:
        connection = RTCPeerConnection(ASKS_NOBODY)
        self._chats[connection] = connection.createDataChannel("chat")
        return connection

    async def _receive(self, peer: Peer) -> None:
        connection, chat = peer.connection, self._chats.pop(peer.connection)
        has_left = asyncio.Event()

        def look() -> None:
            if connection.connectionState in ("closed", "failed"):
                has_left.set()

        connection.on("connectionstatechange", look)
        if chat.readyState == "open":
            chat.send("welcome")
        else:
            chat.on("open", lambda: chat.send("welcome"))
        look()
        await has_left.wait()
        await connection.close()


def say(**words: str) -> None:
    print(json.dumps(words), flush=True)


def say_address(address: Address) -> None:
    say(address_id=address.address_id, key=key_to_text(address.key), owner=address.owner)


def address_in(text: str) -> Address:
    words = json.loads(text)
    return Address(words["address_id"], key_from_text(words["key"]), words["owner"])


if __name__ == "__main__":
    url, *earlier = sys.argv[1:]
    asyncio.run(Host().run(url, address_in(earlier[0]) if earlier else None))
