"""`peerpost send` and `peerpost receive`, as a user runs them."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from harness.engines import ROOT

# Generous, because the machine may be busy. No test waits longer than it has to.
PATIENCE_SECONDS = 60
# How long the page may be silent before a command gives up.
PEER_SECONDS = 300


@dataclass
class Command:
    """A running command."""

    process: "subprocess.Popen[str]"

    @property
    def link(self) -> str:
        """The next line that it prints."""
        assert self.process.stdout is not None
        link = self.process.stdout.readline().strip()
        assert link, self.process.communicate(timeout=PATIENCE_SECONDS)
        return link

    def end(self) -> tuple[int, str]:
        """Wait for its end, and return its exit code and its error output."""
        _, errors = self.process.communicate(timeout=PATIENCE_SECONDS)
        return self.process.returncode, errors


Run = Callable[..., Command]


@contextmanager
def command_line(**environment: str) -> Iterator[Run]:
    """Give a function that runs commands. They do not outlive the `with` block."""
    # A shell starts a program in the background so that it ignores Ctrl-C, and our commands would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    everything = os.environ | environment | {"PYTHONPATH": str(ROOT / "clients/python/src"), "PYTHONUNBUFFERED": "1"}
    with ExitStack() as stack:
        # While a page is busy with something else, it does not say that it is alive. No test here is about this limit.
        options = ["--ice-server", "none", "--patience", str(PEER_SECONDS)]

        def run(command: str, *arguments: object, stdin: int = subprocess.DEVNULL) -> Command:
            process = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", "peerpost", command, *options, *map(str, arguments)],
                    env=everything,
                    stdin=stdin,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
            stack.callback(process.kill)
            return Command(process)

        yield run
