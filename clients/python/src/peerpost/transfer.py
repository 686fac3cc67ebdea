"""A file, a stream or a folder from one peer to the other, with a checksum."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass, field
from typing import Protocol, TypeGuard

from peerpost.errors import PeerLostError, TransferError
from peerpost.file_channel import FileChannel
from peerpost.file_names import safe_name
from peerpost.limits import AHEAD_BYTES, CHUNK_BYTES, LOW_WATER_BYTES, MAX_FILE_BYTES

Progress = Callable[[int], object]
"""Called with the number of bytes transferred since the last call."""


@dataclass(frozen=True)
class Offer:
    """What the sender says about what it sends.

    `name` can be created safely in any directory.
    `size` is in bytes, or None for a stream whose end the sender does not know.
    If `is_tar` is set, the content is a tar archive of several files or a folder, and `size` is that of the archive.
    """

    name: str
    size: int | None
    is_tar: bool = False


class Source(Protocol):
    """What is sent."""

    @property
    def offer(self) -> Offer:
        """What the receiver is told first."""

    def chunks(self) -> AsyncGenerator[bytes, None]:
        """Give the content, in pieces of any size but nothing. Raises TransferError if it cannot be read."""


class Sink(Protocol):
    """Where the content goes. Both coroutines raise TransferError if it cannot be written."""

    async def write(self, chunk: bytes) -> None:
        """Take a piece of the content. This may wait, and the sender waits too."""

    async def complete(self) -> None:
        """Everything has come, and its checksum is right: put it where it belongs."""


@dataclass(frozen=True)
class Transferred:
    """What has crossed: its size in bytes, and its SHA-256 in hexadecimal."""

    size: int
    checksum: str


async def send(channel: FileChannel, source: Source, progress: Progress) -> Transferred:
    """Send something, and return its size and checksum once the other peer has confirmed them.

    Raises TransferError if it cannot be read, or if the other peer has received something else.
    """
    async with channel.alive():
        announce(channel, source.offer)
        receipts = Receipts(progress)
        try:
            checksum = await send_content(channel, source.chunks(), receipts)
        except PeerLostError as error:
            if channel.has_heard or is_plain(source.offer):
                raise
            # An older receiver closes the connection, and says only to its own user that this is no file.
            why = "its version of peerpost may be too old for folders and streams"
            raise PeerLostError(f"{error}: {why}") from error
        channel.say("end", sha256=checksum)
        await until_confirmed(channel, checksum, receipts)
    return Transferred(receipts.sent, checksum)


def is_plain(offer: Offer) -> bool:
    """Whether every version of this program can receive it."""
    return offer.size is not None and not offer.is_tar


def announce(channel: FileChannel, offer: Offer) -> None:
    """Say what follows. An older receiver refuses an unknown type, and a size that is not a number."""
    channel.say("files" if offer.is_tar else "file", name=offer.name, size=offer.size)


@dataclass
class Receipts:
    """How much of what was sent the receiver has confirmed."""

    progress: Progress
    sent: int = field(default=0, init=False)
    confirmed: int = field(default=0, init=False)

    @property
    def ahead(self) -> int:
        """The number of bytes on their way, or not written by the receiver yet."""
        return self.sent - self.confirmed

    def take(self, control: dict[str, object]) -> None:
        """Report what a message of the receiver confirms. One that cannot be true is skipped."""
        count = control.get("bytes") if control.get("type") == "received" else None
        if isinstance(count, int) and self.confirmed <= count <= self.sent:
            self.progress(count - self.confirmed)
            self.confirmed = count

    def complete(self) -> None:
        """Report that the receiver has everything."""
        self.progress(self.ahead)
        self.confirmed = self.sent


async def send_content(channel: FileChannel, chunks: AsyncGenerator[bytes, None], receipts: Receipts) -> str:
    """Send the content, and return its SHA-256."""
    checksum = hashlib.sha256()
    async with aclosing(chunks):
        while piece := await next_piece(channel, chunks, receipts):
            checksum.update(piece)
            for start in range(0, len(piece), CHUNK_BYTES):
                await send_chunk(channel, piece[start : start + CHUNK_BYTES], receipts)
    return checksum.hexdigest()


async def next_piece(channel: FileChannel, chunks: AsyncGenerator[bytes, None], receipts: Receipts) -> bytes:
    """Return the next piece of the content, or nothing at its end.

    Standard input may be silent for hours, so listen to the receiver in the meantime.
    """
    reading = asyncio.ensure_future(anext(chunks, b""))
    try:
        while not reading.done():
            listening = asyncio.create_task(control_from(channel))
            await asyncio.wait({reading, listening}, return_when=asyncio.FIRST_COMPLETED)
            if listening.done():
                receipts.take(listening.result())
            else:
                listening.cancel()
        return reading.result()
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def send_chunk(channel: FileChannel, chunk: bytes, receipts: Receipts) -> None:
    """Send a message with content, once the receiver is not too far behind."""
    while receipts.ahead > AHEAD_BYTES:
        receipts.take(await control_from(channel))
    await channel.send(chunk)
    receipts.sent += len(chunk)
    for control in channel.received():
        receipts.take(control)
    # Reading never gives other tasks a turn, and sending does so only if the buffer is full.
    await asyncio.sleep(0)


async def until_confirmed(channel: FileChannel, checksum: str, receipts: Receipts) -> None:
    """Return once the receiver says that it has the same checksum. Raises TransferError if it has another."""
    while (control := await control_from(channel)).get("type") != "done":
        receipts.take(control)
    if control.get("sha256") != checksum:
        raise TransferError("checksum mismatch: the other peer received different data")
    receipts.complete()


async def control_from(channel: FileChannel) -> dict[str, object]:
    """Return the next message of a receiver, which sends no content."""
    control = await channel.receive()
    if not isinstance(control, dict):
        raise TransferError("the other peer does not follow the protocol")
    return control


async def receive_offer(channel: FileChannel) -> Offer:
    """Return what the sender says about what it sends. Raises TransferError if it sends nothing that we know."""
    async with channel.alive():
        message = await channel.receive()
        kind = message.get("type") if isinstance(message, dict) else None
        if not isinstance(message, dict) or kind not in ("file", "files"):
            raise TransferError("the other peer does not send a file")
        name = message.get("name")
        size = message.get("size")
        if not isinstance(name, str) or not (is_file_size(size) or (size is None and "size" in message)):
            raise TransferError("the other peer does not send a file")
        return Offer(safe_name(name), size, is_tar=kind == "files")


def is_file_size(value: object) -> TypeGuard[int]:
    # Python's True is an int.
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_FILE_BYTES


async def receive(
    channel: FileChannel, offer: Offer, sink: AbstractAsyncContextManager[Sink], progress: Progress
) -> Transferred:
    """Receive what was offered, and return its size and checksum.

    The sink completes it when everything has come and the checksum is right.
    """
    async with channel.alive():
        async with sink as opened:
            content = await receive_content(channel, offer, opened, progress)
            await opened.complete()
        channel.say("done", sha256=content.checksum)
        await channel.finish()
    return content


async def receive_content(channel: FileChannel, offer: Offer, sink: Sink, progress: Progress) -> Transferred:
    """Write the content, and return its size and SHA-256. Raises TransferError unless they are the sender's."""
    checksum = hashlib.sha256()
    count = 0
    confirmed = 0
    while isinstance(message := await channel.receive(), bytes):
        count += len(message)
        if offer.size is not None and count > offer.size:
            raise TransferError("received more bytes than the sender announced")
        checksum.update(message)
        await sink.write(message)
        progress(len(message))
        if count - confirmed >= LOW_WATER_BYTES:
            confirmed = count
            channel.say("received", bytes=count)
    if message.get("type") != "end":
        raise TransferError("the other peer does not follow the protocol")
    if offer.size is not None and count != offer.size:
        raise TransferError(f"received only {count} of {offer.size} bytes")
    if message.get("sha256") != checksum.hexdigest():
        raise TransferError("checksum mismatch: the received data differs from what was sent")
    return Transferred(count, checksum.hexdigest())
