"""The file name from the other peer is made safe."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from peerpost.file_names import safe_name
from peerpost.limits import MAX_NAME_BYTES

# The demo page is tested with the same table.
TABLE = Path(__file__).parents[2] / "file-names.json"
NAMES: list[dict[str, str]] = json.loads(TABLE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", [pytest.param(case, id=case["why"]) for case in NAMES])
def test_an_offered_file_name_becomes_the_same_safe_name_in_both_clients(case: dict[str, str]) -> None:
    name = safe_name(case["offered"])

    assert name == case["received"]


@pytest.mark.parametrize("case", [pytest.param(case, id=case["why"]) for case in NAMES])
def test_a_file_with_any_safe_name_can_be_created(tmp_path: Path, case: dict[str, str]) -> None:
    (tmp_path / safe_name(case["offered"])).write_text("content")

    assert [path.read_text() for path in tmp_path.iterdir()] == ["content"]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(st.characters()) | st.text("aé😀\u0301\u200d./\\ \ud800", max_size=600))
def test_a_safe_name_is_short_and_does_not_change_again(offered: str) -> None:
    name = safe_name(offered)

    assert 0 < len(name.encode()) <= MAX_NAME_BYTES
    assert not name.startswith((".", " "))
    assert not name.endswith((".", " "))
    assert safe_name(name) == name
