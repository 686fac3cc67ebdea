"""The tests that judge mutants. Each must be found by its name: mutmut takes one that is not for one that failed."""

import tomllib
from contextlib import redirect_stdout
from io import StringIO

import pytest

from harness.engines import ROOT

CONFIGURATION = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mutmut"]
ARGUMENTS: list[str] = CONFIGURATION["pytest_add_cli_args_test_selection"] + CONFIGURATION["pytest_add_cli_args"]


class Names:
    """Keeps the names of the tests that are selected."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.found += [item.nodeid for item in session.items]


def check_names() -> None:
    """Load all that the tests load, and raise where one of them is not found by its name."""
    names = Names()
    with redirect_stdout(StringIO()):
        pytest.main(["--collect-only", *ARGUMENTS], plugins=[names])
        end = pytest.main(["--collect-only", *names.found])
    if end != pytest.ExitCode.OK:
        raise RuntimeError("pytest does not find all tests by their names, and would call every mutant killed")
