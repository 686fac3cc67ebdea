"""The settings of a deployment: every environment variable that the server reads, read once.

Terraform sets them in infra/, and docs/operations.md has a table of them. A variable that is not
set has the default below. With none set, the server is the development server of `make run`.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

from chalicelib import limits


class SettingsError(ValueError):
    """An environment variable has a value that cannot work. The message begins with its name."""


class Settings(NamedTuple):
    """What an operator can choose, and what Lambda says about where the server runs.

    A NamedTuple, like all value types of the server: Python creates such a class ten times faster
    than a frozen dataclass, which would add half a millisecond to each cold start.

    >>> Settings.from_environment({"TABLE_NAME": "channels", "STUN_URLS": "stun:a.example"})
    Settings(on_lambda=False, snap_start=False, table_name='channels', ...)
    """

    # Whether this is a Lambda function, and not `chalice local`.
    on_lambda: bool = False

    # Whether the function starts from a snapshot of itself (Lambda SnapStart).
    snap_start: bool = False

    # The DynamoDB table of the channels. None is for development: the table is then made for you.
    table_name: str | None = None

    # Where DynamoDB listens. None means AWS or, in development without a table name, a simulation
    # of DynamoDB in this process.
    dynamodb_endpoint: str | None = None

    # For how many seconds the server holds a reply, at most, while there is no news for it. 0 turns
    # holding off.
    max_wait_seconds: float = limits.MAX_WAIT_SECONDS

    # The longest life of a channel, in seconds, that its creator can ask for.
    max_ttl_seconds: int = limits.MAX_TTL_SECONDS

    # The SSM parameter that holds the digests of the access keys. None lets everybody in.
    access_keys_parameter: str | None = None

    # The STUN and TURN servers that peers are given.
    stun_urls: tuple[str, ...] = ()
    turn_urls: tuple[str, ...] = ()

    # The SSM parameter that holds the secret shared with the TURN servers.
    turn_secret_parameter: str | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read the settings. Raise SettingsError if they cannot work."""
        settings = cls(
            on_lambda="AWS_LAMBDA_FUNCTION_NAME" in environment,
            snap_start=environment.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start",
            table_name=_name(environment, "TABLE_NAME"),
            # Like botocore, treat an empty variable as not set.
            dynamodb_endpoint=environment.get("AWS_ENDPOINT_URL_DYNAMODB") or None,
            max_wait_seconds=_seconds(environment, "MAX_WAIT_SECONDS", limits.MAX_WAIT_SECONDS),
            max_ttl_seconds=_longest_ttl(environment, "MAX_TTL_SECONDS", limits.MAX_TTL_SECONDS),
            access_keys_parameter=_name(environment, "ACCESS_KEYS_PARAMETER"),
            stun_urls=_urls(environment, "STUN_URLS", ("stun:", "stuns:")),
            turn_urls=_urls(environment, "TURN_URLS", ("turn:", "turns:")),
            turn_secret_parameter=_name(environment, "TURN_SECRET_PARAMETER"),
        )
        if settings.on_lambda and settings.table_name is None:
            raise SettingsError("TABLE_NAME is missing")
        if settings.turn_urls and settings.turn_secret_parameter is None:
            raise SettingsError("TURN_URLS needs TURN_SECRET_PARAMETER, which is missing")
        return settings


def _name(environment: Mapping[str, str], variable: str) -> str | None:
    name = environment.get(variable)
    # Unlike an empty list of URLs (see _urls), an empty name is a mistake in a script or a
    # template, and hardly means "switch this off".
    if name is not None and not name.strip():
        raise SettingsError(f"{variable} must not be empty: set it, or leave it out")
    return name


def _seconds(environment: Mapping[str, str], variable: str, default: float) -> float:
    text = environment.get(variable)
    if text is None:
        return default
    refusal = SettingsError(f"{variable} must be a number of seconds from 0, not {text!r}")
    try:
        seconds = float(text)
    except ValueError:
        raise refusal from None
    # float() also reads "nan" and "inf".
    if not 0 <= seconds < math.inf:
        raise refusal
    return seconds


def _longest_ttl(environment: Mapping[str, str], variable: str, default: int) -> int:
    """Return the longest life that a client may ask for, in whole seconds."""
    text = environment.get(variable)
    if text is None:
        return default
    # A channel lives CHANNEL_TTL_SECONDS if its creator does not ask for a time. So a lower maximum
    # would not be a maximum.
    least = limits.CHANNEL_TTL_SECONDS
    refusal = SettingsError(
        f"{variable} must be a whole number of seconds from {least}, not {text!r}"
    )
    try:
        seconds = int(text)
    except ValueError:
        raise refusal from None
    if seconds < least:
        raise refusal
    return seconds


def _urls(
    environment: Mapping[str, str], variable: str, schemes: tuple[str, ...]
) -> tuple[str, ...]:
    """Return URLs that are separated by commas or white space."""
    urls = tuple(environment.get(variable, "").replace(",", " ").split())
    for url in urls:
        if not url.lower().startswith(schemes):
            raise SettingsError(f"{variable} must begin with {' or '.join(schemes)}, not {url!r}")
    return urls
