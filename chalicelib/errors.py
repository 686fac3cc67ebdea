"""The expected failures: refusals, which are the client's to mend, and outages, which pass."""


class SignalingError(Exception):
    """The request is refused. The message goes to the client as it stands."""


class Unauthorized(SignalingError):
    """The request needs an access key, and came without one."""


class UnknownKey(Unauthorized):
    """The request came with an access key that is not one of ours."""


class StorageUnavailable(Exception):
    """DynamoDB did not serve, or nobody can say whether a write was carried out.

    The message is for the log only.
    """

    service = "DynamoDB"


class ParameterUnavailable(StorageUnavailable):
    """An SSM parameter could not be read, or its value is malformed.

    A malformed value is an outage, too: the operator can correct it without a new deployment.

    The message is for the log only, and never contains the parameter's value.
    """

    service = "SSM"
