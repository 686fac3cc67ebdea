"""Changes of a deployment: who may call it, its account's rules, the layout of its folder, and a second region."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from .conftest import VARIABLES, Deployment
from .terraform import REGION, Terraform, TerraformError
from .test_deployment import POLICY_WRITERS, assert_one_after_the_other

OTHER_REGION = "eu-west-1"
BOUNDARY = "arn:aws:iam::123456789012:policy/boundary"


def change(deployment: Deployment, variables: dict[str, str]) -> str:
    deployment.terraform.plan(deployment.plan_file, variables)
    return deployment.terraform.apply(deployment.plan_file)


def statements(deployment: Deployment) -> list[Any]:
    """What the function's policy allows, of the version that the URL serves."""
    functions = deployment.session.client("lambda", endpoint_url=deployment.endpoint)
    try:
        reply = functions.get_policy(FunctionName=deployment.outputs["function_name"], Qualifier="live")
    except functions.exceptions.ResourceNotFoundException:
        return []
    policy: dict[str, list[Any]] = json.loads(reply["Policy"])
    return policy["Statement"]


def test_a_url_that_asks_for_signatures_and_becomes_public_again_changes_one_step_at_a_time(
    deployment: Deployment,
) -> None:
    signed = VARIABLES | {"authorization_type": "AWS_IAM"}
    functions = deployment.session.client("lambda", endpoint_url=deployment.endpoint)
    name = deployment.outputs["function_name"]

    closing = change(deployment, signed)
    closed_plan = deployment.terraform.is_converged(signed)
    closed_statements = statements(deployment)
    closed_url = functions.get_function_url_config(FunctionName=name, Qualifier="live")
    opening = change(deployment, VARIABLES)

    permission, stack, url = POLICY_WRITERS
    assert_one_after_the_other(closing, [stack, permission], "Destroying...", "Destruction complete")
    assert_order(closing, [f"{permission}: Destruction complete", f"{url}: Modifying"])
    assert closed_plan == ""
    assert closed_statements == []
    assert closed_url["AuthType"] == "AWS_IAM"
    assert sorted(closed_url["Cors"]["AllowHeaders"]) == [
        "authorization",
        "content-type",
        "x-amz-content-sha256",
        "x-amz-date",
        "x-amz-security-token",
    ]
    assert_one_after_the_other(opening, [permission, stack], "Creating...", "Creation complete")
    assert_order(opening, [f"{stack}: Creation complete", f"{url}: Modifying"])
    assert len(statements(deployment)) == 2
    assert deployment.terraform.is_converged(VARIABLES) == ""


def assert_order(log: str, moments: list[str]) -> None:
    lines = log.splitlines()
    numbers = [next(number for number, line in enumerate(lines) if moment in line) for moment in moments]
    assert numbers == sorted(numbers), log


def test_the_caps_of_the_table_can_be_changed_and_removed(deployment: Deployment) -> None:
    dynamodb = deployment.session.client("dynamodb", endpoint_url=deployment.endpoint)

    without_caps = VARIABLES | {"max_read_units": "-1", "max_write_units": "-1"}
    change(deployment, without_caps)
    removed = dynamodb.describe_table(TableName=deployment.outputs["table_name"])["Table"]["OnDemandThroughput"]
    second_plan = deployment.terraform.is_converged(without_caps)
    change(deployment, VARIABLES)

    assert removed == {"MaxReadRequestUnits": -1, "MaxWriteRequestUnits": -1}
    assert second_plan == ""
    assert deployment.terraform.is_converged(VARIABLES) == ""


def test_an_account_with_rules_of_its_own_can_follow_them(deployment: Deployment) -> None:
    iam = deployment.session.client("iam", endpoint_url=deployment.endpoint)
    iam.create_policy(PolicyName="boundary", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": []}))
    sns = deployment.session.client("sns", endpoint_url=deployment.endpoint)
    topic = sns.create_topic(Name="on-call")["TopicArn"]
    variables = VARIABLES | {
        "alarm_topic_arns": json.dumps([topic]),
        "environment": json.dumps({"AWS_CA_BUNDLE": "/opt/roots.pem"}),
        "permissions_boundary": BOUNDARY,
        "tags": json.dumps({"team": "video"}),
    }

    change(deployment, variables)
    second_plan = deployment.terraform.is_converged(variables)
    role = iam.get_role(RoleName=f"peerpost-{REGION}")["Role"]
    functions = deployment.session.client("lambda", endpoint_url=deployment.endpoint)
    function = functions.get_function(FunctionName=deployment.outputs["function_arn"])
    cloudwatch = deployment.session.client("cloudwatch", endpoint_url=deployment.endpoint)
    alarms = cloudwatch.describe_alarms(AlarmNamePrefix="peerpost-")["MetricAlarms"]
    dynamodb = deployment.session.client("dynamodb", endpoint_url=deployment.endpoint)
    table_tags = dynamodb.list_tags_of_resource(ResourceArn=deployment.outputs["table_arn"])["Tags"]
    change(deployment, VARIABLES)
    iam.delete_policy(PolicyArn=BOUNDARY)
    sns.delete_topic(TopicArn=topic)

    assert second_plan == ""
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == BOUNDARY
    assert {tag["Key"]: tag["Value"] for tag in role["Tags"]} == {"application": "peerpost", "team": "video"}
    assert {tag["Key"]: tag["Value"] for tag in table_tags} == {"application": "peerpost", "team": "video"}
    assert function["Tags"] == {"application": "peerpost", "team": "video"}
    assert function["Configuration"]["Environment"]["Variables"]["AWS_CA_BUNDLE"] == "/opt/roots.pem"
    assert all(topic in alarm["AlarmActions"] and topic in alarm["OKActions"] for alarm in alarms)


def test_a_plan_without_the_package_names_the_command_that_builds_it(deployment: Deployment) -> None:
    package = deployment.package.read_bytes()
    deployment.package.unlink()
    try:
        with pytest.raises(TerraformError, match="Build it with `make package`"):
            deployment.terraform.plan(deployment.plan_file, VARIABLES)
    finally:
        deployment.package.write_bytes(package)


def test_a_deployment_of_the_layout_before_stays_as_it_is(deployment: Deployment) -> None:
    """Earlier releases had the modules in the root, and so has the state of what they deployed."""
    for module in ("channel_table", "execution_role", "function", "monitoring"):
        deployment.terraform.run("state", "mv", f"module.peerpost.module.{module}", f"module.{module}")

    plan = deployment.terraform.plan(deployment.plan_file, VARIABLES)
    deployment.terraform.apply(deployment.plan_file)

    changes = {each["address"]: each["change"]["actions"] for each in plan["resource_changes"]}
    moved = [each for each in plan["resource_changes"] if "previous_address" in each]
    assert {address: actions for address, actions in changes.items() if actions != ["no-op"]} == {}
    assert len(moved) == len(changes) > 0
    assert deployment.terraform.is_converged(VARIABLES) == ""


@pytest.fixture
def second_region(deployment: Deployment) -> Iterator[Terraform]:
    """The same configuration and the same name in another region, in a workspace of its own, as operations.md says."""
    deployment.terraform.create_workspace("second")
    second = Terraform(deployment.terraform.directory, deployment.endpoint, OTHER_REGION, "second")
    plan_file = deployment.plan_file.with_name("second-plan")
    second.plan(plan_file, VARIABLES)
    second.apply(plan_file)
    yield second
    second.destroy(VARIABLES)


def test_two_regions_may_have_one_name(deployment: Deployment, second_region: Terraform) -> None:
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
    assert deployment.terraform.is_converged(VARIABLES) == ""
    assert second_region.is_converged(VARIABLES) == ""
