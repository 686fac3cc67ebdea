"""A file over an RTCDataChannel, with back-pressure and a checksum. The README describes the messages."""

import asyncio
import contextlib
import hashlib
import json
import os
import re
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from aiortc import InvalidStateError, RTCDataChannel

from peerpost.errors import PeerLostError, TransferError
from peerpost.file_names import safe_name
from peerpost.limits import (
    ALIVE_SECONDS,
    CHUNK_BYTES,
    HANG_UP_SECONDS,
    HIGH_WATER_BYTES,
    LOW_WATER_BYTES,
    MAX_BACKLOG_MESSAGES,
    MAX_FILE_BYTES,
    PATIENCE_SECONDS,
)

LABEL = "peerpost-file"

Progress = Callable[[int], object]
"""Called with the number of bytes that came across since the last call."""


@dataclass(frozen=True)
class FileOffer:
    """What the sender says of the file. `name` is safe to be made in any directory; `size` is in bytes."""

    name: str
    size: int


class OtherPeerError(TransferError):
    """The other peer cannot go on. It knows that already."""


class FileChannel:
    """The messages of a transfer over a data channel.

    `patience` is the time in seconds after which a silent peer counts as lost.
    Every method raises PeerLostError when the other peer is gone, and TransferError when it says that it cannot go on.
    """

    def __init__(self, data_channel: RTCDataChannel, patience: float = PATIENCE_SECONDS) -> None:
        self._data_channel = data_channel
        self._patience = patience
        self._messages: asyncio.Queue[str | bytes] = asyncio.Queue(MAX_BACKLOG_MESSAGES)
        self._loop = asyncio.get_running_loop()
        self._last_heard = self._loop.time()
        self._stirred = asyncio.Event()
        self._closed = asyncio.Event()
        data_channel.bufferedAmountLowThreshold = LOW_WATER_BYTES
        data_channel.on("message", self._on_message)
        data_channel.on("bufferedamountlow", self._stirred.set)
        data_channel.on("close", self._on_close)

    def say(self, kind: str, **fields: str | int) -> None:
        """Send a control message."""
        self._send(json.dumps({"type": kind, **fields}))

    async def send(self, chunk: bytes) -> None:
        """Send bytes of the file, once there is room for them."""
        while self._data_channel.bufferedAmount > HIGH_WATER_BYTES:
            await self._stir()
        self._send(chunk)

    async def receive(self) -> bytes | dict[str, object]:
        """Return the next message: bytes of the file, or a control message. Signs of life are passed over."""
        while True:
            while self._messages.empty():
                await self._stir()
            message = self._messages.get_nowait()
            if isinstance(message, bytes):
                return message
            control = control_of(message)
            raise_if_error(control)
            if control.get("type") != "alive":
                return control

    def received(self) -> Iterator[dict[str, object]]:
        """Give the control messages that are there already."""
        while not self._messages.empty():
            message = self._messages.get_nowait()
            control = control_of(message) if isinstance(message, str) else {}
            raise_if_error(control)
            yield control

    @asynccontextmanager
    async def alive(self) -> AsyncIterator[None]:
        """Tell the other peer all the time that this one is there; and tell it why, when this one stops."""
        task = asyncio.create_task(self._keep_saying_alive())
        try:
            yield
        except TransferError as error:
            if isinstance(error, OtherPeerError):
                raise
            with contextlib.suppress(PeerLostError):
                self.say("error", message=str(error))
                await self._until_closed()
            raise
        finally:
            task.cancel()

    async def finish(self) -> None:
        """Wait until the other peer has heard the last word and closes, but not for long."""
        await self._until_closed()

    async def _until_closed(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HANG_UP_SECONDS):
                await self._closed.wait()

    async def _keep_saying_alive(self) -> None:
        with contextlib.suppress(PeerLostError):
            while True:
                # Behind a full buffer it would come late, and what is in the buffer says the same.
                if self._data_channel.bufferedAmount < LOW_WATER_BYTES:
                    self.say("alive")
                await asyncio.sleep(ALIVE_SECONDS)

    def _send(self, message: str | bytes) -> None:
        try:
            self._data_channel.send(message)
        except InvalidStateError as error:
            raise PeerLostError("the other peer has gone") from error

    async def _stir(self) -> None:
        """Wait until something happens on the data channel."""
        if self._closed.is_set():
            raise PeerLostError("the other peer has gone")
        self._stirred.clear()
        try:
            async with asyncio.timeout_at(self._last_heard + self._patience):
                await self._stirred.wait()
        except TimeoutError as error:
            raise PeerLostError(f"lost the other peer: not a word for {self._patience:g} seconds") from error

    def _on_message(self, message: str | bytes) -> None:
        self._last_heard = self._loop.time()
        try:
            self._messages.put_nowait(message)
        except asyncio.QueueFull:
            self._data_channel.close()
            self._closed.set()
        self._stirred.set()

    def _on_close(self) -> None:
        self._closed.set()
        self._stirred.set()


async def send_file(channel: FileChannel, file: BinaryIO, name: str, size: int, progress: Progress) -> str:
    """Send an open file of `size` bytes, and return its SHA-256 once the other peer has confirmed it.

    Raises TransferError when the file cannot be read, or the other peer has something else.
    """
    async with channel.alive():
        checksum = hashlib.sha256()
        channel.say("file", name=name, size=size)
        confirmed = 0
        left = size
        while left:
            with told_as("cannot read the file"):
                chunk = file.read(min(CHUNK_BYTES, left))
            if not chunk:
                raise TransferError("the file became shorter while it was sent")
            checksum.update(chunk)
            left -= len(chunk)
            await channel.send(chunk)
            for control in channel.received():
                confirmed = report(control, confirmed, size, progress)
            # Reading does not yield, and sending only where the buffer is full.
            await asyncio.sleep(0)
        channel.say("end", sha256=checksum.hexdigest())
        while True:
            answer = await channel.receive()
            if not isinstance(answer, dict):
                raise TransferError("the other peer does not keep to the protocol")
            if answer.get("type") == "done":
                if answer.get("sha256") != checksum.hexdigest():
                    raise TransferError("the other peer's checksum is another one")
                progress(size - confirmed)
                return checksum.hexdigest()
            confirmed = report(answer, confirmed, size, progress)


def report(control: dict[str, object], confirmed: int, size: int, progress: Progress) -> int:
    """Report what the receiver says that it has, and return that."""
    count = control.get("bytes") if control.get("type") == "received" else None
    if not isinstance(count, int) or not confirmed <= count <= size:
        return confirmed
    progress(count - confirmed)
    return count


async def receive_offer(channel: FileChannel) -> FileOffer:
    """Return what the sender says of its file."""
    message = await channel.receive()
    if isinstance(message, dict) and message.get("type") == "file":
        name, size = message.get("name"), message.get("size")
        if (
            isinstance(name, str)
            and isinstance(size, int)
            and not isinstance(size, bool)
            and 0 <= size <= MAX_FILE_BYTES
        ):
            return FileOffer(safe_name(name), size)
    raise TransferError("the other peer does not send a file")


async def receive_file(
    channel: FileChannel, offer: FileOffer, target: Path, progress: Progress, *, force: bool = False
) -> str:
    """Receive the file, put it at `target`, and return its SHA-256.

    It gets that name when it is complete and its checksum is right; until then it has another one beside it,
    and on an error nothing stays.
    A file that is there already is an error, unless `force` says to replace it.
    """
    async with channel.alive():
        refuse_existing(target, force)
        with partial_file(target) as (file, path):
            checksum = await receive_content(channel, offer, file, progress)
            with told_as("cannot write the file"):  # a full disk may show no sooner
                await save(file)
            put_in_place(path, target, force)
        channel.say("done", sha256=checksum)
        await channel.finish()
    return checksum


async def receive_content(channel: FileChannel, offer: FileOffer, file: BinaryIO, progress: Progress) -> str:
    checksum = hashlib.sha256()
    count = confirmed = 0
    while isinstance(message := await channel.receive(), bytes):
        count += len(message)
        if count > offer.size:
            raise TransferError("more bytes came than the sender said")
        checksum.update(message)
        with told_as("cannot write the file"):
            file.write(message)
        progress(len(message))
        if count - confirmed >= LOW_WATER_BYTES:
            confirmed = count
            channel.say("received", bytes=count)
    if message.get("type") != "end" or count != offer.size:
        raise TransferError(f"only {count} of {offer.size} bytes came")
    if message.get("sha256") != checksum.hexdigest():
        raise TransferError("the checksum is wrong: what came is not what was sent")
    return checksum.hexdigest()


async def save(file: BinaryIO) -> None:
    """Write a file to its disk, in a thread, and close it.

    A slow disk may take longer than the other peer waits for a sign of life.
    """

    def write() -> None:
        file.flush()
        os.fsync(file.fileno())
        file.close()

    writing = asyncio.create_task(asyncio.to_thread(write))
    try:
        await asyncio.shield(writing)
    finally:
        # Nothing stops a thread, and whoever is cancelled would close the file under it.
        await asyncio.gather(writing, return_exceptions=True)


@contextmanager
def partial_file(target: Path) -> Iterator[tuple[BinaryIO, Path]]:
    """Give a new file beside the target; it is gone afterwards, unless it was renamed."""
    path = target.with_name(f".{target.name[:50]}.{secrets.token_hex(4)}.part")
    with told_as(f"cannot write into {target.parent}"):
        file = path.open("xb")
    try:
        yield file, path
    finally:
        with contextlib.suppress(OSError):  # it may try to write the rest once more
            file.close()
        path.unlink(missing_ok=True)


@contextmanager
def told_as(what: str) -> Iterator[None]:
    """Turn what the operating system says into a TransferError, of which the other peer hears."""
    try:
        yield
    except OSError as error:
        raise TransferError(f"{what}: {error.strerror}") from error


def refuse_existing(target: Path, force: bool) -> None:
    """Raise TransferError for what may not be replaced. A directory or a device may never be."""
    if not os.path.lexists(target):
        return
    if not target.is_file():
        raise TransferError(f"{target.name} exists already, and is no file")
    if not force:
        raise TransferError(f"{target.name} exists already; --force replaces it")


def put_in_place(path: Path, target: Path, force: bool) -> None:
    """Give the complete file its name. Without `force`, one that has come into being meanwhile is not replaced."""
    if not force:
        # A rename would replace what is there; a link does not. Some file systems have no links.
        with contextlib.suppress(OSError):
            os.link(path, target)
            return
    refuse_existing(target, force)
    with told_as(f"cannot write {target.name}"):
        path.replace(target)


def control_of(message: str) -> dict[str, object]:
    try:
        control = json.loads(message)
    except (ValueError, RecursionError):
        return {}
    return control if isinstance(control, dict) else {}


def raise_if_error(control: dict[str, object]) -> None:
    if control.get("type") == "error":
        raise OtherPeerError(f"the other peer says: {one_line(control.get('message'))}")


def one_line(text: object) -> str:
    """Return words of the other peer, fit for a terminal."""
    return re.sub(r"[^ -~]+", " ", text)[:200] if isinstance(text, str) else "error"
