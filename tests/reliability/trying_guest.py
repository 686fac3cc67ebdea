"""The guests of an address, in a process that a test can kill: `python -m tests.reliability.trying_guest LINK`.

Each line of its standard input is a guest id: this guest connects, and the guest before it leaves. When `connect` has
returned, it prints the guest id and "connected". When the host has welcomed the guest, it prints "welcomed", too, and
the guest leaves.
"""

import asyncio
import json
import sys

from aiortc import RTCConfiguration, RTCDataChannel, RTCPeerConnection
from peerpost import Link, connect

ASKS_NOBODY = RTCConfiguration(iceServers=[])


class Visit:
    """One guest's stay."""

    def __init__(self, link: Link, guest: str) -> None:
        self._link = link
        self._guest = guest
        self._welcome = asyncio.Event()

    async def run(self) -> None:
        assert self._link.server is not None
        connection = await connect(self._new_connection, self._link.server, self._link, guest=self._guest)
        try:
            self._say("connected")
            await self._welcome.wait()
            self._say("welcomed")
        finally:
            await connection.close()

    def _new_connection(self, _: RTCConfiguration) -> RTCPeerConnection:
        connection = RTCPeerConnection(ASKS_NOBODY)

        @connection.on("datachannel")
        def on_data_channel(chat: RTCDataChannel) -> None:
            @chat.on("message")
            def on_message(_: str) -> None:
                self._welcome.set()

        return connection

    def _say(self, state: str) -> None:
        print(json.dumps({"guest": self._guest, "state": state}), flush=True)


async def run(link: Link) -> None:
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    visiting = None
    while guest := (await lines.readline()).decode().strip():
        if visiting is not None:
            visiting.cancel()
        visiting = asyncio.create_task(Visit(link, guest).run())


if __name__ == "__main__":
    asyncio.run(run(Link.parse(sys.argv[1])))
