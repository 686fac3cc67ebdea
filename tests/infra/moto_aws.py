"""A stand-in for AWS on this machine: moto's server, patched where it differs from AWS in a way that matters to us.

Run this as a program, with a port as its argument. Each patch explains what AWS does and moto does not.
No patch contains a name from our configuration.
"""

import json
import sys
from typing import Any

from moto.awslambda.models import LambdaFunction, Permission, lambda_backends
from moto.awslambda.policy import Policy
from moto.budgets.models import budgets_backends
from moto.budgets.responses import BudgetsResponse
from moto.cloudwatch.models import CloudWatchBackend, Dashboard
from moto.core.exceptions import JsonRESTError
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler
from moto.iam.access_control import IAMRequestBase
from moto.logs.responses import LogsResponse
from moto.server import main
from moto.servicequotas.responses import ServiceQuotasResponse
from moto.ssm.responses import SimpleSystemManagerResponse


class DuplicateStatement(JsonRESTError):
    code = 409

    def __init__(self, sid: str) -> None:
        super().__init__("ResourceConflictException", f"The statement id ({sid}) provided already exists.")


def keep_logging_config() -> None:
    """AWS stores a function's logging configuration. moto drops it, so every later plan would want to set it again."""
    init, get, update = LambdaFunction.__init__, LambdaFunction.get_configuration, LambdaFunction.update_configuration

    def new_init(self: Any, account_id: str, spec: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        self.logging_config = spec.get("LoggingConfig")
        init(self, account_id, spec, *args, **kwargs)

    def new_get(self: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return get(self, *args, **kwargs) | {"LoggingConfig": self.logging_config}

    def new_update(self: Any, config_updates: dict[str, Any]) -> dict[str, Any]:
        self.logging_config = config_updates.get("LoggingConfig", self.logging_config)
        return update(self, config_updates)

    LambdaFunction.__init__ = new_init  # type: ignore[method-assign]
    LambdaFunction.get_configuration = new_get  # type: ignore[method-assign]
    LambdaFunction.update_configuration = new_update  # type: ignore[method-assign]


def keep_permissions_as_aws_does() -> None:
    """AWS refuses a second statement with the same ID, as the provider expects, and makes two arguments conditions."""
    add_statement = Policy.add_statement

    def new_add_statement(self: Any, raw: str, qualifier: str | None = None) -> tuple[Any, str]:
        request = json.loads(raw)
        sid = request.get("StatementId")
        if sid is not None and any(statement["Sid"] == sid for statement in self.statements):
            raise DuplicateStatement(sid)
        auth_type = request.pop("FunctionUrlAuthType", None)
        via_url = request.pop("InvokedViaFunctionUrl", None)
        statement, revision = add_statement(self, json.dumps(request), qualifier)
        if auth_type is not None:
            statement["Condition"] = {"StringEquals": {"lambda:FunctionUrlAuthType": auth_type}}
        if via_url:
            statement["Condition"] = {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}
        return statement, revision

    Policy.add_statement = new_add_statement  # type: ignore[method-assign]


def remove_permissions_with_their_stack() -> None:
    """When AWS deletes a stack, it removes the stack's permission from the function's policy. moto leaves it there."""
    create = Permission.create_from_cloudformation_json

    def new_create(
        resource_name: str, template: dict[str, Any], account_id: str, region_name: str, **kwargs: Any
    ) -> Any:
        permission: Any = create(resource_name, template, account_id, region_name, **kwargs)
        function = lambda_backends[account_id][region_name].get_function(template["Properties"]["FunctionName"])
        permission.policy = function.policy
        permission.statement = function.policy.statements[-1]
        return permission

    def delete(self: Any, *_account_and_region: str) -> None:
        self.policy.statements.remove(self.statement)

    setattr(Permission, "create_from_cloudformation_json", staticmethod(new_create))  # noqa: B010 - mypy knows a classmethod
    setattr(Permission, "delete", delete)  # noqa: B010 - it has no such method


def keep_caps_of_tables() -> None:
    """AWS stores an on-demand table's throughput caps. moto drops them, so every later plan would set them again."""
    create, update, describe = DynamoHandler.create_table, DynamoHandler.update_table, Table.describe
    caps: dict[str, dict[str, int]] = {}

    def remember(self: Any) -> None:
        name = self.body["TableName"].rpartition("/")[2]
        arn = f"arn:aws:dynamodb:{self.region}:{self.current_account}:table/{name}"
        if "OnDemandThroughput" in self.body:
            caps[arn] = caps.get(arn, {}) | self.body["OnDemandThroughput"]

    def new_create(self: Any) -> Any:
        remember(self)
        return create(self)

    def new_update(self: Any) -> Any:
        remember(self)
        return update(self)

    def new_describe(self: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        description = describe(self, *args, **kwargs)
        cap = caps.get(self.table_arn)
        for table in description.values():
            if cap and isinstance(table, dict):
                table["OnDemandThroughput"] = cap
        return description

    DynamoHandler.create_table = new_create  # type: ignore[method-assign]
    DynamoHandler.update_table = new_update  # type: ignore[method-assign]
    Table.describe = new_describe  # type: ignore[method-assign]


def share_dashboards_between_regions() -> None:
    """AWS keeps dashboards per account, so one from a second region replaces one of the same name. moto keeps both."""
    init = CloudWatchBackend.__init__
    by_account: dict[str, dict[str, Dashboard]] = {}

    def new_init(self: Any, region_name: str, account_id: str) -> None:
        init(self, region_name, account_id)
        self.dashboards = by_account.setdefault(account_id, {})

    CloudWatchBackend.__init__ = new_init  # type: ignore[method-assign]


def complete_budgets() -> None:
    """AWS can change a budget, store its tags and list its subscribers. The provider needs this. moto cannot do it."""
    create = BudgetsResponse.create_budget
    tags: dict[str, dict[str, str]] = {}

    def new_create(self: Any) -> str:
        asked = json.loads(self.body)
        given = {tag["Key"]: tag["Value"] for tag in asked.get("ResourceTags", [])}
        tags[f"arn:aws:budgets::{asked['AccountId']}:budget/{asked['Budget']['BudgetName']}"] = given
        return create(self)

    def update(self: Any) -> str:
        asked = json.loads(self.body)
        changed = asked["NewBudget"]
        budget = budgets_backends[self.current_account]["aws"].budgets[asked["AccountId"]][changed["BudgetName"]]
        budget.budget |= changed
        return "{}"

    def subscribers(self: Any) -> str:
        asked = json.loads(self.body)
        budget = budgets_backends[self.current_account]["aws"].budgets[asked["AccountId"]][asked["BudgetName"]]
        notified = [each for each in budget.notifications if each.details == asked["Notification"]]
        return json.dumps({"Subscribers": [subscriber for each in notified for subscriber in each.subscribers]})

    def tag(self: Any) -> str:
        asked = json.loads(self.body)
        tags[asked["ResourceARN"]] |= {tag["Key"]: tag["Value"] for tag in asked["ResourceTags"]}
        return "{}"

    def untag(self: Any) -> str:
        asked = json.loads(self.body)
        for key in asked["ResourceTagKeys"]:
            tags[asked["ResourceARN"]].pop(key, None)
        return "{}"

    def list_tags(self: Any) -> str:
        held = tags[json.loads(self.body)["ResourceARN"]]
        return json.dumps({"ResourceTags": [{"Key": key, "Value": value} for key, value in held.items()]})

    actions = {
        "create_budget": new_create,
        "describe_subscribers_for_notification": subscribers,
        "list_tags_for_resource": list_tags,
        "tag_resource": tag,
        "untag_resource": untag,
        "update_budget": update,
    }
    for name, action in actions.items():
        setattr(BudgetsResponse, name, action)


def know_lambdas_quota() -> None:
    """AWS returns an account's quota of concurrent executions, and its default. moto knows only the quotas of VPCs."""

    def quota(self: Any) -> str:
        asked = json.loads(self.body)
        known = {"QuotaName": "Concurrent executions", "Value": 1000.0}
        arn = f"arn:aws:servicequotas:{self.region}:{self.current_account}:{asked['ServiceCode']}/{asked['QuotaCode']}"
        return json.dumps({"Quota": asked | known | {"QuotaArn": arn}})

    for action in ("get_service_quota", "get_aws_default_service_quota"):
        setattr(ServiceQuotasResponse, action, quota)


def authorize_by_resource() -> None:
    """AWS checks the permission to use the resource that a call names, such as a table.

    moto checks the permission to use '*' instead, which a policy for exact resources never grants.
    """

    def table(self: Any) -> str:
        name = self.body.get("TableName")
        return f"arn:aws:dynamodb:{self.region}:{self.current_account}:table/{name}" if name else "*"

    def log_stream(self: Any) -> str:
        arn = f"arn:aws:logs:{self.region}:{self.current_account}:log-group:{self._get_param('logGroupName')}"
        return f"{arn}:log-stream:{self._get_param('logStreamName') or ''}"

    def parameter(self: Any) -> str:
        name = (self._get_param("Name") or "").removeprefix("/")
        return f"arn:aws:ssm:{self.region}:{self.current_account}:parameter/{name}" if name else "*"

    resources: list[tuple[Any, Any]] = [
        (DynamoHandler, table),
        (LogsResponse, log_stream),
        (SimpleSystemManagerResponse, parameter),
    ]
    for handler, resource in resources:
        handler._determine_resource = resource


def authorize_by_the_names_of_iam() -> None:
    """In IAM policies, CloudWatch's actions begin with `cloudwatch:`. moto expects `monitoring:`, as in signatures."""
    check = IAMRequestBase.check_action_permitted

    def new_check(self: Any, resource: str) -> None:
        self._action = self._action.replace("monitoring:", "cloudwatch:")
        check(self, resource)

    def new_check_signature(self: Any) -> None:
        """Accept every signature, because moto rejects some correct ones, such as that of GetFunction."""

    IAMRequestBase.check_action_permitted = new_check  # type: ignore[method-assign]
    IAMRequestBase.check_signature = new_check_signature  # type: ignore[method-assign]


if __name__ == "__main__":
    keep_logging_config()
    keep_permissions_as_aws_does()
    remove_permissions_with_their_stack()
    keep_caps_of_tables()
    share_dashboards_between_regions()
    complete_budgets()
    know_lambdas_quota()
    authorize_by_resource()
    authorize_by_the_names_of_iam()
    main(["--host", "127.0.0.1", "--port", sys.argv[1]])
