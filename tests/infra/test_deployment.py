"""The life of a deployment: it is created, inspected, changed and destroyed."""

import base64
import hashlib
import json
import re
import zipfile
from typing import Any

from chalicelib.handlers import HANDLERS

from .conftest import VARIABLES, Deployment

# The resources that write the function's policy, in the order in which they are created.
POLICY_WRITERS = ["aws_lambda_permission.url[0]", "aws_cloudformation_stack.url[0]", "aws_lambda_function_url.this"]


def test_a_second_plan_changes_nothing(deployment: Deployment) -> None:
    assert deployment.terraform.pending_changes(VARIABLES) == ""


def test_the_permissions_and_the_url_are_created_one_after_the_other(deployment: Deployment) -> None:
    """All three write the function's policy, and AWS refuses two simultaneous writes to it."""
    assert_one_after_the_other(deployment.apply_log, POLICY_WRITERS, "Creating...", "Creation complete")


def test_the_dynamodb_capacity_that_a_flood_can_use_is_capped(deployment: Deployment) -> None:
    dynamodb = deployment.session.client("dynamodb", endpoint_url=deployment.endpoint)

    table = dynamodb.describe_table(TableName=deployment.outputs["table_name"])["Table"]

    assert table["OnDemandThroughput"] == {"MaxReadRequestUnits": 1000, "MaxWriteRequestUnits": 1000}


def test_the_table_deletes_expired_channels(deployment: Deployment) -> None:
    dynamodb = deployment.session.client("dynamodb", endpoint_url=deployment.endpoint)

    ttl = dynamodb.describe_time_to_live(TableName=deployment.outputs["table_name"])["TimeToLiveDescription"]
    table = dynamodb.describe_table(TableName=deployment.outputs["table_name"])["Table"]

    assert ttl == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expire_time"}
    assert table["KeySchema"] == [{"AttributeName": "channel_id", "KeyType": "HASH"}]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"


def test_the_function_runs_the_package(deployment: Deployment) -> None:
    function = function_behind_the_url(deployment)

    assert function["Handler"] == "app.handler"
    assert function["Runtime"] == "python3.13"
    assert function["Architectures"] == ["arm64"]
    assert function["Environment"]["Variables"] == {
        "MAX_TTL_SECONDS": "86400",
        "MAX_WAIT_SECONDS": "5",
        "TABLE_NAME": deployment.outputs["table_name"],
    }
    assert function["CodeSha256"] == sha256_of(deployment)


def test_the_number_of_concurrent_executions_is_capped(deployment: Deployment) -> None:
    client = deployment.session.client("lambda", endpoint_url=deployment.endpoint)

    concurrency = client.get_function_concurrency(FunctionName=deployment.outputs["function_name"])

    assert concurrency["ReservedConcurrentExecutions"] == deployment.outputs["reserved_concurrency"] == 20


def test_the_public_can_invoke_the_function_only_through_its_url(deployment: Deployment) -> None:
    client = deployment.session.client("lambda", endpoint_url=deployment.endpoint)

    policy = json.loads(client.get_policy(FunctionName=deployment.outputs["function_name"], Qualifier="live")["Policy"])
    grants = {statement["Action"]: statement["Condition"] for statement in policy["Statement"]}

    assert len(policy["Statement"]) == 2
    assert grants == {
        "lambda:InvokeFunctionUrl": {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}},
        "lambda:InvokeFunction": {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}},
    }


def test_browsers_may_post_to_the_url(deployment: Deployment) -> None:
    client = deployment.session.client("lambda", endpoint_url=deployment.endpoint)

    url = client.get_function_url_config(FunctionName=deployment.outputs["function_name"], Qualifier="live")

    assert url["AuthType"] == "NONE"
    assert url["Cors"]["AllowMethods"] == ["POST"]
    assert url["Cors"]["AllowHeaders"] == ["authorization", "content-type"]
    assert url["Cors"]["AllowOrigins"] == ["*"]
    assert url["Cors"]["ExposeHeaders"] == ["retry-after"]
    assert deployment.outputs["curl"].endswith(url["FunctionUrl"])


def test_logs_go_to_a_log_group_with_a_retention_period(deployment: Deployment) -> None:
    logs = deployment.session.client("logs", endpoint_url=deployment.endpoint)

    groups = logs.describe_log_groups(logGroupNamePrefix=deployment.outputs["log_group_name"])["logGroups"]

    assert [(group["logGroupName"], group["retentionInDays"]) for group in groups] == [("/aws/lambda/peerpost", 14)]
    assert function_behind_the_url(deployment)["LoggingConfig"]["LogGroup"] == "/aws/lambda/peerpost"


def test_every_alarm_notifies_the_operator(deployment: Deployment) -> None:
    cloudwatch = deployment.session.client("cloudwatch", endpoint_url=deployment.endpoint)
    sns = deployment.session.client("sns", endpoint_url=deployment.endpoint)

    alarms = cloudwatch.describe_alarms(AlarmNamePrefix="peerpost-")["MetricAlarms"]
    subscriptions = sns.list_subscriptions()["Subscriptions"]

    assert {alarm["AlarmName"] for alarm in alarms} == {
        "peerpost-slow",
        "peerpost-slow-dynamodb",
        "peerpost-table-throttles",
        "peerpost-throttles",
        "peerpost-url-5xx",
    }
    assert [subscription["Endpoint"] for subscription in subscriptions] == [VARIABLES["alarm_email"]]
    assert all(alarm["AlarmActions"] == [subscriptions[0]["TopicArn"]] for alarm in alarms)


def test_the_metric_filters_read_only_what_the_function_logs(deployment: Deployment) -> None:
    logs = deployment.session.client("logs", endpoint_url=deployment.endpoint)

    filters = logs.describe_metric_filters(logGroupName=deployment.outputs["log_group_name"])["metricFilters"]

    # The function writes every field that a filter reads, and every outcome that a filter names.
    read = {field for each in filters for field in re.findall(r"\$\.(\w+)", json.dumps(each))}
    sentences = {text for each in filters for text in re.findall(r'outcome !?= "([^"]+)"', each["filterPattern"])}
    methods = {name for each in filters for name in re.findall(r'method = "([^"]+)"', each["filterPattern"])}
    assert len(filters) == 7
    assert read <= {"method", "status", "outcome", "duration_ms", "dynamodb_calls", "dynamodb_ms", "quiet_polls"}
    assert sentences == {"no offer yet", "no answer yet"}
    assert methods <= set(HANDLERS)
    assert {each["metricTransformations"][0]["metricNamespace"] for each in filters} == {"peerpost"}


def test_the_dashboard_shows_the_function_and_the_table(deployment: Deployment) -> None:
    cloudwatch = deployment.session.client("cloudwatch", endpoint_url=deployment.endpoint)

    body = cloudwatch.get_dashboard(DashboardName=deployment.outputs["dashboard_name"])["DashboardBody"]

    assert json.loads(body)["widgets"]
    assert deployment.outputs["function_name"] in body
    assert deployment.outputs["table_name"] in body


def test_a_code_change_moves_the_alias_to_a_new_version(deployment: Deployment) -> None:
    before = function_behind_the_url(deployment)
    with zipfile.ZipFile(deployment.package, "a") as package:
        package.writestr("a_change.txt", "a change")

    deployment.terraform.plan(deployment.plan_file, VARIABLES)
    deployment.terraform.apply(deployment.plan_file)

    after = function_behind_the_url(deployment)
    assert int(after["Version"]) == int(before["Version"]) + 1
    assert after["CodeSha256"] == sha256_of(deployment) != before["CodeSha256"]
    assert deployment.terraform.outputs()["function_version"] == after["Version"]


def test_a_rollback_takes_one_change_to_the_alias(deployment: Deployment) -> None:
    client = deployment.session.client("lambda", endpoint_url=deployment.endpoint)
    name = deployment.outputs["function_name"]
    latest = client.get_alias(FunctionName=name, Name="live")["FunctionVersion"]

    client.update_alias(FunctionName=name, Name="live", FunctionVersion="1")
    rolled_back = function_behind_the_url(deployment)["Version"]
    client.update_alias(FunctionName=name, Name="live", FunctionVersion=latest)

    assert rolled_back == "1"


def test_destroy_leaves_nothing_and_needs_no_package(deployment: Deployment) -> None:
    deployment.package.unlink()

    log = deployment.terraform.destroy(VARIABLES)

    assert_one_after_the_other(log, POLICY_WRITERS[::-1], "Destroying...", "Destruction complete")

    def client(service: str) -> Any:
        return deployment.session.client(service, endpoint_url=deployment.endpoint)  # type: ignore[call-overload]

    left = {
        "budgets": deployment.session.client("budgets", endpoint_url=deployment.endpoint).describe_budgets(
            AccountId="123456789012"
        )["Budgets"],
        "alarms": client("cloudwatch").describe_alarms()["MetricAlarms"],
        "dashboards": client("cloudwatch").list_dashboards()["DashboardEntries"],
        "functions": client("lambda").list_functions()["Functions"],
        "log groups": client("logs").describe_log_groups()["logGroups"],
        "roles": client("iam").list_roles()["Roles"],
        "stacks": client("cloudformation").describe_stacks()["Stacks"],
        "subscriptions": client("sns").list_subscriptions()["Subscriptions"],
        "tables": client("dynamodb").list_tables()["TableNames"],
        "topics": client("sns").list_topics()["Topics"],
    }
    assert {name: things for name, things in left.items() if things} == {}


def assert_one_after_the_other(log: str, resources: list[str], begins: str, ends: str) -> None:
    """Check in Terraform's log that work on each resource begins only after the previous one is done."""
    lines = log.splitlines()
    moments = [
        next(number for number, line in enumerate(lines) if f".{resource}: {moment}" in line)
        for resource in resources
        for moment in (begins, ends)
    ]
    assert moments == sorted(moments), log


def function_behind_the_url(deployment: Deployment) -> Any:
    """Return the configuration of the version that the alias points to."""
    client = deployment.session.client("lambda", endpoint_url=deployment.endpoint)
    name = deployment.outputs["function_name"]
    version = client.get_alias(FunctionName=name, Name="live")["FunctionVersion"]
    return client.get_function_configuration(FunctionName=name, Qualifier=version)


def sha256_of(deployment: Deployment) -> str:
    return base64.b64encode(hashlib.sha256(deployment.package.read_bytes()).digest()).decode()
