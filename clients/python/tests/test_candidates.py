"""Candidates of the other peer are untrusted texts, which must not end a connection."""

import json

import pytest
from aiortc.sdp import candidate_from_sdp

from peerpost.candidates import bye_to_json, candidate_from_json, candidate_to_json, is_bye, without_mdns

HOST = "candidate:1 1 udp 2113937151 192.0.2.1 50000 typ host"


def init(candidate: object, mid: object = "0", index: object = 0) -> str:
    return json.dumps({"candidate": candidate, "sdpMid": mid, "sdpMLineIndex": index})


@pytest.mark.parametrize(
    "line",
    [
        HOST,
        HOST.replace("udp", "UDP"),
        HOST.replace("192.0.2.1", "2001:db8::1"),
        HOST.replace("192.0.2.1", "6f0b4c55-8b9a-4c55-8b9a-3ad1e1b58f0e.local"),
        HOST + " generation 0 ufrag abcd network-cost 999",
        "candidate:2 1 udp 1677729535 198.51.100.1 50000 typ srflx raddr 192.0.2.1 rport 50000",
    ],
)
def test_a_candidate_from_a_browser_is_parsed(line: str) -> None:
    found = candidate_from_json(init(line))

    assert found is not None
    assert (found.sdpMid, found.sdpMLineIndex, found.port) == ("0", 0, 50_000)


@pytest.mark.parametrize(
    "text",
    [
        init(""),
        json.dumps({"candidate": ""}),
        init(None),
        init(HOST, None, None),
        init(HOST, 0, "0"),
        init(HOST, None, True),
        init(["candidate:"]),
        init("candidate:"),
        init("candidate:1 1 udp"),
        init(HOST.replace("50000", "0")),
        init(HOST.replace("50000", "65536")),
        init(HOST.replace("50000", "-1")),
        init(HOST.replace("50000", "x")),
        init(HOST.replace("50000", "9" * 5000)),
        init(HOST.replace("50000", "\u0665")),
        init(HOST.replace("2113937151", "-1")),
        init(HOST.replace("192.0.2.1", "evil.test")),
        init(HOST.replace("192.0.2.1", "..local")),
        init(HOST.replace("192.0.2.1", "999.0.2.1")),
        init(HOST.replace("udp", "tcp") + " tcptype active"),
        init(HOST.replace("typ host", "typ guest")),
        init(HOST.replace("1 1 udp", "1 2 udp")),
        init(HOST.replace("candidate:1", "candidate:" + "1" * 33)),
        init(HOST.removeprefix("candidate:")),
        init("\ud800"),
        "",
        "v=0",
        "null",
        "[]",
        "1",
        "[" * 100_000,
        '{"candidate": NaN}',
    ],
)
def test_candidates_that_aiortc_cannot_use_are_skipped(text: str) -> None:
    found = candidate_from_json(text)

    assert found is None


HIDDEN = HOST.replace("192.0.2.1", "6f0b4c55-8b9a-4c55-8b9a-3ad1e1b58f0e.local")
SECTIONS = ("v=0\r\n", "m=audio 9\r\n", f"a={HOST}\r\n", f"a={HIDDEN}\r\n", "m=video 9\r\n", f"a={HIDDEN}\r\n")


def test_mdns_candidates_are_removed_from_a_description_and_returned_with_their_section() -> None:
    sdp, apart = without_mdns("".join(SECTIONS))

    assert sdp == "".join(line for line in SECTIONS if ".local" not in line)
    found = [candidate_from_json(text) for text in apart]
    assert [(each.ip, each.sdpMLineIndex) for each in found if each] == [(HIDDEN.split()[4], 0), (HIDDEN.split()[4], 1)]


def test_mdns_candidates_stay_in_a_description_with_an_end_of_candidates() -> None:
    sdp = "".join(SECTIONS) + "a=end-of-candidates\r\n"

    assert without_mdns(sdp) == (sdp, [])


def test_a_candidate_is_the_same_after_encoding_and_decoding() -> None:
    candidate = candidate_from_sdp(HOST.removeprefix("candidate:"))
    candidate.sdpMid, candidate.sdpMLineIndex = "audio", 1

    found = candidate_from_json(candidate_to_json(candidate))

    assert found == candidate


def test_a_bye_looks_like_an_end_of_candidates_to_other_clients() -> None:
    text = bye_to_json("offerer")

    assert json.loads(text)["candidate"] == ""
    assert candidate_from_json(text) is None
    assert is_bye(text, "offerer")
    assert not is_bye(text, "answerer")
