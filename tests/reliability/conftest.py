"""Fixtures that the reliability tests share."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.engines import ROOT
from tests.reliability.cluster import Cluster, cluster

SOURCES = str(ROOT / "clients/python/src")
if SOURCES not in sys.path:
    sys.path.insert(0, SOURCES)


@pytest.fixture
def here(task_root: Path, endpoint: str, tmp_path: Path) -> Iterator[Cluster]:
    """A cluster of one execution environment, with its own table."""
    with cluster(1, task_root, endpoint, tmp_path) as here:
        yield here
