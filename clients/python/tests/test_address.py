"""What an address holds: pointers, and the answers of guests."""

import json
from typing import Any

import pytest

from doubles import CHANNEL_ID
from peerpost import Address, Link, Sealer, TamperedError, new_guest_id, new_key
from peerpost.address import GuestAnswer, Pointer, new_owner

KEY = bytes(range(32))
KEY_TEXT = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
GUEST = "AAECAwQFBgcICQoLDA0ODw"
DOOR = {"door": CHANNEL_ID, "key": KEY_TEXT}
MAX_OFFER = 32_768


def sealed(text: str | dict[str, Any], sealer: Sealer) -> str:
    return sealer.seal(text if isinstance(text, str) else json.dumps(text), "address")


def test_an_address_is_the_same_after_it_was_stored_as_text() -> None:
    address = Address(CHANNEL_ID, KEY, new_owner())

    assert Address.from_json(address.to_json()) == address


def test_an_address_is_stored_in_the_form_that_the_javascript_client_uses() -> None:
    text = Address(CHANNEL_ID, KEY, "a secret of 16 bytes").to_json()

    assert json.loads(text) == {"addressId": CHANNEL_ID, "key": KEY_TEXT, "owner": "a secret of 16 bytes"}


def test_an_address_with_a_lifetime_from_the_javascript_client_can_be_read() -> None:
    kept = {"addressId": CHANNEL_ID, "key": KEY_TEXT, "owner": "a secret of 16 bytes", "ttl": 86400}

    assert Address.from_json(json.dumps(kept)) == Address(CHANNEL_ID, KEY, "a secret of 16 bytes")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "[" * 100_000,
        "[]",
        "null",
        "{}",
        json.dumps({"addressId": CHANNEL_ID, "key": KEY_TEXT}),
        json.dumps({"addressId": "../etc", "key": KEY_TEXT, "owner": "a secret of 16 bytes"}),
        json.dumps({"addressId": CHANNEL_ID, "key": KEY_TEXT[:-1], "owner": "a secret of 16 bytes"}),
        json.dumps({"addressId": 1, "key": KEY_TEXT, "owner": "a secret of 16 bytes"}),
        json.dumps({"addressId": CHANNEL_ID, "key": 1, "owner": "a secret of 16 bytes"}),
        json.dumps({"addressId": CHANNEL_ID, "key": KEY_TEXT, "owner": None}),
    ],
)
def test_a_text_that_is_not_an_address_is_refused_and_is_not_in_the_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"^not an address in the format of Address\.to_json$"):
        Address.from_json(text)


@pytest.mark.parametrize("offer", [None, "v=0 (the offer)"])
def test_a_pointer_that_we_wrote_can_be_read(offer: str | None) -> None:
    sealer, pointer = Sealer(new_key()), Pointer(CHANNEL_ID, KEY, offer)

    found = Pointer.open(pointer.sealed(sealer), sealer)

    assert found == pointer


def test_a_pointer_is_sealed_json_with_the_door_its_key_and_its_offer() -> None:
    sealer = Sealer(new_key())

    text = Pointer(CHANNEL_ID, KEY, "v=0").sealed(sealer)

    assert json.loads(sealer.open(text, "address")) == {**DOOR, "offer": "v=0"}


@pytest.mark.parametrize("offer_bytes", [24_000, 25_000, MAX_OFFER])
def test_a_pointer_is_too_long_if_the_server_would_refuse_it(offer_bytes: int) -> None:
    pointer = Pointer(CHANNEL_ID, KEY, "v" * offer_bytes)

    assert pointer.is_too_long == (len(pointer.sealed(Sealer(new_key()))) > MAX_OFFER)


def test_unknown_members_of_a_pointer_are_ignored() -> None:
    sealer = Sealer(new_key())

    found = Pointer.open(sealed({**DOOR, "colour": ["green"]}, sealer), sealer)

    assert found == Pointer(CHANNEL_ID, KEY)


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "[" * 100_000,
        "[]",
        "null",
        {},
        {"door": CHANNEL_ID},
        {"key": KEY_TEXT},
        {**DOOR, "door": 1},
        {**DOOR, "door": "../etc"},
        {**DOOR, "door": f"{CHANNEL_ID}\n"},
        {**DOOR, "key": None},
        {**DOOR, "key": KEY_TEXT[:-1]},
        {**DOOR, "key": list(KEY)},
        {**DOOR, "offer": {"sdp": "v=0"}},
    ],
)
def test_an_invalid_pointer_counts_as_tampered_with(text: str | dict[str, Any]) -> None:
    sealer = Sealer(new_key())

    with pytest.raises(TamperedError, match="the address was tampered with, or sealed with another key"):
        Pointer.open(sealed(text, sealer), sealer)


def test_a_guests_answer_that_we_wrote_can_be_read() -> None:
    answer = GuestAnswer("v=0 (the answer)", new_guest_id())

    found = GuestAnswer.from_json(answer.to_json())

    assert found == answer


@pytest.mark.parametrize(
    "text",
    [
        "v=0",
        "[" * 100_000,
        "[]",
        {"answer": "v=0"},
        {"guest": GUEST},
        {"answer": None, "guest": GUEST},
        {"answer": "v=0", "guest": GUEST[:-1]},
        {"answer": "v=0", "guest": f"{GUEST}A"},
        {"answer": "v=0", "guest": "\x1b[2J" + GUEST[4:]},
        {"answer": "v=0", "guest": 1},
    ],
)
def test_an_invalid_answer_of_a_guest_counts_as_tampered_with(text: str | dict[str, Any]) -> None:
    with pytest.raises(TamperedError, match="the answer was tampered with, or sealed with another key"):
        GuestAnswer.from_json(text if isinstance(text, str) else json.dumps(text))


def test_every_new_guest_id_and_every_new_owner_secret_is_different() -> None:
    guests, owners = {new_guest_id() for _ in range(10)}, {new_owner() for _ in range(10)}

    assert [len(guests), len(owners)] == [10, 10]
    assert {len(text) for text in guests} == {22}
    assert {len(text) for text in owners} == {43}


def test_the_link_of_an_address_has_its_id_and_key_but_not_the_owners_secret() -> None:
    address = Address(CHANNEL_ID, KEY, new_owner())

    link = address.link("https://a.test/")

    assert str(link) == f"https://a.test/#@{CHANNEL_ID}.{KEY_TEXT}"
    assert link == Link(CHANNEL_ID, KEY, "https://a.test/", is_address=True)


def test_printed_objects_show_no_key_no_owner_and_no_description() -> None:
    owner = new_owner()

    shown = repr([Address(CHANNEL_ID, KEY, owner), Pointer(CHANNEL_ID, KEY, "SECRET"), GuestAnswer("SECRET", GUEST)])

    assert "SECRET" not in shown
    assert owner not in shown
    assert repr(KEY) not in shown
    assert KEY_TEXT not in shown
