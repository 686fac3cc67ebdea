"""The messages of a file transfer over an RTCDataChannel. docs/files.md describes them."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress

from aiortc import InvalidStateError, RTCDataChannel

from peerpost.errors import PeerLostError, TransferError
from peerpost.file_messages import Alive, Failed, FileMessage, read_message, write_message
from peerpost.limits import (
    ALIVE_SECONDS,
    HANG_UP_SECONDS,
    HIGH_WATER_BYTES,
    LOW_WATER_BYTES,
    MAX_BACKLOG_MESSAGES,
    MAX_REASON_CHARACTERS,
    PATIENCE_SECONDS,
)

LABEL = "peerpost-file"
ALIVE = Alive()


class OtherPeerError(TransferError):
    """The other peer has said that it cannot go on, so this error need not be reported to it."""


class FileChannel:
    """The messages of one transfer over a data channel.

    `patience` is the time in seconds after which a silent peer counts as lost.
    Every coroutine raises PeerLostError if the other peer is gone, and TransferError if it says that it cannot go on.
    It also raises TransferError if the other peer does not follow the protocol.
    `transfer_id` is the id of the transfer, if it has one, as soon as the sender has announced it.
    """

    def __init__(self, data_channel: RTCDataChannel, patience: float = PATIENCE_SECONDS) -> None:
        self._data_channel = data_channel
        self._patience = patience
        self.transfer_id: int | None = None
        # None stands for a text that is not a message.
        self._messages: asyncio.Queue[bytes | FileMessage | None] = asyncio.Queue(MAX_BACKLOG_MESSAGES)
        self._loop = asyncio.get_running_loop()
        self._last_heard = self._loop.time()
        self._has_heard = False
        self._stirred = asyncio.Event()
        self._closed = asyncio.Event()
        data_channel.bufferedAmountLowThreshold = LOW_WATER_BYTES
        data_channel.on("message", self._on_message)
        data_channel.on("bufferedamountlow", self._stirred.set)
        data_channel.on("close", self._on_close)

    @property
    def has_heard(self) -> bool:
        """Whether the other peer has sent anything."""
        return self._has_heard

    def say(self, message: FileMessage) -> None:
        """Send a control message."""
        self._send(write_message(message))

    async def send(self, chunk: bytes) -> None:
        """Send bytes of the file, once there is room for them."""
        while self._data_channel.bufferedAmount > HIGH_WATER_BYTES:
            await self._stir()
        self._send(chunk)

    async def receive(self) -> bytes | FileMessage:
        """Return the next message: bytes of the file, or a control message. Alive messages are skipped."""
        while self._messages.empty():
            await self._stir()
        return self._next()

    def received(self) -> Iterator[bytes | FileMessage]:
        """Yield the messages that have arrived already."""
        while not self._messages.empty():
            yield self._next()

    def _next(self) -> bytes | FileMessage:
        message = self._messages.get_nowait()
        if message is None or message == b"":
            raise protocol_error()
        if isinstance(message, Failed):
            raise OtherPeerError(f"the other peer reports: {one_line(message.message)}")
        return message

    @asynccontextmanager
    async def alive(self, message: Alive = ALIVE) -> AsyncIterator[None]:
        """Send alive messages for the length of a `with` block. If a TransferError ends it, tell the other peer why."""
        task = asyncio.create_task(self._keep_saying(message))
        try:
            yield
        except TransferError as error:
            if isinstance(error, OtherPeerError):
                raise
            with suppress(PeerLostError):
                self.say(Failed(str(error), self.transfer_id))
                await self._until_closed()
            raise
        finally:
            task.cancel()

    async def finish(self) -> None:
        """Wait briefly until the other peer has the last message and closes the connection."""
        await self._until_closed()

    async def _until_closed(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(HANG_UP_SECONDS):
                await self._closed.wait()

    async def _keep_saying(self, message: Alive) -> None:
        with suppress(PeerLostError):
            while True:
                # If the buffer is full, an alive message would be late, and is not needed: the bytes in the buffer show
                # that this peer is alive.
                if self._data_channel.bufferedAmount < LOW_WATER_BYTES:
                    self.say(message)
                await asyncio.sleep(ALIVE_SECONDS)

    def _send(self, message: str | bytes) -> None:
        try:
            self._data_channel.send(message)
        except InvalidStateError as error:
            raise PeerLostError("the other peer has disconnected") from error

    async def _stir(self) -> None:
        """Wait until something happens on the data channel."""
        if self._closed.is_set():
            raise PeerLostError("the other peer has disconnected")
        self._stirred.clear()
        try:
            async with asyncio.timeout_at(self._last_heard + self._patience):
                await self._stirred.wait()
        except TimeoutError as error:
            raise PeerLostError(f"lost the other peer: no message for {self._patience:g} seconds") from error

    def _on_message(self, message: str | bytes) -> None:
        self._last_heard = self._loop.time()
        self._has_heard = True
        read = read_message(message) if isinstance(message, str) else message
        if isinstance(read, Alive):
            # Do not queue alive messages: if the content is written slowly, they would fill the queue.
            self._stirred.set()
            return
        try:
            self._messages.put_nowait(read)
        except asyncio.QueueFull:
            self._data_channel.close()
            self._closed.set()
        self._stirred.set()

    def _on_close(self) -> None:
        self._closed.set()
        self._stirred.set()


def protocol_error() -> TransferError:
    """Return the error for a message that the other peer must not send at this point."""
    return TransferError("the other peer does not follow the protocol")


def one_line(text: str) -> str:
    """Return a message of the other peer in a form that is safe to print to a terminal."""
    return re.sub(r"[^ -~]+", " ", text)[:MAX_REASON_CHARACTERS]
