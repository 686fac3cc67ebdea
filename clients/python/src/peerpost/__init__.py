"""WebRTC signaling for aiortc, over plain HTTP POST requests.

`connect` connects two peers, and `listen` waits for any number of guests. `Signaling` has the methods of aiortc's own
signaling classes, and `SignalingClient` sends single requests.
"""

from peerpost.address import Address, new_guest_id
from peerpost.client import Candidates, Description, NewChannel, SignalingClient
from peerpost.connection import connect
from peerpost.errors import (
    AccessKeyError,
    ChannelExpiredError,
    ConnectionFailedError,
    InvalidDescriptionError,
    NetworkError,
    NoAddressError,
    PeerLostError,
    PeerpostError,
    RefusalError,
    ServerError,
    TamperedError,
    TransferError,
)
from peerpost.links import Link
from peerpost.listening import Peer, listen
from peerpost.sealing import Sealer, new_key
from peerpost.signaling import BYE, Signaling

__all__ = [
    "BYE",
    "AccessKeyError",
    "Address",
    "Candidates",
    "ChannelExpiredError",
    "ConnectionFailedError",
    "Description",
    "InvalidDescriptionError",
    "Link",
    "NetworkError",
    "NewChannel",
    "NoAddressError",
    "Peer",
    "PeerLostError",
    "PeerpostError",
    "RefusalError",
    "Sealer",
    "ServerError",
    "Signaling",
    "SignalingClient",
    "TamperedError",
    "TransferError",
    "connect",
    "listen",
    "new_guest_id",
    "new_key",
]
