"""Fixtures that tests/interop and tests/network share: their conftest.py files import them."""

from collections.abc import Iterator

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from harness.browsers import page_server
from harness.coturn import TurnServer, coturn
from harness.front import Front
from harness.servers import plain_front


@pytest.fixture(scope="session")
def page_url() -> Iterator[str]:
    with page_server() as url:
        yield url


@pytest.fixture(scope="session")
def turn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TurnServer]:
    with coturn(tmp_path_factory.mktemp("coturn")) as server:
        yield server


@pytest.fixture
def front(real_client: DynamoDBClient, real_table: str) -> Iterator[Front]:
    """The server, on the real engine, behind a URL that counts requests."""
    with plain_front(real_client, real_table) as front:
        yield front
