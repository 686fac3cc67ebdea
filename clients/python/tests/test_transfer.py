"""Sending a file over a data channel: between two honest peers in this process, and with a peer that lies."""

import asyncio
import errno
import hashlib
import json
import os
import resource
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import pytest
from pyee.asyncio import AsyncIOEventEmitter

from doubles import run_at_once
from peerpost import PeerLostError, TransferError
from peerpost.file_channel import FileChannel
from peerpost.limits import HIGH_WATER_BYTES, PATIENCE_SECONDS
from peerpost.local_files import partial_file, put_in_place, refuse_existing, save
from peerpost.transfer import FileOffer, receive_file, receive_offer, send_file

CONTENT = bytes(range(256)) * 1_000


class Wire(AsyncIOEventEmitter):
    """One end of a data channel. The other end is in this process, and messages take `delay` seconds.

    While `delivers` is False, nothing leaves its buffer.
    """

    def __init__(self) -> None:
        super().__init__()
        self.other: Wire | None = None
        self.bufferedAmount = 0
        self.bufferedAmountLowThreshold = 0
        self.highest = 0
        self.delivers = True
        self.delay = 0.001

    def send(self, message: str | bytes) -> None:
        self.bufferedAmount += len(message)
        self.highest = max(self.highest, self.bufferedAmount)
        asyncio.get_running_loop().call_later(self.delay, self._deliver, message)

    def _deliver(self, message: str | bytes) -> None:
        if self.delivers and self.other:
            self.bufferedAmount -= len(message)
            self.emit("bufferedamountlow")
            self.other.emit("message", message)

    def close(self) -> None:
        for end in (self, self.other):
            if end:
                end.emit("close")


def two_ends(patience: float = 5) -> tuple[Wire, Wire, FileChannel, FileChannel]:
    here, there = Wire(), Wire()
    here.other, there.other = there, here
    return here, there, FileChannel(here, patience), FileChannel(there, patience)  # type: ignore[arg-type]


def ignore(_count: int) -> None:
    pass


async def transfer(target: Path, force: bool = False, patience: float = 5) -> tuple[str, str, Wire]:
    here, _, sending, receiving = two_ends(patience)

    async def receive() -> str:
        offer = await receive_offer(receiving)
        return await receive_file(receiving, offer, target, ignore, force=force)

    async def send() -> str:
        try:
            return await send_file(sending, BytesIO(CONTENT), "name", len(CONTENT), ignore)
        finally:
            here.close()

    sent, received = await asyncio.gather(send(), receive())
    return sent, received, here


def test_a_file_arrives_with_its_checksum(tmp_path: Path) -> None:
    target = tmp_path / "file"

    sent, received, _ = run_at_once(transfer(target))

    assert sent == received == hashlib.sha256(CONTENT).hexdigest()
    assert target.read_bytes() == CONTENT
    assert list(tmp_path.iterdir()) == [target]


def test_an_existing_file_is_replaced_only_with_force(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_text("precious")

    with pytest.raises(TransferError, match="file exists already; --force replaces it"):
        run_at_once(transfer(target))

    assert target.read_text() == "precious"
    run_at_once(transfer(target, force=True))
    assert target.read_bytes() == CONTENT
    assert list(tmp_path.iterdir()) == [target]


def test_a_directory_is_not_replaced_even_with_force(tmp_path: Path) -> None:
    with pytest.raises(TransferError, match="exists already"):
        run_at_once(transfer(tmp_path, force=True))


def test_a_device_is_not_replaced_even_with_force() -> None:
    with pytest.raises(TransferError, match="null exists already, and is not a file"):
        refuse_existing(Path(os.devnull), force=True)


@pytest.mark.parametrize("force", [True, False])
def test_a_file_created_during_the_transfer_is_replaced_only_with_force(tmp_path: Path, force: bool) -> None:
    complete, target = tmp_path / "file.part", tmp_path / "file"
    complete.write_text("new")
    target.write_text("precious")

    if force:
        put_in_place(complete, target, force)
    else:
        with pytest.raises(TransferError, match="file exists already; --force replaces it"):
            put_in_place(complete, target, force)

    assert target.read_text() == ("new" if force else "precious")


def test_both_sides_report_a_full_disk(tmp_path: Path) -> None:
    async def transfer_both() -> list[object]:
        here, _, sending, receiving = two_ends()

        async def receive() -> None:
            offer = await receive_offer(receiving)
            await receive_file(receiving, offer, tmp_path / "file", ignore)

        async def send() -> None:
            try:
                await send_file(sending, BytesIO(CONTENT), "name", len(CONTENT), ignore)
            finally:
                here.close()

        return list(await asyncio.gather(receive(), send(), return_exceptions=True))

    with files_of_at_most(100_000):
        received, sent = run_at_once(transfer_both())

    assert str(received) == "cannot write the file: File too large"
    assert str(sent) == "the other peer reports: cannot write the file: File too large"
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_slower_than_the_other_peers_patience_does_not_end_the_transfer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def transfer_to_a_slow_disk() -> tuple[str, str, Wire]:
        loop = asyncio.get_running_loop()
        written = threading.Event()

        def sync(_descriptor: int) -> None:
            loop.call_soon_threadsafe(loop.call_later, 3 * PATIENCE_SECONDS, written.set)
            assert written.wait(10)

        monkeypatch.setattr(os, "fsync", sync)
        return await transfer(tmp_path / "file", patience=PATIENCE_SECONDS)

    sent, received, _ = run_at_once(transfer_to_a_slow_disk())

    assert sent == received
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_file_is_closed_only_after_its_last_write_even_if_a_task_is_cancelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_end, sizes = threading.Event(), threading.Event(), list[int]()

    def wait(descriptor: int) -> None:
        begun.set()
        may_end.wait(10)
        sizes.append(os.fstat(descriptor).st_size)

    async def write() -> None:
        with partial_file(tmp_path / "file") as (file, _):
            file.write(CONTENT)
            await save(file)

    async def cancel() -> None:
        writing = asyncio.create_task(write())
        await asyncio.to_thread(begun.wait, 10)
        writing.cancel()
        await asyncio.sleep(0.05)
        may_end.set()
        await writing

    monkeypatch.setattr(os, "fsync", wait)

    with pytest.raises(asyncio.CancelledError):
        run_at_once(cancel())

    assert sizes == [len(CONTENT)]
    assert list(tmp_path.iterdir()) == []


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_different_checksum_at_the_receiver_is_an_error() -> None:
    async def send() -> None:
        here, there, sending, _ = two_ends()
        there.send(control(type="done", sha256="0" * 64))
        asyncio.get_running_loop().call_later(0.05, here.close)
        await send_file(sending, BytesIO(b""), "file", 0, ignore)

    with pytest.raises(TransferError, match="checksum mismatch: the other peer received different data"):
        run_at_once(send())


def test_an_unreadable_file_is_an_error() -> None:
    class Broken(BytesIO):
        def read(self, _size: int | None = -1) -> bytes:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    async def send() -> None:
        here, _, sending, _ = two_ends()
        asyncio.get_running_loop().call_later(0.05, here.close)
        await send_file(sending, Broken(), "file", 4, ignore)

    with pytest.raises(TransferError, match="cannot read the file: Input/output error"):
        run_at_once(send())


def test_a_symbolic_link_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(TransferError, match="exists already"):
        run_at_once(transfer(target))

    assert not (tmp_path / "elsewhere").exists()


def test_a_missing_directory_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TransferError, match="cannot write into"):
        run_at_once(transfer(tmp_path / "nowhere" / "file"))


Lie = Callable[[Wire], None]


def control(**fields: object) -> str:
    return json.dumps(fields)


LIES: list[tuple[list[str | bytes], str]] = [
    ([b"1234", control(type="end", sha256="0" * 64)], "checksum mismatch"),
    ([b"1234", control(type="end")], "checksum mismatch"),
    ([b"123", control(type="end", sha256="0" * 64)], "received only 3 of 4 bytes"),
    ([b"1234", control(type="file", name="again", size=1)], "does not follow the protocol"),
    ([b"12345"], "received more bytes than the sender announced"),
    ([b"1234", "nonsense"], "does not follow the protocol"),
    ([b"1234", "[" * 100_000], "does not follow the protocol"),
    ([control(type="error", message="\x1b[31mno")], r"the other peer reports:  \[31mno"),
    ([control(type="error")], "the other peer reports: error"),
]


@pytest.mark.parametrize(("messages", "error"), LIES)
def test_a_sender_that_lies_leaves_no_file(tmp_path: Path, messages: list[str | bytes], error: str) -> None:
    async def receive() -> None:
        here, _, _, receiving = two_ends()
        for message in messages:
            here.send(message)
        asyncio.get_running_loop().call_later(0.05, here.close)
        await receive_file(receiving, FileOffer("file", 4), tmp_path / "file", ignore)

    with pytest.raises(TransferError, match=error):
        run_at_once(receive())

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "message",
    [
        b"bytes",
        "nonsense",
        control(type="end"),
        control(type="file"),
        control(type="file", name="a", size=-1),
        control(type="file", name="a", size=True),
        control(type="file", name="a", size="1"),
        control(type="file", name=1, size=1),
    ],
)
def test_a_message_that_offers_no_file_is_an_error(message: str | bytes) -> None:
    async def receive() -> None:
        here, _, _, receiving = two_ends()
        here.send(message)
        await receive_offer(receiving)

    with pytest.raises(TransferError, match="does not send a file"):
        run_at_once(receive())


def test_a_sender_keeps_only_a_little_of_the_file_in_memory(tmp_path: Path) -> None:
    size = 2 * HIGH_WATER_BYTES

    async def send() -> int:
        here, _, sending, receiving = two_ends()
        here.delay = 0.3
        offer = FileOffer("file", size)

        async def receive() -> None:
            await receive_offer(receiving)
            await receive_file(receiving, offer, tmp_path / "file", ignore)

        receiver = asyncio.create_task(receive())
        await send_file(sending, BytesIO(bytes(size)), "file", size, ignore)
        here.close()
        await receiver
        return here.highest

    highest = run_at_once(send())

    assert HIGH_WATER_BYTES < highest < 1.1 * HIGH_WATER_BYTES


def test_a_file_that_shrinks_during_the_transfer_is_an_error() -> None:
    async def send() -> None:
        here, _, sending, _ = two_ends()
        asyncio.get_running_loop().call_later(0.05, here.close)
        await send_file(sending, BytesIO(b"123"), "file", 4, ignore)

    with pytest.raises(TransferError, match="became shorter"):
        run_at_once(send())


def test_a_silent_peer_is_reported_as_lost() -> None:
    async def receive() -> None:
        _, _, _, receiving = two_ends(patience=0.1)
        await receive_offer(receiving)

    with pytest.raises(PeerLostError, match=r"no message for 0\.1 seconds"):
        run_at_once(receive())


def test_a_peer_that_stops_receiving_is_reported_as_lost() -> None:
    async def send() -> None:
        here, _, sending, _ = two_ends(patience=0.1)
        here.delivers = False
        size = 2 * HIGH_WATER_BYTES
        await send_file(sending, BytesIO(bytes(size)), "file", size, ignore)

    with pytest.raises(PeerLostError, match=r"no message for 0\.1 seconds"):
        run_at_once(send())


def test_a_peer_that_closes_the_channel_is_reported_as_gone() -> None:
    async def receive() -> None:
        here, _, _, receiving = two_ends()
        asyncio.get_running_loop().call_later(0.01, here.close)
        await receive_offer(receiving)

    with pytest.raises(PeerLostError, match="the other peer has disconnected"):
        run_at_once(receive())
