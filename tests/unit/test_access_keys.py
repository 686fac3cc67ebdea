"""Access keys: who may open a channel, and that nobody else learns anything."""

import hmac
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from app import create_app
from chalicelib.access_keys import AccessKeys
from chalicelib.channels import Channels
from chalicelib.errors import ParameterUnavailable, StorageUnavailable, Unauthorized
from chalicelib.handlers import Server, handle
from chalicelib.limits import PARAMETER_MAX_AGE_SECONDS
from chalicelib.parameters import Parameter
from harness.clock import Clock
from harness.contract import (
    NEEDED,
    NOBODYS_ID,
    assert_accepted,
    assert_common,
    assert_refused,
    assert_unavailable,
    whole,
)
from harness.engines import ANY_ACCOUNT
from harness.log_lines import listening, words
from harness.naming import name_of
from harness.runtime import lambda_function
from harness.ssm import KEY, KEYS_NAME, OTHER_KEY, Store, bearer, digest, put, ssm_server
from harness.transports import (
    JSON,
    Post,
    Reply,
    chalice_local,
    over_function_url,
    over_handler,
    over_http,
    over_test_client,
)

CREATE = {"method": "create_data_channel"}
MISSING = ("access key is missing", "Bearer")
UNKNOWN = ("access key is unknown", 'Bearer error="invalid_token"')


def stored(*keys: str) -> Callable[[], str]:
    return lambda: ",".join(map(digest, keys))


@pytest.fixture(scope="module")
def ssm() -> Iterator[str]:
    with ssm_server() as endpoint:
        put(endpoint, KEYS_NAME, f"{digest(KEY)},{digest(OTHER_KEY)}")
        yield endpoint


@pytest.fixture(scope="module")
def configured(ssm: str) -> dict[str, str]:
    return {"AWS_ENDPOINT_URL_SSM": ssm, "ACCESS_KEYS_PARAMETER": KEYS_NAME}


@pytest.fixture(params=["test client", "function URL", "chalice local", "Lambda runtime"])
def post(
    request: pytest.FixtureRequest, configured: dict[str, str], endpoint: str, real_table: str, tmp_path: Path
) -> Iterator[Post]:
    """One request to a server with access keys, on each of the ways that lead there."""
    if request.param == "Lambda runtime":
        task_root = request.getfixturevalue("task_root")
        with lambda_function(task_root, endpoint, real_table, tmp_path / "log", 1, configured) as invoke:
            yield over_function_url(invoke)
    elif request.param == "chalice local":
        with chalice_local(ANY_ACCOUNT | configured) as url, httpx.Client(base_url=url) as client:
            yield over_http(client)
    else:
        channels = Channels(request.getfixturevalue("real_client"), real_table)
        app = create_app(lambda: channels, access_keys=AccessKeys(stored(KEY, OTHER_KEY)))
        yield over_test_client(app) if request.param == "test client" else over_handler(app)


@pytest.fixture
def guarded(channels: Channels) -> Post:
    return over_handler(create_app(lambda: channels, access_keys=AccessKeys(stored(KEY))))


def assert_unauthorized(reply: Reply, message: str, challenge: str) -> None:
    assert (reply.status, reply.body) == (401, message)
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"
    assert reply.headers["www-authenticate"] == challenge
    assert_common(reply)


def test_a_channel_is_opened_with_a_key_and_used_without(post: Post) -> None:
    assert_unauthorized(post(CREATE), *MISSING)
    assert_unauthorized(post(CREATE, bearer("no key of ours")), *UNKNOWN)
    assert_unauthorized(post({"method": "get_ice_servers"}), *MISSING)
    assert_unauthorized(post({"method": "get_ice_servers"}, bearer(digest(KEY))), *UNKNOWN)

    opened = [post(CREATE, bearer(key)) for key in (KEY, OTHER_KEY)]

    assert [reply.status for reply in opened] == [200, 200]
    assert_accepted(post({"method": "get_ice_servers"}, bearer(KEY)), {"ice_servers": []})
    channel_id = opened[0].json()["channel_id"]
    methods = [method for method, needs in NEEDED.items() if needs and method != "delete_data_channel"]
    replies = {method: post(whole(method, channel_id)) for method in [*sorted(methods), "delete_data_channel"]}
    assert {method: reply.status for method, reply in replies.items()} == dict.fromkeys(replies, 200)
    assert set(replies) == set(HANDLERS_WITH_A_CHANNEL)


def test_who_sends_no_header_has_no_key(channels: Channels) -> None:
    server = Server(channels, AccessKeys(stored(KEY)))

    with pytest.raises(Unauthorized, match="^access key is missing$"):
        handle(json.dumps(CREATE).encode(), server)


HANDLERS_WITH_A_CHANNEL = [method for method in NEEDED if method != "create_data_channel"]


@pytest.mark.parametrize("method", HANDLERS_WITH_A_CHANNEL)
def test_who_names_no_channel_is_asked_for_a_key_only_where_it_would_do(method: str, guarded: Post) -> None:
    reply = guarded({"method": method})

    assert reply.status == (401 if method == "get_ice_servers" else 400)


@pytest.mark.parametrize("method", HANDLERS_WITH_A_CHANNEL)
def test_whoever_names_a_channel_is_asked_for_no_key_even_where_it_is_wrong(method: str, guarded: Post) -> None:
    reply = guarded(whole(method, NOBODYS_ID), bearer("no key of ours"))

    if method == "delete_data_channel":
        assert_accepted(reply, {})
    else:
        assert_refused(reply, "no such channel")


@pytest.mark.parametrize(
    "request_", [CREATE | {"channel_id": NOBODYS_ID}, CREATE | {"channel_id": None}, CREATE | {"access_key": KEY}]
)
def test_no_field_stands_in_for_the_key(request_: dict[str, object], guarded: Post) -> None:
    assert_unauthorized(guarded(request_), *MISSING)


@pytest.mark.parametrize(
    ("authorization", "expected"),
    [
        (None, MISSING),
        ("", MISSING),
        ("Bearer", MISSING),
        ("Bearer ", MISSING),
        (KEY, MISSING),
        (f"Basic {KEY}", MISSING),
        (f"Bearer,{KEY}", MISSING),
        (f"Bearer {KEY} {KEY}", UNKNOWN),
        (f"Bearer {KEY}x", UNKNOWN),
        (f"Bearer {KEY[:-1]}", UNKNOWN),
        (f"Bearer {KEY.upper()}", UNKNOWN),
        (f"Bearer {digest(KEY)}", UNKNOWN),
        (f"Bearer {KEY},", UNKNOWN),
        ("Bearer \ud800", UNKNOWN),
        ("Bearer \x00", UNKNOWN),
        ("Bearer " + "x" * 100_000, UNKNOWN),
        (f"Bearer {KEY}", None),
        (f"bearer {KEY}", None),
        (f"BEARER   {KEY} ", None),
    ],
    ids=name_of,
)
def test_the_header_is_read_as_the_standard_has_it(
    authorization: str | None, expected: tuple[str, str] | None, guarded: Post
) -> None:
    """RFC 9110, section 11.1: the scheme in any case; RFC 6750, section 2.1: then the key."""
    reply = guarded(CREATE, JSON if authorization is None else JSON | {"authorization": authorization})

    if expected:
        assert_unauthorized(reply, *expected)
    else:
        assert reply.status == 200


def test_the_key_is_asked_for_before_any_field_is_looked_at(guarded: Post) -> None:
    bad: dict[str, object] = {"offer": 1, "candidates": "a", "wait": -1, "ice_servers": "yes"}

    assert_unauthorized(guarded(CREATE | bad), *MISSING)
    assert_unauthorized(guarded(CREATE | bad, bearer("no key")), *UNKNOWN)
    assert guarded(CREATE | bad, bearer(KEY)).status == 400


def test_whom_we_refuse_leaves_nothing_behind(real_client: object, real_table: str) -> None:
    client: object = real_client
    channels = Channels(client, real_table)  # type: ignore[arg-type]
    post = over_handler(create_app(lambda: channels, access_keys=AccessKeys(stored(KEY))))

    post(CREATE | {"offer": "an offer"})
    post(CREATE | {"offer": "an offer"}, bearer("no key of ours"))

    assert client.scan(TableName=real_table)["Items"] == []  # type: ignore[attr-defined]


def test_a_refused_request_has_its_line_and_no_key_in_it(guarded: Post, caplog: pytest.LogCaptureFixture) -> None:
    with listening() as lines, caplog.at_level(logging.DEBUG):
        guarded(CREATE)
        guarded(CREATE, bearer("no-key-of-ours"))
        guarded(CREATE, bearer(KEY))

    assert [words(line) for line in lines] == [
        ("create_data_channel", 401, "access key is missing", 0),
        ("create_data_channel", 401, "access key is unknown", 0),
        ("create_data_channel", 200, "done", 1),
    ]
    for secret in ("no-key-of-ours", KEY, digest(KEY)):
        assert secret not in caplog.text + str(lines)


def test_every_digest_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[str, str]] = []

    def compare(one: str, other: str) -> bool:
        compared.append((one, other))
        return hmac.compare_digest(one, other)

    monkeypatch.setattr("chalicelib.access_keys.hmac", SimpleNamespace(compare_digest=compare))
    AccessKeys(stored(KEY, OTHER_KEY, "a third")).check(f"Bearer {KEY}")

    assert compared == [(digest(KEY), digest(other)) for other in (KEY, OTHER_KEY, "a third")]


def test_a_key_is_replaced_while_both_are_good_and_the_old_one_ends_in_time(clock: Clock) -> None:
    store = Store(keys=digest(KEY))
    keys = AccessKeys(Parameter(store, "keys", clock).value)
    keys.check(f"Bearer {KEY}")

    store.values["keys"] = f"{digest(KEY)}\n{digest(OTHER_KEY)}"
    clock.seconds += PARAMETER_MAX_AGE_SECONDS
    for key in (KEY, OTHER_KEY):
        keys.check(f"Bearer {key}")
    store.values["keys"] = digest(OTHER_KEY)
    clock.seconds += PARAMETER_MAX_AGE_SECONDS

    keys.check(f"Bearer {OTHER_KEY}")
    with pytest.raises(Unauthorized, match="^access key is unknown$"):
        keys.check(f"Bearer {KEY}")


@pytest.mark.parametrize(
    "value",
    [
        digest(KEY).upper(),
        f" {digest(KEY)}\n",
        f"{digest(OTHER_KEY)},{digest(KEY)}",
        f"{digest(OTHER_KEY)} ,\t{digest(KEY)},",
        f"{digest(OTHER_KEY)}\r\n{digest(KEY)}\r\n",
    ],
    ids=name_of,
)
def test_digests_stand_apart_by_commas_or_white_space(value: str) -> None:
    AccessKeys(lambda: value).check(f"Bearer {KEY}")


@pytest.mark.parametrize(
    "value", ["", " ", ",", KEY, digest(KEY)[:-1], f"{digest(KEY)}0", f"{digest(KEY)},{KEY}", "ü" * 64], ids=name_of
)
def test_what_is_no_list_of_digests_lets_nobody_in_and_is_told_to_the_log_alone(
    value: str, channels: Channels, caplog: pytest.LogCaptureFixture
) -> None:
    post = over_handler(create_app(lambda: channels, access_keys=AccessKeys(lambda: value)))

    for key in (KEY, value, digest(KEY)):
        if key.strip():
            assert_unavailable(post(CREATE, bearer(key)))

    told = {record.getMessage() for record in caplog.records}
    assert told == {"SSM: the access keys are not SHA-256 digests in hex"}
    assert not value.strip(" ,") or value not in caplog.text


@pytest.mark.parametrize("trouble", [ParameterUnavailable("ThrottlingException"), KeyboardInterrupt()])
def test_keys_that_were_never_read_are_our_fault_and_hold_up_nobody_who_has_a_channel(
    trouble: BaseException, channels: Channels
) -> None:
    def unavailable() -> str:
        raise trouble

    channel_id = channels.create()
    post = over_handler(create_app(lambda: channels, access_keys=AccessKeys(unavailable)))

    assert_unavailable(post(CREATE, bearer(KEY)))
    assert_accepted(post(whole("create_offer", channel_id)), {})


def test_the_log_names_the_service_that_does_not_serve(caplog: pytest.LogCaptureFixture) -> None:
    def fails_with(trouble: StorageUnavailable) -> None:
        def open_channels() -> Channels:
            raise trouble

        over_handler(create_app(open_channels))(CREATE)

    fails_with(StorageUnavailable("ThrottlingException"))
    fails_with(ParameterUnavailable("ThrottlingException"))

    assert [record.getMessage() for record in caplog.records] == [
        "DynamoDB: ThrottlingException",
        "SSM: ThrottlingException",
    ]


def test_a_page_of_another_origin_may_send_the_key_to_chalice_local(local_url: str) -> None:
    asked: Mapping[str, str] = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }

    preflight = httpx.options(local_url, headers=asked)

    allowed = {name.strip().lower() for name in preflight.headers["access-control-allow-headers"].split(",")}
    assert preflight.status_code == 200
    assert {"authorization", "content-type"} <= allowed


@pytest.mark.parametrize("broken", [{"ACCESS_KEYS_PARAMETER": "/no/such"}, {"ACCESS_KEYS_PARAMETER": ""}])
def test_a_function_that_finds_no_keys_at_its_start_lives_and_lets_nobody_open_a_channel(
    broken: dict[str, str], configured: dict[str, str], task_root: Path, endpoint: str, real_table: str, tmp_path: Path
) -> None:
    log = tmp_path / "log"

    with lambda_function(task_root, endpoint, real_table, log, 1, configured | broken) as invoke:
        post = over_function_url(invoke)
        replies = [post(CREATE, bearer(KEY)), post(CREATE, bearer(KEY))]
        missing = post(whole("get_offer", NOBODYS_ID))

    for reply in replies:
        assert_unavailable(reply)
    assert_refused(missing, "no such channel")
    assert '"SSM: ' in log.read_text()
    assert KEY not in log.read_text()
