"""The two ways in which a request can fail that are not bugs."""


class SignalingError(Exception):
    """A request we refuse. The message is sent to the client as it stands."""


class StorageUnavailable(Exception):
    """DynamoDB throttled us, timed out or was unreachable, after the retries. The message is for the log only."""
