"""Candidates as they are sent: the JSON of an RTCIceCandidateInit, which is what a browser's toJSON() returns."""

import ipaddress
import json
import re
from dataclasses import replace

from aiortc import RTCIceCandidate
from aiortc.sdp import candidate_from_sdp, candidate_to_sdp

from peerpost.sealing import Role

# A browser without camera permission hides its IP address behind such a name, which aioice resolves.
MDNS_NAME = re.compile(r"[A-Za-z0-9-]{1,63}\.local")
MDNS_CANDIDATE = re.compile(r"a=candidate:(\S+ ){4}\S+\.local ")
# RFC 8840, section 8.2: a description with this line contains all candidates.
END_OF_CANDIDATES = "a=end-of-candidates"
# RFC 8839, section 5.1: at most 32 ice-chars.
FOUNDATION = re.compile(r"[A-Za-z0-9+/]{1,32}")
TYPES = {"host", "srflx", "prflx", "relay"}


def candidate_to_json(candidate: RTCIceCandidate) -> str:
    """Return a candidate as it is sent, before sealing."""
    return json.dumps(
        {
            "candidate": f"candidate:{candidate_to_sdp(candidate)}",
            "sdpMid": candidate.sdpMid,
            "sdpMLineIndex": candidate.sdpMLineIndex,
        },
        separators=(",", ":"),
    )


def candidate_from_json(text: str) -> RTCIceCandidate | None:
    """Return the candidate in a text from the other peer, or None if aiortc cannot use it.

    aiortc cannot use a candidate for TCP, and does not need the empty candidate, which ends the list (RFC 8838).
    The text is untrusted. If it is not a candidate, return None too: it must not end a connection.
    """
    init = init_from_json(text)
    line, mid, index = init.get("candidate"), init.get("sdpMid"), init.get("sdpMLineIndex")
    if not isinstance(line, str) or not line.startswith("candidate:") or not line.isascii():
        return None
    try:
        candidate = candidate_from_sdp(line.removeprefix("candidate:"))
    except (AssertionError, ValueError):
        # aiortc asserts that a candidate has eight words.
        return None
    if not is_usable(candidate):
        return None
    candidate = replace(
        candidate,
        sdpMid=mid if isinstance(mid, str) else None,
        sdpMLineIndex=index if isinstance(index, int) and not isinstance(index, bool) else None,
    )
    return None if candidate.sdpMid is None and candidate.sdpMLineIndex is None else candidate


def without_mdns(sdp: str) -> tuple[str, list[str]]:
    """Return a description without its mDNS candidates, and these candidates in the form of single candidates.

    aiortc tries for a second to look up an mDNS name, and can find it only in its own network. In a description, this
    would delay all other candidates.
    A description that says that it contains all candidates is not changed, because none can be added afterwards.
    """
    if END_OF_CANDIDATES in sdp:
        return sdp, []
    kept, apart, section = [], [], -1
    for line in sdp.splitlines(keepends=True):
        section += line.startswith("m=")
        if MDNS_CANDIDATE.match(line):
            apart.append(json.dumps({"candidate": line[len("a=") :].rstrip(), "sdpMLineIndex": section}))
        else:
            kept.append(line)
    return "".join(kept), apart


def is_usable(candidate: RTCIceCandidate) -> bool:
    return (
        candidate.component == 1  # aiortc sends RTCP together with RTP.
        and candidate.protocol.lower() == "udp"
        and candidate.type in TYPES
        and 0 < candidate.port < 65_536
        and 0 < candidate.priority < 2**32
        and FOUNDATION.fullmatch(candidate.foundation) is not None
        and is_address(candidate.ip)
    )


def is_address(host: str) -> bool:
    # If other names were allowed, the other peer could make this peer query a name server of its choice.
    if MDNS_NAME.fullmatch(host):
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def bye_to_json(role: Role) -> str:
    """Return the goodbye of a peer. To a peer that does not know this message, it only ends the list of candidates."""
    return json.dumps({"candidate": "", "sdpMid": "0", "sdpMLineIndex": 0, "bye": role}, separators=(",", ":"))


def is_bye(text: str, role: Role) -> bool:
    """Whether a text is the goodbye of the peer with this role."""
    return init_from_json(text).get("bye") == role


def init_from_json(text: str) -> dict[str, object]:
    try:
        init = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return init if isinstance(init, dict) else {}
