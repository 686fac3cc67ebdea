"""The mutants that no test kills: those that are known, each with its reason, and those that a run has found."""

import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

KNOWN = Path(__file__).with_name("survivors.toml")
MUTMUT = str(Path(sys.executable).with_name("mutmut"))
# A mutant is noticed that makes a test fail, that makes it loop, or that lets an alarm's KeyboardInterrupt out of it.
NOTICED = {"killed", "timeout", "check was interrupted by user"}


@dataclass(frozen=True, order=True)
class Survivor:
    """What was changed, by its text: mutmut's numbers move with each change of a function."""

    function: str
    removed: str
    added: str

    def __str__(self) -> str:
        return f"{self.function}\n  - {self.removed}\n  + {self.added}"


def known() -> dict[Survivor, str]:
    """Return those whose reason survivors.toml gives."""
    entries = tomllib.loads(KNOWN.read_text())["survivor"]
    return {Survivor(entry["function"], entry["removed"], entry["added"]): entry["why"] for entry in entries}


def found() -> list[Survivor]:
    """Return those of mutmut's last run."""
    results = (line.strip().rsplit(": ", 1) for line in _mutmut("results").splitlines() if ": " in line)
    return [_of_mutmut(name) for name, status in results if status not in NOTICED]


def _of_mutmut(name: str) -> Survivor:
    lines = _mutmut("show", name).splitlines()
    removed = [line[1:].strip() for line in lines if line.startswith("-") and not line.startswith("---")]
    added = [line[1:].strip() for line in lines if line.startswith("+") and not line.startswith("+++")]
    return Survivor(readable(name), "\n".join(removed), "\n".join(added))


def readable(name: str) -> str:
    """Return whose mutant it is: `module.xǁChannelsǁget__mutmut_1` is one of `module.Channels.get`."""
    module, _, function = name.rpartition("__mutmut_")[0].rpartition(".")
    return f"{module}.{function.removeprefix('xǁ').replace('ǁ', '.').removeprefix('x_')}"


def _mutmut(*arguments: str) -> str:
    return subprocess.run([MUTMUT, *arguments], capture_output=True, text=True, check=True).stdout
