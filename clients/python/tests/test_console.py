"""The command line with an output that is closed, or that nobody reads."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import pytest

from doubles import CHANNEL_ID
from peerpost.console import Console
from processes import HERE, PATIENCE_SECONDS

SEND = "send {file} --server {server} --ice-server none"
RECEIVE = f"receive {{server}}#{CHANNEL_ID} --ice-server none"


def run(command: str, redirection: str) -> tuple[int, str, str]:
    """Run a command in a shell with `redirection`, and return its exit code and output."""
    ended = subprocess.run(
        ["sh", "-c", f'"$0" -m peerpost {command} {redirection}', sys.executable],
        env=os.environ | {"PYTHONPATH": str(HERE.parent / "src")},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    return ended.returncode, ended.stdout, ended.stderr


@contextmanager
def pipe_that_nobody_reads() -> Iterator[int]:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        yield writing
    finally:
        os.close(writing)


def run_into_a_broken_pipe(server: str, command: str, *, errors_too: bool = False) -> tuple[int, str]:
    """Run a command whose output nobody reads, and return its exit code and error output."""
    with pipe_that_nobody_reads() as output:
        ended = subprocess.run(
            [sys.executable, "-m", "peerpost", *command.format(server=server, file=__file__).split()],
            env=os.environ | {"PYTHONPATH": str(HERE.parent / "src")},
            stdout=output,
            stderr=output if errors_too else subprocess.PIPE,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
    return ended.returncode, ended.stderr or ""


@pytest.mark.parametrize("quiet", ["", pytest.param("--quiet", marks=pytest.mark.slow)])
def test_a_sender_with_a_closed_output_reports_that_it_cannot_print_its_link(server: str, quiet: str) -> None:
    code, _, errors = run(f"{SEND} {quiet}".format(server=server, file=__file__), ">&-")

    assert code == 1
    assert errors.splitlines()[-1] == "peerpost: cannot print the link: standard output is closed"
    assert "Traceback" not in errors


def test_a_sender_whose_output_nobody_reads_reports_it(server: str) -> None:
    code, errors = run_into_a_broken_pipe(server, f"{SEND} --quiet")

    assert (code, errors) == (1, "peerpost: cannot print the link: Broken pipe\n")


@pytest.mark.slow
def test_if_nobody_reads_any_output_a_sender_exits_quietly_with_its_status(server: str) -> None:
    code, _ = run_into_a_broken_pipe(server, SEND, errors_too=True)

    assert code == 1


@pytest.mark.parametrize(
    "redirection", [*(pytest.param(each, marks=pytest.mark.slow) for each in ("2>&-", ">&- 2>&-")), "<&- >&- 2>&-"]
)
def test_with_a_closed_error_output_a_command_exits_quietly_with_its_status(server: str, redirection: str) -> None:
    ended = run(RECEIVE.format(server=server), redirection)

    assert ended == (1, "", "")


@pytest.mark.slow
def test_if_nobody_reads_the_errors_a_command_exits_with_its_status(server: str) -> None:
    code, _ = run_into_a_broken_pipe(server, RECEIVE, errors_too=True)

    assert code == 1


@pytest.mark.parametrize(
    ("words", "redirection", "code"),
    [
        ("--help", ">&-", 0),
        pytest.param("--help", "2>&-", 0, marks=pytest.mark.slow),
        pytest.param("--help", ">&- 2>&-", 0, marks=pytest.mark.slow),
        pytest.param("receive nonsense", ">&-", 2, marks=pytest.mark.slow),
        ("receive nonsense", "2>&-", 2),
        pytest.param("receive nonsense", ">&- 2>&-", 2, marks=pytest.mark.slow),
    ],
)
def test_with_a_closed_output_help_and_wrong_usage_exit_without_a_traceback(
    words: str, redirection: str, code: int
) -> None:
    ended, _, errors = run(words, redirection)

    assert ended == code
    assert "Traceback" not in errors


@pytest.mark.parametrize("errors_too", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_if_nobody_reads_the_help_text_the_command_exits_quietly_with_its_status(errors_too: bool) -> None:
    ended = run_into_a_broken_pipe("", "--help", errors_too=errors_too)

    assert ended == (0, "")


def test_a_file_is_sent_without_standard_input_output_and_error(server: str, tmp_path: Path) -> None:
    """Without the standard streams, the file or the connection gets their descriptors.

    Nothing may be printed into it.
    """
    content = os.urandom(1_000_000)
    (tmp_path / "sent").write_bytes(content)
    send = f"{SEND} --quiet".format(server=server, file=tmp_path / "sent")

    with subprocess.Popen(
        [sys.executable, "-m", "peerpost", *send.split()],
        env=os.environ | {"PYTHONPATH": str(HERE.parent / "src")},
        stdout=subprocess.PIPE,
        text=True,
    ) as sender:
        try:
            assert sender.stdout is not None
            link = sender.stdout.readline().strip()
            receive = f"receive '{link}' --ice-server none --output {tmp_path / 'received'}"
            received = run(receive, "<&- >&- 2>&-")
            assert sender.wait(PATIENCE_SECONDS) == 0
        finally:
            sender.kill()

    assert received == (0, "", "")
    assert (tmp_path / "received").read_bytes() == content


def test_each_of_many_progress_bars_has_a_line_of_its_own_until_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    terminal, console = Terminal(), Console(quiet=False)
    monkeypatch.setattr(sys, "stderr", terminal)

    with (
        console.progress_bar("guest 1: film", 100, is_one_of_many=True) as one,
        console.progress_bar("guest 2: film", None, is_one_of_many=True) as other,
    ):
        one.update(50)
        other.update(70)
        one.refresh()
        other.refresh()
        lines = terminal.getvalue()
        console.say("a line for a person")
    end = terminal.getvalue()[len(lines) :]

    assert "guest 1: film:  50%" in lines
    assert "\nguest 2: film: 70.0B" in lines.replace("\r", "")
    assert "a line for a person\n" in end
