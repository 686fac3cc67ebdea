"""Sending a file over a data channel: between two honest peers in this process, and with a peer that lies."""

import asyncio
import errno
import hashlib
import json
import os
import resource
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from io import BytesIO
from pathlib import Path

import pytest
from aiortc import InvalidStateError
from pyee.asyncio import AsyncIOEventEmitter

from doubles import run_at_once
from peerpost import PeerLostError, TransferError
from peerpost.file_channel import FileChannel
from peerpost.limits import AHEAD_BYTES, HIGH_WATER_BYTES, PATIENCE_SECONDS
from peerpost.local_files import partial_file, put_in_place, refuse_existing, save
from peerpost.receiving import sink_for
from peerpost.sinks import file_at
from peerpost.sources import File
from peerpost.transfer import Offer, Sink, Source, Transferred, receive, receive_offer, send

CONTENT = bytes(range(256)) * 1_000
SHA_256_OF_A = hashlib.sha256(b"a").hexdigest()


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
        self.is_closed = False

    def send(self, message: str | bytes) -> None:
        if self.is_closed:
            raise InvalidStateError
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
                end.is_closed = True
                end.emit("close")


def two_ends(patience: float = 5) -> tuple[Wire, Wire, FileChannel, FileChannel]:
    here, there = Wire(), Wire()
    here.other, there.other = there, here
    return here, there, FileChannel(here, patience), FileChannel(there, patience)  # type: ignore[arg-type]


def ignore(_count: int) -> None:
    pass


async def transfer(target: Path, force: bool = False, patience: float = 5) -> tuple[Transferred, Transferred, Wire]:
    here, _, sending, receiving = two_ends(patience)

    async def send_and_close() -> Transferred:
        try:
            return await send_file(sending, BytesIO(CONTENT), len(CONTENT))
        finally:
            here.close()

    sent, received = await asyncio.gather(send_and_close(), receive_file(receiving, target, force=force))
    return sent, received, here


async def send_file(channel: FileChannel, file: BytesIO, size: int) -> Transferred:
    return await send(channel, File(file, "file", size), ignore)


async def receive_file(channel: FileChannel, target: Path, *, force: bool = False) -> Transferred:
    offer = await receive_offer(channel)
    return await receive(channel, offer, file_at(target, force=force), ignore)


def test_a_file_arrives_with_its_checksum(tmp_path: Path) -> None:
    target = tmp_path / "file"

    sent, received, _ = run_at_once(transfer(target))

    assert sent == received == Transferred(len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    assert target.read_bytes() == CONTENT
    assert list(tmp_path.iterdir()) == [target]


def test_a_file_that_is_complete_counts_as_received_even_if_the_sender_leaves_before_it_is_confirmed(
    tmp_path: Path,
) -> None:
    async def receive_all() -> Transferred:
        here, _, _, receiving = two_ends()

        @asynccontextmanager
        async def file_that_the_sender_does_not_wait_for() -> AsyncIterator[Sink]:
            async with file_at(tmp_path / "file") as sink:
                yield sink
            here.close()

        here.send(b"a")
        here.send(control(type="end", sha256=SHA_256_OF_A))
        return await receive(receiving, Offer("file", 1), file_that_the_sender_does_not_wait_for(), ignore)

    assert run_at_once(receive_all()) == Transferred(1, SHA_256_OF_A)

    assert (tmp_path / "file").read_bytes() == b"a"


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

        async def send_and_close() -> None:
            try:
                await send_file(sending, BytesIO(CONTENT), len(CONTENT))
            finally:
                here.close()

        receiver = receive_file(receiving, tmp_path / "file")
        return list(await asyncio.gather(receiver, send_and_close(), return_exceptions=True))

    with files_of_at_most(100_000):
        received, sent = run_at_once(transfer_both())

    assert str(received) == "cannot write the file: File too large"
    assert str(sent) == "the other peer reports: cannot write the file: File too large"
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_slower_than_the_timeout_does_not_end_the_transfer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def transfer_to_a_slow_disk() -> tuple[Transferred, Transferred, Wire]:
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


@pytest.mark.parametrize(
    ("is_tar", "error"), [(False, "^cannot write a+: File name too long$"), (True, "a folder need a directory")]
)
def test_an_output_whose_name_is_too_long_is_an_error(tmp_path: Path, is_tar: bool, error: str) -> None:
    async def receive_all() -> None:
        here, _, _, receiving = two_ends()
        here.send(b"a")
        here.send(control(type="end", sha256=SHA_256_OF_A))
        asyncio.get_running_loop().call_later(1, here.close)
        offer = Offer("a", 1, is_tar)
        await receive(receiving, offer, sink_for(offer, tmp_path / ("a" * 300), force=False), ignore)

    with pytest.raises(TransferError, match=error):
        run_at_once(receive_all())

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
    async def send_all() -> None:
        here, there, sending, _ = two_ends()
        there.send(control(type="done", sha256="0" * 64))
        asyncio.get_running_loop().call_later(0.05, here.close)
        await send_file(sending, BytesIO(b""), 0)

    with pytest.raises(TransferError, match="checksum mismatch: the other peer received different data"):
        run_at_once(send_all())


def test_an_unreadable_file_is_an_error() -> None:
    class Broken(BytesIO):
        def read(self, _size: int | None = -1) -> bytes:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    async def send_all() -> None:
        here, _, sending, _ = two_ends()
        asyncio.get_running_loop().call_later(0.05, here.close)
        await send_file(sending, Broken(), 4)

    with pytest.raises(TransferError, match="cannot read the file: Input/output error"):
        run_at_once(send_all())


def test_a_symbolic_link_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(TransferError, match="exists already"):
        run_at_once(transfer(target))

    assert not (tmp_path / "elsewhere").exists()


def test_a_symbolic_link_to_a_name_that_is_too_long_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("a" * 300)

    with pytest.raises(TransferError, match="link exists already, and is not a file"):
        refuse_existing(tmp_path / "link", force=True)


def test_a_missing_directory_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TransferError, match="cannot write into"):
        run_at_once(transfer(tmp_path / "nowhere" / "file"))


Lie = Callable[[Wire], None]


def control(**fields: object) -> str:
    return json.dumps(fields)


LIES: list[tuple[list[str | bytes], str]] = [
    ([b"1234", control(type="end", sha256="0" * 64)], "checksum mismatch"),
    ([b"1234", control(type="end")], "does not follow the protocol"),
    ([b"1234", b"", control(type="end", sha256="0" * 64)], "does not follow the protocol"),
    ([b"1234", control(type="done", sha256="0" * 64)], "does not follow the protocol"),
    ([b"123", control(type="end", sha256="0" * 64)], "received only 3 of 4 bytes"),
    ([b"1234", control(type="file", name="again", size=1)], "does not follow the protocol"),
    ([b"12345"], "received more bytes than the sender announced"),
    ([b"1234", "nonsense"], "does not follow the protocol"),
    ([b"1234", "[" * 100_000], "does not follow the protocol"),
    ([control(type="error", message="\x1b[31mno")], r"the other peer reports:  \[31mno"),
    ([control(type="error")], "does not follow the protocol"),
]


@pytest.mark.parametrize(("messages", "error"), LIES)
def test_a_receiver_keeps_no_file_if_the_sender_fails_or_breaks_the_protocol(
    tmp_path: Path, messages: list[str | bytes], error: str
) -> None:
    async def receive_all() -> None:
        here, _, _, receiving = two_ends()
        for message in messages:
            here.send(message)
        asyncio.get_running_loop().call_later(0.05, here.close)
        await receive(receiving, Offer("file", 4), file_at(tmp_path / "file"), ignore)

    with pytest.raises(TransferError, match=error):
        run_at_once(receive_all())

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (b"bytes", "is not sending a file"),
        (control(type="end", sha256="0" * 64), "is not sending a file"),
        (control(type="file"), "does not follow the protocol"),
        ("nonsense", "does not follow the protocol"),
    ],
)
def test_a_message_that_offers_no_file_is_an_error(message: str | bytes, error: str) -> None:
    async def receive_all() -> None:
        here, _, _, receiving = two_ends()
        here.send(message)
        await receive_offer(receiving)

    with pytest.raises(TransferError, match=error):
        run_at_once(receive_all())


def test_a_sender_keeps_only_a_little_of_the_file_in_memory(tmp_path: Path) -> None:
    size = 2 * HIGH_WATER_BYTES

    async def send_all() -> int:
        here, _, sending, receiving = two_ends()
        here.delay = 0.3
        receiver = asyncio.create_task(receive_file(receiving, tmp_path / "file"))
        await send_file(sending, BytesIO(bytes(size)), size)
        here.close()
        await receiver
        return here.highest

    highest = run_at_once(send_all())

    assert HIGH_WATER_BYTES < highest < 1.1 * HIGH_WATER_BYTES


def test_a_file_that_shrinks_during_the_transfer_is_an_error() -> None:
    async def send_all() -> None:
        here, _, sending, _ = two_ends()
        asyncio.get_running_loop().call_later(0.05, here.close)
        await send_file(sending, BytesIO(b"123"), 4)

    with pytest.raises(TransferError, match="became shorter"):
        run_at_once(send_all())


class Pieces:
    """A source of unknown length. It waits before each piece, and before its end."""

    offer = Offer("stdin", None)

    def __init__(self, *pieces: bytes, pause: float = 0) -> None:
        self._pieces = pieces
        self._pause = pause

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        for piece in self._pieces:
            await asyncio.sleep(self._pause)
            yield piece
        await asyncio.sleep(self._pause)


class SlowSink:
    """Keeps what it gets. It takes ten minutes for the first piece."""

    def __init__(self) -> None:
        self.content = bytearray()
        self.is_complete = False

    async def write(self, chunk: bytes) -> None:
        if not self.content:
            await asyncio.sleep(600)
        self.content += chunk

    async def complete(self) -> None:
        self.is_complete = True


@asynccontextmanager
async def given(sink: SlowSink) -> AsyncIterator[SlowSink]:
    yield sink


async def cross(source: Source, sink: SlowSink) -> tuple[Transferred, Transferred]:
    here, _, sending, receiving = two_ends(patience=5)

    async def send_and_close() -> Transferred:
        try:
            return await send(sending, source, ignore)
        finally:
            here.close()

    async def receive_all() -> Transferred:
        return await receive(receiving, await receive_offer(receiving), given(sink), ignore)

    return await asyncio.gather(send_and_close(), receive_all())


def test_a_stream_of_unknown_size_arrives_with_its_checksum() -> None:
    sink = SlowSink()

    sent, received = run_at_once(cross(Pieces(b"one", b"two", b"three", pause=1), sink))

    assert sent == received == Transferred(11, hashlib.sha256(b"onetwothree").hexdigest())
    assert sink.content == b"onetwothree"
    assert sink.is_complete


def test_an_empty_stream_arrives() -> None:
    sink = SlowSink()

    _, received = run_at_once(cross(Pieces(), sink))

    assert received.size == 0
    assert sink.is_complete


def test_a_stream_may_be_silent_for_half_an_hour() -> None:
    sink = SlowSink()

    run_at_once(cross(Pieces(b"one", pause=1_800), sink))

    assert sink.content == b"one"


def test_a_receiver_that_cannot_write_for_ten_minutes_is_not_flooded() -> None:
    sink = SlowSink()
    content = bytes(3 * AHEAD_BYTES)

    run_at_once(cross(Pieces(content), sink))

    assert len(sink.content) == len(content)


def test_a_sender_that_waits_for_its_input_learns_that_the_receiver_has_failed() -> None:
    async def send_all() -> None:
        here, there, sending, _ = two_ends()
        asyncio.get_running_loop().call_later(1, there.send, control(type="error", message="the disk is full"))
        asyncio.get_running_loop().call_later(2, here.close)
        await send(sending, Pieces(b"one", pause=3_600), ignore)

    with pytest.raises(TransferError, match="the other peer reports: the disk is full"):
        run_at_once(send_all())


def test_a_sender_that_waits_for_its_input_notices_that_the_receiver_is_gone() -> None:
    async def send_all() -> None:
        here, there, sending, _ = two_ends()
        asyncio.get_running_loop().call_later(1, there.send, control(type="alive"))
        asyncio.get_running_loop().call_later(2, here.close)
        await send(sending, Pieces(b"one", pause=3_600), ignore)

    with pytest.raises(PeerLostError, match="^the other peer has disconnected$"):
        run_at_once(send_all())


@pytest.mark.parametrize("is_tar", [True, False])
def test_if_an_older_receiver_disconnects_without_a_message_the_error_says_why(is_tar: bool) -> None:
    class Stream(Pieces):
        offer = Offer("holiday", 3 if is_tar else None, is_tar)

    async def send_all() -> None:
        here, _, sending, _ = two_ends()
        asyncio.get_running_loop().call_later(1, here.close)
        await send(sending, Stream(b"one", pause=10), ignore)

    with pytest.raises(PeerLostError, match="has disconnected: its version of peerpost may be too old"):
        run_at_once(send_all())


@pytest.mark.parametrize(
    ("offer", "announced"),
    [
        (Offer("film.mkv", 4), {"type": "file", "id": 0, "name": "film.mkv", "size": 4, "once": True}),
        (Offer("stdin", None), {"type": "file", "id": 0, "name": "stdin", "size": None, "once": True}),
        (Offer("holiday", 4, is_tar=True), {"type": "files", "id": 0, "name": "holiday", "size": 4, "once": True}),
    ],
)
def test_the_announcement_says_whether_a_file_a_stream_or_an_archive_follows(
    offer: Offer, announced: dict[str, object]
) -> None:
    class Anything(Pieces):
        pass

    async def exchange() -> tuple[str | bytes, Offer]:
        heard: list[str | bytes] = []
        here, there, sending, receiving = two_ends(patience=0.1)
        there.on("message", heard.append)
        source = Anything(b"1234")
        source.offer = offer
        sender = asyncio.create_task(send(sending, source, ignore))
        found = await receive_offer(receiving)
        here.close()
        await asyncio.gather(sender, return_exceptions=True)
        return next(message for message in heard if message != control(type="alive")), found

    message, found = run_at_once(exchange())

    assert json.loads(message) == announced
    assert found == offer


def test_a_receiver_reports_an_unknown_kind_of_offer_to_the_sender() -> None:
    async def receive_all() -> list[str | bytes]:
        heard: list[str | bytes] = []
        here, _, _, receiving = two_ends()
        here.on("message", heard.append)
        here.send(control(type="hologram", name="a", size=1))
        asyncio.get_running_loop().call_later(1, here.close)
        with pytest.raises(TransferError, match="does not follow the protocol"):
            await receive_offer(receiving)
        return heard

    heard = run_at_once(receive_all())

    assert control(type="error", message="the other peer does not follow the protocol") in heard


def test_each_alive_message_of_a_receiver_says_that_it_takes_one_file() -> None:
    async def wait_for_an_offer() -> list[str | bytes]:
        heard: list[str | bytes] = []
        here, _, _, receiving = two_ends(patience=2.5)
        here.on("message", heard.append)
        with pytest.raises(PeerLostError):
            await receive_offer(receiving)
        return heard

    heard = run_at_once(wait_for_an_offer())

    assert heard == [control(type="alive", once=True)] * 3


def test_a_receiver_waits_for_hours_for_a_sender_that_is_alive(tmp_path: Path) -> None:
    """On a page, a person may take their time to choose a file."""

    async def send_later() -> Transferred:
        here, _, _, receiving = two_ends(patience=5)
        receiver = asyncio.create_task(receive_file(receiving, tmp_path / "file"))
        for _ in range(3_600):
            here.send(control(type="alive"))
            await asyncio.sleep(2)
        for message in (control(type="file", name="a", size=1), b"a", control(type="end", sha256=SHA_256_OF_A)):
            here.send(message)
        asyncio.get_running_loop().call_later(1, here.close)
        return await receiver

    assert run_at_once(send_later()) == Transferred(1, SHA_256_OF_A)


def test_a_silent_peer_is_reported_as_lost() -> None:
    async def receive_all() -> None:
        _, _, _, receiving = two_ends(patience=0.1)
        await receive_offer(receiving)

    with pytest.raises(PeerLostError, match=r"no message for 0\.1 seconds"):
        run_at_once(receive_all())


def test_a_peer_that_stops_receiving_is_reported_as_lost() -> None:
    async def send_all() -> None:
        here, _, sending, _ = two_ends(patience=0.1)
        here.delivers = False
        size = 2 * HIGH_WATER_BYTES
        await send_file(sending, BytesIO(bytes(size)), size)

    with pytest.raises(PeerLostError, match=r"no message for 0\.1 seconds"):
        run_at_once(send_all())


def test_a_peer_that_closes_the_channel_is_reported_as_gone() -> None:
    async def receive_all() -> None:
        here, _, _, receiving = two_ends()
        asyncio.get_running_loop().call_later(0.01, here.close)
        await receive_offer(receiving)

    with pytest.raises(PeerLostError, match="the other peer has disconnected"):
        run_at_once(receive_all())
