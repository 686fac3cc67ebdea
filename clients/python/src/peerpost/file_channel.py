"""The messages of a file transfer over an RTCDataChannel. The README describes them."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress

from aiortc import InvalidStateError, RTCDataChannel

from peerpost.errors import PeerLostError, TransferError
from peerpost.limits import (
    ALIVE_SECONDS,
    HANG_UP_SECONDS,
    HIGH_WATER_BYTES,
    LOW_WATER_BYTES,
    MAX_BACKLOG_MESSAGES,
    PATIENCE_SECONDS,
)

LABEL = "peerpost-file"


class OtherPeerError(TransferError):
    """The other peer has said that it cannot go on, so this error need not be reported to it."""


class FileChannel:
    """The messages of a transfer over a data channel.

    `patience` is the time in seconds after which a silent peer counts as lost.
    Every coroutine raises PeerLostError if the other peer is gone, and TransferError if it says that it cannot go on.
    """

    def __init__(self, data_channel: RTCDataChannel, patience: float = PATIENCE_SECONDS) -> None:
        self._data_channel = data_channel
        self._patience = patience
        self._messages: asyncio.Queue[str | bytes] = asyncio.Queue(MAX_BACKLOG_MESSAGES)
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

    def say(self, kind: str, **fields: str | int | None) -> None:
        """Send a control message."""
        self._send(json.dumps({"type": kind, **fields}))

    async def send(self, chunk: bytes) -> None:
        """Send bytes of the file, once there is room for them."""
        while self._data_channel.bufferedAmount > HIGH_WATER_BYTES:
            await self._stir()
        self._send(chunk)

    async def receive(self) -> bytes | dict[str, object]:
        """Return the next message: bytes of the file, or a control message. Signs of life are skipped."""
        while self._messages.empty():
            await self._stir()
        message = self._messages.get_nowait()
        if isinstance(message, bytes):
            return message
        control = control_of(message)
        raise_if_error(control)
        return control

    def received(self) -> Iterator[dict[str, object]]:
        """Give the control messages that have arrived already."""
        while not self._messages.empty():
            message = self._messages.get_nowait()
            control = control_of(message) if isinstance(message, str) else {}
            raise_if_error(control)
            yield control

    @asynccontextmanager
    async def alive(self) -> AsyncIterator[None]:
        """Send signs of life all the time. If a TransferError ends this, tell the other peer why."""
        task = asyncio.create_task(self._keep_saying_alive())
        try:
            yield
        except TransferError as error:
            if isinstance(error, OtherPeerError):
                raise
            with suppress(PeerLostError):
                self.say("error", message=str(error))
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

    async def _keep_saying_alive(self) -> None:
        with suppress(PeerLostError):
            while True:
                # Behind a full buffer, a sign of life would be late. It is not needed either, because the bytes in the
                # buffer show that this peer is alive.
                if self._data_channel.bufferedAmount < LOW_WATER_BYTES:
                    self.say("alive")
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
        if isinstance(message, str) and control_of(message).get("type") == "alive":
            # These would pile up behind the content, if that is written slowly.
            self._stirred.set()
            return
        try:
            self._messages.put_nowait(message)
        except asyncio.QueueFull:
            self._data_channel.close()
            self._closed.set()
        self._stirred.set()

    def _on_close(self) -> None:
        self._closed.set()
        self._stirred.set()


def control_of(message: str) -> dict[str, object]:
    try:
        control = json.loads(message)
    except (ValueError, RecursionError):
        return {}
    return control if isinstance(control, dict) else {}


def raise_if_error(control: dict[str, object]) -> None:
    if control.get("type") == "error":
        raise OtherPeerError(f"the other peer reports: {one_line(control.get('message'))}")


def one_line(text: object) -> str:
    """Return a message of the other peer in a form that is safe to print to a terminal."""
    if not isinstance(text, str):
        return "error"
    return re.sub(r"[^ -~]+", " ", text)[:200]
