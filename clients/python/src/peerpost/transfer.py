"""A file from one peer to the other, with a checksum."""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, TypeGuard

from peerpost.errors import TransferError
from peerpost.file_channel import FileChannel
from peerpost.file_names import safe_name
from peerpost.limits import CHUNK_BYTES, LOW_WATER_BYTES, MAX_FILE_BYTES
from peerpost.local_files import partial_file, put_in_place, refuse_existing, save, system_error_as

Progress = Callable[[int], object]
"""Called with the number of bytes transferred since the last call."""


@dataclass(frozen=True)
class FileOffer:
    """What the sender says about the file. `name` can be created safely in any directory; `size` is in bytes."""

    name: str
    size: int


async def send_file(channel: FileChannel, file: BinaryIO, name: str, size: int, progress: Progress) -> str:
    """Send an open file of `size` bytes, and return its SHA-256 once the other peer has confirmed it.

    Raises TransferError if the file cannot be read, or if the other peer has received something else.
    """
    async with channel.alive():
        channel.say("file", name=name, size=size)
        receipts = Receipts(size, progress)
        checksum = await send_content(channel, file, size, receipts)
        channel.say("end", sha256=checksum)
        await until_confirmed(channel, checksum, receipts)
    return checksum


@dataclass
class Receipts:
    """How much of a file of `size` bytes the receiver has confirmed."""

    size: int
    progress: Progress
    confirmed: int = field(default=0, init=False)

    def take(self, control: dict[str, object]) -> None:
        """Report what a message of the receiver confirms. One that cannot be true is skipped."""
        count = control.get("bytes") if control.get("type") == "received" else None
        if isinstance(count, int) and self.confirmed <= count <= self.size:
            self.progress(count - self.confirmed)
            self.confirmed = count

    def complete(self) -> None:
        """Report that the receiver has everything."""
        self.progress(self.size - self.confirmed)
        self.confirmed = self.size


async def send_content(channel: FileChannel, file: BinaryIO, size: int, receipts: Receipts) -> str:
    """Send the bytes of the file, and return their SHA-256."""
    checksum = hashlib.sha256()
    left = size
    while left:
        with system_error_as("cannot read the file"):
            chunk = file.read(min(CHUNK_BYTES, left))
        if not chunk:
            raise TransferError("the file became shorter while it was being sent")
        checksum.update(chunk)
        left -= len(chunk)
        await channel.send(chunk)
        for control in channel.received():
            receipts.take(control)
        # Reading never gives other tasks a turn, and sending does so only if the buffer is full.
        await asyncio.sleep(0)
    return checksum.hexdigest()


async def until_confirmed(channel: FileChannel, checksum: str, receipts: Receipts) -> None:
    """Return once the receiver says that it has the same checksum. Raises TransferError if it has another."""
    while True:
        control = await channel.receive()
        if not isinstance(control, dict):
            raise TransferError("the other peer does not follow the protocol")
        if control.get("type") == "done":
            break
        receipts.take(control)
    if control.get("sha256") != checksum:
        raise TransferError("checksum mismatch: the other peer received different data")
    receipts.complete()


async def receive_offer(channel: FileChannel) -> FileOffer:
    """Return what the sender says about its file. Raises TransferError if it sends none."""
    message = await channel.receive()
    if not isinstance(message, dict) or message.get("type") != "file":
        raise TransferError("the other peer does not send a file")
    name = message.get("name")
    size = message.get("size")
    if not isinstance(name, str) or not is_file_size(size):
        raise TransferError("the other peer does not send a file")
    return FileOffer(safe_name(name), size)


def is_file_size(value: object) -> TypeGuard[int]:
    # Python's True is an int.
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_FILE_BYTES


async def receive_file(
    channel: FileChannel, offer: FileOffer, target: Path, progress: Progress, *, force: bool = False
) -> str:
    """Receive the file, put it at `target`, and return its SHA-256.

    The file gets that name when it is complete and its checksum is right.
    Until then it has another name in the same directory, and after an error nothing is left.
    An existing file is an error, unless `force` says to replace it.
    """
    async with channel.alive():
        refuse_existing(target, force)
        with partial_file(target) as (file, path):
            checksum = await receive_content(channel, offer, file, progress)
            # The system may report a full disk only now.
            with system_error_as("cannot write the file"):
                await save(file)
            put_in_place(path, target, force)
        channel.say("done", sha256=checksum)
        await channel.finish()
    return checksum


async def receive_content(channel: FileChannel, offer: FileOffer, file: BinaryIO, progress: Progress) -> str:
    """Write the bytes of the file, and return their SHA-256. Raises TransferError unless it equals the sender's."""
    checksum = hashlib.sha256()
    count = 0
    confirmed = 0
    while isinstance(message := await channel.receive(), bytes):
        count += len(message)
        if count > offer.size:
            raise TransferError("received more bytes than the sender announced")
        checksum.update(message)
        with system_error_as("cannot write the file"):
            file.write(message)
        progress(len(message))
        if count - confirmed >= LOW_WATER_BYTES:
            confirmed = count
            channel.say("received", bytes=count)
    if message.get("type") != "end":
        raise TransferError("the other peer does not follow the protocol")
    if count != offer.size:
        raise TransferError(f"received only {count} of {offer.size} bytes")
    if message.get("sha256") != checksum.hexdigest():
        raise TransferError("checksum mismatch: the received data differs from what was sent")
    return checksum.hexdigest()
