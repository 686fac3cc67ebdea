"""The ways in which a request can fail that are not bugs."""


class SignalingError(Exception):
    """A request we refuse. The message is sent to the client as it stands."""


class Unauthorized(SignalingError):
    """A request that needs an access key, and came without one."""


class UnknownKey(Unauthorized):
    """A request with an access key that is none of ours."""


class StorageUnavailable(Exception):
    """DynamoDB throttled us, timed out or was unreachable, after the retries. The message is for the log only."""

    service = "DynamoDB"


class ParameterUnavailable(StorageUnavailable):
    """A parameter was never read, or is not what it must be. The message is for the log, and never holds its value."""

    service = "SSM"
