"""Applies the other peer's descriptions and candidates to an RTCPeerConnection."""

from aiortc import InvalidStateError, RTCPeerConnection, RTCSessionDescription
from aiortc.exceptions import OperationError

from peerpost.candidates import candidate_from_json, without_mdns
from peerpost.errors import ConnectionFailedError, InvalidDescriptionError

# What aiortc raises for a description or candidate that it cannot use. Its parser uses assertions, indexes and
# conversions, and it may find no common codec. It also calls `next`, whose StopIteration leaves a coroutine as a
# RuntimeError.
UNUSABLE = (
    AssertionError,
    AttributeError,
    InvalidStateError,
    LookupError,
    OperationError,
    RuntimeError,
    TypeError,
    ValueError,
)


async def set_remote(peer_connection: RTCPeerConnection, description: RTCSessionDescription) -> None:
    """Set the other peer's description. Raises InvalidDescriptionError for one that cannot lead to a connection.

    Raises ConnectionFailedError if the connection's owner has closed it.
    """
    try:
        if "\nm=" not in description.sdp:
            # aiortc accepts a description without media, and would then wait for ever.
            raise ValueError("no media")
        sdp, _ = without_mdns(description.sdp)
        await peer_connection.setRemoteDescription(RTCSessionDescription(sdp, description.type))
    except (*UNUSABLE, OSError) as error:
        # An OSError means that the description contains an mDNS name, and that this machine cannot look up such names,
        # for example because another program uses their port.
        if peer_connection.signalingState == "closed":
            raise ConnectionFailedError("the connection is closed") from error
        raise InvalidDescriptionError(f"the other peer's {description.type} cannot be used") from error


async def add_candidate(peer_connection: RTCPeerConnection, text: str) -> None:
    """Add one candidate. One that aiortc cannot use is skipped."""
    candidate = candidate_from_json(text)
    if candidate is None:
        return
    try:
        await peer_connection.addIceCandidate(candidate)
    except (*UNUSABLE, OSError):
        # An OSError means that this machine has no multicast, and therefore no mDNS.
        return
