"""Sealing: what other implementations must produce and accept, and what must be rejected."""

import base64
from typing import get_args

import pytest

from peerpost import Sealer, TamperedError, new_key
from peerpost.sealing import Purpose, key_from_text, key_to_text

# Computed with plain AES-256-GCM, with the key 0, 1, ... 31 and the nonce 100, 101, ... 111.
KEY = bytes(range(32))
END = '{"candidate":"","sdpMid":"0","sdpMLineIndex":0}'
SEALED: list[tuple[Purpose, str, str]] = [
    ("offer", "v=0 (the offer)", "ZGVmZ2hpamtsbW5vPibuRlGdPvseDTmOvxdDVv1bruW7K2Jy5SuitX-Low"),
    ("answer", "v=0 (die Antwort: ä)", "ZGVmZ2hpamtsbW5vPibuRlGNP_seIzGcrQoYiXjixa6ij9QbUt4J30DEi5T3o1uP1Q"),
    (
        "candidate offerer",
        END,
        "ZGVmZ2hpamtsbW5vMzm9BxeNP_pfFjrK4EdI0WCxYnrGBZdQnfOcateB1izkpAypInfSapmWAB3HcrdFC9ESifSNbA-Pem_W8qzE",
    ),
    (
        "candidate answerer",
        END,
        "ZGVmZ2hpamtsbW5vMzm9BxeNP_pfFjrK4EdI0WCxYnrGBZdQnfOcateB1izkpAypInfSapmWAB3Hcre-wspAa5496J8nCikajZae",
    ),
    (
        "address",
        '{"door":"00000000-0000-4000-8000-000000000000"}',
        "ZGVmZ2hpamtsbW5vMzm6CRabdKQcUm_Y6lVazXLvNjq7XN5Gl-GcZcOTlXi52XDwfCKrNM3DSA_NYLeMP88RkCintKJwTsaSBA_7",
    ),
    (
        "guest",
        '{"answer":"v=0","guest":"AAECAwQFBgcICQoLDA0ODw"}',
        "ZGVmZ2hpamtsbW5vMzm_CAqeM-wcWH2e51VI0WClc2_4GNFIhZDtDbji0hnSqyejBVHKa7G3OQ-yBr3tZpxTmU0yYGFhr8j2s8xWJvY",
    ),
]


@pytest.mark.parametrize(("purpose", "text", "sealed"), SEALED)
def test_a_text_sealed_by_another_implementation_opens(purpose: Purpose, text: str, sealed: str) -> None:
    opened = Sealer(KEY).open(sealed, purpose)

    assert opened == text


@pytest.mark.parametrize("purpose", get_args(Purpose))
def test_a_sealed_text_opens_only_for_its_purpose(purpose: Purpose) -> None:
    sealer = Sealer(new_key())

    sealed = sealer.seal("v=0 é", purpose)

    assert sealer.open(sealed, purpose) == "v=0 é"
    for other in set(get_args(Purpose)) - {purpose}:
        with pytest.raises(TamperedError):
            sealer.open(sealed, other)


def test_no_character_of_a_sealed_text_can_be_changed() -> None:
    sealer = Sealer(KEY)
    _, _, sealed = SEALED[0]

    for position, character in enumerate(sealed):
        other = "B" if character == "A" else "A"
        with pytest.raises(TamperedError):
            sealer.open(sealed[:position] + other + sealed[position + 1 :], "offer")


@pytest.mark.parametrize(
    "text",
    ["", "A", "AAAA", SEALED[0][2] + "=", SEALED[0][2] + "\n", " " + SEALED[0][2], SEALED[0][2][:-1] + "x", "v=0", "é"],
)
def test_a_text_that_was_not_sealed_does_not_open(text: str) -> None:
    with pytest.raises(TamperedError, match="the offer was tampered with, or sealed with another key"):
        Sealer(KEY).open(text, "offer")


def test_a_sealed_text_does_not_open_with_another_key() -> None:
    sealed = Sealer(new_key()).seal("v=0", "offer")

    with pytest.raises(TamperedError):
        Sealer(new_key()).open(sealed, "offer")


def test_the_same_text_is_sealed_differently_each_time() -> None:
    sealer = Sealer(KEY)

    assert sealer.seal("v=0", "offer") != sealer.seal("v=0", "offer")


def test_a_key_is_the_same_after_passing_through_a_link() -> None:
    key = new_key()

    text = key_to_text(key)

    assert len(text) == 43
    assert key_from_text(text) == key


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_key_has_32_bytes(size: int) -> None:
    key = bytes(size)

    with pytest.raises(ValueError, match="32 bytes"):
        Sealer(key)
    with pytest.raises(ValueError, match="32 bytes"):
        key_from_text(base64.urlsafe_b64encode(key).rstrip(b"=").decode())
