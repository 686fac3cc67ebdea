"""Files on this machine: each is written under a temporary name, and gets its final name when it is complete."""

import asyncio
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from peerpost.errors import TransferError


async def save(file: BinaryIO) -> None:
    """Write a file to the disk, and close it. This runs in a thread, so that alive messages are still sent.

    A slow disk may take longer than the other peer waits for an alive message.
    """

    def write() -> None:
        file.flush()
        os.fsync(file.fileno())
        file.close()

    writing = asyncio.create_task(asyncio.to_thread(write))
    try:
        await asyncio.shield(writing)
    finally:
        # A thread cannot be stopped. Wait for it, or the caller would close the file while the thread writes.
        await asyncio.gather(writing, return_exceptions=True)


@contextmanager
def partial_file(target: Path) -> Iterator[tuple[BinaryIO, Path]]:
    """Yield a new file in the target's directory, and its path. It is deleted afterwards, unless it was renamed."""
    path = target.with_name(f".{target.name[:50]}.{secrets.token_hex(4)}.part")
    with system_error_as(f"cannot write into {target.parent}"):
        file = path.open("xb")
    try:
        yield file, path
    finally:
        # Closing tries once more to write what is left in the buffer, and may fail.
        with suppress(OSError):
            file.close()
        path.unlink(missing_ok=True)


@contextmanager
def partial_folder(directory: Path) -> Iterator[Path]:
    """Yield the path of a new folder in a directory. It is deleted afterwards, with everything that is still in it."""
    path = directory / f".peerpost.{secrets.token_hex(4)}.part"
    with system_error_as(f"cannot write into {directory}"):
        path.mkdir()
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def system_error_as(what: str) -> Iterator[None]:
    """Turn an error of the operating system into a TransferError, which is also reported to the other peer."""
    try:
        yield
    except OSError as error:
        raise TransferError(f"{what}: {error.strerror}") from error


def refuse_existing(target: Path, force: bool) -> None:
    """Raise TransferError if the target must not be replaced. Directories and devices are never replaced."""
    if not os.path.lexists(target):
        return
    # Path.is_file may raise an OSError, for example for a link to a name that is too long. os.path.isfile never does.
    if not os.path.isfile(target):
        raise TransferError(f"{target.name} exists already, and is not a file")
    if not force:
        raise TransferError(f"{target.name} exists already; --force replaces it")


def put_any_in_place(path: Path, target: Path, force: bool) -> None:
    """Give a complete file or folder its final name. A folder never replaces anything."""
    if not path.is_dir():
        put_in_place(path, target, force)
        return
    if os.path.lexists(target):
        raise TransferError(f"{target.name} exists already, and a folder never replaces anything")
    with system_error_as(f"cannot write {target.name}"):
        path.rename(target)


def put_in_place(path: Path, target: Path, force: bool) -> None:
    """Give a complete file its final name. Without `force`, a file that was created in the meantime is not replaced."""
    if not force:
        # A rename would replace an existing file, and a hard link does not. Some file systems have no hard links.
        with suppress(OSError):
            os.link(path, target)
            return
    refuse_existing(target, force)
    with system_error_as(f"cannot write {target.name}"):
        path.replace(target)
