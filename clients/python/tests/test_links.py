"""Writing and reading links and codes."""

import pytest

from doubles import CHANNEL_ID
from peerpost import Link

KEY = bytes(range(32))
SECRET = "opensesame"  # pragma: allowlist secret
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
        (f"@{CHANNEL_ID}.{KEY_TEXT}", Link(CHANNEL_ID, KEY, is_address=True)),
        (
            f"https://page.test/?server=https%3A%2F%2Fa.test%2F#@{CHANNEL_ID}.{KEY_TEXT}",
            Link(CHANNEL_ID, KEY, "https://a.test/", is_address=True),
        ),
    ],
)
def test_a_link_is_parsed(text: str, link: Link) -> None:
    found = Link.parse(text)

    assert found == link


@pytest.mark.parametrize("code", [CHANNEL_ID, f"{CHANNEL_ID}.{KEY_TEXT}", f"@{CHANNEL_ID}.{KEY_TEXT}"])
@pytest.mark.parametrize("pasted", ["<{}>", "({})", "{}>", '"{}"', " <{}>.\n", "{},", "\u201c{}\u201d", "{}!", "({})."])
def test_a_link_pasted_with_brackets_quotes_or_punctuation_is_parsed(pasted: str, code: str) -> None:
    found = Link.parse(pasted.format(f"https://a.test/#{code}"))

    assert found == Link.parse(f"https://a.test/#{code}")


def test_a_link_pasted_with_a_full_stop_is_parsed() -> None:
    found = Link.parse(f"https://a.test/#{CHANNEL_ID}.{KEY_TEXT}.")

    assert found == Link(CHANNEL_ID, KEY, "https://a.test/")


@pytest.mark.parametrize("text", [f"{CHANNEL_ID}.", f"https://a.test/#{CHANNEL_ID}.", f"<{CHANNEL_ID}.>."])
def test_a_link_that_may_have_lost_its_key_is_refused_with_advice(text: str) -> None:
    with pytest.raises(ValueError, match="add the key that belongs after it, or remove the dot"):
        Link.parse(text)


def test_the_fragment_of_a_server_url_is_not_in_the_link() -> None:
    link = Link(CHANNEL_ID, KEY, "https://a.test/path?a=b#old")

    assert str(link) == f"https://a.test/path?a=b#{CHANNEL_ID}.{KEY_TEXT}"
    assert Link.parse(str(link)) == link


@pytest.mark.parametrize("server", ["https://user@a.test/", f"https://user:{SECRET}@a.test/"])
def test_a_link_to_a_server_with_a_password_is_refused_without_showing_it(server: str) -> None:
    with pytest.raises(ValueError, match="must not contain a user name or a password") as made:
        Link(CHANNEL_ID, KEY, server)
    with pytest.raises(ValueError, match="must not contain a user name or a password") as parsed:
        Link.parse(f"{server}#{CHANNEL_ID}")

    assert SECRET not in f"{made.value} {parsed.value}"


@pytest.mark.parametrize("server", [None, "https://a.test/"])
@pytest.mark.parametrize(("key", "is_address"), [(None, False), (KEY, False), (KEY, True)])
def test_a_link_that_we_wrote_can_be_parsed(key: bytes | None, is_address: bool, server: str | None) -> None:
    link = Link(CHANNEL_ID, key, server, is_address)

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
        f"@{CHANNEL_ID}",
        f"https://a.test/#@{CHANNEL_ID}",
        f"@{CHANNEL_ID}.",
        f"@{CHANNEL_ID}.{KEY_TEXT[:-1]}",
        f"@@{CHANNEL_ID}.{KEY_TEXT}",
        f"{CHANNEL_ID}@.{KEY_TEXT}",
        f"%40{CHANNEL_ID}.{KEY_TEXT}",
        f"file:///etc/passwd#{CHANNEL_ID}",
        f"https://page.test/?server=javascript:alert(1)#{CHANNEL_ID}",
        f"http://127.0.0.1:99999/#{CHANNEL_ID}",
        f"https://page.test/?server=http://127.0.0.1:99999/#{CHANNEL_ID}",
    ],
)
def test_an_invalid_link_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="."):
        Link.parse(text)


@pytest.mark.parametrize(
    ("page", "link"),
    [
        ("https://page.test/", "https://page.test/?server=https://a.test/"),
        ("https://page.test/talk/?ice=none", "https://page.test/talk/?ice=none&server=https://a.test/"),
        ("https://page.test/?server=https://other.test/#old", "https://page.test/?server=https://a.test/"),
    ],
)
@pytest.mark.parametrize("is_address", [True, False])
def test_a_link_that_opens_a_page_names_the_server_and_parses_to_the_same_values(
    page: str, link: str, is_address: bool
) -> None:
    original = Link(CHANNEL_ID, KEY, "https://a.test/", is_address)

    found = original.at(page)

    assert found == f"{link}#{original.code}"
    assert Link.parse(found) == original


def test_a_server_url_with_a_query_is_kept_in_a_link_that_opens_a_page() -> None:
    original = Link(CHANNEL_ID, KEY, "https://a.test/?a=1&b=%20")

    assert Link.parse(original.at("https://page.test/")) == original


def test_a_link_to_an_address_without_its_key_is_refused_and_the_error_names_the_key() -> None:
    with pytest.raises(ValueError, match="the link of an address must have a key: it ends with #@address_id.key"):
        Link.parse(f"https://a.test/#@{CHANNEL_ID}")


def test_a_printed_link_object_does_not_show_its_key() -> None:
    shown = repr(Link(CHANNEL_ID, KEY, "https://a.test/"))

    assert KEY_TEXT not in shown
    assert "sealed=True" in shown
