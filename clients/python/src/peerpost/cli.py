"""The command line: `peerpost send FILE` on one side, `peerpost receive LINK` on the other."""

import argparse
import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from aiortc import RTCConfiguration, RTCDataChannel, RTCIceServer, RTCPeerConnection
from aiortc.rtcicetransport import parse_stun_turn_uri

from peerpost.access_keys import VARIABLE, access_key_of
from peerpost.connection import connect
from peerpost.console import (
    Console,
    closed_streams_lead_to_nowhere,
    flush_standard_output,
    occupy_closed_descriptors,
    print_to_standard_error,
)
from peerpost.errors import AccessKeyError, PeerLostError, PeerpostError, TransferError
from peerpost.exchange import close
from peerpost.file_channel import LABEL, FileChannel
from peerpost.limits import CHANNEL_TTL_SECONDS, PATIENCE_SECONDS
from peerpost.links import Link, server_url
from peerpost.sealing import new_key
from peerpost.transfer import receive_file, receive_offer, send_file

SERVER_VARIABLE = "PEERPOST_SERVER"

# aiortc and most other tools use this server by default. It tells each peer its public IP address, without which
# only peers in one network can connect.
DEFAULT_ICE_SERVERS = ["stun:stun.l.google.com:19302"]
# The value of --ice-server that stands for no ICE server at all.
NO_ICE_SERVER = "none"

EXIT_FAILED = 1
EXIT_PEER_LOST = 3
EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143

# `kill` and a service manager send the first. A terminal that is closed sends the second.
TERMINATING_SIGNALS = ("SIGTERM", "SIGHUP")

PROGRESS_WORDS = {"gathering": "finding this machine's IP addresses", "connecting": "connecting"}


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code.

    0 is success, 1 a failure, 2 wrong usage, 3 a lost peer, 130 Ctrl-C, 143 SIGTERM or SIGHUP.
    """
    occupy_closed_descriptors()
    try:
        with closed_streams_lead_to_nowhere():
            options = options_from(arguments)
        # aiortc and aioice log tracebacks for failures that are reported in one line here.
        logging.getLogger().addHandler(logging.NullHandler())
        return exit_code_of(options)
    finally:
        flush_standard_output()


def options_from(arguments: list[str] | None) -> argparse.Namespace:
    command_line = parser()
    options = command_line.parse_args(arguments)
    urls = [url for url in options.ice_server or [] if url != NO_ICE_SERVER]
    # "turns:" counts as "turn".
    kinds = [url[: len("turn")] for url in urls]
    if len(kinds) > len(set(kinds)):
        command_line.error("--ice-server: at most one STUN server and one TURN server, because aiortc uses no more")
    return options


def exit_code_of(options: argparse.Namespace) -> int:
    """Run the command, and return its exit code. A failure is one line on standard error."""
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


def fail(text: str, code: int) -> int:
    print_to_standard_error(f"peerpost: {text}")
    return code


def parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(
        prog="peerpost", description="Send a file from peer to peer, encrypted end to end."
    )
    commands = result.add_subparsers(required=True, metavar="COMMAND")
    common = common_options()

    send = commands.add_parser("send", parents=[common], help="print a link, and send a file to the peer that opens it")
    send.add_argument("file", metavar="FILE", type=Path, help="the file to send")
    send.add_argument("--server", metavar="URL", help=f"the server (default: {SERVER_VARIABLE})")
    send.add_argument(
        "--access-key-file",
        metavar="PATH",
        type=Path,
        help=f"a file with the access key, if the server requires one (default: the key in {VARIABLE})",
    )
    send.set_defaults(run=run_send)

    receive = commands.add_parser("receive", parents=[common], help="open a link, and receive its file")
    receive.add_argument(
        "link",
        metavar="LINK",
        type=link_argument,
        help="the link that `peerpost send` has printed; with --server, the code after its # is enough",
    )
    receive.add_argument(
        "--server", metavar="URL", help=f"the server (default: the server in the link, or {SERVER_VARIABLE})"
    )
    receive.add_argument(
        "--output",
        metavar="PATH",
        help="a directory, or a name for the file; if it ends with a slash, the directory is created if necessary",
    )
    receive.add_argument("--force", action="store_true", help="replace an existing file")
    receive.set_defaults(run=run_receive)
    return result


def common_options() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(add_help=False)
    result.add_argument(
        "--ice-server",
        metavar="URL",
        action="append",
        type=ice_server_argument,
        help="stun:HOST:PORT or turn:USER:CREDENTIAL@HOST:PORT, at most one of each, or 'none' for no ICE servers "
        f"(default: the ICE servers that the server's operator has configured, or {DEFAULT_ICE_SERVERS[0]})",
    )
    result.add_argument(
        "--patience",
        metavar="SECONDS",
        type=positive_seconds,
        default=PATIENCE_SECONDS,
        help="how long the other peer may be silent before it counts as lost (default: %(default)g)",
    )
    result.add_argument("--quiet", action="store_true", help="print only errors and, for send, the link")
    return result


async def run(options: argparse.Namespace) -> None:
    """Run the command. SIGTERM and SIGHUP end it as Ctrl-C does: everything is closed first."""
    task = asyncio.current_task()
    if task:
        for name in TERMINATING_SIGNALS:
            cancel_on(name, task)
    await options.run(options)


def cancel_on(name: str, task: asyncio.Task[object]) -> None:
    """Cancel a task when a signal comes."""
    number = getattr(signal, name, None)
    # `nohup` starts programs that ignore SIGHUP, and they must continue to do so. Windows has no SIGHUP.
    if number is None or signal.getsignal(number) is signal.SIG_IGN:
        return
    # An event loop on Windows handles no signals.
    with suppress(NotImplementedError):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)


async def run_send(options: argparse.Namespace) -> None:
    console = Console(quiet=options.quiet)
    server = server_from(options, None)
    access_key = access_key_from(options)
    path: Path = options.file
    key = new_key()
    opened: asyncio.Future[FileChannel] = asyncio.get_running_loop().create_future()

    def prepare(peer: RTCPeerConnection) -> None:
        data_channel = peer.createDataChannel(LABEL)

        def on_open() -> None:
            # The wait for the data channel may have ended already.
            if not opened.done():
                opened.set_result(FileChannel(data_channel, options.patience))

        data_channel.on("open", on_open)

    def announce(channel_id: str) -> None:
        minutes = CHANNEL_TTL_SECONDS // 60
        console.say(f"Open this link with `peerpost receive`, once, within {minutes} minutes:")
        console.print_link(str(Link(channel_id, key, server)))

    with open_file(path) as file, explained_access_key():
        size = os.fstat(file.fileno()).st_size
        async with connected(options, prepare, server, key=key, access_key=access_key, on_channel=announce):
            channel = await within(opened, options.patience)
            with console.progress_bar(path.name, size) as bar:
                checksum = await send_file(channel, file, path.name, size, bar.update)
    console.say(f"sent {path.name}, {size} bytes, SHA-256 {checksum}")


async def run_receive(options: argparse.Namespace) -> None:
    console = Console(quiet=options.quiet)
    link: Link = options.link
    server = server_from(options, link)
    opened: asyncio.Future[FileChannel] = asyncio.get_running_loop().create_future()

    def on_data_channel(data_channel: RTCDataChannel) -> None:
        if data_channel.label == LABEL and not opened.done():
            opened.set_result(FileChannel(data_channel, options.patience))

    def prepare(peer: RTCPeerConnection) -> None:
        peer.on("datachannel", on_data_channel)

    # Create the directory first: a link can be used only once.
    with output_path(options.output) as output:
        async with connected(options, prepare, server, channel_id=link.channel_id, key=link.key):
            channel = await within(opened, options.patience)
            offer = await receive_offer(channel)
            target = output / offer.name if output.is_dir() else output
            with console.progress_bar(target.name, offer.size) as bar:
                checksum = await receive_file(channel, offer, target, bar.update, force=options.force)
    console.say(f"received {target}, {offer.size} bytes, SHA-256 {checksum}")


def open_file(path: Path) -> BinaryIO:
    """Open a file for reading. Raises TransferError for anything else, such as a pipe or a directory."""
    try:
        # A pipe has no size, and opening it may wait for ever.
        if path.exists() and not path.is_file():
            raise TransferError(f"cannot read {path}: Not a regular file")
        return path.open("rb")
    except OSError as error:
        raise TransferError(f"cannot read {path}: {error.strerror}") from error


@contextmanager
def output_path(text: str | None) -> Iterator[Path]:
    """Give the path of --output. If it ends with a slash, it is a directory, which is created if necessary.

    A directory that was created is removed again after a failure.
    """
    path = Path(text or ".")
    names_directory = text is not None and text.endswith(separators())
    if not names_directory or path.is_dir():
        yield path
        return
    try:
        path.mkdir()
    except OSError as error:
        raise TransferError(f"cannot create the directory {path}: {error.strerror}") from error
    try:
        yield path
    except BaseException:
        # The directory may have something else in it by now.
        with suppress(OSError):
            path.rmdir()
        raise


def separators() -> tuple[str, ...]:
    """Return what separates the parts of a path on this system."""
    return tuple(filter(None, (os.sep, os.altsep)))


@asynccontextmanager
async def connected(
    options: argparse.Namespace, prepare: Callable[[RTCPeerConnection], None], server: str, **how: Any
) -> AsyncIterator[None]:
    """Connect, with the ICE servers of the options or else of the server, or with the default ones.

    `how` is passed to `connect`.
    """
    report = reporter(options)

    def make(configuration: RTCConfiguration) -> RTCPeerConnection:
        server_has_some = configuration.iceServers is not None
        peer = RTCPeerConnection(configuration if server_has_some else configuration_of(DEFAULT_ICE_SERVERS))
        prepare(peer)
        return peer

    async with AsyncExitStack() as stack:
        # Closing tells the other peer. Otherwise it would wait until its patience ends.
        if options.ice_server:
            peer = make(configuration_of(options.ice_server))
            stack.push_async_callback(close, peer)
            await connect(peer, server, on_progress=report, **how)
        else:
            peer = await connect(make, server, on_progress=report, **how)
            stack.push_async_callback(close, peer)
        yield


def reporter(options: argparse.Namespace) -> Callable[[str], None]:
    """Return a function that prints the steps of `connect` that take time."""
    console = Console(quiet=options.quiet)

    def report(step: str) -> None:
        if step in PROGRESS_WORDS:
            console.say(PROGRESS_WORDS[step])

    return report


async def within(opened: asyncio.Future[FileChannel], seconds: float) -> FileChannel:
    try:
        async with asyncio.timeout(seconds):
            return await opened
    except TimeoutError as error:
        raise PeerLostError("the other peer connected, but opened no data channel for a file") from error


def server_from(options: argparse.Namespace, link: Link | None) -> str:
    """Return the URL of the server. Raises PeerpostError if there is none, or if it holds a password."""
    of_the_link = link.server if link else None
    server = options.server or of_the_link or os.environ.get(SERVER_VARIABLE)
    if not server:
        raise PeerpostError(f"no server: pass --server, or set {SERVER_VARIABLE}")
    try:
        return server_url(server)
    except ValueError as error:
        raise PeerpostError(str(error)) from error


def access_key_from(options: argparse.Namespace) -> str | None:
    try:
        return access_key_of(options.access_key_file)
    except ValueError as error:
        raise PeerpostError(str(error)) from error


@contextmanager
def explained_access_key() -> Iterator[None]:
    """If the server refuses the access key, say in the error where to configure it."""
    try:
        yield
    except AccessKeyError as error:
        raise PeerpostError(f"{error}: set {VARIABLE} or pass --access-key-file") from error


def link_argument(text: str) -> Link:
    try:
        return Link.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def ice_server_argument(text: str) -> str:
    if text == NO_ICE_SERVER:
        return text
    try:
        parse_stun_turn_uri(str(ice_server(text).urls))
    except ValueError as error:
        # The error must not show the user name and the credential.
        shown = text.rpartition("@")[2]
        raise argparse.ArgumentTypeError(f"{error}: {shown!r}") from error
    return text


def configuration_of(urls: list[str]) -> RTCConfiguration:
    return RTCConfiguration([ice_server(url) for url in urls if url != NO_ICE_SERVER])


def ice_server(url: str) -> RTCIceServer:
    """Return the ICE server of `stun:HOST:PORT` or `turn:USER:CREDENTIAL@HOST:PORT`."""
    scheme, _, rest = url.partition(":")
    user, at, host = rest.rpartition("@")
    if not at:
        return RTCIceServer(url)
    # The user name of a temporary credential contains a colon: EXPIRY:USER.
    username, _, credential = user.rpartition(":")
    return RTCIceServer(f"{scheme}:{host}", username=username, credential=credential)


def positive_seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < float("inf"):
        raise ValueError(text)
    return seconds
