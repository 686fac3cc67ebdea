"""A parameter of AWS Systems Manager (SSM), cached in memory.

This module is imported only by a server that has parameters.
"""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from chalicelib import limits
from chalicelib.errors import ParameterUnavailable

logger = logging.getLogger(__name__)


class Parameter:
    """A parameter. Its value is read when it is first needed, and again when it is old.

    Several threads may read it. If two of them find it old at once, it is read twice.

    `get_client` returns boto3's client for SSM. `now` returns the Unix time in seconds. A monotonic
    clock would be wrong here: it stands still in a snapshot of Lambda SnapStart. So a value from
    the time of the snapshot would seem to be new, and an access key that was removed since then
    would still work.
    """

    def __init__(
        self, get_client: Callable[[], Any], name: str, now: Callable[[], float] = time.time
    ) -> None:
        self._get_client = get_client
        self._name = name
        self._now = now
        self._value: str | None = None
        self._tried_at = 0.0

    def read(self) -> str:
        """Return the value, at most PARAMETER_MAX_AGE_SECONDS old as long as SSM can be read.

        After a failed read, the last value stays in use, and the next try comes
        PARAMETER_MAX_AGE_SECONDS later. Raise ParameterUnavailable if there is no last value, or if
        the parameter has been deleted.
        """
        # Look it up only once: another thread may change it between the check and the return.
        last_value = self._value
        if last_value is not None and not self._is_old():
            return last_value
        # Set before the read: if it fails and there is a last value, that value is used for
        # another PARAMETER_MAX_AGE_SECONDS. Without one, every request tries again.
        self._tried_at = self._now()
        value = self._ask_ssm()
        self._value = value
        return value

    def close_connections(self) -> None:
        """Close all connections to SSM. The next read opens a new one."""
        # If there is no client yet, this opens one. If that fails, there is nothing to close.
        with suppress(BotoCoreError):
            self._get_client().close()

    def _is_old(self) -> bool:
        age = self._now() - self._tried_at
        # A negative age means that the clock was set back. Then the real age is unknown.
        return not 0 <= age < limits.PARAMETER_MAX_AGE_SECONDS

    def _ask_ssm(self) -> str:
        """Return the value to use from now on."""
        try:
            reply = self._get_client().get_parameter(Name=self._name, WithDecryption=True)
            value: str = reply["Parameter"]["Value"]
        except (BotoCoreError, ClientError, KeyError, ResponseParserError) as error:
            # A wrong configuration counts as an outage, too: see ParameterUnavailable.
            return self._value_despite(error)
        return value

    def _value_despite(self, error: Exception) -> str:
        """Return the last value, if it may still be used although reading has failed."""
        cause = type(error).__name__
        if isinstance(error, ClientError):
            cause = error.response["Error"]["Code"]
        last_value = self._value
        # An operator who deletes the parameter wants its keys to stop working.
        if cause == "ParameterNotFound":
            self._value = last_value = None
        if last_value is None:
            raise ParameterUnavailable(cause) from error
        logger.error("SSM: %s; the last value stays in use", cause)
        return last_value


@cache
def open_client() -> Any:
    """Return the client that all parameters share, opened once.

    Endpoint, region and credentials come from the AWS environment.
    """
    config = Config(
        connect_timeout=limits.SSM_CONNECT_TIMEOUT_SECONDS,
        read_timeout=limits.SSM_READ_TIMEOUT_SECONDS,
        retries={"mode": "standard", "total_max_attempts": limits.SSM_ATTEMPTS},
    )
    return boto3.client("ssm", config=config)
