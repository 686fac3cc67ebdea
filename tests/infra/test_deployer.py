"""The permissions that deploying needs: the policy in infra/README.md is enough."""

import json
import re
from collections.abc import Iterator

import pytest

from .conftest import PROJECT, VARIABLES, Deployment
from .terraform import REGION, Terraform, TerraformError
from .test_execution_role import enforce_iam


def documented_policy() -> str:
    [policy] = re.findall(r"```json\n(.*?)```", (PROJECT / "infra" / "README.md").read_text(), re.DOTALL)
    return json.dumps(json.loads(policy))


def without(policy: str, action: str) -> str:
    """Return the same policy without one action."""
    document = json.loads(policy)
    document["Statement"][0]["Action"].remove(action)
    return json.dumps(document)


@pytest.fixture
def deployer(deployment: Deployment) -> Iterator[Terraform]:
    """Terraform with the access key of a user who has only the documented policy. The stand-in checks every call."""
    iam = deployment.session.client("iam", endpoint_url=deployment.endpoint)
    iam.create_user(UserName="deployer")
    iam.put_user_policy(UserName="deployer", PolicyName="documented", PolicyDocument=documented_policy())
    key = iam.create_access_key(UserName="deployer")["AccessKey"]
    keys = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    deployment.terraform.create_workspace("deployer")
    enforce_iam(deployment.endpoint, True)
    yield Terraform(deployment.terraform.directory, deployment.endpoint, REGION, "deployer", keys)
    enforce_iam(deployment.endpoint, False)
    deployment.terraform.run("workspace", "delete", "-force", "deployer")
    iam.delete_access_key(UserName="deployer", AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName="deployer", PolicyName="documented")
    iam.delete_user(UserName="deployer")


def test_the_documented_permissions_are_enough_to_deploy_and_to_destroy(
    deployment: Deployment, deployer: Terraform
) -> None:
    variables = VARIABLES | {"name": "another", "tags": json.dumps({"team": "video"})}
    plan_file = deployment.plan_file.with_name("deployers-plan")

    deployer.plan(plan_file, variables)
    applied = deployer.apply(plan_file)
    destroyed = deployer.destroy(variables)

    assert "Apply complete!" in applied
    assert "Destroy complete!" in destroyed


def test_deploying_always_needs_permission_to_read_the_default_quota(
    deployment: Deployment, deployer: Terraform
) -> None:
    """The provider calls GetAWSDefaultServiceQuota first, even in accounts with a quota of their own."""
    enforce_iam(deployment.endpoint, False)
    iam = deployment.session.client("iam", endpoint_url=deployment.endpoint)
    less = without(documented_policy(), "servicequotas:GetAWSDefaultServiceQuota")
    iam.put_user_policy(UserName="deployer", PolicyName="documented", PolicyDocument=less)
    enforce_iam(deployment.endpoint, True)

    with pytest.raises(TerraformError, match="GetAWSDefaultServiceQuota"):
        deployer.plan(deployment.plan_file.with_name("deployers-plan"), VARIABLES | {"name": "another"})
