"""Access keys and TURN in a deployment: the function's environment and permissions, and no secret in Terraform."""

import json
from collections.abc import Iterator
from typing import Any, cast

import boto3
import pytest
from botocore.exceptions import ClientError

from chalicelib.access_keys import AccessKeys
from chalicelib.parameters import Parameter
from harness.ssm import KEY, KEYS_NAME, SECRET, SECRET_NAME, digest

from .conftest import VARIABLES, Deployment
from .terraform import REGION
from .test_deployment import function_behind_the_url
from .test_execution_role import ROLE, enforce_iam, packaged_actions

TURN = "turn:turn.example.org"
CONFIGURED = VARIABLES | {
    "access_keys_parameter": KEYS_NAME,
    "stun_urls": '["stun:turn.example.org"]',
    "turn_secret_parameter": SECRET_NAME,
    "turn_urls": json.dumps([TURN]),
}
VALUES = {KEYS_NAME: digest(KEY), SECRET_NAME: SECRET, "/peerpost/another": "anything"}


@pytest.fixture(scope="module")
def configured(deployment: Deployment) -> Iterator[Deployment]:
    """The deployment with access keys and TURN. Its parameters are created outside Terraform, as an operator does."""
    ssm = client(deployment.session, deployment)
    for name, value in VALUES.items():
        ssm.put_parameter(Name=name, Value=value, Type="SecureString")
    change(deployment, CONFIGURED)
    yield deployment
    change(deployment, VARIABLES)
    ssm.delete_parameters(Names=list(VALUES))


def change(deployment: Deployment, variables: dict[str, str]) -> None:
    deployment.terraform.plan(deployment.plan_file, variables)
    deployment.terraform.apply(deployment.plan_file)


def client(session: boto3.session.Session, deployment: Deployment) -> Any:
    return cast(Any, session).client("ssm", endpoint_url=deployment.endpoint)


@pytest.fixture
def ssm(configured: Deployment) -> Iterator[Any]:
    """An SSM client with the credentials of the function's role. The stand-in checks its permissions."""
    role = configured.session.client("iam", endpoint_url=configured.endpoint).get_role(RoleName=ROLE)["Role"]
    sts = configured.session.client("sts", endpoint_url=configured.endpoint)
    keys = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="test")["Credentials"]
    session = boto3.session.Session(
        keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], region_name=REGION
    )
    enforce_iam(configured.endpoint, True)
    yield client(session, configured)
    enforce_iam(configured.endpoint, False)


def test_a_second_plan_changes_nothing(configured: Deployment) -> None:
    assert configured.terraform.pending_changes(CONFIGURED) == ""


def test_the_function_gets_the_names_of_its_parameters_and_the_urls(configured: Deployment) -> None:
    assert function_behind_the_url(configured)["Environment"]["Variables"] == {
        "ACCESS_KEYS_PARAMETER": KEYS_NAME,
        "MAX_TTL_SECONDS": "86400",
        "MAX_WAIT_SECONDS": "5",
        "STUN_URLS": "stun:turn.example.org",
        "TABLE_NAME": configured.outputs["table_name"],
        "TURN_SECRET_PARAMETER": SECRET_NAME,
        "TURN_URLS": TURN,
    }


def test_pages_may_send_their_access_key(configured: Deployment) -> None:
    functions = configured.session.client("lambda", endpoint_url=configured.endpoint)

    url = functions.get_function_url_config(FunctionName=configured.outputs["function_name"], Qualifier="live")

    assert sorted(url["Cors"]["AllowHeaders"]) == ["authorization", "content-type"]


def test_terraform_holds_no_secret(configured: Deployment) -> None:
    files = [path for path in configured.terraform.directory.glob("terraform.tfstate*") if path.is_file()]
    plan = configured.terraform.run("show", "-json", str(configured.plan_file)).stdout

    held = "\n".join([plan, *(path.read_text() for path in files)])

    assert files
    assert KEYS_NAME in held
    assert SECRET_NAME in held
    for secret in (KEY, digest(KEY), SECRET):
        assert secret not in held


def test_the_role_may_call_what_the_server_calls_and_no_more(configured: Deployment) -> None:
    iam = configured.session.client("iam", endpoint_url=configured.endpoint)
    policy: Any = iam.get_role_policy(RoleName=ROLE, PolicyName=ROLE)["PolicyDocument"]
    document = json.loads(policy) if isinstance(policy, str) else policy

    granted = {action for statement in document["Statement"] for action in statement["Action"]}

    assert granted - {"logs:CreateLogStream", "logs:PutLogEvents"} == packaged_actions("dynamodb", "ssm")


def test_the_functions_own_parameters_are_allowed(ssm: Any) -> None:
    AccessKeys(Parameter(lambda: ssm, KEYS_NAME).read).check(KEY)

    assert Parameter(lambda: ssm, SECRET_NAME).read() == SECRET


REFUSED = {
    "reading another parameter": lambda ssm: ssm.get_parameter(Name="/peerpost/another", WithDecryption=True),
    "reading several at once": lambda ssm: ssm.get_parameters(Names=[KEYS_NAME], WithDecryption=True),
    "reading a whole path": lambda ssm: ssm.get_parameters_by_path(Path="/peerpost", WithDecryption=True),
    "listing parameters": lambda ssm: ssm.describe_parameters(),
    "changing a parameter": lambda ssm: ssm.put_parameter(Name=KEYS_NAME, Value=digest("mine"), Overwrite=True),
    "deleting a parameter": lambda ssm: ssm.delete_parameter(Name=KEYS_NAME),
}


@pytest.mark.parametrize("call", REFUSED.values(), ids=REFUSED)
def test_every_other_call_is_refused(call: Any, ssm: Any) -> None:
    with pytest.raises(ClientError) as refusal:
        call(ssm)

    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
