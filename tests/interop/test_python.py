"""Chromium connects to aiortc: the JavaScript client with the Python client, with and without sealing."""

import asyncio
import base64
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

import pytest
from aiortc import RTCConfiguration, RTCDataChannel, RTCPeerConnection
from peerpost import TamperedError, connect, new_key

from harness.browsers import Page, PageError
from harness.front import Front

# No test takes a tenth of this, even on a busy machine.
PATIENCE_SECONDS = 60
FOUR_REQUESTS = {"create_data_channel": 1, "get_offer": 1, "create_answer": 1, "get_answer": 1}


class AiortcPeer:
    """An aiortc peer with the same methods as a page. Its messages cross the data channel `chat`."""

    def __init__(self) -> None:
        # Both peers are on this machine.
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.channel_id: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._chat: asyncio.Future[RTCDataChannel] = asyncio.get_running_loop().create_future()
        self._messages: asyncio.Queue[str] = asyncio.Queue()

    async def offer(self, server: str, key: bytes | None) -> None:
        chat = self.connection.createDataChannel("chat")
        chat.on("open", lambda: self._chat.set_result(chat))
        chat.on("message", self._messages.put_nowait)
        await connect(self.connection, server, key=key, on_channel=self.channel_id.set_result)

    async def answer(self, server: str, channel_id: str, key: bytes | None) -> None:
        self.connection.on("datachannel", self._use)
        await connect(self.connection, server, channel_id, key=key)

    def _use(self, chat: RTCDataChannel) -> None:
        chat.on("message", self._messages.put_nowait)
        self._chat.set_result(chat)

    async def greet(self) -> str:
        """Send a message, and return the message that arrives."""
        (await self._chat).send("hello from Python")
        return await self._messages.get()


@dataclass(frozen=True)
class Talk:
    """The message that each side received from the other."""

    in_python: str
    in_the_page: str


HEARD = Talk("hello from JavaScript", "hello from Python")


async def in_page(page: Page, name: str, *values: object) -> Any:
    return await asyncio.wrap_future(page.begin(name, *values))


def options(server: str, key: bytes | None) -> dict[str, str]:
    """Return the options for a page. JavaScript takes the key as base64url, as it is in a link."""
    return {"server": server} | ({"key": base64.urlsafe_b64encode(key).rstrip(b"=").decode()} if key else {})


async def talk(page: Page, peer: AiortcPeer) -> Talk:
    await in_page(page, "connected")
    await in_page(page, "send", "hello from JavaScript")
    return Talk(await peer.greet(), await in_page(page, "receive"))


async def python_offers(page: Page, server: str, key: bytes | None = None) -> Talk:
    peer = AiortcPeer()
    try:
        offering = asyncio.create_task(peer.offer(server, key))
        channel_id = await peer.channel_id
        await in_page(page, "answer", options(server, key) | {"channelId": channel_id})
        await offering
        return await talk(page, peer)
    finally:
        await peer.connection.close()


async def the_page_offers(page: Page, server: str, key: bytes | None = None) -> Talk:
    peer = AiortcPeer()
    try:
        channel_id = await in_page(page, "offer", options(server, key))
        await peer.answer(server, channel_id, key)
        return await talk(page, peer)
    finally:
        await peer.connection.close()


async def two_aiortc_peers(server: str) -> Talk:
    one, other = AiortcPeer(), AiortcPeer()
    try:
        offering = asyncio.create_task(one.offer(server, None))
        await other.answer(server, await one.channel_id, None)
        await offering
        heard = await asyncio.gather(one.greet(), other.greet())
        return Talk(*heard)
    finally:
        await asyncio.gather(one.connection.close(), other.connection.close())


def within_time(exchange: Awaitable[Talk]) -> Talk:
    return asyncio.run(asyncio.wait_for(exchange, PATIENCE_SECONDS))


@pytest.mark.parametrize("exchange", [python_offers, the_page_offers])
def test_chromium_and_aiortc_exchange_messages(chromium_page: Page, front: Front, exchange: Any) -> None:
    heard = within_time(exchange(chromium_page, front.url))

    assert heard == HEARD


@pytest.mark.usefixtures("slow_python")
@pytest.mark.parametrize("exchange", [python_offers, the_page_offers])
def test_ready_chromium_and_aiortc_peers_connect_with_four_requests_and_no_preflight(
    chromium_page: Page, front: Front, exchange: Any
) -> None:
    chromium_page.slow_time_down()

    within_time(exchange(chromium_page, front.url))

    assert front.exchange == FOUR_REQUESTS
    assert set(front.verbs) == {"POST"}


@pytest.mark.usefixtures("slow_python")
def test_two_ready_aiortc_peers_connect_with_four_requests_and_one_that_deletes_the_channel(front: Front) -> None:
    within_time(two_aiortc_peers(front.url))

    assert front.exchange == FOUR_REQUESTS
    assert front.verbs == {"POST": 5}


@pytest.mark.parametrize("exchange", [python_offers, the_page_offers])
def test_javascript_and_python_connect_sealed_and_the_server_can_read_nothing(
    chromium_page: Page, front: Front, exchange: Any
) -> None:
    """Both clients implement the same envelope. A difference of one byte would cause a TamperedError."""
    heard = within_time(exchange(chromium_page, front.url, new_key()))

    assert heard == HEARD
    seen = " ".join(front.bodies)
    assert [word for word in ("v=0", "fingerprint", "candidate:", "ice-pwd") if word in seen] == []


def test_python_rejects_an_offer_that_javascript_sealed_with_another_key(chromium_page: Page, front: Front) -> None:
    async def exchange() -> None:
        peer = AiortcPeer()
        try:
            channel_id = await in_page(chromium_page, "offer", options(front.url, new_key()))
            await peer.answer(front.url, channel_id, new_key())
        finally:
            await peer.connection.close()

    with pytest.raises(TamperedError, match="the offer was tampered with, or sealed with another key"):
        asyncio.run(exchange())


def test_javascript_rejects_an_offer_that_python_sealed_with_another_key(chromium_page: Page, front: Front) -> None:
    async def exchange() -> None:
        peer = AiortcPeer()
        offering = asyncio.create_task(peer.offer(front.url, new_key()))
        try:
            channel_id = await peer.channel_id
            await in_page(chromium_page, "answer", options(front.url, new_key()) | {"channelId": channel_id})
            await in_page(chromium_page, "connected")
        finally:
            offering.cancel()
            await asyncio.wait([offering])
            await peer.connection.close()

    with pytest.raises(PageError, match="TamperedError: the offer was tampered with, or sealed with another key"):
        asyncio.run(exchange())
