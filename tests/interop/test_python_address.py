"""Browsers and aiortc meet at an address, with either of them as the host."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import aclosing
from typing import Any

import pytest
from aiortc import RTCConfiguration, RTCDataChannel, RTCPeerConnection
from peerpost import Address, Link, connect, listen, new_guest_id
from peerpost.sealing import key_from_text, key_to_text

from harness.browsers import Browser, Page
from harness.front import Front
from tests.interop.test_python import PATIENCE_SECONDS, in_page

PAIRS = 10
ASKS_NOBODY = RTCConfiguration(iceServers=[])


@pytest.fixture(params=["chromium", "firefox"])
def page(request: pytest.FixtureRequest, page_url: str) -> Iterator[Page]:
    browser: Browser = request.getfixturevalue(request.param)
    with browser.profile() as profile:
        yield profile.open(page_url.replace("peer.html", "address.html"))


class Guests:
    """Makes connections that send the guest's name, and keeps the host's welcome."""

    def __init__(self, name: str) -> None:
        self.welcome: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._name = name

    def __call__(self, _: RTCConfiguration) -> RTCPeerConnection:
        peer = RTCPeerConnection(ASKS_NOBODY)

        @peer.on("datachannel")
        def on_data_channel(chat: RTCDataChannel) -> None:
            chat.on("message", self.welcome.set_result)
            chat.send(self._name)

        return peer


def hosts_connection(_: RTCConfiguration) -> RTCPeerConnection:
    """A connection that welcomes its guest by name."""
    peer = RTCPeerConnection(ASKS_NOBODY)
    chat = peer.createDataChannel("chat")
    chat.on("message", lambda name: chat.send(f"welcome, {name}"))
    return peer


def within_time(meeting: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(meeting, PATIENCE_SECONDS))


def test_guests_in_python_connect_to_a_host_in_a_browser_and_one_of_them_returns(page: Page, front: Front) -> None:
    async def meet() -> None:
        address = await in_page(page, "listen", {"server": front.url})
        link = Link(address["addressId"], key_from_text(address["key"]), is_address=True)
        same = new_guest_id()
        for name, guest in (("Ann", same), ("Ben", new_guest_id()), ("Ann again", same)):
            guests = Guests(name)
            peer = await connect(guests, front.url, link, guest=guest)
            assert await guests.welcome == f"welcome, {name}"
            await peer.close()
        arrivals = await in_page(page, "arrivals", 3)
        assert [each["guest"] == same for each in arrivals] == [True, False, True]
        assert [each["isBack"] for each in arrivals] == [False, False, True]

    within_time(meet())


def test_pairs_of_simultaneous_guests_in_a_browser_connect_to_a_host_in_python(page: Page, front: Front) -> None:
    async def meet() -> None:
        addresses: asyncio.Queue[Address] = asyncio.Queue()
        peers = listen(front.url, new_connection=hosts_connection, on_link=addresses.put_nowait)
        guests = set()
        async with aclosing(peers):
            coming = asyncio.create_task(anext(peers))
            address = await asyncio.wait_for(addresses.get(), PATIENCE_SECONDS)
            link = {"server": front.url, "addressId": address.address_id, "key": key_to_text(address.key)}
            for _ in range(PAIRS):
                async with asyncio.timeout(PATIENCE_SECONDS):
                    visiting = asyncio.create_task(in_page(page, "visitTogether", link, new_guest_id(), new_guest_id()))
                    for _ in range(2):
                        peer = await coming
                        guests.add(peer.guest)
                        coming = asyncio.create_task(anext(peers))
                    await visiting
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)
        assert len(guests) == 2 * PAIRS

    asyncio.run(meet())
