"""The server's imports go one way.

To understand a module, a reader needs only the modules to its right in the list below.
"""

import ast
import functools
import importlib
import re
from pathlib import Path

import pytest

from harness.engines import ROOT

MODULES = {path.relative_to(ROOT): path for path in [ROOT / "app.py", *sorted(ROOT.glob("chalicelib/**/*.py"))]}

# A module may import the modules to the right of it.
ALLOWED = {
    "app": {"bootstrap", "function_url"},
    "bootstrap": {
        *("access_keys", "channels", "deadline", "dynamodb", "errors", "handlers", "http_app", "ice_servers"),
        *("limits", "parameters", "request_log", "settings", "development.embedded", "development.server"),
    },
    "function_url": {"http_app", "request_log"},
    "http_app": {"deadline", "errors", "handlers", "limits", "request_log"},
    "handlers": {
        *("access_keys", "channels", "errors", "ice_servers", "limits", "protocol", "request_log", "waiting"),
    },
    "access_keys": {"errors"},
    "ice_servers": {"errors", "limits"},
    "protocol": {"errors", "limits"},
    "waiting": {"limits"},
    "channels": {"channel_update", "dynamodb", "errors", "limits", "ownership"},
    "channel_update": {"dynamodb", "errors", "limits", "ownership"},
    "ownership": {"dynamodb", "errors"},
    "dynamodb": {"errors", "limits", "request_log"},
    "parameters": {"errors", "limits"},
    "settings": {"limits"},
    "deadline": set(),
    "errors": set(),
    "limits": set(),
    "request_log": {"limits"},
    "development.embedded": {"dynamodb", "errors"},
    "development.server": set(),
    "__init__": set(),
    "development.__init__": set(),
}


def name_of(relative: Path) -> str:
    return ".".join(relative.with_suffix("").parts).removeprefix("chalicelib.")


def imports(path: Path) -> set[str]:
    """Return the names of all modules that a file imports. Our own are named `chalicelib.name`."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = str(node.module)
            is_package = module in ("chalicelib", "chalicelib.development")
            names |= {f"{module}.{alias.name}" for alias in node.names} if is_package else {module}
    return names


@pytest.mark.parametrize("relative", MODULES, ids=str)
def test_imports_go_one_way(relative: Path) -> None:
    imported = imports(MODULES[relative])
    ours = {name.removeprefix("chalicelib.") for name in imported if name.startswith("chalicelib.")}

    assert ours <= ALLOWED[name_of(relative)]
    assert "app" not in imported


def test_only_the_gateways_import_boto3_and_only_the_edge_imports_chalice() -> None:
    knows = {
        name_of(relative): {name.split(".")[0] for name in imports(path)}
        for relative, path in MODULES.items()
        if "development" not in relative.parts
    }

    assert {name for name, modules in knows.items() if modules & {"boto3", "botocore"}} == {"dynamodb", "parameters"}
    assert {name for name, modules in knows.items() if "chalice" in modules} == {"bootstrap", "http_app"}


def linked_functions() -> list[tuple[str, str]]:
    """Return the functions that docs/architecture.md links to, each with its module."""
    return re.findall(r"\[`([\w.]+)`\]\(\.\./([\w/]+\.py)\)", (ROOT / "docs/architecture.md").read_text())


@pytest.mark.parametrize(("name", "path"), sorted(set(linked_functions())))
def test_each_function_that_the_architecture_document_links_to_exists(name: str, path: str) -> None:
    module = importlib.import_module(path.removesuffix(".py").replace("/", "."))

    assert callable(functools.reduce(getattr, name.split("."), module))


def test_the_links_of_the_architecture_document_are_found() -> None:
    assert len(linked_functions()) > 10
