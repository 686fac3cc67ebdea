"""Fixtures that tests/interop and tests/network share: their conftest.py files import them."""

from collections.abc import Iterator

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from harness.browsers import page_server
from harness.coturn import TurnServer, coturn
from harness.front import Front
from harness.servers import plain_front

# Long enough that the awaited news always comes first, even on a busy machine. So no client has to ask twice.
HOLD_SECONDS = 20


@pytest.fixture(scope="session")
def page_url() -> Iterator[str]:
    with page_server() as url:
        yield url


@pytest.fixture(scope="session")
def turn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TurnServer]:
    with coturn(tmp_path_factory.mktemp("coturn")) as server:
        yield server


@pytest.fixture
def long_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the server in this process hold replies for a long time."""
    monkeypatch.setenv("MAX_WAIT_SECONDS", str(HOLD_SECONDS))


@pytest.fixture
def front(real_client: DynamoDBClient, real_table: str, long_hold: None) -> Iterator[Front]:  # noqa: ARG001 - set first
    """The server, on the real engine, behind a URL that counts requests."""
    with plain_front(real_client, real_table) as front:
        yield front
