"""One peer's end of a channel: it seals and opens texts, and skips the candidates that it has sent itself."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import TypeVar

from aiortc import RTCIceServer

from peerpost.candidates import bye_to_json
from peerpost.client import Candidates, Description, SignalingClient, not_ours
from peerpost.errors import ChannelExpiredError, PeerpostError, RefusalError, TamperedError
from peerpost.limits import CHANNEL_TTL_SECONDS, HANG_UP_SECONDS, MAX_CANDIDATE_BYTES, MAX_CANDIDATES
from peerpost.poller import Poller
from peerpost.sealing import CANDIDATE_OF, Purpose, Role, Sealer
from peerpost.sentences import (
    ANSWER_ALREADY_EXISTS,
    METHOD_IS_UNKNOWN,
    NO_ANSWER_YET,
    NO_OFFER_YET,
    NO_SUCH_CHANNEL,
)

T = TypeVar("T")


class Channel:
    """A channel, as the offerer or the answerer sees it.

    Without `channel_id` this peer is the offerer, and `open` creates the channel.
    With `channel_id` this peer is the answerer.
    `key` has 32 bytes and seals everything. Without a key, the server can read and change what passes through it.
    With `asks_for_ice_servers`, the operator's ICE servers come with the new channel or with the offer.
    They are then in `ice_servers`.
    `poller` makes the requests.

    Every coroutine may raise these errors:
    ChannelExpiredError if the channel does not exist any more,
    TamperedError if a sealed text cannot be opened,
    RefusalError if the server refuses the request,
    ServerError or NetworkError if the request failed too often.
    """

    def __init__(
        self,
        client: SignalingClient,
        channel_id: str | None = None,
        *,
        key: bytes | None = None,
        asks_for_ice_servers: bool = False,
        poller: Poller | None = None,
    ) -> None:
        self.role: Role = "offerer" if channel_id is None else "answerer"
        self.peer: Role = "answerer" if channel_id is None else "offerer"
        self.ice_servers: tuple[RTCIceServer, ...] = ()
        self._client = client
        self._channel_id = channel_id
        self._sealer = None if key is None else Sealer(key)
        self._asks_for_ice_servers = asks_for_ice_servers
        self._poller = poller or Poller()
        self._is_exchanged = False
        self._offer_to_repeat: str | None = None
        self._sent: set[str] = set()
        self._position = 0
        self._arrived: deque[str] = deque()

    @property
    def is_open(self) -> bool:
        """Whether the channel has an id."""
        return self._channel_id is not None

    @property
    def is_exchanged(self) -> bool:
        """Whether this peer has both descriptions, and no longer needs the server."""
        return self._is_exchanged

    @property
    def channel_id(self) -> str:
        """The id of the channel. Raises RuntimeError before `open`."""
        if self._channel_id is None:
            raise RuntimeError("the channel is not open yet")
        return self._channel_id

    async def open(self, offer: str | None = None) -> str:
        """Create the channel, with the offer if there is one already, and return its id."""
        text = None if offer is None else self._seal(offer, "offer")
        # Start counting before the request, so that this peer never waits longer than the server keeps the channel.
        self._poller.start_lifetime()
        self._channel_id = await self._call(partial(self._create, text))
        self._offer_to_repeat = text
        return self._channel_id

    async def get_ice_servers(self) -> list[RTCIceServer]:
        """Return the ICE servers that the peers of this channel may use. With an old server, the list is empty."""
        try:
            return await self._call(lambda: self._client.get_ice_servers(self.channel_id))
        except RefusalError as refusal:
            if str(refusal) != METHOD_IS_UNKNOWN:
                raise
            return []

    async def send_offer(self, offer: str) -> None:
        """Write the offer."""
        text = self._seal(offer, "offer")
        await self._call(lambda: self._client.create_offer(self.channel_id, text))

    async def send_answer(self, answer: str) -> None:
        """Write the answer. Raises RefusalError if another peer has answered already."""
        text = self._sealed_answer(answer)
        requests = 0

        async def write() -> None:
            nonlocal requests
            requests += 1
            await self._client.create_answer(self.channel_id, text)

        try:
            await self._call(write)
        except RefusalError as refusal:
            # An earlier request of ours may have taken effect although its reply was lost. Then the answer is ours.
            if str(refusal) != ANSWER_ALREADY_EXISTS or not await self._has_stored(text):
                raise
        except ChannelExpiredError:
            # If an earlier request took effect, the offerer may have read the answer and erased the channel.
            # ICE will show whether it has.
            if requests == 1 or self._poller.seconds_left <= 0:
                raise
        self._is_exchanged = True
        self._poller.had_news()

    async def send_candidate(self, candidate: str) -> None:
        """Append a candidate, as JSON. Raises ValueError if it has more than 425 bytes when it is sent."""
        text = self._seal(candidate, CANDIDATE_OF[self.role])
        if len(text.encode()) > MAX_CANDIDATE_BYTES:
            raise ValueError(f"the candidate is too long: at most {MAX_CANDIDATE_BYTES} bytes can be sent")
        self._sent.add(text)
        await self._call(lambda: self._client.create_candidate(self.channel_id, text))

    async def send_bye(self) -> None:
        """Tell the other peer, if it still reads, that this peer is leaving."""
        await self.send_candidate(bye_to_json(self.role))

    async def receive_offer(self) -> str:
        """Return the offer, once it has arrived."""
        offer = await self._until(self._read_offer)
        self._take_from(offer)
        return self._open(offer.text, "offer")

    async def receive_answer(self) -> str:
        """Return the answer, once it has arrived."""
        found = await self._until(self._read_answer)
        self._take_from(found)
        answer = self._opened_answer(found.text)
        self._is_exchanged = True
        return answer

    async def receive_candidate(self) -> str:
        """Return the next candidate of the other peer, as JSON, once there is one."""
        await self._until_arrived()
        return self._arrived.popleft()

    async def receive_candidates(self) -> list[str]:
        """Return all candidates of the other peer that have arrived, as JSON, once there is at least one."""
        await self._until_arrived()
        return self.take_arrived()

    def take_arrived(self) -> list[str]:
        """Return the candidates that have arrived already, for example with a description. Makes no request."""
        arrived = list(self._arrived)
        self._arrived.clear()
        return arrived

    async def try_bye(self) -> None:
        """Try once, and briefly, to say goodbye. Raises nothing."""
        with suppress(PeerpostError, TimeoutError):
            async with asyncio.timeout(HANG_UP_SECONDS):
                await self.send_bye()

    async def hang_up(self) -> None:
        """Try once, and briefly, to erase the channel, which would also expire by itself. Raises nothing."""
        if self._channel_id is None or self._poller.seconds_left <= 0:
            return
        with suppress(PeerpostError, TimeoutError):
            async with asyncio.timeout(HANG_UP_SECONDS):
                await self._client.delete_data_channel(self._channel_id)

    def _seal(self, text: str, purpose: Purpose) -> str:
        if self._sealer is None:
            return text
        return self._sealer.seal(text, purpose)

    def _open(self, text: str, purpose: Purpose) -> str:
        if self._sealer is None:
            return text
        return self._sealer.open(text, purpose)

    def _sealed_answer(self, answer: str) -> str:
        return self._seal(answer, "answer")

    def _opened_answer(self, text: str) -> str:
        return self._open(text, "answer")

    def _take_from(self, description: Description) -> None:
        if description.next is not None:
            self._take(Candidates(description.items, description.next))

    async def _create(self, offer: str | None) -> str:
        if not self._asks_for_ice_servers:
            return await self._client.create_data_channel(offer=offer)
        created = await self._client.create_data_channel(offer=offer, ice_servers=True)
        self.ice_servers = created.ice_servers
        return created.channel_id

    async def _has_stored(self, answer: str) -> bool:
        try:
            stored = await self._call(lambda: self._client.get_answer(self.channel_id))
        except ChannelExpiredError:
            # The offerer may have read the answer and erased the channel in the meantime, as in send_answer.
            return self._poller.seconds_left > 0
        return stored.text == answer

    async def _read_offer(self, wait: float) -> Description | None:
        found = await unless_not_yet(
            self._client.get_offer(
                self.channel_id, since=self._position, wait=wait, ice_servers=self._asks_for_ice_servers
            )
        )
        if found is not None:
            self.ice_servers = found.ice_servers
        return found

    async def _read_answer(self, wait: float) -> Description | None:
        found = await unless_not_yet(self._client.get_answer(self.channel_id, since=self._position, wait=wait))
        if found is None and self._offer_to_repeat is not None:
            await self._repeat_offer(self._offer_to_repeat)
        return found

    async def _repeat_offer(self, offer: str) -> None:
        # An old server silently ignores an offer in create_data_channel. It also ignores `since`. So if a list of
        # candidates has no `next`, the server is old, and the offer has to be sent again.
        found = await self._client.get_candidates(self.channel_id, since=self._position)
        if found.next is None:
            await self._client.create_offer(self.channel_id, offer)
        self._offer_to_repeat = None

    async def _read_candidates(self, wait: float) -> Candidates | None:
        found = await self._client.get_candidates(self.channel_id, since=self._position, wait=wait)
        # An old server ignores `since`, and returns all candidates.
        items = found.items if found.next is not None else found.items[self._position :]
        if not items:
            return None
        next_position = self._position + len(items)
        if next_position > MAX_CANDIDATES:
            # This server returns the same candidates again and again.
            raise not_ours()
        return Candidates(items, next_position)

    async def _until_arrived(self) -> None:
        while not self._arrived:
            self._take(await self._until(self._read_candidates))

    def _take(self, found: Candidates) -> None:
        """Keep the other peer's candidates among those found, and read only later ones from now on."""
        for item in found.items:
            candidate = self._opened_candidate(item)
            if candidate is not None:
                self._arrived.append(candidate)
        if found.next is not None:
            self._position = found.next

    def _opened_candidate(self, item: str) -> str | None:
        """Return a candidate of the other peer, opened, or None for a candidate of this peer."""
        if self._sealer is None:
            return None if item in self._sent else item
        try:
            return self._sealer.open(item, CANDIDATE_OF[self.peer])
        except TamperedError:
            # If it is not ours either, this raises.
            self._sealer.open(item, CANDIDATE_OF[self.role])
            return None

    async def _call(self, request: Callable[[], Awaitable[T]]) -> T:
        with self._channel_may_be_gone():
            return await self._poller.persist(request)

    async def _until(self, read: Callable[[float], Awaitable[T | None]]) -> T:
        with self._channel_may_be_gone():
            return await self._poller.until(read)

    @contextmanager
    def _channel_may_be_gone(self) -> Iterator[None]:
        try:
            yield
        except RefusalError as refusal:
            if str(refusal) != NO_SUCH_CHANNEL:
                raise
            if self.role == "answerer" and not self._is_exchanged:
                why = (
                    f"the channel of this link does not exist: it is older than {CHANNEL_TTL_SECONDS} seconds, "
                    "was already used, or never existed"
                )
            else:
                why = "the channel does not exist any more: it has expired, or the other peer has hung up"
            raise ChannelExpiredError(why) from refusal


async def unless_not_yet(reading: Awaitable[Description]) -> Description | None:
    """Return the description, or None if the server says that it does not exist yet."""
    try:
        return await reading
    except RefusalError as refusal:
        if str(refusal) in (NO_OFFER_YET, NO_ANSWER_YET):
            return None
        raise
