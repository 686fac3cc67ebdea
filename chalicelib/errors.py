"""The expected failures: refusals, which the client must correct, and outages, which pass."""


class SignalingError(Exception):
    """The request is refused. The message goes to the client as it stands."""


class TooEarly(SignalingError):
    """The other peer has not written yet. Most polls end like this, and the client asks again."""


class Unauthorized(SignalingError):
    """The request needs an access key, and has none that is valid."""


class UnknownKey(Unauthorized):
    """The request has an access key, but it is not one of ours.

    RFC 6750, section 3.1 has a challenge of its own for this.
    """


class StorageUnavailable(Exception):
    """DynamoDB is unavailable, or nobody can say whether a write was carried out.

    The client gets a 503. The message is for the log only.
    """

    # The service that is unavailable, for the log.
    service = "DynamoDB"


class ParameterUnavailable(StorageUnavailable):
    """An SSM parameter could not be read, or its value is malformed.

    To the client this is the same as an outage of DynamoDB: try again later. A malformed value
    and a missing permission are outages, too, since the operator can correct them without a new
    deployment.

    The message is for the log only, and never contains the parameter's value.
    """

    service = "SSM"
