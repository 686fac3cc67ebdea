"""The settings: the meaning and default of each variable, and that an invalid one is refused at startup."""

import pytest

from chalicelib.bootstrap import read_settings
from chalicelib.limits import MAX_TTL_SECONDS, MAX_WAIT_SECONDS
from chalicelib.settings import Settings, SettingsError
from harness.engines import ROOT
from harness.environment import variables_read

ON_LAMBDA = {"AWS_LAMBDA_FUNCTION_NAME": "peerpost", "TABLE_NAME": "channels"}


def test_without_any_settings_the_server_is_a_development_server() -> None:
    assert Settings.from_environment({}) == Settings(
        on_lambda=False,
        snap_start=False,
        table_name=None,
        dynamodb_endpoint=None,
        max_wait_seconds=MAX_WAIT_SECONDS,
        max_ttl_seconds=MAX_TTL_SECONDS,
        access_keys_parameter=None,
        stun_urls=(),
        turn_urls=(),
        turn_secret_parameter=None,
    )


def test_each_environment_variable_sets_its_setting() -> None:
    environment = {
        **ON_LAMBDA,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start",
        "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:8001",
        "MAX_WAIT_SECONDS": "2.5",
        "MAX_TTL_SECONDS": "3600",
        "ACCESS_KEYS_PARAMETER": "/keys",
        "STUN_URLS": "stun:a.example",
        "TURN_URLS": "turn:a.example",
        "TURN_SECRET_PARAMETER": "/secret",
    }

    assert Settings.from_environment(environment) == Settings(
        on_lambda=True,
        snap_start=True,
        table_name="channels",
        dynamodb_endpoint="http://127.0.0.1:8001",
        max_wait_seconds=2.5,
        max_ttl_seconds=3600,
        access_keys_parameter="/keys",
        stun_urls=("stun:a.example",),
        turn_urls=("turn:a.example",),
        turn_secret_parameter="/secret",
    )


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Settings().table_name = "another"  # type: ignore[misc]


def test_a_function_that_starts_on_demand_does_not_use_snap_start() -> None:
    assert not Settings.from_environment({"AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand"}).snap_start


@pytest.mark.parametrize("text", ["stun:a.example stuns:b.example", "stun:a.example,stuns:b.example\n", " STUN:a , ,"])
def test_urls_can_be_separated_by_commas_or_white_space(text: str) -> None:
    assert Settings.from_environment({"STUN_URLS": text}).stun_urls == tuple(text.replace(",", " ").split())


@pytest.mark.parametrize("text", ["", " ", ","])
def test_an_empty_list_of_urls_has_no_urls(text: str) -> None:
    settings = Settings.from_environment({"STUN_URLS": text, "TURN_URLS": text})

    assert (settings.stun_urls, settings.turn_urls) == ((), ())


def test_an_empty_endpoint_counts_as_unset_as_in_botocore() -> None:
    assert Settings.from_environment({"AWS_ENDPOINT_URL_DYNAMODB": ""}).dynamodb_endpoint is None


@pytest.mark.parametrize(("text", "seconds"), [("0", 0), ("5", 5), ("0.5", 0.5), ("1e1", 10)])
def test_the_longest_wait_can_be_any_number_from_0(text: str, seconds: float) -> None:
    assert Settings.from_environment({"MAX_WAIT_SECONDS": text}).max_wait_seconds == seconds


@pytest.mark.parametrize(("text", "seconds"), [("300", 300), ("86400", 86_400), ("31536000", 31_536_000)])
def test_the_longest_life_can_be_any_whole_number_from_300(text: str, seconds: int) -> None:
    assert Settings.from_environment({"MAX_TTL_SECONDS": text}).max_ttl_seconds == seconds


WRONG = [
    ({"MAX_TTL_SECONDS": "1h"}, "MAX_TTL_SECONDS must be a whole number of seconds from 300, not '1h'"),
    ({"MAX_TTL_SECONDS": ""}, "MAX_TTL_SECONDS must be a whole number of seconds from 300, not ''"),
    ({"MAX_TTL_SECONDS": "299"}, "MAX_TTL_SECONDS must be a whole number of seconds from 300, not '299'"),
    ({"MAX_TTL_SECONDS": "-300"}, "MAX_TTL_SECONDS must be a whole number of seconds from 300, not '-300'"),
    ({"MAX_TTL_SECONDS": "300.5"}, "MAX_TTL_SECONDS must be a whole number of seconds from 300, not '300.5'"),
    ({"MAX_TTL_SECONDS": "1e5"}, "MAX_TTL_SECONDS must be a whole number of seconds from 300, not '1e5'"),
    ({"MAX_WAIT_SECONDS": "5s"}, "MAX_WAIT_SECONDS must be a number of seconds from 0, not '5s'"),
    ({"MAX_WAIT_SECONDS": ""}, "MAX_WAIT_SECONDS must be a number of seconds from 0, not ''"),
    ({"MAX_WAIT_SECONDS": "-1"}, "MAX_WAIT_SECONDS must be a number of seconds from 0, not '-1'"),
    ({"MAX_WAIT_SECONDS": "nan"}, "MAX_WAIT_SECONDS must be a number of seconds from 0, not 'nan'"),
    ({"MAX_WAIT_SECONDS": "inf"}, "MAX_WAIT_SECONDS must be a number of seconds from 0, not 'inf'"),
    ({"TABLE_NAME": ""}, "TABLE_NAME must not be empty: set it, or leave it out"),
    ({"ACCESS_KEYS_PARAMETER": " "}, "ACCESS_KEYS_PARAMETER must not be empty: set it, or leave it out"),
    ({"TURN_SECRET_PARAMETER": ""}, "TURN_SECRET_PARAMETER must not be empty: set it, or leave it out"),
    ({"TURN_URLS": "turn:a.example"}, "TURN_URLS needs TURN_SECRET_PARAMETER, which is missing"),
    (
        {"TURN_URLS": "a.example", "TURN_SECRET_PARAMETER": "/secret"},
        "TURN_URLS must begin with turn: or turns:, not 'a.example'",
    ),
    (
        {"STUN_URLS": "stun:a.example turn:b.example"},
        "STUN_URLS must begin with stun: or stuns:, not 'turn:b.example'",
    ),
    ({"AWS_LAMBDA_FUNCTION_NAME": "peerpost"}, "TABLE_NAME is missing"),
]


@pytest.mark.parametrize(("environment", "message"), WRONG, ids=[message for _, message in WRONG])
def test_an_invalid_setting_is_refused_with_the_name_of_its_variable(environment: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError) as error:
        Settings.from_environment(environment)

    assert str(error.value) == message


def test_under_chalice_local_an_invalid_setting_stops_the_start_with_one_line() -> None:
    with pytest.raises(SystemExit) as end:
        read_settings({"MAX_WAIT_SECONDS": "5s"})

    assert str(end.value) == "Peerpost cannot start: MAX_WAIT_SECONDS must be a number of seconds from 0, not '5s'"


def test_on_lambda_an_invalid_setting_raises_an_exception_for_the_runtime_to_report() -> None:
    with pytest.raises(SettingsError, match="^TABLE_NAME is missing$"):
        read_settings({"AWS_LAMBDA_FUNCTION_NAME": "peerpost"})


def documented() -> dict[str, str]:
    """Return the variables in the table of docs/operations.md, each with its default."""
    _, _, below = (ROOT / "docs/operations.md").read_text().partition("\n## Environment variables\n")
    section, _, _ = below.partition("\n## ")
    rows = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in section.splitlines() if "| `" in line]
    return {row[0]: row[2] for row in rows}


def test_the_operations_document_lists_exactly_the_variables_that_are_read() -> None:
    assert documented().keys() == variables_read()


def test_the_operations_document_has_the_right_defaults() -> None:
    defaults = {name: default for name, default in documented().items() if default not in ("none", "")}

    assert {name: float(default.replace(",", "")) for name, default in defaults.items()} == {
        "MAX_WAIT_SECONDS": MAX_WAIT_SECONDS,
        "MAX_TTL_SECONDS": MAX_TTL_SECONDS,
    }
