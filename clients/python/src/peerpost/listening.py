"""A host at an address: it waits for guests, any number of them, for as long as the program runs."""

import asyncio
import math
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from functools import partial
from typing import NoReturn

from aiortc import RTCPeerConnection, RTCSessionDescription

from peerpost.address import Address, Pointer, new_owner
from peerpost.client import NewChannel, SignalingClient
from peerpost.connection import client_of
from peerpost.door import HostDoor
from peerpost.errors import ChannelExpiredError, NoAddressError, PeerpostError, RefusalError
from peerpost.exchange import NewPeerConnection, close, new_offer, new_peer, until_answered, until_connected
from peerpost.limits import (
    ADDRESS_TTL_SECONDS,
    CHANNEL_TTL_SECONDS,
    CONNECT_SECONDS,
    DOOR_OVERLAP_SECONDS,
    DOOR_SECONDS,
    FIRST_RETRY_SECONDS,
    MAX_DOORS,
    MAX_HOST_RETRY_SECONDS,
)
from peerpost.negotiation import Report
from peerpost.pace import Pace
from peerpost.poller import Poller
from peerpost.remote import set_remote
from peerpost.retries import PatientRetryPolicy, RetryPolicy, doubled, jittered
from peerpost.sealing import Sealer, new_key
from peerpost.sentences import NO_SUCH_CHANNEL


@dataclass(frozen=True)
class Peer:
    """A guest that has connected.

    `connection` is connected, and the caller closes it.
    `guest` is the guest id. If a guest connects again with the same id, the host recognises it.
    `replaces` is the connection that the same guest had before, or None. The caller closes it, too.
    """

    connection: RTCPeerConnection
    guest: str
    replaces: RTCPeerConnection | None = None


async def listen(
    server: str | SignalingClient,
    *,
    new_connection: NewPeerConnection,
    access_key: str | None = None,
    ttl: int = ADDRESS_TTL_SECONDS,
    resume: Address | None = None,
    on_link: Callable[[Address], object] | None = None,
    on_progress: Report | None = None,
    timeout: float = CONNECT_SECONDS,
) -> AsyncGenerator[Peer, None]:
    """Wait at an address, and yield each guest that has connected.

    `new_connection` makes an RTCPeerConnection with its data channels and tracks. It is called for each guest, and
    every few minutes while nobody comes, with an RTCConfiguration that has the operator's ICE servers.
    `on_link` is called with the Address as soon as guests can come: `address.link(server)` is the link for them.
    `ttl` is the requested lifetime of the address in seconds. The operator may allow less. When the address has
    expired, a new one is opened, and `on_link` is called again.
    `resume` is an Address that an earlier `listen` has passed to `on_link`. If it still exists, it is used again.
    `access_key` opens channels if the operator requires one. It needs a `server` that is given as a URL.
    `on_progress` is called with "gathering", "waiting", "connecting", "connected", and "guest-failed" for each guest
    that has answered but has not connected.
    `timeout` is the number of seconds in which a guest that has answered must connect.

    Once the server has replied, faults of the network or of the server do not end this: requests are repeated for as
    long as it takes.
    Closing the generator, or cancelling the task that waits for it, closes the connections that were not yielded, and
    erases the channels in which guests could still answer. The address stays until it expires.
    `SignalingClient.delete_data_channel` erases it.

    Raises NoAddressError if the server does not offer addresses, AccessKeyError if it does not know the access key,
    RefusalError if the address of `resume` has another owner, ServerError or NetworkError if the server cannot be
    reached at the start, and ValueError for a connection that has nothing to offer.
    """
    if ttl <= CHANNEL_TTL_SECONDS:
        raise ValueError(f"the lifetime of an address must be more than {CHANNEL_TTL_SECONDS} seconds")
    async with client_of(server, access_key) as client:
        listener = Listener(
            client,
            new_connection,
            ttl=ttl,
            resume=resume,
            on_link=on_link or (lambda _: None),
            report=on_progress or (lambda _: None),
            timeout=timeout,
        )
        listening = asyncio.create_task(listener.run())
        listening.add_done_callback(lambda _: listener.arrived.put_nowait(None))
        try:
            while (peer := await listener.arrived.get()) is not None:
                yield peer
            # The task never ends without an error, which is raised here.
            await listening
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            await listener.close_those_who_wait()


class OpenDoor:
    """A door that the address points to, and the connection that waits behind it."""

    def __init__(self, door: HostDoor, connection: RTCPeerConnection) -> None:
        self.door = door
        self.connection = connection
        self._has_guest = False
        self._has_ended = asyncio.Event()

    def take_guest(self) -> None:
        """Note that a guest has answered. The next guest needs another door."""
        self._has_guest = True
        self._has_ended.set()

    def end(self) -> None:
        """Note that nobody can come through this door any more."""
        self._has_ended.set()

    async def until_next_is_needed(self) -> None:
        """Return when this door has ended, or when it is time to open the next one."""
        with suppress(TimeoutError):
            async with asyncio.timeout(DOOR_SECONDS):
                await self._has_ended.wait()

    @property
    def was_in_vain(self) -> bool:
        """Whether this door has ended without a guest."""
        return self._has_ended.is_set() and not self._has_guest


class Listener:
    """Opens an address, and one door after the other, and connects the guests that come.

    `arrived` contains the guests that have connected.
    """

    def __init__(
        self,
        client: SignalingClient,
        new_connection: NewPeerConnection,
        *,
        ttl: int,
        resume: Address | None,
        on_link: Callable[[Address], object],
        report: Report,
        timeout: float,
    ) -> None:
        self.arrived: asyncio.Queue[Peer | None] = asyncio.Queue()
        self._client = client
        self._new_connection = new_connection
        self._ttl = ttl
        self._address = resume
        self._announced: Address | None = None
        # Before the server has replied, its URL may be wrong.
        self._knows_server = resume is not None
        self._on_link = on_link
        self._report = report
        self._timeout = timeout
        self._clock = asyncio.get_running_loop().time
        self._pace = Pace(self._clock)
        self._room = asyncio.Semaphore(MAX_DOORS)
        self._connections: dict[str, RTCPeerConnection] = {}

    async def run(self) -> NoReturn:
        """Serve guests until this is cancelled."""
        try:
            async with asyncio.TaskGroup() as guests:
                await self._serve_all(guests)
        except ExceptionGroup as group:
            # The caller expects the error itself.
            raise group.exceptions[0] from group

    async def close_those_who_wait(self) -> None:
        """Close the connections that nobody has taken."""
        while not self.arrived.empty():
            peer = self.arrived.get_nowait()
            if peer is not None:
                await close(peer.connection)

    async def _serve_all(self, guests: asyncio.TaskGroup) -> NoReturn:
        if self._address is None:
            # Do this first: if the server does not offer addresses, no RTCPeerConnection needs to be made.
            self._address = await self._open_address()
        in_vain = 0
        while True:
            await self._room.acquire()
            opened = await self._open_door()
            if opened is None:
                self._room.release()
            else:
                guests.create_task(self._serve(opened))
                await opened.until_next_is_needed()
            in_vain = in_vain + 1 if opened is None or opened.was_in_vain else 0
            if in_vain:
                # Pause, because the server may be losing channels, or may be writing answers itself.
                await asyncio.sleep(jittered(doubled(FIRST_RETRY_SECONDS, in_vain, MAX_HOST_RETRY_SECONDS)))

    async def _open_address(self) -> Address:
        owner = new_owner()

        async def create() -> NewChannel:
            return await self._client.create_data_channel(ttl=self._ttl, owner=owner)

        created = await self._poller(lifetime=math.inf).persist(create)
        self._knows_server = True
        # A server that does not know `ttl` opens an ordinary channel.
        if created.ttl is None or created.ttl <= CHANNEL_TTL_SECONDS:
            raise NoAddressError("the server does not offer addresses: its channels live for only a few minutes")
        return Address(created.channel_id, new_key(), owner)

    async def _open_door(self) -> OpenDoor | None:
        """Open a door, and let the address point to it. Return None if the door disappears before that."""
        door = HostDoor(self._client, poller=self._poller(lifetime=CHANNEL_TTL_SECONDS))
        try:
            async with AsyncExitStack() as stack:
                stack.push_async_callback(door.hang_up)
                await door.open()
                connection = new_peer(self._new_connection, door.ice_servers)
                stack.push_async_callback(close, connection)
                offer = as_dtls_client(await new_offer(connection, self._report))
                await self._point_to(await door.point_out(offer))
                stack.pop_all()
        except ChannelExpiredError:
            return None
        self._report("waiting")
        return OpenDoor(door, connection)

    async def _point_to(self, pointer: Pointer) -> None:
        """Write the pointer to the address, or to a new one if the address has expired."""
        if self._address is None or not await self._has_written(pointer, self._address):
            self._address = await self._open_address()
            if not await self._has_written(pointer, self._address):
                raise ChannelExpiredError("the server has lost a new address")
        if self._address != self._announced:
            self._announced = self._address
            self._on_link(self._address)

    async def _has_written(self, pointer: Pointer, address: Address) -> bool:
        """Write the pointer, and return whether the address still exists."""
        text = pointer.sealed(Sealer(address.key))
        write = partial(self._client.create_offer, address.address_id, text, owner=address.owner)
        try:
            await self._poller(lifetime=math.inf).persist(write)
        except RefusalError as refusal:
            if str(refusal) != NO_SUCH_CHANNEL:
                raise
            return False
        return True

    async def _serve(self, opened: OpenDoor) -> None:
        """Connect the guest that comes through a door, if one comes."""
        peer = None
        try:
            peer = await self._guest_of(opened)
            self.arrived.put_nowait(peer)
        except ChannelExpiredError:
            # Nobody has come.
            pass
        except PeerpostError:
            self._report("guest-failed")
        finally:
            opened.end()
            self._room.release()
            if peer is None:
                await close(opened.connection)
            await opened.door.hang_up()

    async def _guest_of(self, opened: OpenDoor) -> Peer:
        """Return the guest that comes through a door, once it has connected."""
        door, connection = opened.door, opened.connection
        try:
            async with asyncio.timeout(DOOR_SECONDS + DOOR_OVERLAP_SECONDS):
                answer = await until_answered(connection, door)
        except TimeoutError as error:
            raise ChannelExpiredError("nobody has come") from error
        opened.take_guest()
        self._report("connecting")
        await set_remote(connection, RTCSessionDescription(answer, "answer"))
        await until_connected(connection, door, answer, self._timeout)
        self._report("connected")
        self._forget_closed_connections()
        peer = Peer(connection, door.guest, self._connections.get(door.guest))
        self._connections[door.guest] = connection
        return peer

    def _forget_closed_connections(self) -> None:
        self._connections = {
            guest: connection
            for guest, connection in self._connections.items()
            if connection.connectionState != "closed"
        }

    def _poller(self, *, lifetime: float) -> Poller:
        # Each channel has its own policy, so that a server that was busy yesterday is asked to hold replies again.
        retries = PatientRetryPolicy() if self._knows_server else RetryPolicy()
        return Poller(self._clock, pace=self._pace, retries=retries, lifetime=lifetime)


def as_dtls_client(offer: str) -> str:
    """Return the host's offer with the line that makes the host begin the DTLS handshake (RFC 8842).

    Several guests may answer at the same moment, but only one answer is accepted. aiortc would accept the first
    handshake that reaches it, even from a guest whose answer was refused. So guests must not begin the handshake.
    """
    return offer.replace("a=setup:actpass", "a=setup:active")
