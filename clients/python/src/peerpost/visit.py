"""How a guest connects with the host of an address: it reads the pointer, and tries one door after the other."""

import asyncio
import math
from contextlib import AsyncExitStack

from aiortc import RTCIceServer, RTCPeerConnection

from peerpost.address import Pointer, checked_guest_id, new_guest_id
from peerpost.channel import unless_not_yet
from peerpost.client import SignalingClient
from peerpost.door import GuestDoor
from peerpost.errors import ChannelExpiredError, ConnectionFailedError, PeerpostError, RefusalError
from peerpost.exchange import NewPeerConnection, answer, peer_of, until_connected
from peerpost.limits import AWAY_SECONDS, DOOR_PATIENCE_SECONDS
from peerpost.links import Link
from peerpost.negotiation import Report
from peerpost.pace import GuestPace
from peerpost.poller import Poller
from peerpost.sealing import Sealer
from peerpost.sentences import ANSWER_ALREADY_EXISTS, NO_SUCH_CHANNEL


class Visit:
    """Connects one guest with the host of an address.

    With a function that makes connections, it tries as many doors as it takes.
    With an RTCPeerConnection it can try only one, because a connection takes one offer.
    `unreturned` closes a new connection after `connect` has returned it, unless the caller gets it.
    `guest` is the guest id, or None for a new guest. Raises ValueError for a text that is not a guest id.
    """

    def __init__(
        self,
        peer_connection: RTCPeerConnection | NewPeerConnection,
        client: SignalingClient,
        link: Link,
        *,
        unreturned: AsyncExitStack,
        guest: str | None,
        report: Report,
        timeout: float,
    ) -> None:
        self.door_id = ""
        self._peer_connection = peer_connection
        self._has_one_try = isinstance(peer_connection, RTCPeerConnection)
        self._client = client
        self._unreturned = unreturned
        self._guest = new_guest_id() if guest is None else checked_guest_id(guest)
        self._report = report
        self._timeout = timeout
        self._pointers = Pointers(client, link, report)

    async def connect(self, patience: float) -> RTCPeerConnection:
        """Return the connection. Raises ConnectionFailedError if there is none after `patience` seconds.

        Raises ChannelExpiredError if the address does not exist any more.
        """
        self._report("waiting")
        try:
            async with asyncio.timeout(patience) as limit:
                return await self._try_doors()
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise ConnectionFailedError(f"the host of the address did not come within {patience:g} seconds") from error

    async def _try_doors(self) -> RTCPeerConnection:
        while True:
            pointer = await self._pointers.next()
            try:
                return await self._try(pointer)
            except (ChannelExpiredError, ConnectionFailedError):
                if self._has_one_try:
                    raise
                self._pointers.mark_dead(pointer)
            except RefusalError as refusal:
                # Another guest was faster. The host is about to open the next door.
                if self._has_one_try or str(refusal) != ANSWER_ALREADY_EXISTS:
                    raise

    async def _try(self, pointer: Pointer) -> RTCPeerConnection:
        self.door_id = pointer.door
        door = GuestDoor(self._client, pointer, self._guest, poller=new_poller())
        async with peer_of(self._peer_connection, self._pointers.ice_servers, self._unreturned) as peer:
            offer = pointer.offer if pointer.offer is not None else await door.receive_offer()
            await answer(peer, door, offer, self._report)
            self._report("connecting")
            if self._has_one_try:
                await until_connected(peer, door, offer, self._timeout)
            else:
                await self._until_connected_or_elsewhere(peer, door, offer)
            self._report("connected")
        return peer

    async def _until_connected_or_elsewhere(self, peer: RTCPeerConnection, door: GuestDoor, offer: str) -> None:
        """Return once there is a connection. Raises ConnectionFailedError if the host opens another door first.

        A host that was restarted does not read this door, and opens another one. But a host also opens another door as
        soon as it has read our answer. So another door means something only if there is no connection after a while.
        """
        connecting = asyncio.create_task(until_connected(peer, door, offer, self._timeout))
        looking = asyncio.create_task(self._look_for_another_door())
        try:
            await asyncio.wait({connecting, looking}, return_when=asyncio.FIRST_COMPLETED)
            if looking.done() and looking.result() and not connecting.done():
                raise ConnectionFailedError("the host has opened another door")
            await connecting
        finally:
            for task in (connecting, looking):
                task.cancel()
            await asyncio.gather(connecting, looking, return_exceptions=True)

    async def _look_for_another_door(self) -> bool:
        """Return whether the address points to another door, once this one has had some time."""
        await asyncio.sleep(DOOR_PATIENCE_SECONDS)
        try:
            await self._pointers.peek()
        except PeerpostError:
            # The host may still come to this door.
            return False
        return True


class Pointers:
    """The pointers of one address, one after the other. Each door is returned only once."""

    def __init__(self, client: SignalingClient, link: Link, report: Report) -> None:
        if link.key is None:
            raise ValueError("the link of an address must have a key")
        self.ice_servers: tuple[RTCIceServer, ...] = ()
        self._client = client
        self._address_id = link.channel_id
        self._sealer = Sealer(link.key)
        self._report = report
        # The server says when the address has expired.
        self._clock = asyncio.get_running_loop().time
        self._poller = Poller(self._clock, pace=GuestPace(self._clock), lifetime=math.inf)
        self._waits_since = self._clock()
        self._tried: set[str] = set()
        self._dead: set[str] = set()
        self._has_reported = False
        self._next: Pointer | None = None

    async def next(self) -> Pointer:
        """Return the pointer to a door that was not tried yet, once there is one.

        Raises ChannelExpiredError if the address does not exist, and TamperedError if it contains something else.
        """
        pointer = await self.peek()
        self._tried.add(pointer.door)
        self._next = None
        self._has_reported = False
        return pointer

    async def peek(self) -> Pointer:
        """Wait for the pointer that `next` will return, and return it."""
        if self._next is None:
            self._waits_since = self._clock()
            # The host is expected at any moment.
            self._poller.had_news()
            try:
                self._next = await self._poller.until(self._read)
            except RefusalError as refusal:
                if str(refusal) != NO_SUCH_CHANNEL:
                    raise
                raise ChannelExpiredError("there is no such address: it has expired, or never existed") from refusal
        return self._next

    def mark_dead(self, pointer: Pointer) -> None:
        """Remember that nobody waits at a door any more. If the address still points to it, its host is away."""
        self._dead.add(pointer.door)

    async def _read(self, wait: float) -> Pointer | None:
        found = await unless_not_yet(self._client.get_offer(self._address_id, wait=wait, ice_servers=True))
        if found is None:
            return None
        self.ice_servers = found.ice_servers
        pointer = Pointer.open(found.text, self._sealer)
        if pointer.door not in self._tried:
            return pointer
        is_late = self._clock() - self._waits_since > AWAY_SECONDS
        if (is_late or pointer.door in self._dead) and not self._has_reported:
            self._has_reported = True
            self._report("host-away")
        return None


def new_poller() -> Poller:
    return Poller(asyncio.get_running_loop().time)
