"""Sinks for received data: a file, standard output, or new folders."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO

from peerpost.archive import unpack
from peerpost.errors import TransferError
from peerpost.local_files import (
    partial_file,
    partial_folder,
    put_any_in_place,
    put_in_place,
    refuse_existing,
    save,
    system_error_as,
)
from peerpost.threads import Feed, in_thread
from peerpost.transfer import Sink


@asynccontextmanager
async def file_at(target: Path, *, force: bool = False) -> AsyncIterator[Sink]:
    """Yield a sink for a file. The file gets its name when it is complete.

    Until then it has a temporary name in the same directory. After an error, it is deleted.
    An existing file is an error, unless `force` is set.
    """
    refuse_existing(target, force)
    with partial_file(target) as (file, path):
        yield NewFile(file, path, target, force=force)


class NewFile:
    """A file that is being received. It has a temporary name until it is complete."""

    def __init__(self, file: BinaryIO, path: Path, target: Path, *, force: bool) -> None:
        self._file = file
        self._path = path
        self._target = target
        self._force = force

    async def write(self, chunk: bytes) -> None:
        with system_error_as("cannot write the file"):
            self._file.write(chunk)

    async def complete(self) -> None:
        # A full disk may cause an error only now.
        with system_error_as("cannot write the file"):
            await save(self._file)
        put_in_place(self._path, self._target, self._force)


class StandardOutput:
    """Standard output. Another program may read it slowly, so it is written in a thread.

    What was written cannot be taken back: if the checksum turns out to be wrong, only the error message and the exit
    code say so.
    """

    def __init__(self) -> None:
        if sys.stdout is None:
            raise TransferError("cannot write to standard output: it is closed")
        self._descriptor = sys.stdout.fileno()

    async def write(self, chunk: bytes) -> None:
        with system_error_as("cannot write to standard output"):
            await in_thread(lambda: self._write_all(chunk))

    async def complete(self) -> None:
        """Do nothing: everything has been written already."""

    def _write_all(self, chunk: bytes) -> None:
        left = memoryview(chunk)
        while left:
            left = left[os.write(self._descriptor, left) :]


@asynccontextmanager
async def standard_output() -> AsyncIterator[Sink]:
    """Yield a sink that writes to standard output without waiting for the end."""
    yield StandardOutput()


@asynccontextmanager
async def folders_in(directory: Path, *, force: bool = False) -> AsyncIterator[Sink]:
    """Yield a sink that unpacks a tar archive. When it is complete, its files and folders are moved to the directory.

    Until then they are in a temporary folder in the same directory. After an error, this folder is deleted.
    An existing file is an error, unless `force` is set. An existing folder is always an error.
    """
    with partial_folder(directory) as folder:
        unpacked = Unpacked(folder, directory, force=force)
        try:
            yield unpacked
        finally:
            await unpacked.close()


class Unpacked:
    """An archive that is being unpacked, in another thread."""

    def __init__(self, folder: Path, directory: Path, *, force: bool) -> None:
        self._folder = folder
        self._directory = directory
        self._force = force
        self._feed = Feed()
        self._unpacking = in_thread(lambda: unpack(self._feed, folder, self._refuse))
        self._unpacking.add_done_callback(lambda _: self._feed.make_room())

    async def write(self, chunk: bytes) -> None:
        if self._unpacking.done():
            # If unpacking has failed, raise its error. If not, the chunk is padding after the end of the archive.
            self._unpacking.result()
        else:
            await self._feed.write(chunk)

    async def complete(self) -> None:
        self._feed.end()
        # If this is cancelled, the thread still needs a moment to end.
        tops = await asyncio.shield(self._unpacking)
        # Check all names before the first file or folder is put in place.
        for top in tops:
            self._refuse(top)
        for top in tops:
            put_any_in_place(self._folder / top, self._directory / top, self._force)

    async def close(self) -> None:
        """Wait until the thread has ended. It ends soon, because nothing more comes."""
        self._feed.end()
        await asyncio.gather(self._unpacking, return_exceptions=True)

    def _refuse(self, top: str) -> None:
        refuse_existing(self._directory / top, self._force)
