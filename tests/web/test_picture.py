"""tools/picture.py: makes the README's picture from the current page."""

import subprocess
import sys
from pathlib import Path

from PIL import Image, ImageSequence

from harness.engines import ROOT
from tools.picture import MOST_BYTES, PICTURE


def seconds(picture: Path) -> float:
    with Image.open(picture) as image:
        return sum(float(frame.info["duration"]) for frame in ImageSequence.Iterator(image)) / 1000


def test_the_readmes_picture_can_be_made_from_the_current_page(address: str, tmp_path: Path) -> None:
    picture = tmp_path / "two-windows.gif"

    subprocess.run(
        [sys.executable, "-m", "tools.picture", "--page", address, "--output", picture],
        cwd=ROOT,
        check=True,
    )

    assert picture.stat().st_size < MOST_BYTES
    assert 8 <= seconds(picture) <= 12


def test_the_readme_shows_a_picture_of_about_ten_seconds_and_less_than_a_megabyte() -> None:
    assert PICTURE.relative_to(ROOT).as_posix() in (ROOT / "README.md").read_text()
    assert PICTURE.stat().st_size < MOST_BYTES
    assert 8 <= seconds(PICTURE) <= 12
