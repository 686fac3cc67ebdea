"""Finds out why two peers could not reach each other, from the types of their candidates, never from an IP address.

aiortc does not show which ICE servers it asks, so this module reads a private attribute. If a later version lacks it,
errors give no reason, and peers connect as before.
"""

from contextlib import suppress

from aiortc import RTCPeerConnection

from peerpost.errors import ConnectionFailedError
from peerpost.keepalive import ice_transports

NOT_REACHED = "the peers could not reach each other"

NO_CANDIDATES = "no candidates of the other peer arrived"
NO_RELAY = "the TURN server gave no address"
NO_STUN = "no STUN server answered"
STRICT_NATS = "both peers are behind strict NATs, with no TURN server"


def unreachable(peer_connection: RTCPeerConnection, within: str = "") -> ConnectionFailedError:
    """Return the error for a connection that has failed, with the reason if it is known."""
    reason = None
    with suppress(AttributeError):
        reason = reason_for(peer_connection)
    return ConnectionFailedError(f"{NOT_REACHED}{within}: {reason}" if reason else f"{NOT_REACHED}{within}")


def reason_for(peer_connection: RTCPeerConnection) -> str | None:
    """Return why ICE has failed, as far as the candidates show it."""
    agents = [transport.iceGatherer._connection for transport in ice_transports(peer_connection)]
    remote = {candidate.type for agent in agents for candidate in agent.remote_candidates}
    local = {candidate.type for agent in agents for candidate in agent.local_candidates}
    if not remote and peer_connection.iceConnectionState != "closed":
        return NO_CANDIDATES
    # If ICE is "completed", it is DTLS that has failed. If it is "closed", it was stopped and has not failed.
    if "relay" in local or peer_connection.iceConnectionState in ("completed", "closed"):
        return None
    if any(agent.turn_server for agent in agents):
        return NO_RELAY
    if "srflx" not in local:
        return NO_STUN if any(agent.stun_server for agent in agents) else None
    return STRICT_NATS if "srflx" in remote and "relay" not in remote else None
