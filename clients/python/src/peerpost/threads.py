"""Runs blocking work in threads that do not delay the end of the program.

A thread that reads from a terminal or writes to a pipe cannot be stopped. If it were one of asyncio's own threads, the
program could not end before the thread returns.
"""

import asyncio
import concurrent.futures
import queue
import threading
from collections.abc import Callable
from typing import TypeVar

from peerpost.limits import FEED_CHUNKS

T = TypeVar("T")


def in_thread(work: Callable[[], T]) -> "asyncio.Future[T]":
    """Do some work in a new thread, and return a future for its result.

    If the future is cancelled, the work goes on, but its result is dropped.
    """
    result: concurrent.futures.Future[T] = concurrent.futures.Future()
    # From now on, `result` cannot be cancelled, so the thread can always set it.
    result.set_running_or_notify_cancel()

    def run() -> None:
        try:
            result.set_result(work())
        except BaseException as error:
            result.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return asyncio.wrap_future(result)


class Feed:
    """Passes bytes from the event loop to another thread. At most a few chunks are on their way."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._chunks: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._room = asyncio.Semaphore(FEED_CHUNKS)
        self._has_ended = False

    async def write(self, chunk: bytes) -> None:
        """Pass a chunk on, once there is room for it."""
        await self._room.acquire()
        self._chunks.put(chunk)

    def end(self) -> None:
        """Let the reader know that there are no more chunks."""
        self._chunks.put(b"")

    def make_room(self) -> None:
        """Let a writer go on although nobody reads any more."""
        self._room.release()

    def read(self, _size: int = -1) -> bytes:
        """Return the next chunk, of any size, or nothing at the end. This is called by the other thread."""
        chunk = b"" if self._has_ended else self._chunks.get()
        if chunk:
            self._loop.call_soon_threadsafe(self._room.release)
        else:
            self._has_ended = True
        return chunk
