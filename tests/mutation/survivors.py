"""The mutants that no test kills: the accepted ones, each with its reason, and those that a run found."""

import difflib
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

ACCEPTED = Path(__file__).with_name("survivors.toml")
MUTMUT = str(Path(sys.executable).with_name("mutmut"))
# A mutant counts as killed if a test fails, if it loops, or if the deadline's KeyboardInterrupt escapes from it.
KILLED = {"killed", "timeout", "check was interrupted by user"}
# The status of mutants that the run did not include.
NOT_TRIED = "not checked"
# A string, a word, or any other character. A formatter moves these to other lines but never changes them.
WORD = re.compile(r"""\"[^"\n]*"|'[^'\n]*'|\w+|\S""")


@dataclass(frozen=True, order=True)
class Survivor:
    """A mutant, identified by its function and its changed words.

    Unlike mutmut's numbers, these stay the same when lines are reformatted.
    """

    function: str
    change: str

    def __str__(self) -> str:
        return f"{self.function}: {self.change}"


def accepted() -> dict[Survivor, str]:
    """Return the survivors that survivors.toml lists, with their reasons."""
    entries = tomllib.loads(ACCEPTED.read_text())["survivor"]
    return {Survivor(entry["function"], entry["change"]): entry["why"] for entry in entries}


def found() -> list[Survivor]:
    """Return the survivors of mutmut's last run."""
    results = (line.strip().rsplit(": ", 1) for line in _mutmut("results").splitlines() if ": " in line)
    return [_survivor(name) for name, status in results if status not in {*KILLED, NOT_TRIED}]


def _survivor(name: str) -> Survivor:
    lines = _mutmut("show", name).splitlines()
    removed = [line[1:] for line in lines if line.startswith("-") and not line.startswith("---")]
    added = [line[1:] for line in lines if line.startswith("+") and not line.startswith("+++")]
    return Survivor(function_of(name), changed_words("\n".join(removed), "\n".join(added)))


def function_of(name: str) -> str:
    """Return the function of a mutant: `module.xǁChannelsǁget__mutmut_1` is in `module.Channels.get`."""
    module, _, function = name.rpartition("__mutmut_")[0].rpartition(".")
    return f"{module}.{function.removeprefix('xǁ').replace('ǁ', '.').removeprefix('x_')}"


def changed_words(removed: str, added: str) -> str:
    """Return the difference between two texts as `git diff --word-diff` writes it, with two words of context."""
    before, after = WORD.findall(removed), WORD.findall(added)
    words: list[str] = []
    for kind, start, end, new_start, new_end in difflib.SequenceMatcher(None, before, after, False).get_opcodes():
        if kind == "equal":
            continue
        words += before[max(start - 2, 0) : start]
        if start < end:
            words.append(f"[-{' '.join(before[start:end])}-]")
        if new_start < new_end:
            words.append(f"{{+{' '.join(after[new_start:new_end])}+}}")
    return " ".join(words)


def _mutmut(*arguments: str) -> str:
    return subprocess.run([MUTMUT, *arguments], capture_output=True, text=True, check=True).stdout
