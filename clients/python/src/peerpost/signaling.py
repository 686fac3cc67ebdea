"""A signaling class for aiortc's examples that uses a Peerpost server. It replaces those of aiortc.contrib.signaling.

In aiortc's examples, use this line instead of the import from `aiortc.contrib.signaling`:

    from peerpost.signaling import BYE, add_signaling_arguments, create_signaling
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from aiortc import RTCIceCandidate, RTCIceServer, RTCSessionDescription
from aiortc.contrib.signaling import BYE, BaseSignaling, SignalingBye

from peerpost.access_keys import access_key_of
from peerpost.candidates import candidate_from_json, candidate_to_json, is_bye
from peerpost.channel import Channel
from peerpost.client import SignalingClient
from peerpost.errors import ChannelExpiredError
from peerpost.links import Link, server_url
from peerpost.sealing import new_key

__all__ = ["BYE", "Signaling", "add_signaling_arguments", "create_signaling"]

Message = RTCSessionDescription | RTCIceCandidate | SignalingBye


class Signaling(BaseSignaling):
    """Offer, answer, candidates and goodbye over one channel.

    Without `channel_id`, this peer offers: `connect` opens the channel and calls `on_channel` with its id.
    With `channel_id`, this peer answers.
    `key` has 32 bytes and seals everything. Both peers need the same key, or none.
    `access_key` opens the channel if the operator requires one. It needs a `server` that is given as a URL.
    A channel takes one offer and one answer.
    """

    def __init__(
        self,
        server: str | SignalingClient,
        channel_id: str | None = None,
        *,
        key: bytes | None = None,
        access_key: str | None = None,
        on_channel: Callable[[str], object] | None = None,
    ) -> None:
        if access_key is not None and not isinstance(server, str):
            raise ValueError("pass the access key to the SignalingClient instead")
        self._owns_client = isinstance(server, str)
        self._client = SignalingClient(server, access_key=access_key) if isinstance(server, str) else server
        self._channel = Channel(self._client, channel_id, key=key)
        self._on_channel = on_channel
        self._has_description = False
        self._said_bye = asyncio.Event()
        self._heard_bye = False
        self._opening = asyncio.Lock()
        self._closed = asyncio.Event()
        self._receiving: asyncio.Task[Message] | None = None

    async def connect(self) -> None:
        """Open the channel. Does nothing for the answerer, or if the channel is already open."""
        async with self._opening:
            if self._channel.role == "offerer" and not self._channel.is_open:
                channel_id = await self._channel.open()
                if self._on_channel:
                    self._on_channel(channel_id)

    async def get_ice_servers(self) -> list[RTCIceServer]:
        """Return the operator's ICE servers, for an RTCConfiguration. With an old server, the list is empty."""
        await self.connect()
        return await self._channel.get_ice_servers()

    async def send(self, descr: Message) -> None:
        """Send a session description, a candidate, or BYE.

        The offerer sends an offer, and the answerer an answer: any other description raises a ValueError. So does a
        candidate of more than 425 bytes.
        """
        await self.connect()
        if isinstance(descr, RTCSessionDescription):
            await self._send_description(descr)
        elif isinstance(descr, RTCIceCandidate):
            await self._channel.send_candidate(candidate_to_json(descr))
        elif not self._said_bye.is_set():
            # Nobody reads an expired channel.
            with suppress(ChannelExpiredError):
                await self._channel.send_bye()
            self._said_bye.set()

    async def receive(self) -> Message:
        """Return what the other peer sent next: its description first, then its candidates, and BYE.

        Candidates that aiortc cannot use are skipped.
        The channel may end while the peers are still connected. After that, `receive` waits until this peer has said
        BYE, or until `close` is called, and then returns BYE.
        Cancelling `receive` loses nothing: the read goes on, and the next call returns its result.
        """
        if self._closed.is_set():
            return BYE
        receiving = self._receiving = self._receiving or asyncio.create_task(self._receive())
        # Cancelling `wait` does not cancel the read.
        await asyncio.wait({receiving})
        self._receiving = None
        if self._closed.is_set():
            # The read may have failed because the connections were closed, which is no error.
            return BYE
        return receiving.result()

    async def _receive(self) -> Message:
        await self.connect()
        if not self._has_description:
            description = await self._receive_description()
            self._has_description = True
            return description
        try:
            while not self._closed.is_set():
                text = await self._channel.receive_candidate()
                if is_bye(text, self._channel.peer):
                    self._heard_bye = True
                    return BYE
                if candidate := candidate_from_json(text):
                    return candidate
        except ChannelExpiredError:
            if not self._channel.is_exchanged:
                raise
            await self._said_bye.wait()
        return BYE

    async def close(self) -> None:
        """Say BYE if that has not been done, and close the connections to the server.

        The channel is erased if nobody needs it any more: if both peers have said BYE, or if the other peer has never
        answered.
        """
        if self._closed.is_set():
            return
        self._closed.set()
        receiving = self._receiving
        try:
            if receiving:
                receiving.cancel()
                await asyncio.gather(receiving, return_exceptions=True)
            if self._channel.is_exchanged and not self._said_bye.is_set():
                await self._channel.try_bye()
            elif self._heard_bye or (self._channel.role == "offerer" and not self._channel.is_exchanged):
                await self._channel.hang_up()
        finally:
            if self._owns_client:
                await self._client.aclose()

    async def _send_description(self, description: RTCSessionDescription) -> None:
        expected = "offer" if self._channel.role == "offerer" else "answer"
        if description.type != expected:
            raise ValueError(f"the {self._channel.role} sends an {expected}, not {description.type!r}")
        if description.type == "offer":
            await self._channel.send_offer(description.sdp)
        else:
            await self._channel.send_answer(description.sdp)

    async def _receive_description(self) -> RTCSessionDescription:
        if self._channel.role == "offerer":
            return RTCSessionDescription(await self._channel.receive_answer(), "answer")
        return RTCSessionDescription(await self._channel.receive_offer(), "offer")


def add_signaling_arguments(parser: argparse.ArgumentParser) -> None:
    """Add `--server`, `--channel` and `--access-key-file` to a parser, in place of aiortc's function of this name."""
    parser.add_argument("--server", help="URL of the Peerpost server (default: PEERPOST_SERVER)")
    parser.add_argument("--channel", help="link that the offerer has printed; without it, this peer is the offerer")
    parser.add_argument(
        "--access-key-file",
        type=Path,
        help="file with the offerer's access key (default: the key in PEERPOST_ACCESS_KEY)",
    )


def create_signaling(args: argparse.Namespace) -> Signaling:
    """Return the Signaling object that the arguments describe. It is sealed, and the offerer prints its link.

    Raises ValueError for an invalid link, server or access key, or if no server is given.
    """
    link = Link.parse(args.channel) if args.channel else None
    if link and link.is_address:
        raise ValueError("this link is for many guests, but Signaling connects only two peers: use `connect` instead")
    server = args.server or (link and link.server) or os.environ.get("PEERPOST_SERVER")
    if not server:
        raise ValueError("no server: pass --server, or set PEERPOST_SERVER")
    server = server_url(server)
    if link:
        return Signaling(server, link.channel_id, key=link.key)
    key = new_key()

    def announce(channel_id: str) -> None:
        sys.stdout.write(f"-- Pass this link to the other peer as --channel --\n{Link(channel_id, key, server)}\n")
        sys.stdout.flush()

    access_key = access_key_of(args.access_key_file)
    return Signaling(server, key=key, access_key=access_key, on_channel=announce)
