"""ICE servers: the contents of the list, and credentials that follow the TURN REST API convention."""

import base64
import hashlib
import hmac

import pytest

from chalicelib.errors import ParameterUnavailable
from chalicelib.ice_servers import IceServers
from chalicelib.limits import TURN_TTL_SECONDS
from harness.clock import Clock
from harness.ssm import SECRET

STUN = ["stun:stun.example.org"]
TURN = ["turn:turn.example.org:3478?transport=udp", "turns:turn.example.org:443?transport=tcp"]


def signature(username: str) -> str:
    return base64.b64encode(hmac.new(SECRET.encode(), username.encode(), hashlib.sha1).digest()).decode()


@pytest.mark.parametrize("stun", [[], STUN])
@pytest.mark.parametrize("turn", [[], TURN])
def test_an_operator_can_configure_stun_or_turn_servers_or_both(stun: list[str], turn: list[str]) -> None:
    servers = IceServers(stun, turn, lambda: SECRET).current()

    assert [server["urls"] for server in servers] == [urls for urls in (stun, turn) if urls]
    assert ["credential" in server for server in servers] == [urls is turn for urls in (stun, turn) if urls]


def test_credentials_expire_and_are_new_for_each_client(clock: Clock) -> None:
    servers = IceServers([], TURN, lambda: f"{SECRET}\n", clock)

    [first], [second] = servers.current(), servers.current()

    for server in (first, second):
        username = str(server["username"])
        assert username.startswith(f"{int(clock.seconds) + TURN_TTL_SECONDS}:")
        assert server["credential"] == signature(username)
    assert first["username"] != second["username"]


def test_an_empty_secret_is_unavailable_and_signs_nothing() -> None:
    with pytest.raises(ParameterUnavailable, match="^the TURN secret is empty$"):
        IceServers([], TURN, lambda: " \n").current()


def test_turn_servers_without_a_secret_get_no_credentials() -> None:
    with pytest.raises(ParameterUnavailable, match="^there is no TURN secret$"):
        IceServers([], TURN).current()
