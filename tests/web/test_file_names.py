"""File names in real browsers, because each browser's own Unicode tables decide where a character ends."""

import json

import pytest

from harness.browsers import run
from harness.engines import ROOT

NAMES: list[dict[str, str]] = json.loads((ROOT / "clients/file-names.json").read_text())
MAKE_SAFE = """async (names) => {
  const { safeFileName } = await import(new URL("peerpost/file-name.js", location.href));
  return names.map((name) => safeFileName(name));
}"""


@pytest.mark.parametrize("browser_name", ["chromium", "firefox-esr"])
def test_every_name_in_the_shared_table_becomes_its_safe_name(
    browser_name: str, address: str, tmp_path_factory: pytest.TempPathFactory
) -> None:

    with run(browser_name, tmp_path_factory.mktemp(browser_name)) as browser, browser.profile() as profile:
        received = profile.open(address).evaluate(MAKE_SAFE, [row["offered"] for row in NAMES])

    assert received == [row["received"] for row in NAMES]
