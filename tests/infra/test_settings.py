"""The server of a deployment reads exactly the values that its operator has set in Terraform."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.settings import Settings
from harness.environment import variables_read

from .conftest import VARIABLES, Deployment
from .test_deployment import function_behind_the_url

# A variable that Lambda itself sets.
ON_LAMBDA = {"AWS_LAMBDA_FUNCTION_NAME": "peerpost"}

CHOSEN = VARIABLES | {
    "access_keys_parameter": "/peerpost/access-keys",
    "max_ttl_seconds": "31536000",
    "max_wait_seconds": "2.5",
    "stun_urls": json.dumps(["stun:a.example", "stuns:b.example:443"]),
    "turn_secret_parameter": "/peerpost/turn-secret",
    "turn_urls": json.dumps(["turn:a.example?transport=udp", "turns:b.example:443?transport=tcp"]),
}


def modules_in(module: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a module of a plan, and all modules inside it."""
    yield module
    for child in module.get("child_modules", []):
        yield from modules_in(child)


def planned_environment(plan: dict[str, Any]) -> dict[str, str]:
    """Return the variables of the one function in a plan."""
    [function] = [
        resource["values"]
        for module in modules_in(plan["planned_values"]["root_module"])
        for resource in module.get("resources", [])
        if resource["type"] == "aws_lambda_function"
    ]
    environment: dict[str, str] = function["environment"][0]["variables"]
    return environment


@pytest.fixture(scope="module")
def planned(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the function's environment in a plan in which the operator has set every setting of the server."""
    plan_file: Path = tmp_path_factory.mktemp("settings") / "plan"
    return planned_environment(deployment.terraform.plan(plan_file, CHOSEN))


def test_a_deployment_without_settings_has_the_servers_defaults(deployment: Deployment) -> None:
    variables = function_behind_the_url(deployment)["Environment"]["Variables"]

    settings = Settings.from_environment(ON_LAMBDA | variables)

    assert settings == Settings(on_lambda=True, table_name=deployment.outputs["table_name"])


def test_each_setting_reaches_the_server_unchanged(deployment: Deployment, planned: dict[str, str]) -> None:
    assert Settings.from_environment(ON_LAMBDA | planned) == Settings(
        on_lambda=True,
        table_name=deployment.outputs["table_name"],
        max_wait_seconds=2.5,
        max_ttl_seconds=31_536_000,
        access_keys_parameter="/peerpost/access-keys",
        stun_urls=("stun:a.example", "stuns:b.example:443"),
        turn_urls=("turn:a.example?transport=udp", "turns:b.example:443?transport=tcp"),
        turn_secret_parameter="/peerpost/turn-secret",
    )


def test_terraform_sets_no_variable_that_the_server_does_not_read(planned: dict[str, str]) -> None:
    assert planned.keys() <= variables_read()


def test_terraform_sets_every_variable_that_an_operator_can_choose(planned: dict[str, str]) -> None:
    """The other variables are set by Lambda itself, or only during development."""
    assert variables_read() - planned.keys() == {
        "AWS_ENDPOINT_URL_DYNAMODB",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
    }
