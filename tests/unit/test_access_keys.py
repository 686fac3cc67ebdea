"""Access keys: how digests are parsed, and how a key is compared with them."""

import hmac
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from chalicelib.access_keys import AccessKeys
from chalicelib.errors import ParameterUnavailable, Unauthorized, UnknownKey
from chalicelib.limits import PARAMETER_MAX_AGE_SECONDS
from chalicelib.parameters import Parameter
from harness.clock import Clock
from harness.naming import name_of
from harness.ssm import KEY, OTHER_KEY, Store, digest


def stored(*keys: str) -> Callable[[], str]:
    return lambda: ",".join(map(digest, keys))


def test_each_of_the_stored_keys_is_accepted() -> None:
    keys = AccessKeys(stored(KEY, OTHER_KEY))

    keys.check(KEY)
    keys.check(OTHER_KEY)


def test_a_missing_key_is_refused_as_missing() -> None:
    with pytest.raises(Unauthorized, match="^access key is missing$") as refusal:
        AccessKeys(stored(KEY)).check(None)

    assert not isinstance(refusal.value, UnknownKey)


@pytest.mark.parametrize(
    "key",
    [f"{KEY}x", KEY[:-1], KEY.upper(), digest(KEY), f"{KEY},", f"{KEY} {KEY}", "\ud800", "\x00", "x" * 100_000, ""],
    ids=name_of,
)
def test_any_other_key_is_refused_as_unknown(key: str) -> None:
    with pytest.raises(UnknownKey, match="^access key is unknown$"):
        AccessKeys(stored(KEY)).check(key)


def test_every_digest_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[str, str]] = []

    def compare(one: str, other: str) -> bool:
        compared.append((one, other))
        return hmac.compare_digest(one, other)

    monkeypatch.setattr("chalicelib.access_keys.hmac", SimpleNamespace(compare_digest=compare))
    AccessKeys(stored(KEY, OTHER_KEY, "a third")).check(KEY)

    assert compared == [(digest(KEY), digest(other)) for other in (KEY, OTHER_KEY, "a third")]


def test_both_keys_work_during_a_rotation_and_only_the_new_one_afterwards(clock: Clock) -> None:
    store = Store(keys=digest(KEY))
    keys = AccessKeys(Parameter(lambda: store, "keys", clock).read)
    keys.check(KEY)

    store.values["keys"] = f"{digest(KEY)}\n{digest(OTHER_KEY)}"
    clock.seconds += PARAMETER_MAX_AGE_SECONDS
    for key in (KEY, OTHER_KEY):
        keys.check(key)
    store.values["keys"] = digest(OTHER_KEY)
    clock.seconds += PARAMETER_MAX_AGE_SECONDS

    keys.check(OTHER_KEY)
    with pytest.raises(UnknownKey):
        keys.check(KEY)


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
def test_digests_can_be_separated_by_commas_or_white_space(value: str) -> None:
    AccessKeys(lambda: value).check(KEY)


@pytest.mark.parametrize(
    "value", ["", " ", ",", KEY, digest(KEY)[:-1], f"{digest(KEY)}0", f"{digest(KEY)},{KEY}", "ü" * 64], ids=name_of
)
def test_a_parameter_with_an_invalid_digest_accepts_no_key(value: str) -> None:
    keys = AccessKeys(lambda: value)

    for key in (KEY, value, digest(KEY)):
        with pytest.raises(ParameterUnavailable, match="^the access keys are not SHA-256 digests in hex$"):
            keys.check(key)
