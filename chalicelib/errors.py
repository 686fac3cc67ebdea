"""The expected failures: refusals, which are the client's to mend, and outages, which pass."""


class SignalingError(Exception):
    """The request is refused. The message goes to the client as it stands."""


class Unauthorized(SignalingError):
    """The request needs an access key, and came without one."""


class UnknownKey(Unauthorized):
    """The request came with an access key that is not one of ours."""


class StorageUnavailable(Exception):
    """DynamoDB did not carry out a request, retries included. The message is for the log only."""

    service = "DynamoDB"


class ParameterUnavailable(StorageUnavailable):
    """An SSM parameter could not be read, or holds what it must not.

    The message is for the log only, and never contains the parameter's value.
    """

    service = "SSM"
