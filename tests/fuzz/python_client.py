"""Fuzzes clients/python: feeds bytes from the other side to everything that parses them, and checks the results.

The first word of an input selects the parser for the rest. The rest is text. For a transfer or receipts, it is a
sequence of messages separated by a line of two dashes.
"""

import asyncio
import json
import os
import re
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import httpx
from aiortc import RTCDataChannel
from aiortc.rtcicetransport import connection_kwargs
from aiortc.sdp import SessionDescription

from harness.engines import ROOT

SOURCES = str(ROOT / "clients/python/src")
if SOURCES not in sys.path:
    sys.path.insert(0, SOURCES)

from peerpost import Link, PeerpostError, RefusalError, Sealer, ServerError, TamperedError, TransferError  # noqa: E402
from peerpost.address import GuestAnswer, Pointer  # noqa: E402
from peerpost.archive import unpack  # noqa: E402
from peerpost.candidates import candidate_from_json, candidate_to_json, is_bye, is_usable  # noqa: E402
from peerpost.client import (  # noqa: E402
    description_of,
    ice_servers_of,
    items_of,
    next_of,
    result_of,
    retry_after_of,
    text_of,
)
from peerpost.file_channel import FileChannel  # noqa: E402
from peerpost.file_messages import Received, read_message  # noqa: E402
from peerpost.file_names import safe_name, safe_path  # noqa: E402
from peerpost.limits import (  # noqa: E402
    MAX_CANDIDATES,
    MAX_FILE_BYTES,
    MAX_ICE_SERVERS,
    MAX_ICE_TEXT_BYTES,
    MAX_NAME_BYTES,
)
from peerpost.links import CHANNEL_ID  # noqa: E402
from peerpost.remote import UNUSABLE  # noqa: E402
from peerpost.sealing import KEY_BYTES, key_from_text, key_to_text  # noqa: E402
from peerpost.transfer import Offer, Receipts, receive_content, receive_offer  # noqa: E402

SEPARATOR = b"\n--\n"
SEALER = Sealer(bytes(range(32)))


class Silent:
    """A data channel that sends nothing. The test passes messages to its listeners, and then closes it."""

    def __init__(self) -> None:
        self.bufferedAmount = self.bufferedAmountLowThreshold = 0
        self.listeners: dict[str, Callable[..., None]] = {}

    def on(self, event: str, listener: Callable[..., None]) -> None:
        self.listeners[event] = listener

    def send(self, message: str | bytes) -> None:
        pass

    def close(self) -> None:
        self.listeners["close"]()


def candidate(text: str) -> None:
    is_bye(text, "offerer")
    if found := candidate_from_json(text):
        assert is_usable(found)
        assert found.sdpMid is not None or found.sdpMLineIndex is not None
        assert candidate_from_json(candidate_to_json(found)) == found


def ice_servers(text: str) -> None:
    """The client keeps only ICE servers that aiortc accepts, and limits their number and length."""
    try:
        found = ice_servers_of({"ice_servers": json.loads(text)})
    except (RecursionError, ServerError, ValueError):
        return
    assert len(found) <= MAX_ICE_SERVERS
    for server in found:
        assert 0 < len(server.urls) <= MAX_ICE_SERVERS
        assert all(len(each.encode()) <= MAX_ICE_TEXT_BYTES for each in [*server.urls, server.username or ""])
        asked = connection_kwargs([server])
        assert 0 < (asked.get("turn_server") or asked["stun_server"])[1] < 65_536
        assert "turn_server" not in asked or (asked["turn_username"] and asked["turn_password"])


def link(text: str) -> None:
    try:
        found = Link.parse(text)
    except ValueError:
        return
    assert found.key is None or len(found.key) == KEY_BYTES
    # Skip servers with a query: when the link is parsed again, that query may itself name a server.
    if found.server is None or re.fullmatch(r"[!-~]+", found.server.replace("?", " ")):
        assert Link.parse(str(found)) == found


def pointer(text: str) -> None:
    try:
        found = Pointer.from_json(text)
    except TamperedError:
        return
    assert CHANNEL_ID.fullmatch(found.door)
    assert len(found.key) == KEY_BYTES


def guest(text: str) -> None:
    try:
        found = GuestAnswer.from_json(text)
    except TamperedError:
        return
    assert re.fullmatch("[A-Za-z0-9_-]{22}", found.guest)
    assert GuestAnswer.from_json(found.to_json()) == found


def path(text: str) -> None:
    """Each part of a path from an archive is the name of a visible or hidden file, and leads nowhere else."""
    for part in safe_path(text):
        assert part not in ("", ".", "..")
        assert not re.search(r"[/\\\x00-\x1f]", part)
        assert len(part.encode()) <= MAX_NAME_BYTES


def archive(content: bytes) -> None:
    """Whatever an archive contains, nothing is written outside the folder, and only our own error is raised."""
    with TemporaryDirectory() as parent:
        folder = Path(parent) / "folder"
        folder.mkdir()
        try:
            unpack(BytesIO(content), folder, lambda _: None)
        except TransferError as error:
            assert "\n" not in str(error)
        assert os.listdir(parent) == ["folder"]
        assert not any(each.is_symlink() or not (each.is_file() or each.is_dir()) for each in folder.rglob("*"))


def sealed(text: str) -> None:
    try:
        opened = SEALER.open(text, "offer")
    except TamperedError:
        return
    # Only a seed that the fuzzer has left unchanged can be opened.
    assert opened == "v=0"


def key(text: str) -> None:
    try:
        found = key_from_text(text)
    except ValueError:
        return
    assert key_to_text(found) == text


def name(text: str) -> None:
    found = safe_name(text)
    assert 0 < len(found.encode()) <= MAX_NAME_BYTES + len("\u20ac")
    assert not re.search(r'[\x00-\x1f/\\:*?"<>|]', found)
    assert not found.startswith(".")
    assert not found.endswith((".", " "))


async def description(content: bytes) -> None:
    """Any error that aiortc raises for a session description is one that `connect` handles."""
    try:
        await parse(content.decode("utf-8", "surrogateescape"))
    except UNUSABLE:
        return


async def parse(text: str) -> None:
    """Parse in a separate coroutine, as aiortc does, because some errors change type when they leave a coroutine."""
    SessionDescription.parse(text)


def reply(content: bytes) -> None:
    """Check the parsing of a reply: the input is its status, a header line and the body."""
    status, _, rest = content.partition(b"\n")
    header, _, body = rest.partition(b"\n")
    header_name, _, value = header.decode("latin-1").partition(":")
    code = int(status) if re.fullmatch(rb"[2-5]\d\d", status) else 200
    try:
        response = httpx.Response(code, headers={header_name: value})
        retry_after_of(response)
        result = result_of(response, body)
    except (RefusalError, ServerError) as error:
        assert len(str(error)) < 300
        return
    except UnicodeEncodeError:
        return  # httpx rejects a header that no real reply can have.
    for read in (
        lambda: text_of(result, "channel_id"),
        lambda: len(items_of(result)) <= MAX_CANDIDATES,
        lambda: 0 <= (next_of(result) or 0) <= MAX_CANDIDATES,
        lambda: isinstance(description_of(result, "offer").text, str),
        lambda: len(ice_servers_of(result, or_none=True)) <= MAX_ICE_SERVERS,
    ):
        try:
            assert read() is not False
        except ServerError as error:
            assert not error.is_temporary


def messages_of(content: bytes) -> list[str | bytes]:
    """Return data channel messages. Those that begin with a brace or a bracket are text."""
    each = content.split(SEPARATOR)
    return [message.decode("utf-8", "surrogatepass") if message[:1] in b"{[" else message for message in each]


class Kept:
    """Keeps what is received."""

    def __init__(self, file: BytesIO) -> None:
        self._file = file

    async def write(self, chunk: bytes) -> None:
        self._file.write(chunk)

    async def complete(self) -> None:
        pass


async def transfer(content: bytes) -> None:
    """Whatever the sender sends, the file arrives as it was offered, or there is an error."""
    wire, file = Silent(), BytesIO()
    channel = FileChannel(cast(RTCDataChannel, wire))
    try:
        for message in messages_of(content):
            wire.listeners["message"](message)
    except UnicodeDecodeError:
        return  # A real data channel never delivers such a text.
    wire.close()
    counts: list[int] = []
    try:
        offer = await receive_offer(channel)
        assert offer.size is None or 0 <= offer.size <= MAX_FILE_BYTES
        assert safe_name(offer.name) == offer.name
        size = None if offer.size is None else min(offer.size, 1_000)
        await receive_content(channel, Offer(offer.name, size), Kept(file), counts.append)
    except PeerpostError as error:
        assert isinstance(error, TransferError) or str(error) == "the other peer has disconnected"
        assert "\n" not in str(error)
        return
    assert len(file.getvalue()) == sum(counts)
    assert offer.size is None or sum(counts) <= offer.size


def receipts_of(content: bytes) -> None:
    """Whatever the receiver sends, the confirmed count only grows, and never exceeds what was sent."""
    counts: list[int] = []
    receipts = Receipts(counts.append)
    receipts.sent = 1_000
    for text in content.split(SEPARATOR):
        message = read_message(text.decode(errors="replace"))
        if isinstance(message, Received):
            with suppress(TransferError):
                receipts.take(message)
            assert 0 <= receipts.confirmed == sum(counts) <= 1_000
            assert all(count >= 0 for count in counts)


OF_TEXT: dict[bytes, Callable[[str], None]] = {
    b"candidate": candidate,
    b"ice_servers": ice_servers,
    b"guest": guest,
    b"key": key,
    b"link": link,
    b"name": name,
    b"path": path,
    b"pointer": pointer,
    b"sealed": sealed,
}
OF_BYTES: dict[bytes, Callable[[bytes], None]] = {b"archive": archive, b"reply": reply, b"receipts": receipts_of}
OF_A_LOOP: dict[bytes, Callable[[bytes], Coroutine[Any, Any, None]]] = {
    b"description": description,
    b"transfer": transfer,
}


def new_run() -> Callable[[bytes], list[str]]:
    runner = asyncio.Runner()  # One loop for all inputs, because starting a loop costs more than anything else here.

    def run(data: bytes) -> list[str]:
        word, _, content = data.partition(b"\n")
        if word in OF_TEXT:
            OF_TEXT[word](content.decode("utf-8", "surrogateescape"))
        elif word in OF_BYTES:
            OF_BYTES[word](content)
        elif word in OF_A_LOOP:
            runner.run(OF_A_LOOP[word](content))
        else:
            return []
        return [word.decode()]

    return run
