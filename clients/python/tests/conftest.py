"""Fixtures: the package from its sources, and the server that the tests use."""

import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.engines import ANY_ACCOUNT
from harness.ssm import KEY, KEYS_NAME, digest, put, ssm_server
from harness.stun import StunServer, stun_server
from harness.transports import chalice_local

# A test run in the background ignores Ctrl-C, and one under `nohup` ignores SIGHUP. Its child processes would
# inherit this, but some tests send them these signals.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

SOURCES = str(Path(__file__).parent.parent / "src")
if SOURCES not in sys.path:
    sys.path.insert(0, SOURCES)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """`chalice local` with its in-memory DynamoDB."""
    with chalice_local() as url:
        yield url


@dataclass(frozen=True)
class Operated:
    """A server that requires an access key and names a STUN server."""

    url: str
    access_key: str
    stun: StunServer


@pytest.fixture(scope="session")
def operated() -> Iterator[Operated]:
    with ssm_server() as ssm, stun_server() as stun:
        put(ssm, KEYS_NAME, digest(KEY))
        stun.release()
        parameters = {"AWS_ENDPOINT_URL_SSM": ssm, "ACCESS_KEYS_PARAMETER": KEYS_NAME, "STUN_URLS": stun.url}
        with chalice_local(ANY_ACCOUNT | parameters) as url:
            yield Operated(url, KEY, stun)
