"""The ICE servers in the options of the command line."""

import argparse

from aiortc import RTCConfiguration, RTCIceServer
from aiortc.rtcicetransport import parse_stun_turn_uri

# aiortc and most other tools use this server by default. It tells each peer its public IP address, without which
# only peers in one network can connect.
DEFAULT_ICE_SERVERS = ["stun:stun.l.google.com:19302"]
# The value of --ice-server that stands for no ICE server at all.
NO_ICE_SERVER = "none"


def ice_server_argument(text: str) -> str:
    if text == NO_ICE_SERVER:
        return text
    try:
        parse_stun_turn_uri(str(ice_server(text).urls))
    except ValueError as error:
        # The error must not show the user name and the credential.
        shown = text.rpartition("@")[2]
        raise argparse.ArgumentTypeError(
            f"{shown!r} is invalid ({error}): use stun:HOST:PORT, turn:USER:CREDENTIAL@HOST:PORT or none"
        ) from error
    return text


def configuration_of(urls: list[str]) -> RTCConfiguration:
    return RTCConfiguration([ice_server(url) for url in urls if url != NO_ICE_SERVER])


def ice_server(url: str) -> RTCIceServer:
    """Return the ICE server of `stun:HOST:PORT` or `turn:USER:CREDENTIAL@HOST:PORT`."""
    scheme, _, rest = url.partition(":")
    user, at, host = rest.rpartition("@")
    if not at:
        return RTCIceServer(url)
    # The user name of a temporary credential contains a colon: EXPIRY:USER.
    username, _, credential = user.rpartition(":")
    return RTCIceServer(f"{scheme}:{host}", username=username, credential=credential)
