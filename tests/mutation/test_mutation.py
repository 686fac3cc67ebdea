"""The mutants that mutmut does not make, and the list of those that survive."""

import ast

from harness.engines import ROOT
from tests.mutation import constants, survivors


def test_constants_outside_functions_are_changed_and_none_else() -> None:
    source = '"""2"""\nONE = 1\ndef three(): return 3\nHALF, NO = {0.5}, False\nclass Two:\n    two: str = "2"\n'

    values = [node.value for node in constants.constants(ast.parse(source))]

    changed = {repr(value): constants.changed(value) for value in values}
    assert changed == {"1": ["2", "0"], "0.5": ["1.5", "-0.5"], "False": [], "'2'": ["'XX2XX'"]}


def test_a_mutant_is_the_module_with_one_constant_changed() -> None:
    path = ROOT / "chalicelib/limits.py"

    first, second, *_ = constants.mutants_of(path)

    assert str(first.where) == "chalicelib.limits\n  - CHANNEL_TTL_SECONDS = 300\n  + CHANNEL_TTL_SECONDS = 301"
    assert constants.unchanged(path).source == path.read_text()
    assert second.source == path.read_text().replace("SECONDS = 300\n", "SECONDS = 299\n")


def test_mutmuts_names_are_made_readable() -> None:
    assert survivors.readable("chalicelib.channels.xǁChannelsǁ_send__mutmut_12") == "chalicelib.channels.Channels._send"
    assert survivors.readable("app.x_create_app__mutmut_1") == "app.create_app"


def test_each_survivor_that_is_listed_changes_code_that_is_there_and_says_why() -> None:
    for survivor, why in survivors.known().items():
        module = survivor.function.removeprefix("chalicelib.").split(".")[0]
        path = ROOT / ("app.py" if module == "app" else f"chalicelib/{module}.py")

        code = [line.strip() for line in path.read_text().splitlines()]

        assert set(survivor.removed.splitlines()) <= set(code), survivor
        assert why.endswith("."), survivor
