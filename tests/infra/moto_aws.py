"""A stand-in for AWS on this machine: moto's server, with what it gets wrong about our stack put right.

Run as a program with a port. Every patch says what AWS does and moto does not; none knows our stack's names.
"""

import json
import sys
from typing import Any

from moto.awslambda.models import LambdaFunction
from moto.awslambda.policy import Policy
from moto.core.exceptions import JsonRESTError
from moto.dynamodb.responses import DynamoHandler
from moto.logs.responses import LogsResponse
from moto.server import main
from moto.servicequotas.responses import ServiceQuotasResponse
from moto.ssm.responses import SimpleSystemManagerResponse


class DuplicateStatement(JsonRESTError):
    code = 409

    def __init__(self, sid: str) -> None:
        super().__init__("ResourceConflictException", f"The statement id ({sid}) provided already exists.")


def keep_logging_config() -> None:
    """AWS keeps a function's logging configuration; moto drops it, and a second plan would want it back."""
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
    """AWS refuses a second statement of one name, as the provider expects, and turns two arguments into conditions."""
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


def know_lambdas_quota() -> None:
    """AWS tells an account's limit of concurrent functions, and its default; moto knows the quotas of VPCs only."""

    def quota(self: Any) -> str:
        asked = json.loads(self.body)
        known = {"QuotaName": "Concurrent executions", "Value": 1000.0}
        arn = f"arn:aws:servicequotas:{self.region}:{self.current_account}:{asked['ServiceCode']}/{asked['QuotaCode']}"
        return json.dumps({"Quota": asked | known | {"QuotaArn": arn}})

    for action in ("get_service_quota", "get_aws_default_service_quota"):
        setattr(ServiceQuotasResponse, action, quota)


def authorize_by_resource() -> None:
    """AWS authorizes a call for what it names, be it a table; moto does for '*', which no exact policy allows."""

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


if __name__ == "__main__":
    keep_logging_config()
    keep_permissions_as_aws_does()
    know_lambdas_quota()
    authorize_by_resource()
    main(["--host", "127.0.0.1", "--port", sys.argv[1]])
