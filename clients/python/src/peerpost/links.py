"""Links and codes: what one person gives to another so that their peers meet."""

import re
from dataclasses import dataclass
from typing import Self
from urllib.parse import parse_qs, urldefrag, urlsplit

from peerpost.sealing import key_from_text, key_to_text

CHANNEL_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Link:
    """A channel, its key, and where its server is, as far as they are known.

    `server` is a URL or None; `key` has 32 bytes, or is None when the channel is not sealed.
    """

    channel_id: str
    key: bytes | None = None
    server: str | None = None

    @property
    def code(self) -> str:
        """The link without its server: `channel_id.key`, or `channel_id` alone."""
        return self.channel_id if self.key is None else f"{self.channel_id}.{key_to_text(self.key)}"

    def __str__(self) -> str:
        """The link: the code is its fragment, which no HTTP client sends to a server."""
        return self.code if self.server is None else f"{self.server}#{self.code}"

    def __repr__(self) -> str:
        """Without the key: representations end up in logs."""
        return f"Link({self.channel_id!r}, sealed={self.key is not None}, server={self.server!r})"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the link of a code or a URL.

        The server is the URL without its fragment; the URL of a page names it in its query, as `?server=`.
        Raises ValueError for a text that is neither.
        """
        text = text.strip()
        url, fragment = urldefrag(text) if "#" in text else ("", text)
        channel_id, dot, key = fragment.partition(".")
        if not CHANNEL_ID.fullmatch(channel_id):
            raise ValueError("a code is channel_id.key, or a link that ends with #channel_id.key")
        return cls(channel_id, key_from_text(key) if dot else None, server_of(url) if url else None)


def server_of(url: str) -> str:
    named = parse_qs(urlsplit(url).query).get("server")
    server = urldefrag(named[0]).url if named else url
    parts = urlsplit(server)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"a server is an http or https URL, not {server!r}")
    try:
        _ = parts.port  # it raises only when it is read
    except ValueError as error:
        raise ValueError(f"the port of a server is between 0 and 65535, not so in {server!r}") from error
    return server
