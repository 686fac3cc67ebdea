"""A pytest plugin for `make mutants`: botocore retries without a pause, so that each mutant takes milliseconds."""

from types import SimpleNamespace

import botocore.endpoint


def pytest_configure() -> None:
    vars(botocore.endpoint)["time"] = SimpleNamespace(sleep=lambda _: None)
