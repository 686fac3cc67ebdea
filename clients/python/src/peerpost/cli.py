"""The command line: `peerpost send FILE` on one side, `peerpost receive LINK` on the other."""

import argparse
import asyncio
import logging
import signal
from contextlib import suppress
from pathlib import Path

from peerpost.access_keys import VARIABLE
from peerpost.command import PAGE_VARIABLE, SERVER_VARIABLE
from peerpost.console import (
    closed_streams_lead_to_nowhere,
    flush_standard_output,
    occupy_closed_descriptors,
    print_to_standard_error,
)
from peerpost.errors import PeerLostError, PeerpostError
from peerpost.ice_options import DEFAULT_ICE_SERVERS, NO_ICE_SERVER, ice_server_argument
from peerpost.limits import PATIENCE_SECONDS
from peerpost.links import Link
from peerpost.receiving import run_receive
from peerpost.sending import run_send
from peerpost.sources import STANDARD_INPUT

EXIT_FAILED = 1
EXIT_PEER_LOST = 3
EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143

# `kill` and a service manager send the first. A terminal that is closed sends the second.
TERMINATING_SIGNALS = ("SIGTERM", "SIGHUP")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code.

    0 is success, 1 a failure, 2 wrong usage, 3 a lost peer, 130 Ctrl-C, 143 SIGTERM or SIGHUP.
    """
    occupy_closed_descriptors()
    try:
        with closed_streams_lead_to_nowhere():
            options = options_from(arguments)
        # aiortc and aioice log tracebacks for failures that this program reports in one line. Without a handler, Python
        # would print them.
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
    files = getattr(options, "files", [])
    if STANDARD_INPUT in files and (len(files) > 1 or options.keep):
        command_line.error("-: standard input cannot be sent together with other files, or with --keep")
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
    result = argparse.ArgumentParser(prog="peerpost", description="Send files from peer to peer, encrypted end to end.")
    commands = result.add_subparsers(required=True, metavar="COMMAND")
    common = common_options()

    send = commands.add_parser(
        "send",
        parents=[common],
        help="print a link, and send files to the peer that opens it",
        description="Print a link, and send files to the peer that opens it.",
    )
    send.add_argument(
        "files",
        metavar="FILE",
        nargs="+",
        type=Path,
        help="a file or folder to send, or - for standard input",
    )
    send.add_argument(
        "--keep",
        action="store_true",
        help="send to everyone who opens the link, to several at the same time, until you press Ctrl-C",
    )
    send.add_argument(
        "--server",
        metavar="URL",
        help=f"the URL of the Peerpost server (default: the environment variable {SERVER_VARIABLE})",
    )
    send.add_argument(
        "--page",
        metavar="URL",
        help="the URL of a Peerpost page, so that the link also works in a browser "
        f"(default: the environment variable {PAGE_VARIABLE}, if it is set)",
    )
    send.add_argument(
        "--access-key-file",
        metavar="PATH",
        type=Path,
        help="a file that contains the access key, if the server requires one "
        f"(default: the key in the environment variable {VARIABLE})",
    )
    send.set_defaults(run=run_send)

    receive = commands.add_parser(
        "receive",
        parents=[common],
        help="open a link, and receive its files",
        description="Open a link from `peerpost send` or from a page, and receive its files.",
    )
    receive.add_argument(
        "link",
        metavar="LINK",
        type=link_argument,
        help=f"the link; with --server or the environment variable {SERVER_VARIABLE}, the part after its # is enough",
    )
    receive.add_argument(
        "--server",
        metavar="URL",
        help="the URL of the Peerpost server "
        f"(default: the server in the link, or the environment variable {SERVER_VARIABLE})",
    )
    receive.add_argument(
        "--output",
        metavar="PATH",
        help="where to save: a file, a directory, or - for standard output (default: the current directory); "
        "a path that ends with a slash is a directory, which is created if necessary",
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
        help="a STUN or TURN server, as stun:HOST:PORT or turn:USER:CREDENTIAL@HOST:PORT; "
        "to use one of each, give the option twice; to use no ICE servers, give 'none' "
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
    # A program that was started with `nohup` ignores SIGHUP, and must continue to ignore it. Windows has no SIGHUP.
    if number is None or signal.getsignal(number) is signal.SIG_IGN:
        return
    # On Windows, event loops cannot handle signals.
    with suppress(NotImplementedError):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)


def link_argument(text: str) -> Link:
    try:
        return Link.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def positive_seconds(text: str) -> float:
    with suppress(ValueError):
        seconds = float(text)
        if 0 < seconds < float("inf"):
            return seconds
    # For a ValueError, argparse would print the name of this function instead.
    raise argparse.ArgumentTypeError(f"must be a number of seconds greater than 0, not {text!r}")
