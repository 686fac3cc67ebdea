"""Transfers a file, a stream or a folder from one peer to the other, and compares the checksums."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, aclosing, suppress
from dataclasses import dataclass, field
from typing import Protocol

from peerpost.errors import PeerLostError, TransferError
from peerpost.file_channel import FileChannel, protocol_error
from peerpost.file_messages import Alive, Announcement, Done, End, FileMessage, Received
from peerpost.file_names import safe_name
from peerpost.limits import AHEAD_BYTES, CHUNK_BYTES, RECEIPT_BYTES

# The command-line client closes the connection after one transfer. A receiver says so in its alive messages, and a
# sender in its announcement.
ONE_TRANSFER = Alive(once=True)
TRANSFER_ID = 0

Progress = Callable[[int], object]
"""Called with the number of bytes transferred since the last call."""


@dataclass(frozen=True)
class Offer:
    """What the sender announces.

    `name` is safe to use in any directory.
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
        """What the sender announces first."""

    def chunks(self) -> AsyncGenerator[bytes, None]:
        """Yield the content in pieces of any size, none of them empty. Raises TransferError if it cannot be read."""


class Sink(Protocol):
    """Where the content goes. Both coroutines raise TransferError if it cannot be written."""

    async def write(self, chunk: bytes) -> None:
        """Write a piece of the content. This may take a while, and the sender then waits, too."""

    async def complete(self) -> None:
        """Put the content in its final place. Called when everything has arrived and the checksum is correct."""


@dataclass(frozen=True)
class Transferred:
    """What was transferred: its size in bytes, and its SHA-256 in hexadecimal."""

    size: int
    checksum: str


async def send(channel: FileChannel, source: Source, progress: Progress) -> Transferred:
    """Send a source, and return its size and checksum once the other peer has confirmed them.

    Raises TransferError if the source cannot be read, or if the other peer has received something else.
    """
    async with channel.alive():
        announce(channel, source.offer)
        receipts = Receipts(progress)
        try:
            checksum = await send_content(channel, source.chunks(), receipts)
        except PeerLostError as error:
            if channel.has_heard or is_plain(source.offer):
                raise
            # An older receiver shows an error to its own user only, and closes the connection.
            why = "its version of peerpost may be too old for folders and streams"
            raise PeerLostError(f"{error}: {why}") from error
        channel.say(End(checksum, channel.transfer_id))
        await until_confirmed(channel, checksum, receipts)
    return Transferred(receipts.sent, checksum)


def is_plain(offer: Offer) -> bool:
    """Whether every version of this program can receive this offer."""
    return offer.size is not None and not offer.is_tar


def announce(channel: FileChannel, offer: Offer) -> None:
    """Announce what follows. Older receivers refuse unknown types of messages, and a size that is not a number."""
    channel.transfer_id = TRANSFER_ID
    channel.say(Announcement(offer.name, offer.size, offer.is_tar, TRANSFER_ID, once=True))


@dataclass
class Receipts:
    """Counts the bytes that were sent, and the bytes that the receiver has confirmed."""

    progress: Progress
    sent: int = field(default=0, init=False)
    confirmed: int = field(default=0, init=False)

    @property
    def ahead(self) -> int:
        """The number of bytes that were sent, but that the receiver has not confirmed yet."""
        return self.sent - self.confirmed

    def take(self, received: Received) -> None:
        """Report what the receiver has confirmed. Raises TransferError if that cannot be true."""
        if not self.confirmed <= received.bytes <= self.sent:
            raise protocol_error()
        self.progress(received.bytes - self.confirmed)
        self.confirmed = received.bytes

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
    """Return the next piece of the content, or an empty one at its end.

    Standard input may provide nothing for hours, so listen to the receiver in the meantime.
    """
    reading = asyncio.ensure_future(anext(chunks, b""))
    try:
        while not reading.done():
            listening = asyncio.create_task(receipt_from(channel))
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
        receipts.take(await receipt_from(channel))
    await channel.send(chunk)
    receipts.sent += len(chunk)
    for message in channel.received():
        receipts.take(as_receipt(message))
    # Let other tasks run. Reading a file never does that, and sending does it only if the buffer is full.
    await asyncio.sleep(0)


async def until_confirmed(channel: FileChannel, checksum: str, receipts: Receipts) -> None:
    """Return once the receiver says that it has the same checksum. Raises TransferError if it has another."""
    while not isinstance(message := await channel.receive(), Done):
        receipts.take(as_receipt(message))
    if message.sha256 != checksum:
        raise TransferError("checksum mismatch: the other peer received different data")
    receipts.complete()


async def receipt_from(channel: FileChannel) -> Received:
    """Return the next message of a receiver that has not received everything yet."""
    return as_receipt(await channel.receive())


def as_receipt(message: bytes | FileMessage) -> Received:
    if not isinstance(message, Received):
        raise protocol_error()
    return message


async def receive_offer(channel: FileChannel) -> Offer:
    """Return what the sender announces. Raises TransferError if it sends something unknown."""
    async with channel.alive(ONE_TRANSFER):
        message = await channel.receive()
        if not isinstance(message, Announcement):
            raise TransferError("the other peer is not sending a file")
        channel.transfer_id = message.id
        return Offer(safe_name(message.name), message.size, message.is_tar)


async def receive(
    channel: FileChannel, offer: Offer, sink: AbstractAsyncContextManager[Sink], progress: Progress
) -> Transferred:
    """Receive what was offered, and return its size and checksum.

    `complete` of the sink is called when everything has arrived and the checksum is correct. From then on, the content
    counts as received, even if the sender leaves.
    """
    async with channel.alive(ONE_TRANSFER):
        async with sink as opened:
            content = await receive_content(channel, offer, opened, progress)
            await opened.complete()
        # The content is in its final place now. If the sender has left, it only misses the confirmation.
        with suppress(PeerLostError):
            channel.say(Done(content.checksum, channel.transfer_id))
            await channel.finish()
    return content


async def receive_content(channel: FileChannel, offer: Offer, sink: Sink, progress: Progress) -> Transferred:
    """Write the content, and return its size and SHA-256. Raises TransferError if the sender's differ."""
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
        if count - confirmed >= RECEIPT_BYTES:
            confirmed = count
            channel.say(Received(count, channel.transfer_id))
    if not isinstance(message, End):
        raise protocol_error()
    if offer.size is not None and count != offer.size:
        raise TransferError(f"received only {count} of {offer.size} bytes")
    if message.sha256 != checksum.hexdigest():
        raise TransferError("checksum mismatch: the received data differs from what was sent")
    return Transferred(count, checksum.hexdigest())
