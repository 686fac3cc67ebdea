"""ICE servers as they are sent: the JSON of RTCIceServers. Only those that aiortc can use are passed on to it."""

import re

from aiortc import RTCIceServer
from aiortc.rtcicetransport import parse_stun_turn_uri

from peerpost.limits import MAX_ICE_SERVERS, MAX_ICE_TEXT_BYTES

HOST = re.compile(r"[A-Za-z0-9._-]{1,253}")
TRANSPORTS: dict[str, set[str | None]] = {"stun": {None}, "turn": {"udp", "tcp"}, "turns": {"tcp"}}


def ice_servers_from(value: object) -> tuple[RTCIceServer, ...]:
    """Return the ICE servers of a JSON array, without those that aiortc cannot use.

    The URLs are untrusted, and if aiortc does not know the kind of a URL, it fails while it makes an offer.
    Raises ValueError for anything other than an array of RTCIceServers.
    """
    if not isinstance(value, list) or len(value) > MAX_ICE_SERVERS:
        raise ValueError(f"ice_servers must be an array of at most {MAX_ICE_SERVERS} elements")
    servers = [ice_server_from(each) for each in value]
    return tuple(server for server in servers if server.urls)


def ice_server_from(value: object) -> RTCIceServer:
    if not isinstance(value, dict):
        raise ValueError("an ICE server must be an object")
    urls = value.get("urls")
    urls = urls if isinstance(urls, list) else [urls]  # W3C also allows a single URL without a list.
    if len(urls) > MAX_ICE_SERVERS:
        raise ValueError("an ICE server has too many URLs")
    username, credential = (
        None if value.get(each) is None else text(value[each]) for each in ("username", "credential")
    )
    has_credential = bool(username and credential)
    usable = [url for url in map(text, urls) if is_usable(url, has_credential)]
    return RTCIceServer(usable, username=username, credential=credential)


def is_usable(url: str, has_credential: bool) -> bool:
    """Whether aiortc can use the server of a URL."""
    try:
        parsed = parse_stun_turn_uri(url)
    except ValueError:
        return False
    scheme = parsed["scheme"]
    return (
        parsed.get("transport") in TRANSPORTS.get(scheme, set())
        and (scheme == "stun" or has_credential)
        and HOST.fullmatch(parsed["host"]) is not None
        and 0 < parsed["port"] < 65_536
    )


def text(value: object) -> str:
    # Lone surrogates are not printable, so this also refuses them. `encode` would fail on them.
    if not isinstance(value, str) or not value.isprintable() or len(value.encode()) > MAX_ICE_TEXT_BYTES:
        raise ValueError(f"not a printable text of at most {MAX_ICE_TEXT_BYTES} bytes")
    return value
