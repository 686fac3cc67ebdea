"""`peerpost receive`: once from a channel, or again and again from an address until everything has arrived."""

import argparse
import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

from peerpost.address import new_guest_id
from peerpost.client import SignalingClient
from peerpost.command import FileChannels, connected, connection_maker, server_from
from peerpost.console import Console
from peerpost.errors import (
    ConnectionFailedError,
    NetworkError,
    PeerLostError,
    PeerpostError,
    ServerError,
    TransferError,
)
from peerpost.file_channel import FileChannel
from peerpost.limits import CHOOSING_SECONDS, FIRST_AGAIN_SECONDS, MAX_AGAIN_SECONDS
from peerpost.links import Link
from peerpost.retries import doubled, jittered
from peerpost.sinks import file_at, folders_in, standard_output
from peerpost.transfer import Offer, Sink, receive, receive_offer

STANDARD_OUTPUT = "-"

# What web servers reply to a POST to a page.
NOT_A_SERVER = (403, 404, 405, 501)


async def run_receive(options: argparse.Namespace) -> None:
    """Receive what the sender at the link sends."""
    receiver = Receiver(options, server_from(options, options.link))
    # Create the directory first: the link of a channel can be used only once.
    with explained_replies(), output_path(options.output) as output:
        if options.link.is_address:
            await receiver.receive_at_last(output)
        else:
            await receiver.receive(output)


class Receiver:
    """Receives what the sender at one link sends."""

    def __init__(self, options: argparse.Namespace, server: str | SignalingClient) -> None:
        self._options = options
        self._console = Console(quiet=options.quiet)
        self._link: Link = options.link
        self._server = server
        # Every try uses the same id, so that the sender closes the connection of an earlier try.
        self._guest = new_guest_id()
        self._has_begun = False

    async def receive_at_last(self, output: Path | None) -> None:
        """Receive. After a temporary failure, begin again, for as long as the address lives."""
        failures = 0
        while True:
            self._has_begun = False
            try:
                return await self.receive(output)
            except (ConnectionFailedError, NetworkError, PeerLostError, ServerError) as error:
                if not is_temporary(error) or (self._has_begun and output is None):
                    # What was written to standard output cannot be taken back.
                    raise
                failures = 1 if self._has_begun else failures + 1
                self._console.say(f"{error}; trying again")
            await asyncio.sleep(jittered(doubled(FIRST_AGAIN_SECONDS, failures, MAX_AGAIN_SECONDS)))

    async def receive(self, output: Path | None) -> None:
        """Receive once, to a path, or to standard output if `output` is None."""
        channels = FileChannels(self._options.patience)
        make = connection_maker(self._options, channels.accept_on)
        async with connected(self._options, make, self._server, self._link, guest=self._guest) as peer:
            channel = await channels.of(peer)
            offer = await self._offer_on(channel)
            self._has_begun = True
            sink = sink_for(offer, output, force=self._options.force)
            with self._console.progress_bar(offer.name, offer.size) as bar:
                received = await receive(channel, offer, sink, bar.update)
        where = describe(offer, output)
        self._console.say(f"received {where}, {received.size} bytes, SHA-256 {received.checksum}")

    async def _offer_on(self, channel: FileChannel) -> Offer:
        """Return what the sender offers. On a page, somebody may still have to choose it."""
        text = "connected: waiting until the other side sends something"
        notice = asyncio.get_running_loop().call_later(CHOOSING_SECONDS, self._console.say, text)
        try:
            return await receive_offer(channel)
        finally:
            notice.cancel()


def is_temporary(error: Exception) -> bool:
    """Whether another try may succeed."""
    if is_from_a_page(error):
        return False
    return not isinstance(error, NetworkError | ServerError) or error.is_temporary


def is_from_a_page(error: Exception) -> bool:
    """Whether the reply is probably from a static page, and not from a Peerpost server."""
    return isinstance(error, ServerError) and error.status in NOT_A_SERVER


@contextmanager
def explained_replies() -> Iterator[None]:
    """If a page has replied instead of a Peerpost server, say in the error what to do."""
    try:
        yield
    except ServerError as error:
        if not is_from_a_page(error):
            raise
        raise PeerpostError(f"{error}: if this is a page, pass its server with --server") from error


@asynccontextmanager
async def sink_for(offer: Offer, output: Path | None, *, force: bool) -> AsyncIterator[Sink]:
    """Yield the sink for what is offered. Raises TransferError if it cannot be saved where the user wants it."""
    if output is None:
        async with standard_output() as sink:
            yield sink
    elif not offer.is_tar:
        async with file_at(target_of(offer, output), force=force) as sink:
            yield sink
    elif os.path.isdir(output):
        async with folders_in(output, force=force) as sink:
            yield sink
    else:
        raise TransferError(f"several files or a folder need a directory: --output {output}{os.sep}")


def target_of(offer: Offer, output: Path) -> Path:
    """Return the path of a file that is received."""
    # Path.is_dir may raise an OSError, for example for a name that is too long. os.path.isdir never does.
    return output / offer.name if os.path.isdir(output) else output


def describe(offer: Offer, output: Path | None) -> str:
    """Return a description of what was received, for a person."""
    if output is None:
        return offer.name
    return f"files into {output}" if offer.is_tar else str(target_of(offer, output))


@contextmanager
def output_path(text: str | None) -> Iterator[Path | None]:
    """Yield the path of --output, or None for standard output.

    If it ends with a slash, it is a directory, which is created if necessary, and removed again after a failure.
    """
    if text == STANDARD_OUTPUT:
        yield None
        return
    path = Path(text or ".")
    names_directory = text is not None and text.endswith(separators())
    if not names_directory or os.path.isdir(path):
        yield path
        return
    try:
        path.mkdir()
    except OSError as error:
        raise TransferError(f"cannot create the directory {path}: {error.strerror}") from error
    try:
        yield path
    except BaseException:
        # This fails if the directory is not empty, because somebody has put something else into it.
        with suppress(OSError):
            path.rmdir()
        raise


def separators() -> tuple[str, ...]:
    """Return the path separators of this system."""
    return tuple(filter(None, (os.sep, os.altsep)))
