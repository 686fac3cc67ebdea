"""Links and codes, as they are written and as they are read."""

import pytest

from doubles import CHANNEL_ID
from peerpost import Link

KEY = bytes(range(32))
KEY_TEXT = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"


@pytest.mark.parametrize(
    ("text", "link"),
    [
        (CHANNEL_ID, Link(CHANNEL_ID)),
        (f" {CHANNEL_ID}.{KEY_TEXT}\n", Link(CHANNEL_ID, KEY)),
        (f"https://a.test/#{CHANNEL_ID}", Link(CHANNEL_ID, None, "https://a.test/")),
        (f"http://127.0.0.1:8000/#{CHANNEL_ID}.{KEY_TEXT}", Link(CHANNEL_ID, KEY, "http://127.0.0.1:8000/")),
        (
            f"https://page.test/?server=https%3A%2F%2Fa.test%2F#{CHANNEL_ID}.{KEY_TEXT}",
            Link(CHANNEL_ID, KEY, "https://a.test/"),
        ),
    ],
)
def test_a_link_is_read(text: str, link: Link) -> None:
    found = Link.parse(text)

    assert found == link


@pytest.mark.parametrize("server", [None, "https://a.test/"])
@pytest.mark.parametrize("key", [None, KEY])
def test_a_link_that_was_written_is_read(key: bytes | None, server: str | None) -> None:
    link = Link(CHANNEL_ID, key, server)

    found = Link.parse(str(link))

    assert found == link


@pytest.mark.parametrize(
    "text",
    [
        "",
        "#",
        "https://a.test/",
        CHANNEL_ID.upper() + "X",
        f"{CHANNEL_ID}.",
        f"{CHANNEL_ID}.{KEY_TEXT[:-1]}",
        f"{CHANNEL_ID}.{KEY_TEXT}=",
        f"{CHANNEL_ID}.{KEY_TEXT[:-1]}9",
        f"{CHANNEL_ID}.{KEY_TEXT}.{KEY_TEXT}",
        f"https:/a.test/#{CHANNEL_ID}",
        f"https://page.test/?server=https%3A%2Fa.test%2F#{CHANNEL_ID}",
        f"file:///etc/passwd#{CHANNEL_ID}",
        f"https://page.test/?server=javascript:alert(1)#{CHANNEL_ID}",
        f"http://127.0.0.1:99999/#{CHANNEL_ID}",
        f"https://page.test/?server=http://127.0.0.1:99999/#{CHANNEL_ID}",
    ],
)
def test_what_is_no_link_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="."):
        Link.parse(text)


def test_a_link_does_not_show_its_key_in_a_log() -> None:
    shown = repr(Link(CHANNEL_ID, KEY, "https://a.test/"))

    assert KEY_TEXT not in shown
    assert "sealed=True" in shown
