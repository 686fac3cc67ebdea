"""The main promise of docs/reliability.md.

Whatever fails, some sequential order of the calls explains all replies that clients get.
`make soak` runs a thousand more histories.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reliability.cluster import Cluster, cluster
from tests.reliability.histories import CLIENTS, run

HISTORIES = 50
BATCH = 10


@pytest.fixture(scope="module")
def here(task_root: Path, endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(CLIENTS, task_root, endpoint, tmp_path_factory.mktemp("cluster")) as here:
        yield here


@pytest.mark.parametrize("first", range(0, HISTORIES, BATCH))
def test_every_history_has_a_sequential_order(here: Cluster, first: int) -> None:
    histories = [run(seed, here) for seed in range(first, first + BATCH)]

    violations = [violation for history in histories for violation in history.violations()]
    assert not violations, "\n".join(violations)
