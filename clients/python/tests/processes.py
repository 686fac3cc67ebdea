"""Peers in separate processes, which do not outlive their test."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
# Only a hanging test takes this long. A busy machine may need most of it to start two processes.
PATIENCE_SECONDS = 100.0


@contextmanager
def python(*arguments: object, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """Run Python with the package. At the end, kill the process if it is still running."""
    with subprocess.Popen(
        [sys.executable, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": str(HERE.parent / "src"), "PYTHONUNBUFFERED": "1"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def line_of(process: subprocess.Popen[str]) -> str:
    """Return the next line that a process prints, for example its link."""
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    assert line, process.communicate(timeout=PATIENCE_SECONDS)
    return line


def end_of(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Wait for a process to end, and return its exit code and output."""
    output, errors = process.communicate(timeout=PATIENCE_SECONDS)
    return process.returncode, output, errors


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)
