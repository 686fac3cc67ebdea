"""Everything that can go wrong. All errors are subclasses of PeerpostError."""


class PeerpostError(Exception):
    """The base class of all errors of this package. The text of each error is one clear sentence."""


class RefusalError(PeerpostError):
    """The server refused the request (400), and nothing has changed. The text is the server's own."""


class AccessKeyError(RefusalError):
    """The access key is missing or unknown (401). The text is the server's own."""


class ServerError(PeerpostError):
    """The server could not serve the request, or the reply is not from a Peerpost server.

    `status` is the HTTP status. `retry_after` is the number of seconds after which to try again, or None.
    """

    def __init__(self, message: str, status: int, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after

    @property
    def is_temporary(self) -> bool:
        """Whether the same request may succeed later: 429 and 5xx."""
        return self.status == 429 or self.status >= 500


class NetworkError(PeerpostError):
    """There was no reply. The request may still have taken effect.

    `is_temporary` says whether the same request may succeed later. It is false for an invalid URL, and for an
    environment variable that cannot be used.
    """

    def __init__(self, message: str, *, is_temporary: bool = True) -> None:
        super().__init__(message)
        self.is_temporary = is_temporary


class ChannelExpiredError(PeerpostError):
    """The channel or address does not exist: its time is over, a peer has hung up, or it never existed."""


class NoAddressError(PeerpostError):
    """The server does not offer addresses: it is too old, or its operator has turned them off."""


class TamperedError(PeerpostError):
    """A sealed text was changed, or was sealed with another key or for another purpose."""


class InvalidDescriptionError(PeerpostError):
    """aiortc cannot use the other peer's session description."""


class ConnectionFailedError(PeerpostError):
    """The peers could not reach each other, the host of an address did not come, or the connection is closed."""


class PeerLostError(PeerpostError):
    """The other peer was connected, and is gone now."""


class TransferError(PeerpostError):
    """A file could not be sent or received. No incomplete file was saved under its final name."""
