"""The promises of the house: it reads in ten minutes, and imports go one way."""

import ast
from pathlib import Path

import pytest

from harness.engines import ROOT

# What never ships is not the server.
DEVELOPMENT = {"embedded.py", "local.py"}
SERVER = [ROOT / "app.py", *sorted(path for path in (ROOT / "chalicelib").glob("*.py") if path.name not in DEVELOPMENT)]
# The seven plain methods took 399, the fast exchange 130, the line for each request 60, the quick start 20, access keys
# and ICE servers 240: half of these are three modules that a server without them never runs.
MAX_SERVER_LINES = 860
MAX_FUNCTION_LINES = 25

# A module may import those to the right of it.
ALLOWED = {
    "app": {
        "access_keys",
        "handlers",
        "ice_servers",
        "parameters",
        "channels",
        "errors",
        "function_url",
        "limits",
        "request_log",
        "embedded",
        "local",
    },
    "handlers": {"access_keys", "ice_servers", "channels", "errors", "limits", "protocol", "request_log", "waiting"},
    "access_keys": {"errors"},
    "ice_servers": {"errors", "limits"},
    "parameters": {"errors", "limits"},
    "waiting": {"limits"},
    "protocol": {"errors", "limits"},
    "channels": {"errors", "limits", "request_log"},
    "embedded": {"channels"},
    "local": set(),
    "function_url": set(),
    "errors": set(),
    "limits": set(),
    "request_log": set(),
    "__init__": set(),
}


def imports(path: Path) -> set[str]:
    """Return the names of all modules that a file imports, ours as `chalicelib.name`."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = str(node.module)
            names |= {f"{module}.{alias.name}" for alias in node.names} if module == "chalicelib" else {module}
    return names


def test_the_server_reads_in_ten_minutes() -> None:
    assert sum(len(path.read_text().splitlines()) for path in SERVER) < MAX_SERVER_LINES


@pytest.mark.parametrize("path", SERVER, ids=lambda path: path.name)
def test_no_function_is_over_25_lines(path: Path) -> None:
    functions = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)]

    lengths = {node.name: int(node.end_lineno or 0) - node.lineno + 1 for node in functions}

    assert {name for name, length in lengths.items() if length > MAX_FUNCTION_LINES} == set()


@pytest.mark.parametrize(
    "path", [*SERVER, *(ROOT / "chalicelib" / name for name in sorted(DEVELOPMENT))], ids=lambda p: p.name
)
def test_imports_go_one_way(path: Path) -> None:
    ours = {name.removeprefix("chalicelib.") for name in imports(path) if name.startswith("chalicelib.")}

    assert ours <= ALLOWED[path.stem]
    assert "app" not in imports(path)


def test_only_the_gateways_know_boto3_and_only_the_edge_knows_chalice() -> None:
    knows = {path.stem: {name.split(".")[0] for name in imports(path)} for path in SERVER}

    assert {stem for stem, names in knows.items() if names & {"boto3", "botocore"}} == {"channels", "parameters"}
    assert {stem for stem, names in knows.items() if "chalice" in names} == {"app"}
