"""Changes to a deployment: who may call it, what an AWS account requires, the modules' layout, and a second region."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from .conftest import VARIABLES, Deployment
from .terraform import REGION, Terraform, TerraformError
from .test_deployment import POLICY_WRITERS, assert_one_after_the_other

OTHER_REGION = "eu-west-1"
ALL_ALLOWED = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
BOUNDARY = "arn:aws:iam::123456789012:policy/boundary"


def change(deployment: Deployment, variables: dict[str, str]) -> str:
    deployment.terraform.plan(deployment.plan_file, variables)
    return deployment.terraform.apply(deployment.plan_file)


def statements(deployment: Deployment) -> list[Any]:
    """Return the statements of the function's policy, for the version that the URL serves."""
    functions = deployment.session.client("lambda", endpoint_url=deployment.endpoint)
    try:
        reply = functions.get_policy(FunctionName=deployment.outputs["function_name"], Qualifier="live")
    except functions.exceptions.ResourceNotFoundException:
        return []
    policy: dict[str, list[Any]] = json.loads(reply["Policy"])
    return policy["Statement"]


@dataclass(frozen=True)
class Restricted:
    """What AWS returned while the deployment was restricted, and Terraform's logs of restricting and releasing it."""

    apply_log: str
    second_plan: str
    statements: list[Any]
    url: Any
    function: Any
    table: Any
    table_tags: dict[str, str]
    role: Any
    alarms: list[Any]
    topic: str
    release_log: str


@pytest.fixture(scope="module")
def restricted(deployment: Deployment) -> Restricted:
    """Change the deployment, and later change it back.

    It then accepts only signed requests, its table has no caps, and it has the permissions boundary, tags and other
    settings that an AWS account can require.
    This is one change instead of three, because each change takes Terraform half a minute.
    """

    def client(service: str) -> Any:
        return deployment.session.client(service, endpoint_url=deployment.endpoint)  # type: ignore[call-overload]

    client("iam").create_policy(PolicyName="boundary", PolicyDocument=json.dumps(ALL_ALLOWED))
    topic = client("sns").create_topic(Name="on-call")["TopicArn"]
    variables = VARIABLES | {
        "alarm_topic_arns": json.dumps([topic]),
        "authorization_type": "AWS_IAM",
        "environment": json.dumps({"AWS_CA_BUNDLE": "/opt/roots.pem"}),
        "max_read_units": "-1",
        "max_write_units": "-1",
        "permissions_boundary": BOUNDARY,
        "tags": json.dumps({"team": "video"}),
    }
    apply_log = change(deployment, variables)
    name = deployment.outputs["function_name"]
    before_release = {
        "apply_log": apply_log,
        "second_plan": deployment.terraform.pending_changes(variables),
        "statements": statements(deployment),
        "url": client("lambda").get_function_url_config(FunctionName=name, Qualifier="live"),
        "function": client("lambda").get_function(FunctionName=deployment.outputs["function_arn"]),
        "table": client("dynamodb").describe_table(TableName=deployment.outputs["table_name"])["Table"],
        "table_tags": tags(
            client("dynamodb").list_tags_of_resource(ResourceArn=deployment.outputs["table_arn"])["Tags"]
        ),
        "role": client("iam").get_role(RoleName=deployment.outputs["role_name"])["Role"],
        "alarms": client("cloudwatch").describe_alarms(AlarmNamePrefix="peerpost-")["MetricAlarms"],
        "topic": topic,
    }
    release_log = change(deployment, VARIABLES)
    client("iam").delete_policy(PolicyArn=BOUNDARY)
    client("sns").delete_topic(TopicArn=topic)
    return Restricted(**before_release, release_log=release_log)


def tags(listed: list[dict[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in listed}


def assert_order(log: str, moments: list[str]) -> None:
    lines = log.splitlines()
    numbers = [next(number for number, line in enumerate(lines) if moment in line) for moment in moments]
    assert numbers == sorted(numbers), log


def test_a_second_plan_changes_nothing(restricted: Restricted) -> None:
    assert restricted.second_plan == ""


def test_requiring_signatures_at_a_public_url_changes_one_resource_at_a_time(restricted: Restricted) -> None:
    permission, stack, url = POLICY_WRITERS

    assert_one_after_the_other(restricted.apply_log, [stack, permission], "Destroying...", "Destruction complete")
    assert_order(restricted.apply_log, [f"{permission}: Destruction complete", f"{url}: Modifying"])


def test_no_longer_requiring_signatures_changes_one_resource_at_a_time(restricted: Restricted) -> None:
    permission, stack, url = POLICY_WRITERS

    assert_one_after_the_other(restricted.release_log, [permission, stack], "Creating...", "Creation complete")
    assert_order(restricted.release_log, [f"{stack}: Creation complete", f"{url}: Modifying"])


def test_no_permission_is_left_when_the_url_is_no_longer_public(restricted: Restricted) -> None:
    assert restricted.url["AuthType"] == "AWS_IAM"
    assert restricted.statements == []


def test_a_page_that_signs_its_requests_may_send_every_header_of_a_signature(restricted: Restricted) -> None:
    allowed = set(restricted.url["Cors"]["AllowHeaders"])

    assert allowed == {"authorization", "content-type", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token"}


def test_the_caps_of_a_table_can_be_removed(restricted: Restricted) -> None:
    assert restricted.table["OnDemandThroughput"] == {"MaxReadRequestUnits": -1, "MaxWriteRequestUnits": -1}


def test_the_role_has_the_permissions_boundary_that_the_account_requires(restricted: Restricted) -> None:
    assert restricted.role["PermissionsBoundary"]["PermissionsBoundaryArn"] == BOUNDARY


def test_the_operators_tags_are_on_the_resources(restricted: Restricted) -> None:
    expected = {"application": "peerpost", "team": "video"}

    assert tags(restricted.role["Tags"]) == expected
    assert restricted.table_tags == expected
    assert restricted.function["Tags"] == expected


def test_the_operators_environment_variables_reach_the_function(restricted: Restricted) -> None:
    assert restricted.function["Configuration"]["Environment"]["Variables"]["AWS_CA_BUNDLE"] == "/opt/roots.pem"


def test_every_alarm_notifies_the_operators_topics(restricted: Restricted) -> None:
    assert len(restricted.alarms) == 5
    for alarm in restricted.alarms:
        assert restricted.topic in alarm["AlarmActions"]
        assert restricted.topic in alarm["OKActions"]


def test_a_plan_without_the_package_names_the_command_that_builds_it(deployment: Deployment) -> None:
    package = deployment.package.read_bytes()
    deployment.package.unlink()
    try:
        with pytest.raises(TerraformError, match="Build it with `make package`"):
            deployment.terraform.plan(deployment.plan_file, VARIABLES)
    finally:
        deployment.package.write_bytes(package)


def test_a_deployment_with_the_earlier_layout_of_modules_is_not_changed(deployment: Deployment) -> None:
    """Earlier releases called the modules from the root, so the state of their deployments has them there."""
    for module in ("channel_table", "execution_role", "function", "monitoring"):
        deployment.terraform.run("state", "mv", f"module.peerpost.module.{module}", f"module.{module}")

    plan = deployment.terraform.plan(deployment.plan_file, VARIABLES)
    deployment.terraform.apply(deployment.plan_file)

    changes = {each["address"]: each["change"]["actions"] for each in plan["resource_changes"]}
    moved = [each for each in plan["resource_changes"] if "previous_address" in each]
    assert {address: actions for address, actions in changes.items() if actions != ["no-op"]} == {}
    assert len(moved) == len(changes) > 0
    assert deployment.terraform.pending_changes(VARIABLES) == ""


@pytest.fixture
def second_region(deployment: Deployment) -> Iterator[Terraform]:
    """Deploy the same configuration under the same name to another region, in a workspace as in docs/operations.md."""
    deployment.terraform.create_workspace("second")
    second = Terraform(deployment.terraform.directory, deployment.endpoint, OTHER_REGION, "second")
    plan_file = deployment.plan_file.with_name("second-plan")
    second.plan(plan_file, VARIABLES)
    second.apply(plan_file)
    yield second
    second.destroy(VARIABLES)


def test_deployments_in_two_regions_can_have_the_same_name(deployment: Deployment, second_region: Terraform) -> None:
    session = boto3.session.Session("AKIAIOSFODNN7EXAMPLE", "fake", region_name=OTHER_REGION)
    iam = session.client("iam", endpoint_url=deployment.endpoint)
    dashboards = session.client("cloudwatch", endpoint_url=deployment.endpoint).list_dashboards()["DashboardEntries"]
    budgets = session.client("budgets", endpoint_url=deployment.endpoint).describe_budgets(AccountId="123456789012")

    outputs = second_region.outputs()

    assert outputs["function_name"] == deployment.outputs["function_name"]
    assert OTHER_REGION in outputs["function_arn"]
    both = [f"peerpost-{REGION}", f"peerpost-{OTHER_REGION}"]
    assert sorted(role["RoleName"] for role in iam.list_roles()["Roles"]) == both
    assert sorted(dashboard["DashboardName"] for dashboard in dashboards) == both
    assert sorted(budget["BudgetName"] for budget in budgets["Budgets"]) == [f"{name}-monthly" for name in both]
    assert deployment.terraform.pending_changes(VARIABLES) == ""
    assert second_region.pending_changes(VARIABLES) == ""
