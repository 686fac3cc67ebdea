"""Links and codes: what one person gives to another so that their peers meet."""

import re
from dataclasses import dataclass
from typing import Self
from urllib.parse import parse_qs, parse_qsl, urldefrag, urlencode, urlsplit

from peerpost.sealing import key_from_text, key_to_text

CHANNEL_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

# A link that is pasted from an email or a chat may have brackets or quotes around it, or a full stop after it.
# A code neither begins nor ends with any of these characters.
BEFORE_A_LINK = "<([{\"'\u00ab\u2018\u201c"
AFTER_A_LINK = ">)]}\"'\u00bb\u2019\u201d.,;:!?"


# The parameter of a page's URL that names the server.
SERVER_IN_QUERY = "server"

# In a code, this stands before the id of an address. Clients that do not know addresses refuse such a code.
ADDRESS_MARK = "@"


@dataclass(frozen=True)
class Link:
    """A channel or an address, its key, and its server, as far as they are known.

    A link to a channel works once. A link to an address works for every guest, for as long as the address lives.
    `channel_id` is the id of the one or the other, and `is_address` says which it is.
    `server` is a URL or None. `key` has 32 bytes, or is None if the channel is not sealed. An address is always sealed.
    Raises ValueError for an address without a key,
    and for a server whose URL holds a password, as everybody who gets the link would see it.
    The fragment of a server's URL is dropped.
    """

    channel_id: str
    key: bytes | None = None
    server: str | None = None
    is_address: bool = False

    def __post_init__(self) -> None:
        if self.is_address and self.key is None:
            raise ValueError("the link of an address must have a key: it ends with #@address_id.key")
        if self.server is not None:
            # Setting an attribute is not possible otherwise, as the class is frozen.
            object.__setattr__(self, "server", server_url(self.server))

    @property
    def code(self) -> str:
        """The link without its server: `channel_id.key`, `channel_id` alone, or `@address_id.key`."""
        mark = ADDRESS_MARK if self.is_address else ""
        key = "" if self.key is None else f".{key_to_text(self.key)}"
        return f"{mark}{self.channel_id}{key}"

    def __str__(self) -> str:
        """The link: the code is its fragment, which no HTTP client sends to a server."""
        if self.server is None:
            return self.code
        return f"{self.server}#{self.code}"

    def at(self, page: str) -> str:
        """The same link for a browser: it opens a page, and names the server in the page's query."""
        parts = urlsplit(page)
        query = [(name, value) for name, value in parse_qsl(parts.query) if name != SERVER_IN_QUERY]
        if self.server is not None:
            query.append((SERVER_IN_QUERY, self.server))
        return parts._replace(query=urlencode(query, safe=":/"), fragment=self.code).geturl()

    def __repr__(self) -> str:
        """Leave out the key, because representations end up in logs."""
        kind = "address" if self.is_address else "channel"
        return f"Link({self.channel_id!r}, sealed={self.key is not None}, server={self.server!r}, to={kind!r})"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the link for a code or a URL that somebody has pasted.

        The server is the URL without its fragment. The URL of a page names the server in its query, as `?server=`.
        Raises ValueError for any other text.
        """
        text = text.strip().lstrip(BEFORE_A_LINK)
        link = text.rstrip(AFTER_A_LINK)
        url, fragment = urldefrag(link) if "#" in link else ("", link)
        is_address = fragment.startswith(ADDRESS_MARK)
        channel_id, dot, key = fragment.removeprefix(ADDRESS_MARK).partition(".")
        if not CHANNEL_ID.fullmatch(channel_id):
            raise ValueError(
                "not a link: a link ends with #channel_id.key or #@address_id.key, and a code is the part after the #"
            )
        if not dot and text.removeprefix(link).startswith("."):
            # The key may have been lost. Without it, the exchange would not be sealed.
            raise ValueError("the link ends with a dot: add the key that belongs after it, or remove the dot")
        return cls(channel_id, key_from_text(key) if dot else None, server_of(url) if url else None, is_address)


def server_of(url: str) -> str:
    """Return the server of a link whose fragment was removed. Raises ValueError for an invalid URL."""
    named = parse_qs(urlsplit(url).query).get(SERVER_IN_QUERY)
    server = named[0] if named else url
    check_url(server, "server")
    return server


def page_url(text: str) -> str:
    """Return the URL of a page. Raises ValueError for a URL that cannot be in a link."""
    url = url_without_fragment(text, "page")
    check_url(url, "page")
    return url


def server_url(text: str) -> str:
    """Return the URL of a server as it can stand in a link: without a fragment.

    Raises ValueError if it holds a user name or a password.
    """
    return url_without_fragment(text, "server")


def url_without_fragment(text: str, of: str) -> str:
    url = urldefrag(text.strip()).url
    if "@" in urlsplit(url).netloc:
        raise ValueError(f"the {of}'s URL must not contain a user name or a password: they would be in the link")
    return url


def check_url(url: str, of: str) -> None:
    """Raise ValueError for a URL that no HTTP client can use."""
    parts = urlsplit(url)
    shown = url_without_fragment(url, of)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"the {of} must be an http or https URL, not {shown!r}")
    try:
        # Reading the port checks it.
        _ = parts.port
    except ValueError as error:
        raise ValueError(f"invalid port in {shown!r}: a port is between 0 and 65535") from error
