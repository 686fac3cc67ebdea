"""Unpacks a tar archive from the other peer into an empty folder, while it arrives.

The archive is untrusted. Only files and folders are accepted, and their names are made safe.
"""

import os
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Protocol, Self, cast

from peerpost.errors import TransferError
from peerpost.file_names import safe_path
from peerpost.limits import MAX_FOLDER_DEPTH, MAX_FOLDER_FILES, MAX_TAR_HEADER_BYTES
from peerpost.local_files import system_error_as

CONTENT_TYPES = {tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE}
# These give the next header a longer name.
EXTENSION_TYPES = {tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME}

# What Python's tarfile raises for an archive that it cannot read. RecursionError is among them because tarfile calls
# itself for each extension of a header.
UNREADABLE = (tarfile.TarError, ArithmeticError, EOFError, LookupError, RecursionError, ValueError)


class Stream(Protocol):
    """What an archive is read from."""

    def read(self, size: int, /) -> bytes:
        """Return some bytes, or none at the end."""


class Header(tarfile.TarInfo):
    """A header that is checked before anything is done with it."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        header = super().frombuf(buf, encoding, errors)
        if header.type not in CONTENT_TYPES | EXTENSION_TYPES:
            raise TransferError("only ordinary files and folders can be received, no links or devices")
        if header.type in EXTENSION_TYPES and header.size > MAX_TAR_HEADER_BYTES:
            # tarfile would read all of it into memory.
            raise TransferError("a name in the archive is too long")
        return header


def unpack(stream: Stream, folder: Path, refuse: Callable[[str], None]) -> list[str]:
    """Unpack an archive into an empty folder, and return the names at its top level.

    `refuse` is called with each of these names as soon as it is known, and raises TransferError if the name may not be
    used. Raises TransferError if the archive is damaged, or contains anything other than files and folders.
    """
    if not hasattr(tarfile, "data_filter"):
        raise TransferError("receiving several files or a folder needs Python 3.11.4 or newer")
    checks = Checks(refuse)
    with system_error_as("cannot write the files"):
        try:
            with tarfile.open(
                fileobj=cast("IO[bytes]", stream),
                mode="r|",
                tarinfo=Header,
                encoding="utf-8",
                errors="surrogateescape",
            ) as archive:
                for member in archive:
                    archive.extract(member, folder, filter=checks.checked)
        except UNREADABLE as error:
            raise TransferError("the files cannot be unpacked: the archive is damaged") from error
    return checks.tops


class Checks:
    """The checks that each file must pass before it is unpacked."""

    def __init__(self, refuse: Callable[[str], None]) -> None:
        self._tops: dict[str, None] = {}
        self._refuse = refuse
        self._count = 0

    @property
    def tops(self) -> list[str]:
        """The names at the top level of the archive."""
        return list(self._tops)

    def checked(self, member: tarfile.TarInfo, folder: str) -> tarfile.TarInfo | None:
        """Return a file with a safe name, or None if there is nothing to unpack. Raises TransferError to refuse it."""
        self._count += 1
        if self._count > MAX_FOLDER_FILES:
            raise TransferError(f"more than {MAX_FOLDER_FILES} files cannot be received together")
        if member.issparse():
            raise TransferError("sparse files cannot be received")
        parts = safe_path(member.name)
        if not parts:
            return None
        if len(parts) > MAX_FOLDER_DEPTH:
            raise TransferError(f"the folders are nested more than {MAX_FOLDER_DEPTH} deep")
        if parts[0] not in self._tops:
            self._refuse(parts[0])
            self._tops[parts[0]] = None
        path = os.path.join(folder, *parts)
        if os.path.lexists(path) and not (member.isdir() and os.path.isdir(path)):
            raise TransferError(f"two of the files would have the name {parts[-1]}")
        return tarfile.data_filter(member.replace(name="/".join(parts), deep=False), folder)
