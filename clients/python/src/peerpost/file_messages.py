"""The control messages of a file transfer, which docs/files.md describes. Messages that are read are untrusted."""

import json
import re
from dataclasses import dataclass
from typing import NoReturn, TypeGuard

from peerpost.limits import MAX_FILE_BYTES, MAX_FILE_MESSAGE_BYTES, MAX_REASON_CHARACTERS

CHECKSUM = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Announcement:
    """What the sender says first.

    `size` is in bytes, or None for a stream whose end the sender does not know.
    If `is_tar` is set, the content is a tar archive of several files or a folder.
    If `once` is set, the sender leaves after this transfer.
    """

    name: str
    size: int | None
    is_tar: bool = False
    id: int | None = None
    once: bool = False


@dataclass(frozen=True)
class End:
    """The sender has sent everything."""

    sha256: str
    id: int | None = None


@dataclass(frozen=True)
class Received:
    """The number of bytes that the receiver has received so far."""

    bytes: int
    id: int | None = None


@dataclass(frozen=True)
class Done:
    """The receiver has everything."""

    sha256: str
    id: int | None = None


@dataclass(frozen=True)
class Failed:
    """One of the peers gives up, and says why."""

    message: str
    id: int | None = None


@dataclass(frozen=True)
class Alive:
    """This peer is still there. If `once` is set, it is a receiver that leaves after one transfer."""

    once: bool = False


FileMessage = Announcement | End | Received | Done | Failed | Alive


def read_message(text: str) -> FileMessage | None:
    """Return the message in a text from the other peer, or None if the text is not a message."""
    if len(text) > MAX_FILE_MESSAGE_BYTES or len(text.encode(errors="replace")) > MAX_FILE_MESSAGE_BYTES:
        return None
    try:
        fields = json.loads(text, parse_constant=refuse_constant)
        return message_of(fields) if isinstance(fields, dict) else None
    except (ValueError, RecursionError):
        return None


def refuse_constant(name: str) -> NoReturn:
    """Refuse NaN and Infinity, which Python accepts although they are not JSON."""
    raise ValueError(name)


def message_of(fields: dict[str, object]) -> FileMessage | None:
    """Return the message with these fields. Raises ValueError if one is missing or of the wrong kind."""
    match fields.get("type"):
        case "file":
            return announcement_of(fields, is_tar=False)
        case "files":
            return announcement_of(fields, is_tar=True)
        case "end":
            return End(checksum_in(fields), id_in(fields))
        case "received":
            return Received(count_of(fields.get("bytes")), id_in(fields))
        case "done":
            return Done(checksum_in(fields), id_in(fields))
        case "error":
            return Failed(text_in(fields, "message"), id_in(fields))
        case "alive":
            return Alive(once_in(fields))
    return None


def announcement_of(fields: dict[str, object], *, is_tar: bool) -> Announcement:
    if "size" not in fields:
        raise ValueError("size")
    size = None if fields["size"] is None else count_of(fields["size"])
    return Announcement(text_in(fields, "name"), size, is_tar, id_in(fields), once_in(fields))


def id_in(fields: dict[str, object]) -> int | None:
    return count_of(fields["id"]) if "id" in fields else None


def once_in(fields: dict[str, object]) -> bool:
    once = fields.get("once", False)
    if not isinstance(once, bool):
        raise ValueError("once")
    return once


def text_in(fields: dict[str, object], name: str) -> str:
    text = fields.get(name)
    if not isinstance(text, str):
        raise ValueError(name)
    return text


def checksum_in(fields: dict[str, object]) -> str:
    checksum = text_in(fields, "sha256")
    if not CHECKSUM.fullmatch(checksum):
        raise ValueError("sha256")
    return checksum


def count_of(value: object) -> int:
    """Return a whole number, 0 or more. JavaScript does not distinguish 3 from 3.0, so both are accepted."""
    if not is_number(value) or value != value // 1 or not 0 <= value <= MAX_FILE_BYTES:
        raise ValueError(value)
    return int(value)


def is_number(value: object) -> TypeGuard[int | float]:
    # Python's True is an int.
    return isinstance(value, int | float) and not isinstance(value, bool)


def write_message(message: FileMessage) -> str:
    """Return the text of a message."""
    fields = fields_of(message)
    # An unknown size is sent as null. Other fields that are None are left out.
    return json.dumps({name: value for name, value in fields.items() if value is not None or name == "size"})


def fields_of(message: FileMessage) -> dict[str, object]:
    """Return the fields of a message. `write_message` leaves out those that are None, except for the size."""
    match message:
        case Announcement(name, size, is_tar, number, once):
            kind = "files" if is_tar else "file"
            return {"type": kind, "id": number, "name": name, "size": size, "once": once or None}
        case End(sha256, number):
            return {"type": "end", "id": number, "sha256": sha256}
        case Received(count, number):
            return {"type": "received", "id": number, "bytes": count}
        case Done(sha256, number):
            return {"type": "done", "id": number, "sha256": sha256}
        case Failed(reason, number):
            return {"type": "error", "id": number, "message": reason[:MAX_REASON_CHARACTERS]}
        case Alive(once):
            return {"type": "alive", "once": once or None}
