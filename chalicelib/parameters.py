"""One parameter of AWS Systems Manager (SSM), read once, and again after a bounded time. Loaded only where used."""

import logging
import time
from collections.abc import Callable
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
    """A parameter that `client` reads. Where SSM does not serve, what was read last stands."""

    # Not the monotonic clock: it stands still in a snapshot of SnapStart, and so would a key that was removed since.
    def __init__(self, client: Any, name: str, now: Callable[[], float] = time.time) -> None:
        self._client, self._name, self._now = client, name, now
        self._value, self._tried = "", 0.0

    def value(self) -> str:
        """Return the value; raise ParameterUnavailable where it was never read, or is gone."""
        if not self._value or not 0 <= self._now() - self._tried < limits.PARAMETER_MAX_AGE_SECONDS:
            self._tried = self._now()  # Before the try: whatever ends it, the next request does not wait for it again.
            self._read()
        return self._value

    def _read(self) -> None:
        try:
            reply = self._client.get_parameter(Name=self._name, WithDecryption=True)
            self._value = reply["Parameter"]["Value"]
        except (BotoCoreError, ClientError, KeyError, ResponseParserError) as error:
            trouble = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
            if trouble == "ParameterNotFound" or not self._value:  # Who deletes it wants nobody in.
                self._value = ""
                raise ParameterUnavailable(trouble) from error
            logger.error("SSM: %s; what was read last stands", trouble)


@cache
def open_client() -> Any:
    """Return the client, which all parameters share; the usual AWS environment says where it connects, and as whom."""
    config = Config(
        connect_timeout=limits.SSM_CONNECT_TIMEOUT_SECONDS,
        read_timeout=limits.SSM_READ_TIMEOUT_SECONDS,
        retries={"mode": "standard", "total_max_attempts": limits.SSM_ATTEMPTS},
    )
    return boto3.client("ssm", config=config)
