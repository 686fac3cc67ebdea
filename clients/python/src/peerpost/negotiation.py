"""Answers later offers of the other peer, for example after `addTrack`, from peer to peer, without the server.

Peerpost's JavaScript client sends them over a pre-negotiated data channel.
aiortc makes no later offers by itself, and cannot restart ICE, so this side only answers.
"""

import asyncio
import json
import re
from collections.abc import Callable

from aiortc import InvalidStateError, RTCDataChannel, RTCPeerConnection, RTCSessionDescription

from peerpost.errors import ConnectionFailedError, InvalidDescriptionError
from peerpost.remote import UNUSABLE, add_candidate, set_remote

# The JavaScript client uses the same label and id. Both are fixed, because descriptions do not contain pre-negotiated
# data channels.
LABEL = "peerpost"
STREAM_ID = 255

ICE_USER = re.compile(r"^a=ice-ufrag:(\S+)", re.MULTILINE)

Report = Callable[[str], object]


def answer_later_offers(peer_connection: RTCPeerConnection, report: Report) -> None:
    """Answer each later offer of the other peer, for as long as the connection lives.

    `report` is called with "renegotiated" or "negotiation-failed".
    """
    try:
        data_channel = peer_connection.createDataChannel(LABEL, negotiated=True, id=STREAM_ID)
    except ValueError:
        # The application uses this stream itself.
        return
    negotiation = Negotiation(peer_connection, data_channel, report)
    data_channel.on("message", negotiation.take)


class Negotiation:
    """The answering side of later negotiations. It handles one message after the other."""

    def __init__(self, peer_connection: RTCPeerConnection, data_channel: RTCDataChannel, report: Report) -> None:
        self._peer_connection = peer_connection
        self._data_channel = data_channel
        self._report = report
        self._turn = asyncio.Lock()

    async def take(self, message: str | bytes) -> None:
        """Act on a message of the other peer. Messages that this side does not know are skipped."""
        fields = fields_of(message)
        async with self._turn:
            candidate = fields.get("candidate")
            if isinstance(candidate, dict):
                await add_candidate(self._peer_connection, json.dumps(candidate))
            description = fields.get("description")
            if isinstance(description, dict) and description.get("type") == "offer":
                await self._answer(str(description.get("sdp")))

    async def _answer(self, offer: str) -> None:
        peer_connection = self._peer_connection
        try:
            if self._restarts_ice(offer):
                # aiortc would answer with its old IP addresses and credentials, which cannot work.
                raise InvalidDescriptionError("aiortc cannot restart ICE")
            await set_remote(peer_connection, RTCSessionDescription(offer, "offer"))
            await peer_connection.setLocalDescription(await peer_connection.createAnswer())
            answer = {"type": "answer", "sdp": peer_connection.localDescription.sdp}
            self._data_channel.send(json.dumps({"description": answer}))
        except (*UNUSABLE, ConnectionFailedError, InvalidDescriptionError, InvalidStateError):
            self._report("negotiation-failed")
        else:
            self._report("renegotiated")

    def _restarts_ice(self, offer: str) -> bool:
        """Whether all ICE credentials of an offer are new to the connection."""
        known = set(ICE_USER.findall(self._peer_connection.remoteDescription.sdp))
        return bool(known) and not known & set(ICE_USER.findall(offer))


def fields_of(message: str | bytes) -> dict[str, object]:
    try:
        fields = json.loads(message)
    except (ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}
