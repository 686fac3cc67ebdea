"""Browsers that meet through a TURN relay alone, of which the packaged function tells them, and the host by a key."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from chalicelib.channels import Channels
from chalicelib.dynamodb import Table
from chalicelib.function_url import lambda_handler
from harness.browsers import Page, PageError, connect, exchange_messages
from harness.coturn import TurnServer
from harness.front import Front, front_of
from harness.runtime import lambda_function
from harness.service import app_over
from harness.ssm import KEY, KEYS_NAME, SECRET_NAME, digest, put, ssm_server

RELAY_ALONE = {"iceTransportPolicy": "relay"}
FIVE = ["create_data_channel", "create_offer", "get_offer", "create_answer", "get_answer"]
PAIRS = ["chromium chromium", "chromium firefox", "firefox chromium"]

# As long as the function's time limit allows; a busy machine takes less until there is news.
HOLD_SECONDS = 12

Serve = Callable[[str], AbstractContextManager[Front]]
"""From the secret that the function shares with the relay, or believes to, to what serves it."""


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
    """A function with access keys, and a relay."""
    with serve(turn.secret) as front:
        yield front


@pytest.fixture
def pages(request: pytest.FixtureRequest) -> tuple[Page, Page]:
    """Who offers, and who answers, by the browsers that the test asks for."""
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
    # Each sends through its own relay; how it has learned of the other's, ICE leaves open.
    assert [page.call("path")[0] for page in pages] == ["relay", "relay"]
    for page in pages:
        assert not {"renegotiated", "negotiation-failed", "candidate-skipped"} & set(page.call("reported"))
    counts = keyed_front.exchange
    assert {counts.pop(method) for method in FIVE} == {1}
    # What the relay finds late is written once and read once by each side, at most.
    assert set(counts) <= {"create_candidate", "get_candidates"}
    assert max(counts.values(), default=0) <= 2
    # One preflight, for the one request that carries the key: whoever has the link needs none.
    assert keyed_front.verbs["OPTIONS"] == 1
    assert [body for body in keyed_front.bodies if KEY in body] == []


@pytest.mark.parametrize(
    ("given", "message"), [({}, "access key is missing"), ({"accessKey": "no-key-of-ours"}, "access key is unknown")]
)
def test_without_a_key_there_is_no_channel_and_the_page_is_told_why(
    page: Page, keyed_front: Front, given: dict[str, str], message: str
) -> None:
    with pytest.raises(PageError, match=message):
        page.call("offer", {"server": keyed_front.url, **given})

    assert page.call("failure") == ["AccessError", message]
    assert keyed_front.exchange == {"create_data_channel": 1}


def test_a_relay_that_does_not_share_the_secret_connects_nobody(two_pages: tuple[Page, Page], serve: Serve) -> None:
    """Neither gets a candidate, so there is nothing that could be tried."""
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
def test_the_relay_refuses_a_credential_whose_time_is_up(
    page: Page, turn: TurnServer, seconds: int, gathered: list[list[object]]
) -> None:
    assert page.call("gather", [turn.ice_server(seconds)]) == gathered


class OddIceServers:
    """Some that no browser takes, and one between them that is as it should be."""

    def __init__(self, turn: TurnServer) -> None:
        self._turn = turn

    def current(self) -> list[object]:
        good = self._turn.ice_server()
        return [None, good | {"urls": ["javascript:alert(1)"]}, good, {"urls": good["urls"]}]


@pytest.mark.parametrize("pages", PAIRS, indirect=True)
def test_what_no_browser_takes_for_an_ice_server_does_not_keep_two_from_connecting(
    pages: tuple[Page, Page], turn: TurnServer, real_client: DynamoDBClient, real_table: str
) -> None:
    channels = Channels(Table(real_client, real_table))
    app = app_over(channels, ice_servers=OddIceServers(turn))
    with front_of(lambda_handler(app)) as front:
        offerer, answerer = pages
        connect(offerer, answerer, front.url, iceTransportPolicy="relay")

    for page in pages:
        assert page.call("iceServers") == [[turn.url]]
        assert page.call("reported").count("ice-server-skipped") == 3


@pytest.mark.parametrize("urls", ["javascript:alert(1)", "https://127.0.0.1/", [], 7, None, ["turn:127.0.0.1", 7]])
def test_a_browser_says_by_itself_what_is_no_url_of_an_ice_server(page: Page, turn: TurnServer, urls: object) -> None:
    """The client leaves it to the browser, so this must hold in each."""
    with pytest.raises(PageError):
        page.call("configure", turn.ice_server() | {"urls": urls})
