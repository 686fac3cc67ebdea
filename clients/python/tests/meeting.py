"""Hosts and guests of addresses in one process, with real connections and a server in memory."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import Any

from aiortc import RTCConfiguration, RTCPeerConnection

from memory_server import MemoryServer
from peerpost import Address, Link, Peer, Sealer, connect, listen
from peerpost.address import GuestAnswer, Pointer

ASKS_NOBODY = RTCConfiguration(iceServers=[])


class Connections:
    """Makes connections that ask no ICE server, and closes them all at the end."""

    def __init__(self) -> None:
        self.made: list[RTCPeerConnection] = []

    def __call__(self, _: RTCConfiguration | None = None) -> RTCPeerConnection:
        peer = RTCPeerConnection(ASKS_NOBODY)
        peer.createDataChannel("chat")
        self.made.append(peer)
        return peer

    async def close(self) -> None:
        await asyncio.gather(*(peer.close() for peer in self.made))


class Host:
    """A program that listens. `links` are its addresses, `steps` its progress, and `peers` its guests."""

    def __init__(self, server: MemoryServer, connections: Connections, **options: Any) -> None:
        self.peers: list[Peer] = []
        self.addresses: list[Address] = []
        self.steps: list[str] = []
        self._news = asyncio.Condition()
        self._peers = listen(
            server.client(),
            on_link=self.addresses.append,
            on_progress=self.steps.append,
            **{"new_connection": connections} | options,
        )
        self.task = asyncio.create_task(self._serve())

    @property
    def address(self) -> Address:
        return self.addresses[-1]

    @property
    def link(self) -> Link:
        return self.address.link()

    async def until(self, is_so: Callable[["Host"], bool]) -> None:
        """Return once the condition is true. Raise the error of `listen` if `listen` ends first."""
        while not is_so(self):
            if self.task.done():
                self.task.result()
            await asyncio.sleep(0.01)

    async def until_open(self, doors: int = 1) -> None:
        await self.until(lambda host: host.steps.count("waiting") >= doors)

    async def until_guests(self, count: int) -> None:
        await self.until(lambda host: len(host.peers) >= count)

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    async def _serve(self) -> None:
        async with aclosing(self._peers) as peers:
            async for peer in peers:
                self.peers.append(peer)


class Meeting:
    """A server, its hosts, and the connections of its hosts and guests."""

    def __init__(self, server: MemoryServer) -> None:
        self.server = server
        self.connections = Connections()
        self.hosts: list[Host] = []

    def host(self, **options: Any) -> Host:
        host = Host(self.server, self.connections, **options)
        self.hosts.append(host)
        return host

    async def guest(self, link: Link, **options: Any) -> RTCPeerConnection:
        return await connect(self.connections, self.server.client(), link, **options)

    def pointer(self, address: Address) -> Pointer:
        """The current pointer of an address."""
        text = self.server.channels[address.address_id].offer
        assert text is not None
        return Pointer.open(text, Sealer(address.key))

    async def answer(self, pointer: Pointer, text: str | GuestAnswer) -> None:
        """Write an answer to a door, sealed as a guest seals its answer."""
        text = text if isinstance(text, str) else text.to_json()
        await self.server.client().create_answer(pointer.door, Sealer(pointer.key).seal(text, "guest"))


@asynccontextmanager
async def meeting(server: MemoryServer | None = None) -> AsyncIterator[Meeting]:
    async with AsyncExitStack() as stack:
        result = Meeting(server or MemoryServer())
        stack.push_async_callback(result.server.http.aclose)
        stack.push_async_callback(result.connections.close)
        try:
            yield result
        finally:
            for host in result.hosts:
                await host.stop()
