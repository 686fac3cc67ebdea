"""The command line, run in separate processes as a user would run it."""

import argparse
import asyncio
import gc
import hashlib
import io
import os
import signal
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import IO, Any, cast
from weakref import ref

import httpx
import pytest
from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection

from conftest import Operated
from doubles import ACCESS_KEY, CHANNEL_ID, STUN, URL, run_at_once
from harness.effort import tries
from harness.transports import chalice_local
from meeting import ASKS_NOBODY, meeting
from peerpost import Link, PeerLostError, Sealer, cli, command, transfer
from peerpost.cli import main
from peerpost.command import FileChannels, connected, connection_maker
from peerpost.file_messages import Announcement
from peerpost.ice_options import DEFAULT_ICE_SERVERS, ice_server
from peerpost.receiving import Receiver
from peerpost.sources import File
from processes import HERE, PATIENCE_SECONDS, end_of, line_of, python, until
from test_transfer import Wire

MEGABYTE = 1_048_576
# Longer than a name may be.
LONG_NAME = "a" * 300
# Too large to be sent during a test. The file is sparse, so it takes no disk space.
ENDLESS_BYTES = 4_096 * MEGABYTE


@contextmanager
def peerpost(command: str, *arguments: object, **environment: str) -> Iterator[subprocess.Popen[str]]:
    with python("-m", "peerpost", command, "--ice-server", "none", *arguments, **environment) as process:
        yield process


def receive(link: object, *options: object) -> int:
    """Receive in this process, which takes half a second less than in another one, and return the exit code."""
    return main(["receive", str(link), "--ice-server", "none", "--quiet", *map(str, options)])


@pytest.fixture
def endless(tmp_path: Path) -> Path:
    path = tmp_path / "endless.bin"
    with path.open("wb") as file:
        file.truncate(ENDLESS_BYTES)
    return path


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    path = tmp_path / "inbox"
    path.mkdir()
    return path


def has_begun(inbox: Path) -> bool:
    return any(path.stat().st_size for path in inbox.glob(".*.part"))


def post(server: str, **fields: object) -> httpx.Response:
    return httpx.post(server, json=fields)


def test_a_file_of_five_megabytes_arrives_with_its_checksum(server: str, tmp_path: Path, inbox: Path) -> None:
    content = os.urandom(5 * MEGABYTE)
    (tmp_path / "film.bin").write_bytes(content)
    checksum = hashlib.sha256(content).hexdigest()

    with peerpost("send", tmp_path / "film.bin", "--server", server) as sender:
        link = line_of(sender)
        with peerpost("receive", link, "--output", inbox) as receiver:
            received, sent = end_of(receiver), end_of(sender)

    assert (inbox / "film.bin").read_bytes() == content
    assert [path.name for path in inbox.iterdir()] == ["film.bin"]
    for code, _, errors in (received, sent):
        assert code == 0, errors
        assert f"5242880 bytes, SHA-256 {checksum}" in errors
        assert "Traceback" not in errors


def test_receiving_by_code_uses_the_server_from_the_environment(
    server: str, tmp_path: Path, inbox: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").touch()
    monkeypatch.setenv("PEERPOST_SERVER", server)

    with peerpost("send", tmp_path / "empty") as sender:
        code = Link.parse(line_of(sender)).code
        received, sent = receive(code, "--output", inbox / "other"), end_of(sender)

    assert (received, sent[0]) == (0, 0)
    assert capsys.readouterr() == ("", "")
    assert (inbox / "other").read_bytes() == b""
    assert "." in code


def test_only_the_sender_needs_the_access_key_and_both_sides_use_the_operators_ice_servers(
    operated: Operated, tmp_path: Path, inbox: Path
) -> None:
    (tmp_path / "film.bin").write_bytes(b"content")
    (tmp_path / "access-key").write_text(f"{operated.access_key}\n")
    send = ["send", tmp_path / "film.bin", "--access-key-file", tmp_path / "access-key", "--quiet"]
    before = len(operated.stun.asked)

    with python("-m", "peerpost", *send, "--server", operated.url) as sender:
        link = line_of(sender)
        asked_by_sender = len(operated.stun.asked) - before
        with python("-m", "peerpost", "receive", link, "--output", inbox, "--quiet") as receiver:
            received, sent = end_of(receiver), end_of(sender)

    assert (received, sent) == ((0, "", ""), (0, "", ""))
    assert len(operated.stun.asked) - before > asked_by_sender > 0
    assert operated.access_key not in link


@pytest.mark.parametrize(
    ("access_key", "sentence"), [(None, "access key is missing"), (ACCESS_KEY, "access key is unknown")]
)
def test_a_refused_access_key_is_reported_in_one_line(
    operated: Operated,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    access_key: str | None,
    sentence: str,
) -> None:
    monkeypatch.delenv("PEERPOST_ACCESS_KEY", raising=False)
    if access_key:
        monkeypatch.setenv("PEERPOST_ACCESS_KEY", access_key)

    code = main(["send", __file__, "--server", operated.url, "--quiet"])

    assert (code, capsys.readouterr().err) == (
        1,
        f"peerpost: {sentence}: set PEERPOST_ACCESS_KEY or pass --access-key-file\n",
    )


@pytest.mark.parametrize(
    ("content", "error"),
    [(None, "cannot read {}: No such file or directory"), ("a b", "{} does not contain an access key: ")],
)
def test_an_unusable_access_key_file_is_reported_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None, error: str
) -> None:
    path = tmp_path / "access-key"
    if content:
        path.write_text(content)

    code = main(["send", __file__, "--server", "http://127.0.0.1:1/", "--access-key-file", str(path)])

    output = capsys.readouterr()
    assert code == 1
    assert output.err.startswith(f"peerpost: {error.format(path)}")
    assert output.err.count("\n") == 1


@pytest.mark.parametrize("mark", ["", "@"])
def test_the_link_of_a_page_that_does_not_name_its_server_is_reported_in_one_line(
    capsys: pytest.CaptureFixture[str], mark: str
) -> None:
    class Page(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_error(405)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        code = main(["receive", str(Link(CHANNEL_ID, bytes(32), url, is_address=bool(mark))), "--ice-server", "none"])
        server.shutdown()

    assert (code, capsys.readouterr().err) == (
        1,
        f"peerpost: {url} replied 405: if this is a page, pass its server with --server\n",
    )


def test_a_receiver_never_sends_an_access_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The link comes from somebody else and names the server, so our key must not go there."""
    monkeypatch.setenv("PEERPOST_ACCESS_KEY", ACCESS_KEY)

    class Server(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            authorizations.append(self.headers["Authorization"])
            self.send_error(400)

        def log_message(self, *_: object) -> None:
            pass

    authorizations: list[str | None] = []
    with HTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        code = main(["receive", f"http://127.0.0.1:{server.server_port}/#{CHANNEL_ID}", "--quiet"])
        server.shutdown()

    assert (code, authorizations) == (1, [None])


OPERATORS = [RTCIceServer(STUN["urls"])]


@pytest.mark.parametrize(
    ("option", "given", "used"),
    [
        (None, OPERATORS, OPERATORS),
        (None, None, [RTCIceServer(url) for url in DEFAULT_ICE_SERVERS]),
        (["stun:a.test"], OPERATORS, [RTCIceServer("stun:a.test")]),
        (["none"], OPERATORS, []),
    ],
)
def test_ice_servers_come_from_the_option_or_else_the_server_or_else_the_default(
    monkeypatch: pytest.MonkeyPatch,
    option: list[str] | None,
    given: list[RTCIceServer] | None,
    used: list[RTCIceServer],
) -> None:
    async def no_connect(peer: Any, *_: object, **__: object) -> RTCPeerConnection:
        return peer if isinstance(peer, RTCPeerConnection) else peer(RTCConfiguration(given))

    class Recorded(RTCPeerConnection):
        def __init__(self, configuration: RTCConfiguration) -> None:
            super().__init__(configuration)
            asked.append(configuration.iceServers)

    async def run() -> None:
        options = argparse.Namespace(ice_server=option, quiet=True)
        async with connected(options, connection_maker(options, lambda _: None), "no server"):
            pass

    asked: list[list[RTCIceServer] | None] = []
    monkeypatch.setattr(command, "connect", no_connect)
    monkeypatch.setattr(command, "RTCPeerConnection", Recorded)

    asyncio.run(run())

    assert asked == [used]


def test_a_data_channel_that_opens_too_late_is_ignored() -> None:
    async def open_late() -> None:
        channels, peer = FileChannels(patience=0.01), cast("RTCPeerConnection", peer_class())
        channels.offer_on(peer)
        try:
            await channels.of(peer)
        finally:
            wire.emit("open")

    wire = Wire()
    peer_class = type("Peer", (), {"createDataChannel": lambda *_: wire})

    with pytest.raises(PeerLostError, match="opened no data channel"):
        asyncio.run(open_late())


def test_a_connection_that_has_ended_is_not_kept_in_memory() -> None:
    """A sender with --keep makes a connection for each guest, and may run for months."""
    channels = FileChannels(PATIENCE_SECONDS)

    async def connect_and_close() -> "ref[RTCPeerConnection]":
        sender, guest = RTCPeerConnection(ASKS_NOBODY), RTCPeerConnection(ASKS_NOBODY)
        channels.offer_on(sender)
        await sender.setLocalDescription(await sender.createOffer())
        await guest.setRemoteDescription(sender.localDescription)
        await guest.setLocalDescription(await guest.createAnswer())
        await sender.setRemoteDescription(guest.localDescription)
        await channels.of(sender)
        await asyncio.gather(sender.close(), guest.close())
        return ref(sender)

    ended = run_at_once(connect_and_close())
    gc.collect()

    assert ended() is None


def test_both_sides_report_that_the_file_already_exists(
    server: str, tmp_path: Path, inbox: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "film.bin").write_bytes(b"new")
    (inbox / "film.bin").write_bytes(b"old")

    with peerpost("send", tmp_path / "film.bin", "--quiet", "--server", server) as sender:
        received, sent = receive(line_of(sender), "--output", inbox), end_of(sender)

    assert received == 1
    assert capsys.readouterr() == ("", "peerpost: film.bin exists already; --force replaces it\n")
    assert sent == (1, "", "peerpost: the other peer reports: film.bin exists already; --force replaces it\n")
    assert (inbox / "film.bin").read_bytes() == b"old"


@pytest.mark.parametrize(
    ("number", "code", "word"),
    [
        (signal.SIGINT, 130, "interrupted"),
        pytest.param(signal.SIGTERM, 143, "terminated", marks=pytest.mark.slow),
        pytest.param(signal.SIGHUP, 143, "terminated", marks=pytest.mark.slow),
    ],
)
def test_a_signal_while_waiting_deletes_the_channel(
    server: str, endless: Path, number: int, code: int, word: str
) -> None:
    with peerpost("send", endless, "--quiet", "--server", server) as sender:
        link = Link.parse(line_of(sender))
        sender.send_signal(number)
        ended = end_of(sender)

    assert ended == (code, "", f"peerpost: {word}\n")
    assert post(server, method="get_offer", channel_id=link.channel_id).text == "no such channel"


@pytest.mark.parametrize(
    ("interrupted", "number", "code", "word"),
    [
        ("sender", signal.SIGINT, 130, "interrupted"),
        pytest.param("sender", signal.SIGHUP, 143, "terminated", marks=pytest.mark.slow),
        pytest.param("receiver", signal.SIGINT, 130, "interrupted", marks=pytest.mark.slow),
        pytest.param("receiver", signal.SIGHUP, 143, "terminated", marks=pytest.mark.slow),
    ],
)
def test_an_interrupted_transfer_ends_both_sides_and_leaves_no_partial_file(
    server: str, endless: Path, inbox: Path, interrupted: str, number: int, code: int, word: str
) -> None:
    with (
        peerpost("send", endless, "--quiet", "--server", server) as sender,
        peerpost("receive", line_of(sender), "--quiet", "--output", inbox) as receiver,
    ):
        until(lambda: has_begun(inbox))
        first, second = (sender, receiver) if interrupted == "sender" else (receiver, sender)
        first.send_signal(number)
        ended, lost = end_of(first), end_of(second)

    assert ended == (code, "", f"peerpost: {word}\n")
    assert lost == (3, "", "peerpost: the other peer has disconnected\n")
    assert list(inbox.iterdir()) == []


@pytest.mark.slow
def test_under_nohup_a_closed_terminal_is_ignored(server: str, tmp_path: Path, inbox: Path) -> None:
    (tmp_path / "film.bin").write_bytes(b"content")
    run_with_nohup = "import os, sys; os.execvp('nohup', ['nohup', sys.executable, '-m', 'peerpost', *sys.argv[1:]])"
    send = ["send", tmp_path / "film.bin", "--server", server, "--ice-server", "none", "--quiet"]

    with python("-c", run_with_nohup, *send) as sender:
        link = line_of(sender)
        sender.send_signal(signal.SIGHUP)
        with peerpost("receive", link, "--output", inbox, "--quiet") as receiver:
            received, sent = end_of(receiver), end_of(sender)

    assert (received[0], sent[0]) == (0, 0)


@pytest.mark.slow
@pytest.mark.parametrize("killed", ["sender", "receiver"])
def test_a_killed_peer_is_reported_as_lost(server: str, endless: Path, inbox: Path, killed: str) -> None:
    with (
        peerpost("send", endless, "--quiet", "--patience", 3, "--server", server) as sender,
        peerpost("receive", line_of(sender), "--quiet", "--patience", 3, "--output", inbox) as receiver,
    ):
        until(lambda: has_begun(inbox))
        first, second = (sender, receiver) if killed == "sender" else (receiver, sender)
        first.kill()
        lost = end_of(second)

    assert lost == (3, "", "peerpost: lost the other peer: no message for 3 seconds\n")
    assert not (inbox / endless.name).exists()
    assert killed == "receiver" or list(inbox.iterdir()) == []


def test_a_tampered_offer_is_reported_in_one_line_without_a_connection(
    server: str, inbox: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    link = Link(post(server, method="create_data_channel").json()["channel_id"], bytes(32), server)
    sealed = Sealer(bytes(range(32))).seal("v=0", "offer")
    post(server, method="create_offer", channel_id=link.channel_id, offer=sealed)

    code = receive(link, "--output", inbox)

    assert code == 1
    assert capsys.readouterr() == ("", "peerpost: the offer was tampered with, or sealed with another key\n")
    assert post(server, method="get_answer", channel_id=link.channel_id).text == "no answer yet"


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["receive", CHANNEL_ID], "no server: pass --server, or set PEERPOST_SERVER"),
        (["send", "no such file", "--server", "http://127.0.0.1:1/"], "cannot read no such file: No such file"),
        (["send", LONG_NAME, "--server", "http://127.0.0.1:1/"], f"cannot read {LONG_NAME}: File name too long"),
        (
            ["receive", f"http://127.0.0.1:1/#{CHANNEL_ID}", "--output", f"{LONG_NAME}/"],
            f"cannot create the directory {LONG_NAME}: File name too long",
        ),
        (["send", "/", "--server", "http://127.0.0.1:1/"], "cannot send /, which has no name"),
        (
            ["send", __file__, os.devnull, "--server", "http://127.0.0.1:1/"],
            "cannot read /dev/null: Not a regular file",
        ),
        (["send", os.devnull, "--server", "http://127.0.0.1:1/"], "cannot read /dev/null: Not a regular file"),
        (["send", __file__, "--server", "http://127.0.0.1:1/"], "no reply from http://127.0.0.1:1/"),
        (["send", __file__, "--server", "nonsense"], "'nonsense' is not the URL of a server"),
        (
            ["send", __file__, "--server", "http://127.0.0.1:99999/"],
            "'http://127.0.0.1:99999/' is not the URL of a server",
        ),
        (
            ["send", __file__, "--server", URL, "--page", "ftp://page.test/"],
            "the page must be an http or https URL, not 'ftp://page.test/'",
        ),
        (
            ["send", __file__, "--keep", "--server", URL, "--page", "https://me@page.test/"],
            "the page's URL must not contain a user name or a password: they would be in the link",
        ),
    ],
)
def test_an_error_is_reported_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], error: str
) -> None:
    monkeypatch.delenv("PEERPOST_SERVER", raising=False)

    code = main([*words, "--ice-server", "none", "--quiet"])

    assert code == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith(f"peerpost: {error}")
    assert output.err.count("\n") == 1


def test_an_invalid_server_in_the_environment_is_reported_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PEERPOST_SERVER", "http://127.0.0.1:99999/")

    code = main(["receive", CHANNEL_ID, "--ice-server", "none", "--quiet"])

    assert code == 1
    assert capsys.readouterr().err == (
        "peerpost: 'http://127.0.0.1:99999/' is not the URL of a server: Invalid port: '99999'\n"
    )


def test_an_expired_code_is_reported_in_one_line(server: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["receive", f"{server}#{CHANNEL_ID}", "--ice-server", "none", "--quiet"])

    assert code == 1
    assert "older than 300 seconds, was already used, or never existed" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["receive"],
        ["receive", "nonsense"],
        ["receive", f"{CHANNEL_ID}.key"],
        ["receive", f"http://127.0.0.1:99999/#{CHANNEL_ID}"],
        ["send"],
        ["send", "-", "file"],
        ["send", "-", "--keep"],
        ["send", "file", "--ice-server", "https://stun.test"],
        ["send", "file", "--ice-server", "stun:host:port"],
        ["send", "file", "--patience", "0"],
        ["send", "file", "--patience", "soon"],
    ],
)
def test_wrong_usage_exits_with_status_2(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)

    assert ended.value.code == 2
    assert "usage: peerpost" in capsys.readouterr().err


@pytest.mark.parametrize(
    "urls", [["stun:a.test", "stun:b.test"], ["turn:u:p@a.test", "stun:a.test", "turns:u:p@b.test"]]
)
def test_two_ice_servers_of_the_same_kind_are_wrong_usage(capsys: pytest.CaptureFixture[str], urls: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["send", "file", *(word for url in urls for word in ("--ice-server", url))])

    assert ended.value.code == 2
    assert "error: --ice-server: at most one STUN server and one TURN server" in capsys.readouterr().err


def test_one_stun_server_and_one_turn_server_are_accepted(capsys: pytest.CaptureFixture[str]) -> None:
    servers = ["--ice-server", "stun:a.test", "--ice-server", "turn:u:p@a.test"]

    code = main(["send", "no such file", "--server", URL, *servers])

    assert code == 1
    assert "cannot read no such file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("url", "urls", "username", "credential"),
    [
        ("stun:a.test", "stun:a.test", None, None),
        ("turn:u:p@a.test:3478?transport=tcp", "turn:a.test:3478?transport=tcp", "u", "p"),
        ("turns:1900000000:u:c2VjcmV0/+=@a.test", "turns:a.test", "1900000000:u", "c2VjcmV0/+="),
    ],
)
def test_the_credential_of_an_ice_server_is_read_from_its_url(
    url: str, urls: str, username: str | None, credential: str | None
) -> None:
    found = ice_server(url)

    assert (found.urls, found.username, found.credential) == (urls, username, credential)


@pytest.mark.parametrize("exists", [pytest.param(True, marks=pytest.mark.slow), False])
def test_an_output_that_ends_with_a_slash_is_a_directory_and_is_created_if_missing(
    server: str, tmp_path: Path, exists: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "film.bin").write_bytes(b"content")
    if exists:
        (tmp_path / "new").mkdir()

    with peerpost("send", tmp_path / "film.bin", "--quiet", "--server", server) as sender:
        received, sent = receive(line_of(sender), "--output", f"{tmp_path}/new/"), end_of(sender)

    assert (received, sent) == (0, (0, "", ""))
    assert capsys.readouterr() == ("", "")
    assert (tmp_path / "new" / "film.bin").read_bytes() == b"content"


@pytest.mark.parametrize(
    ("output", "error"), [("nowhere/new/", "No such file or directory"), ("film.bin/", "File exists")]
)
def test_a_directory_that_cannot_be_created_is_reported_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], output: str, error: str
) -> None:
    (tmp_path / "film.bin").write_bytes(b"content")
    path = f"{tmp_path}/{output}"

    code = main(["receive", f"http://127.0.0.1:1/#{CHANNEL_ID}", "--ice-server", "none", "--output", path])

    assert code == 1
    assert capsys.readouterr().err == f"peerpost: cannot create the directory {path.rstrip('/')}: {error}\n"


def test_a_new_directory_is_removed_if_nothing_was_received(server: str, tmp_path: Path) -> None:
    code = main(["receive", f"{server}#{CHANNEL_ID}", "--ice-server", "none", "--output", f"{tmp_path}/new/"])

    assert code == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_server_url_with_a_fragment_still_makes_a_valid_link(
    server: str, tmp_path: Path, inbox: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "film.bin").write_bytes(b"content")

    with peerpost("send", tmp_path / "film.bin", "--quiet", "--server", f"{server}#old") as sender:
        link = line_of(sender)
        received, sent = receive(link, "--output", inbox), end_of(sender)

    assert "#old" not in link
    assert (received, sent) == (0, (0, "", ""))
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("source", ["option", "variable"])
def test_a_server_url_with_a_password_is_refused_without_showing_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], source: str
) -> None:
    secret = "opensesame"  # pragma: allowlist secret
    server = f"http://user:{secret}@127.0.0.1:1/"
    monkeypatch.setenv("PEERPOST_SERVER", server if source == "variable" else "http://127.0.0.1:1/")
    options = ["--server", server] if source == "option" else []

    code = main(["send", __file__, "--quiet", *options])

    output = capsys.readouterr()
    assert (code, output.out, output.err.count("\n")) == (1, "", 1)
    assert "must not contain a user name or a password" in output.err
    assert secret not in output.err


def test_a_folder_and_a_file_arrive_in_the_directory_of_the_receiver(
    server: str, tmp_path: Path, inbox: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "holiday" / "sub").mkdir(parents=True)
    (tmp_path / "holiday" / "sub" / "film.bin").write_bytes(os.urandom(MEGABYTE))
    (tmp_path / "notes.txt").write_text("notes")

    with peerpost("send", tmp_path / "holiday", tmp_path / "notes.txt", "--quiet", "--server", server) as sender:
        received, sent = receive(line_of(sender), "--output", inbox), end_of(sender)

    assert (received, sent) == (0, (0, "", ""))
    assert capsys.readouterr() == ("", "")
    assert (inbox / "holiday" / "sub" / "film.bin").read_bytes() == (tmp_path / "holiday/sub/film.bin").read_bytes()
    assert sorted(path.name for path in inbox.iterdir()) == ["holiday", "notes.txt"]


@pytest.mark.slow
def test_several_files_need_a_directory(server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a", "b"):
        (tmp_path / name).touch()

    with peerpost("send", tmp_path / "a", tmp_path / "b", "--quiet", "--server", server) as sender:
        received, sent = receive(line_of(sender), "--output", tmp_path / "new"), end_of(sender)

    sentence = f"several files or a folder need a directory: --output {tmp_path}/new/"
    assert received == 1
    assert capsys.readouterr() == ("", f"peerpost: {sentence}\n")
    assert sent == (1, "", f"peerpost: the other peer reports: {sentence}\n")


@contextmanager
def piped(*words: object) -> Iterator["subprocess.Popen[bytes]"]:
    """Run the command line with binary pipes."""
    with subprocess.Popen(
        [sys.executable, "-m", "peerpost", *map(str, words), "--ice-server", "none", "--quiet"],
        env=os.environ | {"PYTHONPATH": str(HERE.parent / "src")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_standard_input_of_the_sender_arrives_on_standard_output_of_the_receiver(server: str) -> None:
    content = os.urandom(tries(5) * MEGABYTE + 1)

    with piped("send", "-", "--server", server) as sender:
        assert sender.stdin is not None
        assert sender.stdout is not None
        link = sender.stdout.readline().decode().strip()
        with piped("receive", link, "--output", "-") as receiver:
            sender.stdin.write(content[:3])
            sender.stdin.flush()
            assert receiver.stdout is not None
            # The first bytes arrive although the sender has not sent any more.
            first = receiver.stdout.read(3)
            threading.Thread(target=write_and_close, args=(sender.stdin, content[3:]), daemon=True).start()
            rest, errors = receiver.communicate(timeout=PATIENCE_SECONDS)
            assert sender.wait(PATIENCE_SECONDS) == 0

    assert first + rest == content
    assert (receiver.returncode, errors) == (0, b"")


def write_and_close(stream: IO[bytes], content: bytes) -> None:
    with stream:
        stream.write(content)


@pytest.mark.slow
def test_ctrl_c_ends_a_sender_whose_standard_input_is_silent(server: str) -> None:
    with piped("send", "-", "--server", server) as sender:
        assert sender.stdout is not None
        assert sender.stdin is not None
        link = sender.stdout.readline().decode().strip()
        with piped("receive", link, "--output", "-") as receiver:
            sender.stdin.write(b"one")
            sender.stdin.flush()
            assert receiver.stdout is not None
            assert receiver.stdout.read(3) == b"one"
            sender.send_signal(signal.SIGINT)

            assert sender.wait(PATIENCE_SECONDS) == 130
            assert receiver.wait(PATIENCE_SECONDS) == 3


@pytest.mark.slow
def test_a_closed_standard_output_is_reported_to_both_sides(server: str) -> None:
    with piped("send", "-", "--server", server) as sender:
        assert sender.stdin is not None
        assert sender.stdout is not None
        link = sender.stdout.readline().decode().strip()
        with piped("receive", link, "--output", "-") as receiver:
            assert receiver.stdout is not None
            receiver.stdout.close()
            sender.stdin.write(b"content")
            sender.stdin.flush()
            assert receiver.stderr is not None
            assert sender.stderr is not None
            errors = receiver.stderr.read(), sender.stderr.read()

    sentence = b"cannot write to standard output: Broken pipe\n"
    assert errors == (b"peerpost: " + sentence, b"peerpost: the other peer reports: " + sentence)


@pytest.mark.slow
def test_a_folder_can_be_received_on_standard_output_as_a_tar_archive(server: str, tmp_path: Path) -> None:
    (tmp_path / "holiday").mkdir()
    (tmp_path / "holiday" / "a.txt").write_text("a")

    with (
        peerpost("send", tmp_path / "holiday", "--quiet", "--server", server) as sender,
        piped("receive", line_of(sender), "--output", "-") as receiver,
    ):
        content, _ = receiver.communicate(timeout=PATIENCE_SECONDS)

    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        assert archive.getnames() == ["holiday", "holiday/a.txt"]


@pytest.mark.parametrize("keep", [["--keep"], pytest.param([], marks=pytest.mark.slow)])
def test_if_a_page_is_configured_the_link_opens_it_and_still_works_on_the_command_line(
    server: str, tmp_path: Path, inbox: Path, keep: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes.txt").write_text("notes")
    page = "https://page.test/talk/"

    with peerpost("send", tmp_path / "notes.txt", *keep, "--server", server, PEERPOST_PAGE=page) as sender:
        link = line_of(sender)
        received = receive(link, "--output", inbox)
        if keep:
            sender.send_signal(signal.SIGINT)
        _, _, errors = end_of(sender)

    assert link.startswith(f"{page}?server={server}#")
    assert "Open this link in a browser or with `peerpost receive`" in errors
    assert received == 0
    assert capsys.readouterr() == ("", "")
    assert (inbox / "notes.txt").read_text() == "notes"


def test_with_the_keep_option_everyone_who_opens_the_link_gets_the_file_until_ctrl_c(
    server: str, tmp_path: Path
) -> None:
    content = os.urandom(MEGABYTE)
    (tmp_path / "film.bin").write_bytes(content)

    with peerpost("send", "--keep", tmp_path / "film.bin", "--server", server) as sender, ExitStack() as stack:
        link = line_of(sender)
        outputs = [tmp_path / f"inbox {number}" for number in range(3)]
        receivers = [
            stack.enter_context(peerpost("receive", link, "--quiet", "--output", f"{output}/")) for output in outputs
        ]
        received = [end_of(receiver) for receiver in receivers]
        sender.send_signal(signal.SIGINT)
        code, _, errors = end_of(sender)

    assert received == [(0, "", "")] * 3
    assert [(output / "film.bin").read_bytes() for output in outputs] == [content] * 3
    assert code == 130
    sent = sorted(line.partition(", ")[0] for line in errors.splitlines() if "sent film.bin" in line)
    assert sent == [f"guest {number}: sent film.bin" for number in (1, 2, 3)]
    address = Link.parse(link)
    assert address.is_address
    assert post(server, method="get_offer", channel_id=address.channel_id).text == "no such channel"


def test_the_link_still_works_for_others_after_it_has_failed_for_one_guest(
    server: str, tmp_path: Path, inbox: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "film.bin").write_bytes(b"new")
    (inbox / "film.bin").write_bytes(b"old")

    with peerpost("send", "--keep", tmp_path / "film.bin", "--quiet", "--server", server) as sender:
        link = line_of(sender)
        codes = receive(link, "--output", inbox), receive(link, "--output", inbox, "--force")
        sender.send_signal(signal.SIGTERM)
        sent = end_of(sender)

    sentence = "film.bin exists already; --force replaces it"
    assert codes == (1, 0)
    assert capsys.readouterr() == ("", f"peerpost: {sentence}\n")
    assert (inbox / "film.bin").read_bytes() == b"new"
    assert sent == (143, "", f"guest 1: the other peer reports: {sentence}\npeerpost: terminated\n")


@pytest.mark.slow
def test_on_a_server_without_addresses_the_keep_option_is_an_error_that_says_what_to_do(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with chalice_local({"MAX_TTL_SECONDS": "300"}) as url:
        code = main(["send", "--keep", __file__, "--server", url, "--quiet"])

    error = capsys.readouterr().err
    assert code == 1
    assert error.startswith("peerpost: this server does not offer links that last: send without --keep, or ask its")
    assert error.count("\n") == 1


def test_a_receiver_connects_to_an_address_again_until_everything_has_arrived(inbox: Path) -> None:
    """The first two connections break. On the simulated clock, waiting takes no time."""

    async def run() -> tuple[list[str], float]:
        async with meeting() as place:
            channels = FileChannels(PATIENCE_SECONDS)
            options = cli.options_from(["receive", CHANNEL_ID, "--ice-server", "none", "--quiet"])
            make = connection_maker(options, channels.offer_on)
            host = place.host(new_connection=make)
            await host.until_open()
            options.link = host.link
            began = place.server.now
            receiving = asyncio.create_task(Receiver(options, place.server.client()).receive_at_last(inbox))
            for number in (1, 2):
                await host.until_guests(number)
                channel = await channels.of(host.peers[-1].connection)
                channel.say(Announcement("film.bin", 6))
                await channel.send(b"con")
                await asyncio.sleep(1)
                await host.peers[-1].connection.close()
            await host.until_guests(3)
            channel = await channels.of(host.peers[-1].connection)
            await transfer.send(channel, File(io.BytesIO(b"content"), "film.bin", 7), lambda _: None)
            await host.peers[-1].connection.close()
            await receiving
            return [peer.guest for peer in host.peers], place.server.now - began

    guests, seconds = run_at_once(run())

    assert (inbox / "film.bin").read_bytes() == b"content"
    assert len(set(guests)) == 1
    assert seconds > 3  # Each of the two connections lasted a second, and there is a pause before each new connection.
