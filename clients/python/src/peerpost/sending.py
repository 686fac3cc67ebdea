"""`peerpost send`: to one peer, or with --keep to everyone who opens the link."""

import argparse
import asyncio
from collections.abc import Iterator
from contextlib import aclosing, contextmanager, suppress
from pathlib import Path

from peerpost.access_keys import VARIABLE, access_key_of
from peerpost.address import Address
from peerpost.client import SignalingClient
from peerpost.command import FileChannels, connected, connection_maker, page_from, server_from
from peerpost.console import Console
from peerpost.errors import AccessKeyError, NoAddressError, PeerpostError
from peerpost.exchange import close
from peerpost.file_channel import FileChannel
from peerpost.limits import CHANNEL_TTL_SECONDS, HANG_UP_SECONDS
from peerpost.links import Link
from peerpost.listening import Peer, listen
from peerpost.sealing import new_key
from peerpost.sources import Folder, opened_source
from peerpost.transfer import Source, send


async def run_send(options: argparse.Namespace) -> None:
    """Send what the options name."""
    server = server_from(options, None)
    with explained_refusals():
        if options.keep:
            await send_to_all(options, server)
        else:
            await send_once(options, server)


async def send_once(options: argparse.Namespace, server: str) -> None:
    """Print a link, and send to the peer that opens it."""
    invitation = Invitation(options)
    console = Console(quiet=options.quiet)
    key = new_key()
    channels = FileChannels(options.patience)
    make = connection_maker(options, channels.offer_on)

    def announce(channel_id: str) -> None:
        minutes = CHANNEL_TTL_SECONDS // 60
        invitation.show(Link(channel_id, key, server), f"It works once, within {minutes} minutes:")

    # Open the file first: if it cannot be read, nobody needs to open a link.
    async with opened_source(options.files) as source:
        mention_what_is_left_out(console, source)
        access_key = access_key_from(options)
        async with connected(options, make, server, key=key, access_key=access_key, on_channel=announce) as peer:
            await send_file(console, await channels.of(peer), source)


async def send_to_all(options: argparse.Namespace, server: str) -> None:
    """Print the link of an address, and send to everyone who opens it, until this is cancelled."""
    invitation = Invitation(options)
    # Open the files first: if they cannot be read, nobody needs to open a link. They are opened again for each guest.
    async with opened_source(options.files) as source:
        mention_what_is_left_out(Console(quiet=options.quiet), source)
    async with SignalingClient(server, access_key=access_key_from(options)) as client:
        keeper = Keeper(options, client, invitation)
        try:
            await keeper.serve()
        finally:
            await keeper.erase_address()


class Invitation:
    """The link, as it is printed. Raises PeerpostError if the options have a page that cannot be in a link."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._console = Console(quiet=options.quiet)
        self._page = page_from(options)

    def show(self, link: Link, validity: str) -> None:
        """Print the link. `validity` is a sentence that says how often and for how long it works."""
        how = "in a browser or with `peerpost receive`" if self._page else "with `peerpost receive`"
        self._console.say(f"Open this link {how}. {validity}")
        self._console.print_link(link.at(self._page) if self._page else str(link))


class Keeper:
    """Sends the same files to every guest of an address, and to several guests at the same time."""

    def __init__(self, options: argparse.Namespace, client: SignalingClient, invitation: Invitation) -> None:
        self._files: list[Path] = options.files
        self._console = Console(quiet=options.quiet)
        self._client = client
        self._invitation = invitation
        self._channels = FileChannels(options.patience)
        self._make = connection_maker(options, self._channels.offer_on)
        self._address: Address | None = None

    async def serve(self) -> None:
        """Serve guests until this is cancelled."""
        peers = listen(self._client, new_connection=self._make, on_link=self._announce, on_progress=self._report)
        serving: set[asyncio.Task[None]] = set()
        count = 0
        try:
            async with aclosing(peers):
                async for peer in peers:
                    count += 1
                    task = asyncio.create_task(self._send_to(peer, f"guest {count}"))
                    serving.add(task)
                    task.add_done_callback(serving.discard)
        finally:
            for task in serving:
                task.cancel()
            await asyncio.gather(*serving, return_exceptions=True)

    async def erase_address(self) -> None:
        """Try once, and briefly, to erase the address: nobody serves its guests any more."""
        if self._address is None:
            return
        with suppress(PeerpostError, TimeoutError):
            async with asyncio.timeout(HANG_UP_SECONDS):
                await self._client.delete_data_channel(self._address.address_id, owner=self._address.owner)

    def _announce(self, address: Address) -> None:
        if self._address is not None:
            self._console.say("The link has expired.")
        self._address = address
        self._invitation.show(
            address.link(self._client.url), "It works any number of times, until you press Ctrl-C here:"
        )

    def _report(self, step: str) -> None:
        if step == "guest-failed":
            self._console.say("a guest opened the link, but could not be reached")

    async def _send_to(self, peer: Peer, guest: str) -> None:
        try:
            if peer.replaces:
                await close(peer.replaces)
            channel = await self._channels.of(peer.connection)
            async with opened_source(self._files) as source:
                await send_file(self._console, channel, source, guest)
        except PeerpostError as error:
            self._console.complain(f"{guest}: {error}")
        finally:
            await close(peer.connection)


async def send_file(console: Console, channel: FileChannel, source: Source, guest: str | None = None) -> None:
    """Send, with a progress bar, and print a line when everything has arrived.

    If `guest` is given, the bar and the line begin with it.
    """
    prefix = f"{guest}: " if guest else ""
    name = source.offer.name
    with console.progress_bar(f"{prefix}{name}", source.offer.size, is_one_of_many=guest is not None) as bar:
        sent = await send(channel, source, bar.update)
    console.say(f"{prefix}sent {name}, {sent.size} bytes, SHA-256 {sent.checksum}")


def mention_what_is_left_out(console: Console, source: Source) -> None:
    """Say how many files of a folder are not sent, and name the first."""
    if isinstance(source, Folder) and source.left_out:
        count = len(source.left_out)
        console.say(f"symbolic links and special files left out: {count}, for example {source.left_out[0]}")


def access_key_from(options: argparse.Namespace) -> str | None:
    """Return the access key of the options, or None. Raises PeerpostError for a file without an access key."""
    try:
        return access_key_of(options.access_key_file)
    except ValueError as error:
        raise PeerpostError(str(error)) from error


@contextmanager
def explained_refusals() -> Iterator[None]:
    """If the server refuses a request because of a setting, say in the error where this setting can be changed."""
    try:
        yield
    except AccessKeyError as error:
        raise PeerpostError(f"{error}: set {VARIABLE} or pass --access-key-file") from error
    except NoAddressError as error:
        raise PeerpostError(
            "this server does not offer links that last: send without --keep, "
            "or ask its operator to set MAX_TTL_SECONDS to more than 300"
        ) from error
