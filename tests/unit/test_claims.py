"""docs/claims.md names the tests that show each promise of the documents. These tests must exist."""

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from harness.engines import ROOT

ROW = re.compile(r"^\| (?!promise|---)(?P<promise>[^|]+) \| (?P<tests>.*) \|$", re.MULTILINE)
TEST = re.compile(r"`(?P<path>[^`:]+)::(?P<name>[^`]+)`")
TERRAFORM_RUN = re.compile(r'^run "(\w+)"', re.MULTILINE)
# Matches test("title", ...) with any of JavaScript's three kinds of quotes.
NODE_TEST = re.compile(r"""\btest\(\s*(["'`])(?P<title>(?:\\.|(?!\1).)*)\1""")
# The variable parts of such a title.
NODE_EXPRESSION = re.compile(r"\$\{[^}]*\}")


@dataclass(frozen=True)
class Claim:
    """A promise, with the paths and names of the tests that show it."""

    promise: str
    tests: list[tuple[str, str]]

    def __str__(self) -> str:
        return self.promise


def claims() -> list[Claim]:
    text = (ROOT / "docs/claims.md").read_text()
    return [Claim(row["promise"], TEST.findall(row["tests"])) for row in ROW.finditer(text)]


@cache
def names_in(path: Path) -> set[str]:
    """Return the names of the tests in a Python, a Node or a Terraform file."""
    if not path.is_file():
        return set()
    source = path.read_text()
    if path.suffix == ".py":
        functions = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
        return {function.name for function in functions if function.name.startswith("test_")}
    if path.suffix == ".hcl":
        return set(TERRAFORM_RUN.findall(source))
    return {NODE_EXPRESSION.sub("…", test["title"]) for test in NODE_TEST.finditer(source)}


@pytest.mark.parametrize("claim", claims(), ids=str)
def test_every_test_that_shows_a_promise_exists(claim: Claim) -> None:
    assert claim.tests
    assert [f"{path}::{name}" for path, name in claim.tests if name not in names_in(ROOT / path)] == []


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("tests/unit/test_claims.py", "names_in"),
        ("tests/unit/test_nowhere.py", "test_every_test_that_shows_a_promise_exists"),
        ("clients/javascript/test/logging.test.js", "the client writes nothing"),
        ("infra/tests/function.tftest.hcl", "the_number_of_instances_has_no_cap"),
    ],
)
def test_a_missing_test_is_noticed(path: str, name: str) -> None:
    assert name not in names_in(ROOT / path)
