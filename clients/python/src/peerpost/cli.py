"""The command line: `peerpost send FILE` here, `peerpost receive CODE` there."""

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from aiortc import RTCConfiguration, RTCDataChannel, RTCIceServer, RTCPeerConnection
from aiortc.rtcicetransport import parse_stun_turn_uri
from tqdm import tqdm

from peerpost.access_keys import VARIABLE, access_key_of
from peerpost.connection import close, connect
from peerpost.errors import AccessKeyError, PeerLostError, PeerpostError, TransferError
from peerpost.limits import CHANNEL_TTL_SECONDS, PATIENCE_SECONDS
from peerpost.links import Link
from peerpost.sealing import new_key
from peerpost.transfer import LABEL, FileChannel, receive_file, receive_offer, send_file

# What aiortc and most tools ask, where the operator names none. It tells each peer its public address; without one,
# only one network's peers connect.
DEFAULT_ICE_SERVERS = ["stun:stun.l.google.com:19302"]

EXIT_FAILED = 1
EXIT_PEER_LOST = 3
EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143

PROGRESS_WORDS = {"gathering": "looking for our own addresses", "connecting": "connecting"}


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 done, 1 failed, 2 usage, 3 peer lost, 130 and 143 by signal."""
    command_line = parser()
    options = command_line.parse_args(arguments)
    kinds = [url[:4] for url in options.ice_server or [] if url != "none"]  # turns is a turn
    if len(kinds) > len(set(kinds)):
        command_line.error("--ice-server: at most one STUN server and one TURN server, as aiortc asks no more")
    # aiortc and aioice log tracebacks of what is told in one line here.
    logging.getLogger().addHandler(logging.NullHandler())
    try:
        asyncio.run(run(options))
    except KeyboardInterrupt:
        return fail("interrupted", EXIT_INTERRUPTED)
    except asyncio.CancelledError:
        return fail("terminated", EXIT_TERMINATED)
    except PeerLostError as error:
        return fail(str(error), EXIT_PEER_LOST)
    except PeerpostError as error:
        return fail(str(error), EXIT_FAILED)
    return 0


def parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(prog="peerpost", description="Send a file from peer to peer, sealed end to end.")
    commands = result.add_subparsers(required=True, metavar="COMMAND")

    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--server", metavar="URL", help="the server (default: the link's own, or PEERPOST_SERVER)")
    common.add_argument(
        "--ice-server",
        metavar="URL",
        action="append",
        type=ice_server_argument,
        help="stun:HOST:PORT or turn:USER:CREDENTIAL@HOST:PORT, at most one of each; 'none' for none; "
        f"default: those of the server, or {DEFAULT_ICE_SERVERS[0]}",
    )
    common.add_argument(
        "--patience",
        metavar="SECONDS",
        type=positive_seconds,
        default=PATIENCE_SECONDS,
        help="time after which a silent peer counts as lost (default: %(default)g)",
    )
    common.add_argument("--quiet", action="store_true", help="print the link, errors, and nothing else")

    send = commands.add_parser("send", parents=[common], help="print a link, and send a file to who opens it")
    send.add_argument("file", metavar="FILE", type=Path)
    send.add_argument(
        "--access-key-file",
        metavar="PATH",
        type=Path,
        help=f"file with the access key of a server that wants one (default: {VARIABLE})",
    )
    send.set_defaults(run=run_send)

    receive = commands.add_parser("receive", parents=[common], help="get the file of a link or code")
    receive.add_argument("link", metavar="CODE", type=link_argument)
    receive.add_argument("--output", metavar="PATH", type=Path, help="a directory, or a name for the file")
    receive.add_argument("--force", action="store_true", help="replace a file that is there already")
    receive.set_defaults(run=run_receive)
    return result


async def run(options: argparse.Namespace) -> None:
    """Run the command; SIGTERM ends it as Ctrl-C does, with everything closed."""
    task = asyncio.current_task()
    if task:
        with contextlib.suppress(NotImplementedError):  # Windows has no such handlers
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await options.run(options)


async def run_send(options: argparse.Namespace) -> None:
    server = server_of(options, None)
    access_key = access_key_from(options)
    key = new_key()
    opened: asyncio.Future[FileChannel] = asyncio.get_running_loop().create_future()

    def prepare(peer: RTCPeerConnection) -> None:
        data_channel = peer.createDataChannel(LABEL)

        def on_open() -> None:
            if not opened.done():  # it may be given up by then
                opened.set_result(FileChannel(data_channel, options.patience))

        data_channel.on("open", on_open)

    def announce(channel_id: str) -> None:
        minutes = CHANNEL_TTL_SECONDS // 60
        say(f"for `peerpost receive` on the other side, once, within {minutes} minutes:", options)
        sys.stdout.write(f"{Link(channel_id, key, server)}\n")
        sys.stdout.flush()

    with open_file(options.file) as file, told_where_access_keys_are():
        size = os.fstat(file.fileno()).st_size
        async with connected(options, prepare, server, key=key, access_key=access_key, on_channel=announce):
            channel = await within(opened, options.patience)
            with progress_bar(options.file.name, size, options) as bar:
                checksum = await send_file(channel, file, options.file.name, size, bar.update)
    say(f"sent {options.file.name}, {size} bytes, SHA-256 {checksum}", options)


async def run_receive(options: argparse.Namespace) -> None:
    link: Link = options.link
    server = server_of(options, link)
    opened: asyncio.Future[FileChannel] = asyncio.get_running_loop().create_future()

    def on_data_channel(data_channel: RTCDataChannel) -> None:
        if data_channel.label == LABEL and not opened.done():
            opened.set_result(FileChannel(data_channel, options.patience))

    def prepare(peer: RTCPeerConnection) -> None:
        peer.on("datachannel", on_data_channel)

    async with connected(options, prepare, server, channel_id=link.channel_id, key=link.key):
        channel = await within(opened, options.patience)
        offer = await receive_offer(channel)
        output: Path = options.output or Path()
        target = output / offer.name if output.is_dir() else output
        with progress_bar(target.name, offer.size, options) as bar:
            checksum = await receive_file(channel, offer, target, bar.update, force=options.force)
    say(f"received {target}, {offer.size} bytes, SHA-256 {checksum}", options)


def open_file(path: Path) -> BinaryIO:
    try:
        # A pipe has no size, and to open one may take for ever.
        if path.exists() and not path.is_file():
            raise TransferError(f"cannot read {path}: Not a regular file")
        return path.open("rb")
    except OSError as error:
        raise TransferError(f"cannot read {path}: {error.strerror}") from error


@asynccontextmanager
async def connected(
    options: argparse.Namespace, prepare: Callable[[RTCPeerConnection], None], server: str, **how: Any
) -> AsyncIterator[None]:
    """Connect, with the ICE servers of the options, or those of the server, or the default; `how` is for `connect`."""

    def make(configuration: RTCConfiguration) -> RTCPeerConnection:
        peer = RTCPeerConnection(configuration if configuration.iceServers is not None else asking(DEFAULT_ICE_SERVERS))
        prepare(peer)
        return peer

    async with contextlib.AsyncExitStack() as stack:
        # The other peer hears of a close; without it, it would wait until its patience ends.
        if options.ice_server:
            peer = make(asking(options.ice_server))
            stack.push_async_callback(close, peer)
            await connect(peer, server, on_progress=teller(options), **how)
        else:
            peer = await connect(make, server, on_progress=teller(options), **how)
            stack.push_async_callback(close, peer)
        yield


def asking(urls: list[str]) -> RTCConfiguration:
    return RTCConfiguration([ice_server(url) for url in urls if url != "none"])


async def within(opened: asyncio.Future[FileChannel], seconds: float) -> FileChannel:
    try:
        async with asyncio.timeout(seconds):
            return await opened
    except TimeoutError as error:
        raise PeerLostError("the other peer connected, and opened no data channel for a file") from error


def server_of(options: argparse.Namespace, link: Link | None) -> str:
    server: str | None = options.server or (link and link.server) or os.environ.get("PEERPOST_SERVER")
    if not server:
        raise PeerpostError("no server: give --server, or set PEERPOST_SERVER")
    return server


def access_key_from(options: argparse.Namespace) -> str | None:
    try:
        return access_key_of(options.access_key_file)
    except ValueError as error:
        raise PeerpostError(str(error)) from error


@contextlib.contextmanager
def told_where_access_keys_are() -> Iterator[None]:
    try:
        yield
    except AccessKeyError as error:
        raise PeerpostError(f"{error}: this server wants one, in {VARIABLE} or a file of --access-key-file") from error


def link_argument(text: str) -> Link:
    try:
        return Link.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def ice_server_argument(text: str) -> str:
    if text != "none":
        try:
            parse_stun_turn_uri(str(ice_server(text).urls))
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"{error}: {text.rpartition('@')[2]!r}") from error
    return text


def ice_server(url: str) -> RTCIceServer:
    """Return the ICE server of `stun:HOST:PORT` or `turn:USER:CREDENTIAL@HOST:PORT`."""
    scheme, _, rest = url.partition(":")
    user, at, host = rest.rpartition("@")
    if not at:
        return RTCIceServer(url)
    # The user name of a credential that expires has a colon in it: EXPIRY:USER.
    username, _, credential = user.rpartition(":")
    return RTCIceServer(f"{scheme}:{host}", username=username, credential=credential)


def positive_seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < float("inf"):
        raise ValueError(text)
    return seconds


def teller(options: argparse.Namespace) -> Callable[[str], None]:
    def tell(step: str) -> None:
        if step in PROGRESS_WORDS:
            say(PROGRESS_WORDS[step], options)

    return tell


def progress_bar(name: str, size: int, options: argparse.Namespace) -> "tqdm[NoReturn]":
    # disable=None: none where nobody looks at a terminal.
    quiet = True if options.quiet else None
    return tqdm(total=size, desc=name, unit="B", unit_scale=True, unit_divisor=1024, disable=quiet)


def say(text: str, options: argparse.Namespace) -> None:
    if not options.quiet:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()


def fail(text: str, code: int) -> int:
    sys.stderr.write(f"peerpost: {text}\n")
    return code
