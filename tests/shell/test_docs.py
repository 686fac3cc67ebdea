"""Runs every `console` block of the documents as written, against `chalice local`."""

import re
import subprocess

import pytest

from harness.engines import ROOT

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
MARK = "--- next command ---"


def steps(document: str) -> list[tuple[str, str]]:
    """Return each command of a document's console blocks, with its expected output."""
    found: list[tuple[str, str]] = []
    for block in BLOCK.findall(document):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], ""))
            else:
                command, output = found[-1]
                found[-1] = (command, f"{output}{line}\n")
    return found


@pytest.mark.parametrize("name", ["README.md", "docs/protocol.md"])
def test_the_commands_print_the_output_that_the_document_shows(name: str, local_url: str) -> None:
    commands = steps((ROOT / name).read_text())
    script = "".join(f"{command}; echo; echo '{MARK}'\n" for command, _ in commands)

    run = subprocess.run(
        ["bash", "-c", script.replace("http://127.0.0.1:8000/", local_url)],
        capture_output=True,
        text=True,
        check=True,
    )

    printed = [UUID.sub("<uuid>", output.strip()) for output in run.stdout.split(MARK)[:-1]]
    assert len(commands) >= 2
    assert printed == [UUID.sub("<uuid>", output.strip()) for _, output in commands]
