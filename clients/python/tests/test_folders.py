"""Several files and folders in one transfer, and archives from a hostile sender."""

import asyncio
import io
import os
import tarfile
import threading
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

import pytest

from doubles import run_at_once
from peerpost import TransferError, archive, sources
from peerpost.file_names import safe_path
from peerpost.sinks import folders_in
from peerpost.sources import Folder, opened_source
from peerpost.transfer import Offer, Transferred, receive, receive_offer, send
from processes import until
from test_transfer import control, ignore, two_ends

LONG_NAME = "\u00e4" * 120


@pytest.fixture
def here(tmp_path: Path) -> Path:
    return new_folder(tmp_path / "here")


@pytest.fixture
def there(tmp_path: Path) -> Path:
    return new_folder(tmp_path / "there")


def new_folder(path: Path, *files: str) -> Path:
    """Make a folder with files, whose content is their name."""
    path.mkdir(parents=True, exist_ok=True)
    for file in files:
        (path / file).parent.mkdir(parents=True, exist_ok=True)
        (path / file).write_text(file)
    return path


def tree_of(folder: Path) -> dict[str, bytes | None]:
    """Everything in a folder: the content of each file, and None for each folder."""
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def cross(paths: list[Path], directory: Path, *, force: bool = False) -> tuple[Transferred, Transferred]:
    """Send the files at these paths into a directory, and return the result of each side."""

    async def transfer() -> tuple[Transferred, Transferred]:
        one, _, sending, receiving = two_ends()

        async def send_all() -> Transferred:
            try:
                async with opened_source(paths) as source:
                    return await send(sending, source, ignore)
            finally:
                one.close()

        async def receive_all() -> Transferred:
            offer = await receive_offer(receiving)
            assert offer.is_tar
            return await receive(receiving, offer, folders_in(directory, force=force), ignore)

        return await asyncio.gather(send_all(), receive_all())

    # A thread unpacks the archive in real time. On a simulated clock, the peers would time out meanwhile.
    return asyncio.run(transfer())


def test_a_folder_arrives_as_it_was(here: Path, there: Path) -> None:
    folder = new_folder(
        here / "holiday", "a.txt", "sub/b.bin", ".hidden", "sub/.git/config", f"{LONG_NAME}/c", "m\u00f6.txt"
    )
    (folder / "empty").mkdir()
    (folder / "nothing").touch()
    (folder / "large").write_bytes(os.urandom(700_001))

    sent, received = cross([folder], there)

    assert sent == received
    assert tree_of(there) == tree_of(here)


def test_several_files_and_folders_arrive_beside_each_other(here: Path, there: Path) -> None:
    new_folder(here, "a.txt", "b/c.txt", "d.txt")

    cross([here / "a.txt", here / "b", here / "d.txt"], there)

    assert tree_of(there) == tree_of(here)


def test_files_keep_their_times_and_executable_bits_but_other_users_cannot_write_to_them(
    here: Path, there: Path
) -> None:
    folder = new_folder(here / "tools", "run", "data")
    (folder / "run").chmod(0o777)
    os.utime(folder / "data", (1_000_000_000, 1_000_000_000))

    cross([folder], there)

    assert (there / "tools" / "run").stat().st_mode & 0o777 == 0o755
    assert (there / "tools" / "data").stat().st_mode & 0o111 == 0
    assert (there / "tools" / "data").stat().st_mtime == 1_000_000_000


def test_links_and_special_files_in_a_folder_are_left_out_and_listed(here: Path, there: Path) -> None:
    folder = new_folder(here / "holiday", "a.txt", "sub/b.txt")
    (folder / "link").symlink_to("a.txt")
    (folder / "elsewhere").symlink_to(here)
    os.mkfifo(folder / "sub" / "pipe")

    cross([folder], there)

    assert set(tree_of(there)) == {"holiday", "holiday/a.txt", "holiday/sub", "holiday/sub/b.txt"}
    assert Folder([folder]).left_out == [folder / "elsewhere", folder / "link", folder / "sub" / "pipe"]


def test_a_symbolic_link_that_the_user_passes_is_followed(here: Path, there: Path) -> None:
    new_folder(here / "real", "a.txt")
    (here / "link").symlink_to(here / "real")

    cross([here / "link"], there)

    assert tree_of(there) == {"link": None, "link/a.txt": b"a.txt"}


def test_the_current_folder_can_be_sent(here: Path, there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new_folder(here / "holiday", "a.txt")
    monkeypatch.chdir(here / "holiday")

    cross([Path()], there)

    assert tree_of(there) == tree_of(here)


def test_two_files_with_the_same_name_cannot_be_sent_together(here: Path) -> None:
    new_folder(here, "one/a.txt", "two/a.txt")

    with pytest.raises(TransferError, match=r"cannot send two files with the name a\.txt together"):
        Folder([here / "one" / "a.txt", here / "two" / "a.txt"])


def test_a_missing_file_among_several_is_an_error(here: Path) -> None:
    new_folder(here, "a.txt")

    with pytest.raises(TransferError, match=r"cannot read .*missing: No such file or directory$"):
        Folder([here / "a.txt", here / "missing"])


def test_a_program_can_end_while_it_looks_for_files_on_a_drive_that_does_not_respond(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_begun, may_end, has_ended = threading.Event(), threading.Event(), threading.Event()

    def find_files(_paths: list[Path]) -> None:
        has_begun.set()
        may_end.wait(10)
        has_ended.set()

    async def open_files() -> None:
        async with opened_source([here]):
            pass

    async def cancel() -> None:
        opening = asyncio.create_task(open_files())
        await asyncio.to_thread(has_begun.wait, 10)
        opening.cancel()
        await opening

    monkeypatch.setattr(sources, "Folder", find_files)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancel())

    assert has_begun.is_set()
    assert not has_ended.is_set()
    may_end.set()


def test_sending_more_files_than_a_transfer_allows_is_an_error(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAX_FOLDER_FILES", 3)
    folder = new_folder(here / "holiday", "a", "b", "c")

    with pytest.raises(TransferError, match="more than 3 files: pack them first"):
        Folder([folder])


def test_folders_nested_too_deep_are_an_error(here: Path) -> None:
    folder = new_folder(here / "holiday")
    (folder / ("a/" * 200)).mkdir(parents=True)

    with pytest.raises(TransferError, match="nested more than 200 deep"):
        Folder([folder])


@pytest.mark.parametrize("change", ["shrinks", "grows", "disappears"])
def test_a_file_that_changes_after_the_folder_was_read_is_cut_or_is_an_error(
    here: Path, there: Path, change: str
) -> None:
    folder = new_folder(here / "holiday", "a.txt", "b.txt")
    source = Folder([folder])
    if change == "disappears":
        (folder / "b.txt").unlink()
    else:
        (folder / "b.txt").write_text("b.txt and more" if change == "grows" else "b")

    if change == "grows":
        content = run_at_once(content_of(source))
        assert len(content) == source.offer.size
        assert unpacked(content, there)["holiday/b.txt"] == b"b.txt"
    else:
        with pytest.raises(TransferError, match="became shorter|cannot read"):
            run_at_once(content_of(source))


async def content_of(source: Folder) -> bytes:
    async with aclosing(source.chunks()) as chunks:
        return b"".join([chunk async for chunk in chunks])


def test_the_announced_size_is_that_of_the_archive_and_other_programs_can_read_it(here: Path) -> None:
    new_folder(here / "holiday", "a.txt", f"{LONG_NAME}/{LONG_NAME}")
    source = Folder([here / "holiday"])

    content = run_at_once(content_of(source))

    assert len(content) == source.offer.size
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        assert archive.getnames() == [
            "holiday",
            "holiday/a.txt",
            f"holiday/{LONG_NAME}",
            f"holiday/{LONG_NAME}/{LONG_NAME}",
        ]
        assert {(each.uname, each.gname, each.uid, each.gid) for each in archive} == {("", "", 0, 0)}


@pytest.mark.parametrize("force", [True, False])
def test_an_existing_folder_is_never_replaced(here: Path, there: Path, force: bool) -> None:
    new_folder(here / "holiday", "new.txt")
    new_folder(there / "holiday", "old.txt")

    with pytest.raises(TransferError, match="holiday exists already, and is not a file"):
        cross([here / "holiday"], there, force=force)

    assert tree_of(there) == {"holiday": None, "holiday/old.txt": b"old.txt"}


def test_if_one_file_exists_already_nothing_arrives_except_with_the_force_option(here: Path, there: Path) -> None:
    new_folder(here, "a.txt", "b/c.txt")
    (there / "a.txt").write_text("precious")

    with pytest.raises(TransferError, match=r"a\.txt exists already; --force replaces it"):
        cross([here / "b", here / "a.txt"], there)

    assert tree_of(there) == {"a.txt": b"precious"}
    cross([here / "b", here / "a.txt"], there, force=True)
    assert tree_of(there) == tree_of(here)


def test_a_folder_does_not_replace_a_file_even_with_force(here: Path, there: Path) -> None:
    new_folder(here / "holiday", "a.txt")
    (there / "holiday").write_text("precious")

    with pytest.raises(TransferError, match="holiday exists already"):
        cross([here / "holiday"], there, force=True)

    assert tree_of(there) == {"holiday": b"precious"}


def test_a_directory_that_is_missing_is_an_error(here: Path, there: Path) -> None:
    new_folder(here / "holiday", "a.txt")

    with pytest.raises(TransferError, match="cannot write into"):
        cross([here / "holiday"], there / "nowhere")


def unpacked(content: bytes, directory: Path) -> dict[str, bytes | None]:
    """Receive an archive, with the right checksum, into a directory. Return everything that is in there then."""

    class Archive:
        offer = Offer("archive", len(content), is_tar=True)

        async def chunks(self):  # type: ignore[no-untyped-def]
            yield content

    async def transfer() -> None:
        one, _, sending, receiving = two_ends()

        async def send_all() -> None:
            try:
                await send(sending, Archive(), ignore)
            finally:
                one.close()

        offer = Offer("archive", len(content), is_tar=True)
        sender = asyncio.create_task(send_all())
        try:
            assert await receive_offer(receiving) == offer
            await receive(receiving, offer, folders_in(directory), ignore)
        finally:
            await asyncio.gather(sender, return_exceptions=True)

    asyncio.run(transfer())
    return tree_of(directory)


def member(name: str, content: bytes = b"", **attributes: object) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for attribute, value in attributes.items():
        setattr(info, attribute, value)
    return info, content


def archive_of(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for info, content in members:
            archive.addfile(info, io.BytesIO(content))
    return file.getvalue()


@pytest.mark.parametrize(
    ("offered", "received"),
    [
        ("a/b.txt", ("a", "b.txt")),
        ("/etc/passwd", ("etc", "passwd")),
        ("../../up", ("file", "file", "up")),
        ("a/../../b", ("a", "file", "file", "b")),
        ("./a//b/", ("a", "b")),
        (".bashrc", ("bashrc",)),
        ("a/.gitignore", ("a", ".gitignore")),
        ("a/...", ("a", "file")),
        ("a/..b", ("a", ".b")),
        ("a\\..\\b", ("a_.._b",)),
        ("C:\\a", ("C__a",)),
        ("a/con.txt", ("a", "_con.txt")),
        ("a/\x1b[2J", ("a", "[2J")),
        ("a/\u202egpj.exe", ("a", "gpj.exe")),
        ("a/\udcff", ("a", "\ufffd")),
        (f"a/.{'x' * 300}", ("a", f".{'x' * 254}")),
        ("", ()),
        ("./", ()),
        ("/", ()),
    ],
)
def test_each_part_of_a_path_is_made_safe(offered: str, received: tuple[str, ...]) -> None:
    found = safe_path(offered)

    assert found == received


def test_paths_that_lead_outside_the_directory_are_written_inside_it(there: Path) -> None:
    content = archive_of(*(member(name, b"x") for name in ("../up", "/absolute", "a/../../b", "~/c")))

    tree = unpacked(content, there)

    assert {path for path, content in tree.items() if content} == {"file/up", "absolute", "a/file/file/b", "~/c"}
    assert os.listdir(there.parent) == ["there"]


LINK = "only ordinary files and folders can be received, no links or devices"
HOSTILE: list[tuple[str, Callable[[], bytes], str]] = [
    ("a symbolic link", lambda: archive_of(member("a", type=tarfile.SYMTYPE, linkname="/etc/passwd")), LINK),
    ("a hard link", lambda: archive_of(member("a", type=tarfile.LNKTYPE, linkname="../b")), LINK),
    ("a device", lambda: archive_of(member("a", type=tarfile.CHRTYPE)), LINK),
    ("a pipe", lambda: archive_of(member("a", type=tarfile.FIFOTYPE)), LINK),
    ("an unknown type", lambda: archive_of(member("a", type=b"Z")), LINK),
    (
        "a sparse file",
        lambda: archive_of(member("a", b"0\n", pax_headers={"GNU.sparse.size": "1", "GNU.sparse.map": "0,1"})),
        "sparse files cannot be received",
    ),
    ("a long name", lambda: archive_of(member("a", pax_headers={"comment": "x" * 100_000})), "name .* is too long"),
    ("two files with the same name", lambda: archive_of(member("a", b"1"), member("a", b"2")), "would have the name a"),
    ("two names that become the same", lambda: archive_of(member("a/b?"), member("a/b_")), "would have the name b_"),
    (
        "a file with the same name as a folder",
        lambda: archive_of(member("a", type=tarfile.DIRTYPE), member("a", b"1")),
        "would have the name a",
    ),
    ("a path through a file", lambda: archive_of(member("a", b"1"), member("a/b", b"2")), "cannot write the files"),
    ("not an archive", lambda: b"rubbish" * 1_000, "the archive is damaged"),
    ("an archive without its end", lambda: archive_of(member("a", bytes(10_000)))[:5_000], "the archive is damaged"),
    ("thousands of headers for one file", lambda: 3_000 * extension() + archive_of(member("a")), "damaged"),
    ("a path that is too long", lambda: archive_of(member(f"{'a' * 250}/" * 20)), "File name too long"),
    ("a path that is too deep", lambda: archive_of(member("a/" * 201)), "nested more than 200 deep"),
]


def extension() -> bytes:
    """A header that belongs to the next header."""
    record = b"11 a=bcdef\n"
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, len(record)
    return info.tobuf(tarfile.USTAR_FORMAT) + record.ljust(tarfile.BLOCKSIZE, b"\0")


@pytest.mark.parametrize(("content", "error"), [case[1:] for case in HOSTILE], ids=[case[0] for case in HOSTILE])
def test_an_invalid_archive_leaves_nothing_behind(there: Path, content: Callable[[], bytes], error: str) -> None:
    with pytest.raises(TransferError, match=error):
        unpacked(content(), there)

    assert tree_of(there.parent) == {"there": None}


def test_a_receiver_refuses_more_files_than_a_transfer_allows(there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_FOLDER_FILES", 3)

    with pytest.raises(TransferError, match="more than 3 files cannot be received together"):
        unpacked(archive_of(*(member(name) for name in "abcd")), there)

    assert list(there.iterdir()) == []


def test_an_archive_is_unpacked_only_if_its_checksum_is_right(there: Path) -> None:
    async def receive_part() -> None:
        one, _, _, receiving = two_ends()
        content = archive_of(member("a", b"1"))
        one.send(content)
        one.send(control(type="end", sha256="0" * 64))
        asyncio.get_running_loop().call_later(0.05, one.close)
        await receive(receiving, Offer("a", len(content), is_tar=True), folders_in(there), ignore)

    with pytest.raises(TransferError, match="checksum mismatch"):
        asyncio.run(receive_part())

    assert list(there.iterdir()) == []


def test_a_transfer_that_is_cancelled_while_it_unpacks_leaves_nothing(there: Path) -> None:
    async def cancel() -> None:
        one, _, _, receiving = two_ends()
        content = archive_of(member("a/b", bytes(1_000_000)))
        one.send(content[:500_000])
        offer = Offer("a", len(content), is_tar=True)
        receiver = asyncio.create_task(receive(receiving, offer, folders_in(there), ignore))
        await asyncio.to_thread(until, lambda: any(there.rglob("b")))
        receiver.cancel()
        await receiver

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancel())

    assert list(there.iterdir()) == []
