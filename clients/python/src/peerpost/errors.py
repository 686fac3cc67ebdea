"""What can go wrong, as classes. All of them are a PeerpostError."""


class PeerpostError(Exception):
    """The root of all errors of this package. Its text is one clear sentence."""


class RefusalError(PeerpostError):
    """The server refused the request (400), and nothing has changed. The text is the server's own."""


class AccessKeyError(RefusalError):
    """The server wants an access key, and got none or one that it does not know (401). The text is the server's own."""


class ServerError(PeerpostError):
    """The server did not do it, or its reply is none of Peerpost's.

    `status` is the HTTP status; `retry_after` the seconds after which to come back, if the server named them.
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
    """No reply came. The request may have taken effect all the same.

    `is_temporary` says whether the same request may succeed later; not so where the URL is none.
    """

    def __init__(self, message: str, *, is_temporary: bool = True) -> None:
        super().__init__(message)
        self.is_temporary = is_temporary


class ChannelExpiredError(PeerpostError):
    """The channel is no more: its 300 seconds are over, or a peer has hung up."""


class TamperedError(PeerpostError):
    """A sealed text was not sealed with this key for this purpose: somebody changed it, or the key is another one."""


class InvalidDescriptionError(PeerpostError):
    """The other peer's session description is none that aiortc can use."""


class ConnectionFailedError(PeerpostError):
    """Both descriptions were exchanged, and the peers found no way to each other; or the connection is closed."""


class PeerLostError(PeerpostError):
    """The other peer was connected, and is gone."""


class TransferError(PeerpostError):
    """A file could not be sent or received. Nothing stands under its final name."""
