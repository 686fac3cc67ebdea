"""The package, from its sources, and the server that its tests talk to."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.transports import chalice_local

SOURCES = str(Path(__file__).parent.parent / "src")
if SOURCES not in sys.path:
    sys.path.insert(0, SOURCES)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """`chalice local` on its embedded DynamoDB."""
    with chalice_local() as url:
        yield url
