"""Which of an operator's ICE servers aiortc can use."""

import pytest
from aiortc import RTCIceServer

from doubles import STUN, TURN
from peerpost.ice_servers import ice_servers_from

USABLE = [
    "stun:a.test",
    "stun:192.0.2.1:19302",
    "turn:a.test",
    "turn:a_b.test:3478?transport=udp",
    "turn:a.test?transport=tcp",
    "turns:a.test:443",
    "turns:a.test?transport=tcp",
]


def test_ice_servers_become_aiortc_ice_servers_in_the_same_order() -> None:
    found = ice_servers_from([STUN, TURN])

    assert found == (
        RTCIceServer(["stun:stun.test"]),
        RTCIceServer(["turn:turn.test", "turns:turn.test"], username="1900000000:u", credential="c2VjcmV0"),
    )


def test_an_empty_list_of_ice_servers_stays_empty() -> None:
    assert ice_servers_from([]) == ()


@pytest.mark.parametrize("url", USABLE)
@pytest.mark.parametrize("in_a_list", [True, False])
def test_a_url_that_aiortc_can_use_is_unchanged(url: str, in_a_list: bool) -> None:
    found = ice_servers_from([TURN | {"urls": [url] if in_a_list else url}])

    assert [server.urls for server in found] == [[url]]


@pytest.mark.parametrize(
    "credential", [{}, {"username": "u"}, {"credential": "c"}, {"username": "", "credential": "c"}]
)
def test_a_turn_server_without_a_complete_credential_is_skipped(credential: dict[str, str]) -> None:
    found = ice_servers_from([{"urls": ["turn:a.test", "stun:a.test"]} | credential])

    assert [server.urls for server in found] == [["stun:a.test"]]


def test_unknown_fields_of_an_ice_server_are_ignored() -> None:
    found = ice_servers_from([STUN | {"credentialType": "oauth", "more": {}, "username": None}])

    assert found == (RTCIceServer(["stun:stun.test"]),)
