"""One peer's end of a channel: it seals, waits, tries again, and passes over what it has sent itself."""

import asyncio
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

from aiortc import RTCIceServer

from peerpost.candidates import bye_to_json
from peerpost.client import Candidates, Description, SignalingClient, not_ours
from peerpost.errors import (
    ChannelExpiredError,
    NetworkError,
    PeerpostError,
    RefusalError,
    ServerError,
    TamperedError,
)
from peerpost.limits import (
    CHANNEL_TTL_SECONDS,
    FIRST_POLL_SECONDS,
    FIRST_RETRY_SECONDS,
    HANG_UP_SECONDS,
    HOLD_SECONDS,
    JITTER,
    MAX_CANDIDATE_BYTES,
    MAX_CANDIDATES,
    MAX_FAILURES,
    MAX_FAILURES_AT_FIRST,
    MAX_FAILURES_BUSY,
    MAX_POLL_SECONDS,
    MAX_RETRY_SECONDS,
    POLL_GROWTH,
    WAIT_SECONDS,
)
from peerpost.sealing import CANDIDATE_OF, Purpose, Role, Sealer

T = TypeVar("T")


class Channel:
    """A channel, as the offerer or the answerer sees it.

    Without `channel_id` this peer is the offerer, and `open` makes the channel; with it this peer is the answerer.
    `key` of 32 bytes seals everything; without it the server can read and change it.
    With `asks_for_ice_servers`, those of the operator come with the new channel or the offer, as `ice_servers`.
    `clock` gives seconds, `sleep` takes them, and `jitter` gives a number between two others.

    Every method raises ChannelExpiredError when the channel is no more, TamperedError when a text does not open,
    RefusalError when the server says no, and ServerError or NetworkError when trying again did not help.
    """

    def __init__(
        self,
        client: SignalingClient,
        channel_id: str | None = None,
        *,
        key: bytes | None = None,
        asks_for_ice_servers: bool = False,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self.role: Role = "offerer" if channel_id is None else "answerer"
        self.peer: Role = "answerer" if channel_id is None else "offerer"
        self.ice_servers: tuple[RTCIceServer, ...] = ()
        self._client = client
        self._channel_id = channel_id
        self._sealer = None if key is None else Sealer(key)
        self._asks_for_ice_servers = asks_for_ice_servers
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter
        self._deadline: float | None = None
        self._server_has_answered = False
        self._server_is_busy = False
        self._is_exchanged = False
        self._offer_to_repeat: str | None = None
        self._sent: set[str] = set()
        self._position = 0
        self._arrived: deque[str] = deque()
        self._last_news = clock()

    @property
    def is_open(self) -> bool:
        """Whether the channel has an id."""
        return self._channel_id is not None

    @property
    def is_exchanged(self) -> bool:
        """Whether this peer has seen both descriptions: then it can do without the server."""
        return self._is_exchanged

    @property
    def channel_id(self) -> str:
        """The id of the channel. Raises RuntimeError before `open`."""
        if self._channel_id is None:
            raise RuntimeError("the channel is not open yet")
        return self._channel_id

    async def open(self, offer: str | None = None) -> str:
        """Open the channel, with the offer if it is there already, and return its id."""
        text = None if offer is None else self._seal(offer, "offer")
        # Counted from before the request, so that we stop before the server does; and opening takes no longer either.
        self._deadline = self._clock() + CHANNEL_TTL_SECONDS
        self._channel_id = await self._call(partial(self._create, text))
        self._offer_to_repeat = text
        return self._channel_id

    async def get_ice_servers(self) -> list[RTCIceServer]:
        """Ask for the ICE servers that the peers of this channel may use; a server that is too old has none."""
        try:
            return await self._call(lambda: self._client.get_ice_servers(self.channel_id))
        except RefusalError as refusal:
            if str(refusal) != "method is unknown":
                raise
            return []

    async def send_offer(self, offer: str) -> None:
        """Write the offer."""
        text = self._seal(offer, "offer")
        await self._call(lambda: self._client.create_offer(self.channel_id, text))
        self._news()

    async def send_answer(self, answer: str) -> None:
        """Write the answer. Raises RefusalError when another peer has answered before."""
        text = self._seal(answer, "answer")
        requests = 0

        async def write() -> None:
            nonlocal requests
            requests += 1
            await self._client.create_answer(self.channel_id, text)

        try:
            await self._call(write)
        except RefusalError as refusal:
            # An earlier request of ours may have taken effect although its reply was lost: then the answer is ours.
            if str(refusal) != "answer already exists" or not await self._has_stored(text):
                raise
        except ChannelExpiredError:
            # Or the offerer has it, is connected as far as it knows, and has erased the channel. ICE will tell.
            if requests == 1 or self._seconds_left <= 0:
                raise
        self._is_exchanged = True
        self._news()

    async def send_candidate(self, candidate: str) -> None:
        """Append a candidate, as JSON. Raises ValueError for one of more than 425 bytes as sent."""
        text = self._seal(candidate, CANDIDATE_OF[self.role])
        if len(text.encode()) > MAX_CANDIDATE_BYTES:
            raise ValueError(f"a candidate has at most {MAX_CANDIDATE_BYTES} bytes as sent")
        self._sent.add(text)
        await self._call(lambda: self._client.create_candidate(self.channel_id, text))

    async def send_bye(self) -> None:
        """Tell the other peer, if it still reads, that this one goes."""
        await self.send_candidate(bye_to_json(self.role))

    async def receive_offer(self) -> str:
        """Return the offer, once it is there."""
        return self._opened(await self._until(self._read_offer), "offer")

    async def receive_answer(self) -> str:
        """Return the answer, once it is there."""
        answer = self._opened(await self._until(self._read_answer), "answer")
        self._is_exchanged = True
        return answer

    async def receive_candidate(self) -> str:
        """Return the next candidate of the other peer, as JSON, once there is one."""
        await self._until_arrived()
        return self._arrived.popleft()

    async def receive_candidates(self) -> list[str]:
        """Return the next candidates of the other peer, as JSON, once there are some: all that are there."""
        await self._until_arrived()
        return self.take_arrived()

    def take_arrived(self) -> list[str]:
        """Return the candidates that have come already, with a description for example, without a request."""
        arrived = list(self._arrived)
        self._arrived.clear()
        return arrived

    async def try_bye(self) -> None:
        """Send the goodbye once, if that is possible. Raises nothing."""
        with suppress(PeerpostError, TimeoutError):
            async with asyncio.timeout(HANG_UP_SECONDS):
                await self.send_bye()

    async def hang_up(self) -> None:
        """Erase the channel, if that is possible: it ends by itself too. Raises nothing."""
        if self._channel_id is None:
            return
        with suppress(PeerpostError, TimeoutError):
            async with asyncio.timeout(HANG_UP_SECONDS):
                await self._client.delete_data_channel(self._channel_id)

    def _seal(self, text: str, purpose: Purpose) -> str:
        return text if self._sealer is None else self._sealer.seal(text, purpose)

    def _opened(self, description: Description, purpose: Purpose) -> str:
        if description.next is not None:
            self._take(Candidates(description.items, description.next))
        text = description.text
        return text if self._sealer is None else self._sealer.open(text, purpose)

    async def _create(self, offer: str | None) -> str:
        if not self._asks_for_ice_servers:
            return await self._client.create_data_channel(offer=offer)
        created = await self._client.create_data_channel(offer=offer, ice_servers=True)
        self.ice_servers = created.ice_servers
        return created.channel_id

    async def _has_stored(self, answer: str) -> bool:
        try:
            return (await self._call(lambda: self._client.get_answer(self.channel_id))).text == answer
        except ChannelExpiredError:
            return self._seconds_left > 0  # erased in between, as above

    async def _read_offer(self, wait: float) -> Description | None:
        asks = self._asks_for_ice_servers
        found = await unless_not_yet(
            self._client.get_offer(self.channel_id, since=self._position, wait=wait, ice_servers=asks)
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
        # A server that is too old for an offer in create_data_channel has ignored it, and says so by no word but this.
        found = await self._client.get_candidates(self.channel_id, since=self._position)
        if found.next is None:
            await self._client.create_offer(self.channel_id, offer)
        self._offer_to_repeat = None

    async def _read_candidates(self, wait: float) -> Candidates | None:
        found = await self._client.get_candidates(self.channel_id, since=self._position, wait=wait)
        items = found.items if found.next is not None else found.items[self._position :]
        if self._position + len(items) > MAX_CANDIDATES:  # it tells the same again and again
            raise not_ours()
        return Candidates(items, self._position + len(items)) if items else None

    async def _until_arrived(self) -> None:
        while not self._arrived:
            self._take(await self._until(self._read_candidates))

    def _take(self, found: Candidates) -> None:
        """Keep the other peer's candidates among those found, and go on behind them."""
        self._arrived.extend(text for text in map(self._theirs, found.items) if text is not None)
        self._position = self._position if found.next is None else found.next

    def _theirs(self, item: str) -> str | None:
        """Return a candidate of the other peer, opened; None for one of ours."""
        if self._sealer is None:
            return None if item in self._sent else item
        try:
            return self._sealer.open(item, CANDIDATE_OF[self.peer])
        except TamperedError:
            self._sealer.open(item, CANDIDATE_OF[self.role])
            return None

    def _news(self) -> None:
        self._last_news = self._clock()

    async def _until(self, read: Callable[[float], Awaitable[T | None]]) -> T:
        """Read until there is something; one read at a time, held by the server where it does that."""
        interval = FIRST_POLL_SECONDS
        while True:
            asked = self._clock()
            # A held read occupies what a busy server lacks.
            holds = asked - self._last_news < HOLD_SECONDS and not self._server_is_busy
            wait = WAIT_SECONDS if holds else 0
            found = await self._call(partial(read, wait))
            if found is not None:
                self._news()
                return found
            # A read that was held has taken this long already.
            await self._pause(interval * self._jitter(*JITTER) - (self._clock() - asked))
            interval = min(interval * POLL_GROWTH, MAX_POLL_SECONDS)

    async def _call(self, request: Callable[[], Awaitable[T]]) -> T:
        """Make a request, and make it again after a fault that may pass."""
        if self._deadline is None and self.role == "answerer":
            # The channel is older than that; the server tells when it is over.
            self._deadline = self._clock() + CHANNEL_TTL_SECONDS
        failures = 0
        while True:
            self._stop_when_expired()
            try:
                result = await request()
            except RefusalError as refusal:
                self._server_has_answered = True
                if str(refusal) == "no such channel":
                    raise self._ended() from refusal
                raise
            except (NetworkError, ServerError) as error:
                failures += 1
                self._server_is_busy |= isinstance(error, ServerError)
                allowed = MAX_FAILURES if self._server_has_answered else MAX_FAILURES_AT_FIRST
                if isinstance(error, ServerError) and (error.status == 429 or error.retry_after is not None):
                    allowed = MAX_FAILURES_BUSY
                retry_after = getattr(error, "retry_after", None) or 0
                # Beyond the life of a channel there is nothing to ask for.
                if failures >= allowed or not error.is_temporary or retry_after > CHANNEL_TTL_SECONDS:
                    raise
                pause = min(FIRST_RETRY_SECONDS * 2 ** (failures - 1), MAX_RETRY_SECONDS) * self._jitter(*JITTER)
                # Never sooner than we are told, and not all at once at that moment.
                await self._pause(pause + retry_after)
            else:
                self._server_has_answered = True
                return result

    async def _pause(self, seconds: float) -> None:
        if seconds > 0:
            await self._sleep(min(seconds, self._seconds_left))
        self._stop_when_expired()

    @property
    def _seconds_left(self) -> float:
        return CHANNEL_TTL_SECONDS if self._deadline is None else max(self._deadline - self._clock(), 0)

    def _stop_when_expired(self) -> None:
        if self._seconds_left <= 0:
            raise ChannelExpiredError(f"the channel has expired: {CHANNEL_TTL_SECONDS} seconds are over")

    def _ended(self) -> ChannelExpiredError:
        if self.role == "answerer" and not self._is_exchanged:
            return ChannelExpiredError(
                f"there is no such channel: it is older than {CHANNEL_TTL_SECONDS} seconds, used up, or never was"
            )
        return ChannelExpiredError("the channel is no more: its time is over, or the other peer has hung up")


async def unless_not_yet(reading: Awaitable[Description]) -> Description | None:
    """Return what is read, or None when the server says that it is not there yet."""
    try:
        return await reading
    except RefusalError as refusal:
        if str(refusal) in ("no offer yet", "no answer yet"):
            return None
        raise
