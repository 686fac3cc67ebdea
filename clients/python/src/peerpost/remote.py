"""Applies the other peer's descriptions and candidates to an RTCPeerConnection."""

from aiortc import InvalidStateError, RTCPeerConnection, RTCSessionDescription
from aiortc.exceptions import OperationError
from aiortc.sdp import SessionDescription

from peerpost.candidates import candidate_from_json, without_mdns
from peerpost.errors import ConnectionFailedError, InvalidDescriptionError

# What aiortc raises for a description or candidate that it cannot use. Its parser uses assertions, indexes and
# conversions, and it may find no common codec. It also calls `next`, whose StopIteration becomes a RuntimeError when it
# leaves a coroutine.
UNUSABLE = (
    AssertionError,
    AttributeError,
    InvalidStateError,
    LookupError,
    OperationError,
    RuntimeError,
    StopIteration,
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
        refuse_missing_transport(peer_connection, SessionDescription.parse(sdp))
        await peer_connection.setRemoteDescription(RTCSessionDescription(sdp, description.type))
    except (*UNUSABLE, OSError) as error:
        # An OSError means that the description contains an mDNS name, and that this machine cannot look up such names,
        # for example because another program uses their port.
        if peer_connection.signalingState == "closed":
            raise ConnectionFailedError("the connection is closed") from error
        raise InvalidDescriptionError(f"the other peer's {description.type} cannot be used") from error


def refuse_missing_transport(peer_connection: RTCPeerConnection, description: SessionDescription) -> None:
    """Raise ValueError for a description whose media would share a transport that does not exist.

    The first name in a BUNDLE group says whose transport all of its media use (RFC 8843). aiortc does not check that
    there are media with this name. If there are none, the others lose their transport, and aiortc can then neither
    answer nor close the connection.
    """
    bundle = next((group for group in description.group if group.semantic == "BUNDLE"), None)
    if bundle is None or not bundle.items:
        return
    names: set[str | None] = {media.rtp.muxId for media in description.media if media.kind in ("audio", "video")}
    names.add(name_of_data_channels(peer_connection, description))
    if bundle.items[0] not in names:
        raise ValueError("the media share a transport that does not exist")


def name_of_data_channels(peer_connection: RTCPeerConnection, description: SessionDescription) -> str | None:
    """Return the name by which aiortc knows the data channels, or None if there are none. It never changes."""
    sctp = peer_connection.sctp
    if sctp is not None and sctp.mid is not None:
        return sctp.mid
    return next((media.rtp.muxId for media in description.media if media.kind == "application"), None)


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
