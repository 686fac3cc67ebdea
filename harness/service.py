"""The server under test, and the ways in which requests can reach it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from chalice.app import Chalice

from chalicelib.access_keys import AccessKeys
from chalicelib.channels import Channels
from chalicelib.handlers import Services
from chalicelib.http_app import create_app
from chalicelib.ice_servers import IceServers
from chalicelib.limits import MAX_WAIT_SECONDS
from harness.ssm import KEYS_NAME, SECRET, SECRET_NAME, digest, put

# Parameters for the fixture `way`. They all lead to the same server.
TEST_CLIENT = "test client"
FUNCTION_URL = "function URL"
CHALICE_LOCAL = "chalice local"
LAMBDA_RUNTIME = "Lambda runtime"

on_lambda_runtime = pytest.param(LAMBDA_RUNTIME, marks=pytest.mark.runtime)

# For tests that run in every way. `make test` leaves out only the Lambda runtime.
every_way = pytest.mark.parametrize("way", [TEST_CLIENT, FUNCTION_URL, CHALICE_LOCAL, on_lambda_runtime], indirect=True)
# For tests that `make test` runs in one way only.
each_way_in_turn = pytest.mark.parametrize(
    "way",
    [
        TEST_CLIENT,
        pytest.param(FUNCTION_URL, marks=pytest.mark.transports),
        pytest.param(CHALICE_LOCAL, marks=pytest.mark.transports),
        on_lambda_runtime,
    ],
    indirect=True,
)
# For tests that look inside the server, so that it must run in this process.
ways_in_this_process = pytest.mark.parametrize("way", [TEST_CLIENT, FUNCTION_URL], indirect=True)


def app_over(channels: Channels, max_wait_seconds: float = MAX_WAIT_SECONDS, **features: Any) -> Chalice:
    """Return the app for these channels. `features` are arguments of Services, such as access keys and ICE servers."""
    services = Services(channels, **features)
    return create_app(lambda: services, max_wait_seconds=max_wait_seconds)


@dataclass(frozen=True)
class Service:
    """The features of the server under test. Without arguments, they are those of `make run`."""

    access_keys: tuple[str, ...] = ()
    stun_urls: tuple[str, ...] = ()
    turn_urls: tuple[str, ...] = ()
    # More environment variables, for a server in a separate process.
    variables: Mapping[str, str] = field(default_factory=dict)

    def app(self, channels: Channels) -> Chalice:
        """Return the server for this process."""
        access_keys = AccessKeys(self._digests) if self.access_keys else None
        ice_servers = IceServers(self.stun_urls, self.turn_urls, lambda: SECRET)
        return app_over(channels, access_keys=access_keys, ice_servers=ice_servers)

    def environment(self, ssm: str) -> dict[str, str]:
        """Put the parameters into `ssm`, and return the environment variables for a server in a separate process."""
        environment = {"AWS_ENDPOINT_URL_SSM": ssm, **self.variables}
        if self.access_keys:
            put(ssm, KEYS_NAME, self._digests())
            environment["ACCESS_KEYS_PARAMETER"] = KEYS_NAME
        if self.turn_urls:
            put(ssm, SECRET_NAME, SECRET)
            environment |= {"TURN_SECRET_PARAMETER": SECRET_NAME, "TURN_URLS": ",".join(self.turn_urls)}
        if self.stun_urls:
            environment["STUN_URLS"] = " ".join(self.stun_urls)
        return environment

    def _digests(self) -> str:
        return ",".join(map(digest, self.access_keys))
