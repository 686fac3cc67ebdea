"""Chromium and aiortc: a track that is added after both are connected."""

import asyncio
from typing import Any

import pytest
from aiortc import MediaStreamTrack

from harness.browsers import Page
from harness.front import Front
from tests.interop.test_python import FOUR_REQUESTS, PATIENCE_SECONDS, AiortcPeer, in_page, options


async def python_offers(peer: AiortcPeer, page: Page, server: str) -> None:
    offering = asyncio.create_task(peer.offer(server, None))
    await in_page(page, "answer", options(server, None) | {"channelId": await peer.channel_id})
    await offering


async def the_page_offers(peer: AiortcPeer, page: Page, server: str) -> None:
    await peer.answer(server, await in_page(page, "offer", options(server, None)), None)


async def add_a_track(exchange: Any, page: Page, server: str) -> tuple[str, str]:
    """Return the type of the frame that aiortc received, and the signaling state of the page."""
    peer = AiortcPeer()
    tracks: asyncio.Queue[MediaStreamTrack] = asyncio.Queue()
    peer.connection.on("track", tracks.put_nowait)
    try:
        await exchange(peer, page, server)
        await in_page(page, "connected")
        await in_page(page, "addTrack")
        await in_page(page, "until", "renegotiated")
        frame = await (await tracks.get()).recv()
        return type(frame).__name__, await in_page(page, "signalingState")
    finally:
        await peer.connection.close()


@pytest.mark.usefixtures("slow_python")
@pytest.mark.parametrize("exchange", [python_offers, the_page_offers])
def test_aiortc_receives_a_track_that_the_browser_adds_later_without_the_server(
    chromium_page: Page, front: Front, exchange: Any
) -> None:
    chromium_page.slow_time_down()

    got = asyncio.run(asyncio.wait_for(add_a_track(exchange, chromium_page, front.url), PATIENCE_SECONDS))

    assert got == ("VideoFrame", "stable")
    assert front.exchange == FOUR_REQUESTS
