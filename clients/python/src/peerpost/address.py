"""Addresses: what a host stores about its address, and the two kinds of text that are only used with addresses.

An address is a long-lived channel that many guests can use, one after the other or at the same time.
Its offer is a pointer. The pointer names the door, an ordinary channel in which the host waits for the next guest.
A guest reads the pointer and answers in the door.
"""

import json
import secrets
from dataclasses import dataclass
from typing import Self

from peerpost.limits import GUEST_ID_BYTES, MAX_DESCRIPTION_BYTES, OWNER_BYTES
from peerpost.links import CHANNEL_ID, Link
from peerpost.sealing import Purpose, Sealer, from_base64url, key_from_text, key_to_text, tampered, to_base64url


@dataclass(frozen=True)
class Address:
    """Everything that a host needs to use the same address again later.

    `key` has 32 bytes and is in the link, so that every guest knows it.
    `owner` is the host's secret: the server lets nobody without it write to the address, or delete it.
    """

    address_id: str
    key: bytes
    owner: str

    def __repr__(self) -> str:
        """Leave out the key and the owner's secret, because representations end up in logs."""
        return f"Address({self.address_id!r})"

    def link(self, server: str | None = None) -> Link:
        """Return the link for guests. `server` is the URL of the server, or of a page."""
        return Link(self.address_id, self.key, server, is_address=True)

    def to_json(self) -> str:
        """Return the address as text, to be kept for `resume`. It contains the owner's secret, so keep it private.

        The JavaScript client uses the same form.
        """
        return json_of(addressId=self.address_id, key=key_to_text(self.key), owner=self.owner)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the address that `to_json` has turned into text. Raises ValueError for any other text."""
        try:
            fields = json.loads(text)
            address_id, owner = fields["addressId"], fields["owner"]
            if not CHANNEL_ID.fullmatch(address_id) or not isinstance(owner, str):
                raise ValueError("not the id of an address, or not an owner's secret")
            return cls(address_id, key_from_text(fields["key"]), owner)
        except (KeyError, RecursionError, TypeError, ValueError) as error:
            # The text contains secrets, so the error does not repeat it.
            raise ValueError("not an address in the format of Address.to_json") from error


def new_owner() -> str:
    """Return a new owner's secret, for one address."""
    return to_base64url(secrets.token_bytes(OWNER_BYTES))


def new_guest_id() -> str:
    """Return a new guest id. A guest uses the same id each time it connects, so that the host recognises it."""
    return to_base64url(secrets.token_bytes(GUEST_ID_BYTES))


def checked_guest_id(text: str) -> str:
    """Return a guest id. Raises ValueError for any other text."""
    if len(from_base64url(text)) != GUEST_ID_BYTES:
        raise ValueError(f"a guest id must be {GUEST_ID_BYTES} bytes in base64url")
    return text


@dataclass(frozen=True)
class Pointer:
    """What an address holds: where the host waits for the next guest, and the key for that place.

    `door` is the id of a channel, and `key` seals what passes through it.
    `offer` is the host's offer in that door. Without it, the guest reads the offer from the door.
    """

    door: str
    key: bytes
    offer: str | None = None

    def __repr__(self) -> str:
        """Leave out the key and the offer, which contains the host's IP addresses."""
        return f"Pointer({self.door!r})"

    def sealed(self, sealer: Sealer) -> str:
        """Return the pointer as it is sent."""
        return sealer.seal(json_of(door=self.door, key=key_to_text(self.key), offer=self.offer), "address")

    @property
    def is_too_long(self) -> bool:
        """Whether the server would refuse the pointer, because of its long offer."""
        # The length of a sealed text does not depend on the key.
        return len(self.sealed(Sealer(self.key))) > MAX_DESCRIPTION_BYTES

    @classmethod
    def open(cls, text: str, sealer: Sealer) -> Self:
        """Return the pointer of a sealed text. Raises TamperedError for any other text."""
        return cls.from_json(sealer.open(text, "address"))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the pointer in an opened text. Raises TamperedError for any other text."""
        fields = fields_of(text, "address")
        door, offer = fields.get("door"), fields.get("offer")
        if not isinstance(door, str) or not CHANNEL_ID.fullmatch(door):
            raise tampered("address")
        if offer is not None and not isinstance(offer, str):
            raise tampered("address")
        try:
            return cls(door, key_from_text(str(fields.get("key"))), offer)
        except ValueError as error:
            raise tampered("address") from error


@dataclass(frozen=True)
class GuestAnswer:
    """The answer of a guest in a door: its description, and the guest id."""

    answer: str
    guest: str

    def __repr__(self) -> str:
        """Leave out the description, which contains the guest's IP addresses."""
        return f"GuestAnswer(guest={self.guest!r})"

    def to_json(self) -> str:
        """Return the answer as it is sent, before sealing."""
        return json_of(answer=self.answer, guest=self.guest)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the answer in an opened text. Raises TamperedError for any other text."""
        fields = fields_of(text, "guest")
        answer, guest = fields.get("answer"), fields.get("guest")
        if not isinstance(answer, str) or not isinstance(guest, str):
            raise tampered("guest")
        try:
            return cls(answer, checked_guest_id(guest))
        except ValueError as error:
            raise tampered("guest") from error


def json_of(**fields: str | None) -> str:
    return json.dumps({name: value for name, value in fields.items() if value is not None}, separators=(",", ":"))


def fields_of(text: str, purpose: Purpose) -> dict[str, object]:
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise tampered(purpose) from error
    if not isinstance(fields, dict):
        raise tampered(purpose)
    return fields
