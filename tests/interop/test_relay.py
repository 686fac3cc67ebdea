"""Browsers that connect only through a TURN relay.

The packaged function names the relay, and the host needs an access key.
"""

import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from chalicelib.channels import Channels
from chalicelib.dynamodb import Table
from harness.browsers import Page, PageError, connect, exchange_messages
from harness.coturn import TurnServer
from harness.front import Front, front_of
from harness.runtime import lambda_function
from harness.servers import shared_handler
from harness.service import app_over
from harness.ssm import KEY, KEYS_NAME, SECRET_NAME, digest, put, ssm_server

RELAY_ALONE = {"iceTransportPolicy": "relay"}
FIVE = ["create_data_channel", "create_offer", "get_offer", "create_answer", "get_answer"]
PAIRS = ["chromium chromium", "chromium firefox", "firefox chromium"]

# As long as the function's time limit allows. Even on a busy machine, the other peer writes sooner.
HOLD_SECONDS = 12

Serve = Callable[[str], AbstractContextManager[Front]]
"""Starts a function that signs credentials with this secret, which may differ from the relay's."""


@pytest.fixture(scope="module")
def ssm() -> Iterator[str]:
    with ssm_server() as endpoint:
        put(endpoint, KEYS_NAME, digest(KEY))
        yield endpoint


@pytest.fixture
def serve(task_root: Path, endpoint: str, real_table: str, tmp_path: Path, turn: TurnServer, ssm: str) -> Serve:
    @contextmanager
    def serve(secret: str) -> Iterator[Front]:
        put(ssm, SECRET_NAME, secret)
        variables = {
            "AWS_ENDPOINT_URL_SSM": ssm,
            "ACCESS_KEYS_PARAMETER": KEYS_NAME,
            "TURN_SECRET_PARAMETER": SECRET_NAME,
            "TURN_URLS": turn.url,
            "MAX_WAIT_SECONDS": str(HOLD_SECONDS),
        }
        with (
            lambda_function(
                task_root, endpoint, real_table, tmp_path / "log", concurrency=3, extra=variables
            ) as invoke,
            front_of(invoke) as front,
        ):
            yield front

    return serve


@pytest.fixture
def keyed_front(serve: Serve, turn: TurnServer) -> Iterator[Front]:
    """The server: a function with access keys and a relay."""
    with serve(turn.secret) as front:
        yield front


@pytest.fixture
def pages(request: pytest.FixtureRequest) -> tuple[Page, Page]:
    """The pages of the offerer and the answerer, in the browsers that the test asks for."""
    one, other = str(request.param).split()
    if one == other:
        two: tuple[Page, Page] = request.getfixturevalue("two_pages")
        return two
    return request.getfixturevalue(f"{one}_page"), request.getfixturevalue(f"{other}_page")


@pytest.fixture(params=["chromium", "firefox"])
def page(request: pytest.FixtureRequest) -> Page:
    page: Page = request.getfixturevalue(f"{request.param}_page")
    return page


@pytest.mark.parametrize("pages", PAIRS, indirect=True)
def test_two_browsers_connect_through_the_relay_that_the_server_names(
    pages: tuple[Page, Page], keyed_front: Front
) -> None:
    offerer, answerer = pages
    for page in pages:
        page.slow_time_down()

    channel_id = offerer.call("offer", {"server": keyed_front.url, "accessKey": KEY, **RELAY_ALONE})
    answerer.call("answer", {"server": keyed_front.url, "channelId": channel_id, **RELAY_ALONE})
    for page in pages:
        page.call("connected")

    assert exchange_messages(*pages) == ["hello from the one", "hello from the other"]
    # Each peer sends through its own relay. The type of the remote candidate depends on how ICE found it.
    assert [page.call("path")[0] for page in pages] == ["relay", "relay"]
    for page in pages:
        assert not {"renegotiated", "negotiation-failed", "candidate-skipped"} & set(page.call("reported"))
    counts = keyed_front.exchange
    assert {counts.pop(method) for method in FIVE} == {1}
    # Each side writes and reads late relay candidates at most once.
    assert set(counts) <= {"create_candidate", "get_candidates"}
    assert max(counts.values(), default=0) <= 2
    # The only preflight is for the one request with a key. People who have the link need no key.
    assert keyed_front.verbs["OPTIONS"] == 1
    assert [body for body in keyed_front.bodies if KEY in body] == []


@pytest.mark.parametrize(
    ("given", "message"), [({}, "access key is missing"), ({"accessKey": "no-key-of-ours"}, "access key is unknown")]
)
def test_without_a_valid_key_no_channel_is_opened_and_the_page_gets_the_reason(
    page: Page, keyed_front: Front, given: dict[str, str], message: str
) -> None:
    with pytest.raises(PageError, match=message):
        page.call("offer", {"server": keyed_front.url, **given})

    assert page.call("failure") == ["AccessError", message]
    assert keyed_front.exchange == {"create_data_channel": 1}


def test_a_relay_with_another_secret_connects_nobody(two_pages: tuple[Page, Page], serve: Serve) -> None:
    """Neither peer gets a relay candidate, so ICE has nothing to try."""
    with serve(secrets.token_urlsafe(32)) as front:
        offerer, answerer = two_pages
        channel_id = offerer.call("offer", {"server": front.url, "accessKey": KEY, **RELAY_ALONE})
        answerer.call("answer", {"server": front.url, "channelId": channel_id, **RELAY_ALONE})

        front.wait_for("get_answer")

        assert [page.call("refused") for page in two_pages] == [401, 401]
        for page in two_pages:
            assert page.call("candidates") == 0
            assert "connected" not in page.call("reported")


@pytest.mark.parametrize(("seconds", "gathered"), [(60, [["relay"], []]), (-60, [[], [401]])])
def test_the_relay_refuses_an_expired_credential(
    page: Page, turn: TurnServer, seconds: int, gathered: list[list[object]]
) -> None:
    assert page.call("gather", [turn.ice_server(seconds)]) == gathered


class OddIceServers:
    """Three ICE servers that no browser accepts, and one valid one between them."""

    def __init__(self, turn: TurnServer) -> None:
        self._turn = turn

    def current(self) -> list[object]:
        good = self._turn.ice_server()
        return [None, good | {"urls": ["javascript:alert(1)"]}, good, {"urls": good["urls"]}]


@pytest.mark.parametrize("pages", PAIRS, indirect=True)
def test_invalid_ice_servers_do_not_stop_two_browsers_from_connecting(
    pages: tuple[Page, Page], turn: TurnServer, real_client: DynamoDBClient, real_table: str
) -> None:
    channels = Channels(Table(real_client, real_table))
    ice_servers = OddIceServers(turn)
    with front_of(shared_handler(lambda: app_over(channels, ice_servers=ice_servers))) as front:
        offerer, answerer = pages
        connect(offerer, answerer, front.url, iceTransportPolicy="relay")

    for page in pages:
        assert page.call("iceServers") == [[turn.url]]
        assert page.call("reported").count("ice-server-skipped") == 3


@pytest.mark.parametrize("urls", ["javascript:alert(1)", "https://127.0.0.1/", [], 7, None, ["turn:127.0.0.1", 7]])
def test_every_browser_rejects_an_invalid_ice_server_url(page: Page, turn: TurnServer, urls: object) -> None:
    """The client leaves this check to the browser, so it must hold in every browser."""
    with pytest.raises(PageError):
        page.call("configure", turn.ice_server() | {"urls": urls})
