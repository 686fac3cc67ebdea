"""The tests that run against each mutant.

mutmut runs the tests by name, and counts a name that pytest does not find as a failure.
"""

import tomllib
from contextlib import redirect_stdout
from io import StringIO

import pytest

from harness.engines import ROOT

CONFIGURATION = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mutmut"]
ARGUMENTS: list[str] = CONFIGURATION["pytest_add_cli_args_test_selection"] + CONFIGURATION["pytest_add_cli_args"]


class Names:
    """Collects the names of the selected tests."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.found += [item.nodeid for item in session.items]


def check_names() -> None:
    """Raise if pytest does not find every selected test by its name."""
    names = Names()
    with redirect_stdout(StringIO()):
        pytest.main(["--collect-only", *ARGUMENTS], plugins=[names])
        end = pytest.main(["--collect-only", *names.found])
    if end != pytest.ExitCode.OK:
        raise RuntimeError("pytest does not find every test by its name, so every mutant would count as killed")
