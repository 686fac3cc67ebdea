"""The documents name a test for each of their sentences; here it is seen that there are such tests."""

import ast
import re
from functools import cache

import pytest

from harness.engines import ROOT

# `path::name`, or `path`: `name`, `name` in the columns of a table. The title of a Node test may be cut.
ONE = re.compile(r"`([\w/.-]+\.(?:py|js|hcl))::([^`]+)`")
LISTED = re.compile(r"`([\w/.-]+\.(?:py|js|hcl))`: (`[^|\n]+`)")
NODE_TITLE = re.compile(r"""\btest\(\s*(["'`])((?:\\.|(?!\1).)*)\1""")
# How many each names at least, so that a change of the notation does not make this test say yes to nothing.
DOCUMENTS = {"SECURITY.md": 20, "docs/reliability.md": 35, "docs/security.md": 70, "docs/security-testing.md": 60}


def named_in(document: str) -> list[tuple[str, str]]:
    text = (ROOT / document).read_text()
    listed = [(path, name) for path, names in LISTED.findall(text) for name in re.findall("`([^`]+)`", names)]
    return [*ONE.findall(text), *listed]


@cache
def names_in(path: str) -> set[str]:
    """Return the functions of a Python file, the runs of a Terraform one, or the titles of a Node one."""
    source = (ROOT / path).read_text()
    if path.endswith(".py"):
        nodes = ast.parse(source).body
        return {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    if path.endswith(".hcl"):
        return set(re.findall(r'^run "(\w+)"', source, re.MULTILINE))
    return {re.sub(r"\$\{[^}]*\}", "…", title) for _, title in NODE_TITLE.findall(source)}


def is_there(path: str, name: str) -> bool:
    if not (ROOT / path).is_file():
        return False
    return any(name in title for title in names_in(path)) if path.endswith(".js") else name in names_in(path)


@pytest.mark.parametrize(("document", "least"), DOCUMENTS.items())
def test_every_test_that_a_document_names_is_there(document: str, least: int) -> None:
    named = named_in(document)

    assert len(named) >= least
    assert [f"{path}::{name}" for path, name in named if not is_there(path, name)] == []


@pytest.mark.parametrize("document", ["SECURITY.md", "docs/reliability.md"])
def test_every_promise_has_its_test(document: str) -> None:
    """A promise is a sentence in bold that is a line of its own; what follows it, up to the next one, is about it."""
    _, *promises = re.split(r"^(?=\*\*.*\*\*$)", (ROOT / document).read_text(), flags=re.MULTILINE)

    assert len(promises) >= 5
    assert [promise.splitlines()[0] for promise in promises if not ONE.search(promise)] == []


def test_every_row_of_the_threat_model_has_its_test_or_says_that_there_is_none() -> None:
    tables = re.findall(
        r"^\|.*\| test \|\n\|[ -|]+\n((?:\|.*\n)+)", (ROOT / "docs/security.md").read_text(), re.MULTILINE
    )
    rows = [row for table in tables for row in table.splitlines()]

    assert len(rows) > 30
    assert [row for row in rows if not ONE.search(row) and not row.split(" | ")[-1].startswith("none")] == []


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("tests/unit/test_documents.py", "test_every_row"),
        ("tests/test_nowhere.py", "test_every_promise_has_its_test"),
        ("clients/javascript/test/hostile-server.test.js", "a redirect that is followed"),
        ("infra/tests/function.tftest.hcl", "a_flood_has_no_cap"),
    ],
)
def test_what_is_not_there_is_noticed(path: str, name: str) -> None:
    assert not is_there(path, name)
