"""Fixtures: the package from its sources, and the server that the tests use."""

import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from chalicelib.channels import Channels
from chalicelib.dynamodb import Table
from chalicelib.function_url import lambda_handler
from harness.engines import client_of, new_table, real_engine
from harness.runtime import function_url
from harness.service import Service
from harness.ssm import KEY
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
    """In this process: with access keys, `chalice local` would need a server for SSM as well."""
    with real_engine() as endpoint, stun_server() as stun:
        stun.release()
        client = client_of(endpoint)
        service = Service(access_keys=(KEY,), stun_urls=(stun.url,))
        with new_table(client) as table:
            app = service.app(Channels(Table(client, table)))
            with function_url(lambda_handler(app)) as url:
                yield Operated(url, KEY, stun)
