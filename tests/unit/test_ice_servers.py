"""ICE servers: what is in the list, and that the credentials follow the convention of the TURN REST API."""

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
def test_an_operator_may_have_either_kind_of_server_or_both(stun: list[str], turn: list[str]) -> None:
    servers = IceServers(stun, turn, lambda: SECRET).current()

    assert [server["urls"] for server in servers] == [urls for urls in (stun, turn) if urls]
    assert ["credential" in server for server in servers] == [urls is turn for urls in (stun, turn) if urls]


def test_credentials_end_in_time_and_are_new_for_each_client(clock: Clock) -> None:
    servers = IceServers([], TURN, lambda: f"{SECRET}\n", clock)

    [first], [second] = servers.current(), servers.current()

    for server in (first, second):
        username = str(server["username"])
        assert username.startswith(f"{int(clock.seconds) + TURN_TTL_SECONDS}:")
        assert server["credential"] == signature(username)
    assert first["username"] != second["username"]


def test_an_empty_secret_signs_nothing() -> None:
    with pytest.raises(ParameterUnavailable, match="^the TURN secret is empty$"):
        IceServers([], TURN, lambda: " \n").current()


def test_turn_servers_without_a_secret_get_no_credentials() -> None:
    with pytest.raises(ParameterUnavailable, match="^there is no TURN secret$"):
        IceServers([], TURN).current()
