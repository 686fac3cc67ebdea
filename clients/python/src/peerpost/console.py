"""The output of the command line. It also works if a standard stream is closed or the terminal is gone."""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import NoReturn, TextIO

from tqdm import tqdm

from peerpost.errors import PeerpostError

STANDARD_DESCRIPTORS = (0, 1, 2)


class Console:
    """The output of one command. With `quiet`, it prints only the link and errors."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet

    def say(self, text: str) -> None:
        """Print a line for a person."""
        if not self._quiet:
            self.complain(text)

    def complain(self, text: str) -> None:
        """Print a line for a person, even if the console is quiet."""
        # tqdm moves its progress bars down, so that the line is printed above them.
        with tqdm.external_write_mode(file=sys.stderr):
            print_to_standard_error(text)

    def print_link(self, link: str) -> None:
        """Print the link, which is the only thing on standard output. Raises PeerpostError if that is closed."""
        if sys.stdout is None:
            raise PeerpostError("cannot print the link: standard output is closed")
        try:
            write_line(sys.stdout, link)
        except OSError as error:
            raise PeerpostError(f"cannot print the link: {error.strerror}") from error

    def progress_bar(self, name: str, size: int | None, *, is_one_of_many: bool = False) -> "tqdm[NoReturn]":
        """Return a progress bar. It shows nothing unless standard error is a terminal.

        If it `is_one_of_many`, it disappears at the end. If the size is None, it shows only the number of bytes so far.
        """
        is_watched = sys.stderr is not None and sys.stderr.isatty()
        return tqdm(
            total=size,
            desc=name,
            unit="B",
            unit_scale=True,
            unit_divisor=1024,
            leave=not is_one_of_many,
            disable=self._quiet or not is_watched,
        )


def print_to_standard_error(text: str) -> None:
    """Print a line. It is lost if nobody can read it any more."""
    if sys.stderr is not None:
        with suppress(OSError):
            write_line(sys.stderr, text)


def write_line(stream: TextIO, text: str) -> None:
    try:
        stream.write(f"{text}\n")
        stream.flush()
    except OSError:
        discard(stream)
        raise


def flush_standard_output() -> None:
    """Flush standard output now, while a failure can still be handled. A help text, for example, is still buffered."""
    if sys.stdout is not None:
        try:
            sys.stdout.flush()
        except OSError:
            discard(sys.stdout)


def discard(stream: TextIO) -> None:
    """Redirect a broken stream to /dev/null. Otherwise Python fails to flush it at exit, and changes the exit code."""
    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


@contextmanager
def closed_streams_lead_to_nowhere() -> Iterator[None]:
    """Give argparse a standard output and error to write to, even if they are closed.

    If they are closed, `sys.stdout` and `sys.stderr` are None, and argparse fails in some versions of Python, such as
    3.11.2.
    """
    with ExitStack() as stack:
        nowhere = stack.enter_context(open(os.devnull, "w", encoding="utf-8"))
        if sys.stdout is None:
            stack.enter_context(redirect_stdout(nowhere))
        if sys.stderr is None:
            stack.enter_context(redirect_stderr(nowhere))
        yield


def occupy_closed_descriptors() -> None:
    """Open standard input, output and error, if any of them is closed.

    Otherwise the next file or socket gets the descriptor, and a library that writes to standard error writes into it.
    """
    descriptor = os.open(os.devnull, os.O_RDWR)
    while descriptor in STANDARD_DESCRIPTORS:
        descriptor = os.open(os.devnull, os.O_RDWR)
    os.close(descriptor)
