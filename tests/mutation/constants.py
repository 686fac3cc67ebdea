"""The constants outside functions, which mutmut leaves alone: a number one more and one less, a string another."""

import ast
import importlib
import multiprocessing
import os
import sys
import time
import types
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import wait
from multiprocessing.context import ForkProcess
from pathlib import Path

import pytest

from harness.engines import ROOT
from tests.mutation.survivors import Survivor

# What is loaded anew for each mutant; all else, which takes seconds, is loaded once.
OURS = {"app", "chalicelib", "tests"}
# The selection of tests takes a tenth of it.
SECONDS = 300
FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Mutant:
    """A module's source with one constant changed."""

    module: str
    source: str
    where: Survivor


def mutants(paths: Sequence[Path]) -> list[Mutant]:
    return [mutant for path in paths for mutant in mutants_of(path)]


def mutants_of(path: Path) -> Iterator[Mutant]:
    source, module = path.read_text(), ".".join(path.relative_to(ROOT).with_suffix("").parts)
    lines = source.splitlines()
    for node in constants(ast.parse(source)):
        for new in changed(node.value):
            line = lines[node.lineno - 1]
            mutated = line[: node.col_offset] + new + line[node.end_col_offset :]
            text = "\n".join([*lines[: node.lineno - 1], mutated, *lines[node.lineno :], ""])
            yield Mutant(module, text, Survivor(module, line.strip(), mutated.strip()))


def unchanged(path: Path) -> Mutant:
    """Return what must survive, or the tests fail for another reason than a change."""
    mutant, *_ = mutants_of(path)
    return replace(mutant, source=path.read_text())


def constants(tree: ast.Module) -> Iterator[ast.Constant]:
    """Return the constants that are evaluated when the module is imported, without its documentation."""
    classes = [statement for statement in tree.body if isinstance(statement, ast.ClassDef)]
    for statement in [*tree.body, *(inner for each in classes for inner in each.body)]:
        if isinstance(statement, ast.Assign | ast.AnnAssign):
            yield from (node for node in ast.walk(statement) if isinstance(node, ast.Constant))


def changed(value: object) -> list[str]:
    if isinstance(value, str):
        return [repr(f"XX{value}XX")]
    return [repr(value + 1), repr(value - 1)] if isinstance(value, int | float) and not isinstance(value, bool) else []


def judge(mutants: Iterable[Mutant], arguments: list[str], processes: int = 1) -> Iterator[tuple[Mutant, str]]:
    """Return each, so many at once, with `killed`, `survived` or `timeout`."""
    waiting, running = list(mutants), dict[int, tuple[Mutant, ForkProcess, float]]()
    while waiting or running:
        while waiting and len(running) < processes:
            mutant = waiting.pop(0)
            process = FORK.Process(target=_run, args=(mutant, arguments))
            process.start()
            running[process.sentinel] = mutant, process, time.monotonic() + SECONDS
        wait(list(running), timeout=SECONDS)
        for sentinel, (mutant, process, latest) in list(running.items()):
            if process.is_alive() and time.monotonic() < latest:
                continue
            end = "timeout" if process.is_alive() else "killed" if process.exitcode else "survived"
            process.kill()
            process.join()
            del running[sentinel]
            yield mutant, end


def _run(mutant: Mutant, arguments: list[str]) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(1, 2)
    for name in [name for name in sys.modules if name.split(".")[0] in OURS]:
        del sys.modules[name]
    package, _, name = mutant.module.rpartition(".")
    module = types.ModuleType(mutant.module)
    sys.modules[mutant.module] = module
    if package:
        setattr(importlib.import_module(package), name, module)
    exec(compile(mutant.source, f"{mutant.module} mutated", "exec"), vars(module))
    sys.exit(pytest.main(["-x", *arguments]))
