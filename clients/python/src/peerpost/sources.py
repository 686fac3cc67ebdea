"""What can be sent: a file, standard input, or several files and folders in one tar archive."""

import errno
import os
import stat
import sys
import tarfile
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from peerpost.errors import TransferError
from peerpost.file_names import safe_name
from peerpost.limits import MAX_FOLDER_DEPTH, MAX_FOLDER_FILES, PIECE_BYTES
from peerpost.local_files import system_error_as
from peerpost.threads import in_thread
from peerpost.transfer import Offer, Source

STANDARD_INPUT = Path("-")

END_OF_ARCHIVE = bytes(2 * tarfile.BLOCKSIZE)


@asynccontextmanager
async def opened_source(paths: list[Path]) -> AsyncIterator[Source]:
    """Yield the source for these paths, open for reading. Raises TransferError if it cannot be read.

    The path `-` is standard input. A single file is sent as it is. Several files, or a folder, become a tar archive.
    """
    # Path.is_dir may raise an OSError, for example for a name that is too long. os.path.isdir never does.
    if paths == [STANDARD_INPUT]:
        yield StandardInput()
    elif len(paths) > 1 or os.path.isdir(paths[0]):
        # Finding all files may take a while, and never ends on a network drive that has stopped responding.
        yield await in_thread(lambda: Folder(paths))
    else:
        with open_file(paths[0]) as file:
            yield File(file, paths[0].name, os.fstat(file.fileno()).st_size)


def open_file(path: Path) -> BinaryIO:
    """Open a file for reading. Raises TransferError for anything else, such as a pipe or a device."""
    try:
        # A pipe has no size, and opening it may wait for ever.
        if path.exists() and not path.is_file():
            raise TransferError(f"cannot read {path}: Not a regular file")
        return path.open("rb")
    except OSError as error:
        raise TransferError(f"cannot read {path}: {error.strerror}") from error


class File:
    """An open file. What is appended to it later is not sent."""

    def __init__(self, file: BinaryIO, name: str, size: int) -> None:
        self.offer = Offer(name, size)
        self._file = file
        self._size = size

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        for piece in pieces_of(self._file, self._size):
            yield piece


class StandardInput:
    """Whatever another program writes, until it ends."""

    offer = Offer("stdin", None)

    def __init__(self) -> None:
        if sys.stdin is None:
            raise TransferError("cannot read standard input: it is closed")
        self._descriptor = sys.stdin.fileno()

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        while piece := await in_thread(self._read):
            yield piece

    def _read(self) -> bytes:
        # Python's own buffer would wait until it is full.
        with system_error_as("cannot read standard input"):
            return os.read(self._descriptor, PIECE_BYTES)


@dataclass(frozen=True)
class Entry:
    """A file or folder in an archive: where it is on this machine, and its header."""

    path: Path
    size: int
    header: bytes

    @property
    def padding(self) -> bytes:
        """The zeros that fill the last block of the content."""
        return bytes(-self.size % tarfile.BLOCKSIZE)

    @property
    def size_in_archive(self) -> int:
        return len(self.header) + self.size + len(self.padding)


class Folder:
    """Files and folders as one tar archive, which is made while it is sent.

    `left_out` are symbolic links and special files below a folder: on another machine, they would mean something else.
    Raises TransferError if something cannot be read.
    """

    def __init__(self, paths: list[Path]) -> None:
        self.left_out: list[Path] = []
        self._entries: list[Entry] = []
        tops: set[str] = set()
        for path in paths:
            top = top_name(path)
            if top in tops:
                raise TransferError(f"cannot send two files with the name {top} together")
            tops.add(top)
            with system_error_as(f"cannot read {path}"):
                self._add(path, top)
        size = sum(each.size_in_archive for each in self._entries) + len(END_OF_ARCHIVE)
        more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        self.offer = Offer(safe_name(top_name(paths[0])) + more, size, is_tar=True)

    def _add(self, path: Path, name: str) -> None:
        # A path from the caller may be a symbolic link. What is found in a folder may not.
        if not path.is_dir():
            if path.exists() and not path.is_file():
                raise TransferError(f"cannot read {path}: Not a regular file")
            self._append(path, name)
            return
        for folder, folders, files in os.walk(path, onerror=raise_it):
            folders.sort()
            here = Path(folder)
            name_here = PurePosixPath(name, *here.relative_to(path).parts)
            self._append(here, str(name_here))
            self.left_out += [here / each for each in folders if (here / each).is_symlink()]
            for file in sorted(files):
                if stat.S_ISREG((here / file).lstat().st_mode):
                    self._append(here / file, str(name_here / file))
                else:
                    self.left_out.append(here / file)

    def _append(self, path: Path, name: str) -> None:
        if len(self._entries) >= MAX_FOLDER_FILES:
            raise TransferError(f"more than {MAX_FOLDER_FILES} files: pack them first, and send the archive")
        if name.count("/") >= MAX_FOLDER_DEPTH:
            raise TransferError(f"the folders are nested more than {MAX_FOLDER_DEPTH} deep")
        with system_error_as(f"cannot read {path}"):
            status = path.stat()
        # os.access does not say why a file cannot be read, so the line above has to find out that it exists.
        if not os.access(path, os.R_OK):
            raise TransferError(f"cannot read {path}: {os.strerror(errno.EACCES)}")
        # Do not send the name and the id of the owner.
        info = tarfile.TarInfo(name)
        info.mode = stat.S_IMODE(status.st_mode)
        info.mtime = int(status.st_mtime)
        if stat.S_ISDIR(status.st_mode):
            info.type = tarfile.DIRTYPE
        else:
            info.size = status.st_size
        self._entries.append(Entry(path, info.size, info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")))

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        # Small files are sent together.
        buffer = bytearray()
        for piece in self._pieces():
            buffer += piece
            if len(buffer) >= PIECE_BYTES:
                yield bytes(buffer)
                buffer.clear()
        yield bytes(buffer)

    def _pieces(self) -> Iterator[bytes]:
        for entry in self._entries:
            yield entry.header
            if entry.size:
                with open_file(entry.path) as file:
                    yield from pieces_of(file, entry.size)
                yield entry.padding
        yield END_OF_ARCHIVE


def pieces_of(file: BinaryIO, size: int) -> Iterator[bytes]:
    """Yield the next `size` bytes of a file, in pieces. Raises TransferError if the file is shorter."""
    left = size
    while left:
        with system_error_as("cannot read the file"):
            piece = file.read(min(PIECE_BYTES, left))
        if not piece:
            raise TransferError("the file became shorter while it was being sent")
        left -= len(piece)
        yield piece


def top_name(path: Path) -> str:
    """Return the name that a file or folder has in an archive. Raises TransferError for the root of a file system."""
    name = Path(os.path.abspath(path)).name
    if not name:
        raise TransferError(f"cannot send {path}, which has no name")
    return name


def raise_it(error: OSError) -> None:
    raise error
