"""Every link in the two READMEs that list the documents leads to something that exists."""

import re
from pathlib import Path

import pytest

from harness.engines import ROOT


def links_of(document: Path) -> list[str]:
    """Return the links to files in this repository."""
    targets = re.findall(r"\]\(([^)\s]+)\)", document.read_text())
    return [target for target in targets if not target.startswith("https:")]


def anchors_of(document: Path) -> set[str]:
    """Return the anchors that GitHub creates for the headings."""
    headings = re.findall(r"^#+ (.*)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def leads_somewhere(link: str, document: Path) -> bool:
    path, _, anchor = link.partition("#")
    # A link that is an anchor alone stays in its own document.
    target = document.parent / path if path else document
    return target.exists() and (not anchor or anchor in anchors_of(target))


@pytest.mark.parametrize("name", ["README.md", "docs/README.md"])
def test_every_link_leads_to_a_file_and_a_heading_that_exist(name: str) -> None:
    document = ROOT / name
    links = links_of(document)

    assert len(links) >= 5
    assert [link for link in links if not leads_somewhere(link, document)] == []


@pytest.mark.parametrize("link", ["no-such-file.md", "README.md#no-such-heading"])
def test_a_broken_link_is_noticed(link: str) -> None:
    assert not leads_somewhere(link, ROOT / "README.md")
