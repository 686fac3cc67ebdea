"""Doors: channels that an address points to. In a door, the answer also says which guest has come."""

from peerpost.address import GuestAnswer, Pointer
from peerpost.channel import Channel
from peerpost.client import SignalingClient
from peerpost.poller import Poller
from peerpost.sealing import new_key


class GuestDoor(Channel):
    """A door, as a guest sees it."""

    def __init__(self, client: SignalingClient, pointer: Pointer, guest: str, *, poller: Poller) -> None:
        super().__init__(client, pointer.door, key=pointer.key, poller=poller)
        self._guest = guest

    def _sealed_answer(self, answer: str) -> str:
        return self._seal(GuestAnswer(answer, self._guest).to_json(), "guest")


class HostDoor(Channel):
    """A door, as its host sees it. It has a key of its own."""

    def __init__(self, client: SignalingClient, *, poller: Poller) -> None:
        key = new_key()
        super().__init__(client, key=key, asks_for_ice_servers=True, poller=poller)
        self._key = key
        self._guest: str | None = None

    @property
    def guest(self) -> str:
        """The guest id of the peer that has answered. Raises RuntimeError before there is an answer."""
        if self._guest is None:
            raise RuntimeError("no guest has come yet")
        return self._guest

    async def point_out(self, offer: str) -> Pointer:
        """Return the pointer that the address holds for as long as this door is open.

        The offer is in the pointer and not in the door. A host that waits all day would otherwise pay for writing the
        same text twice. If the pointer would be too long, the offer is written to the door instead.
        """
        pointer = Pointer(self.channel_id, self._key, offer)
        if not pointer.is_too_long:
            return pointer
        await self.send_offer(offer)
        return Pointer(self.channel_id, self._key)

    def _opened_answer(self, text: str) -> str:
        found = GuestAnswer.from_json(self._open(text, "guest"))
        self._guest = found.guest
        return found.answer
