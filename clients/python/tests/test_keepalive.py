"""The keepalives of a waiting offer, tested with simulated sockets. tests/network uses real sockets behind a NAT."""

import asyncio
import socket
from typing import Any

import pytest

from peerpost import keepalive
from peerpost.keepalive import kept_alive

SERVER = ("127.0.0.1", 3478)
BINDING_REQUEST = bytes.fromhex("000100002112a442")


class Transport:
    """A transport of aioice. `family` is None if it goes through a TURN server."""

    def __init__(self, family: socket.AddressFamily | None, *, is_closing: bool = False) -> None:
        self.sent: list[tuple[bytes, object]] = []
        self.was_used = asyncio.Event()
        self._socket = None if family is None else Part(family=family)
        self._is_closing = is_closing

    def get_extra_info(self, name: str) -> object:
        assert name == "socket"
        return self._socket

    def is_closing(self) -> bool:
        return self._is_closing

    def sendto(self, data: bytes, address: object) -> None:
        self.sent.append((data, address))
        self.was_used.set()


class Part:
    """A part of a connection, with any attributes."""

    def __init__(self, **attributes: object) -> None:
        vars(self).update(attributes)


def peer_with(gatherer: Part) -> Any:
    """A connection with one data channel, whose ICE gatherer is this one."""
    ice = Part(iceGatherer=gatherer)
    return Part(sctp=Part(transport=Part(transport=ice)), getTransceivers=list)


def gatherer_of(*transports: Transport, server: object = SERVER) -> Part:
    protocols = [Part(transport=transport) for transport in transports]
    return Part(_connection=Part(stun_server=server, _protocols=protocols))


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keepalive, "KEEPALIVE_SECONDS", 0.001)


def test_the_stun_server_is_asked_again_and_again_from_each_ipv4_socket() -> None:
    async def run() -> None:
        one, other = Transport(socket.AF_INET), Transport(socket.AF_INET)
        silent = [Transport(socket.AF_INET6), Transport(None), Transport(socket.AF_INET, is_closing=True)]
        async with kept_alive(peer_with(gatherer_of(one, *silent, other))):
            for _ in range(3):
                other.was_used.clear()
                await other.was_used.wait()

        assert len(one.sent) == len(other.sent) >= 3
        assert [each.sent for each in silent] == [[], [], []]
        assert all(len(data) == 20 and data.startswith(BINDING_REQUEST) for data, _ in one.sent)
        assert {address for _, address in one.sent} == {SERVER}
        assert len({data for data, _ in one.sent}) == len(one.sent)

    asyncio.run(run())


def test_nothing_is_sent_after_the_wait() -> None:
    async def run() -> None:
        transport = Transport(socket.AF_INET)
        async with kept_alive(peer_with(gatherer_of(transport))):
            await transport.was_used.wait()

        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(run())


@pytest.mark.parametrize(
    "gatherer",
    [
        Part(),
        Part(_connection=Part()),
        Part(_connection=Part(stun_server=SERVER)),
        gatherer_of(server=None),
        gatherer_of(server="stun.example"),
    ],
    ids=["no agent", "an empty agent", "no protocols", "no STUN server", "a STUN server in another form"],
)
def test_with_another_version_of_aiortc_a_peer_waits_without_keepalives(gatherer: Part) -> None:
    async def wait() -> str:
        async with kept_alive(peer_with(gatherer)):
            await asyncio.sleep(0.05)
            return "the answer"

    assert asyncio.run(wait()) == "the answer"
