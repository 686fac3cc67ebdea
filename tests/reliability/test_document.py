"""docs/reliability.md names a test for each sentence; here it is seen that there are such tests."""

import ast
import re

from tests.engines import ROOT

NAMED = re.findall(r"`(tests/\S+\.py)::(test_\w+)`", (ROOT / "docs/reliability.md").read_text())


def test_every_test_that_the_document_names_is_there() -> None:
    missing = [f"{path}::{name}" for path, name in NAMED if name not in functions_of(path)]

    assert len(NAMED) > 30
    assert missing == []


def functions_of(path: str) -> set[str]:
    return {node.name for node in ast.parse((ROOT / path).read_text()).body if isinstance(node, ast.FunctionDef)}
