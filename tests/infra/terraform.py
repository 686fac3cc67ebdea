"""Runs Terraform in a folder, and only against a stand-in for AWS on this machine."""

import ipaddress
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

REGION = "eu-central-1"

# Variables of the caller that Terraform must not see: those that name an AWS account, or change how Terraform runs.
WITHHELD = ("AWS_", "TF_VAR_", "TF_CLI_ARGS", "TF_DATA_DIR", "TF_WORKSPACE", "TF_LOG")


class TerraformError(Exception):
    """Terraform is missing or has failed. The message contains its output."""


def require_loopback(endpoint: str) -> None:
    host = urlsplit(endpoint).hostname or ""
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise TerraformError(f"{endpoint} is not on this machine; the tests never talk to a real account")


def fake_aws(endpoint: str, region: str) -> dict[str, str]:
    """The environment that sends every AWS call to the stand-in."""
    require_loopback(endpoint)
    return {
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",  # pragma: allowlist secret
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": endpoint,
        # Calls that the stand-in does not support fail soon. The provider's default of 25 attempts would take minutes.
        "AWS_MAX_ATTEMPTS": "2",
        "AWS_REGION": region,
        "AWS_SECRET_ACCESS_KEY": "fake",  # pragma: allowlist secret
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


class Terraform:
    """Terraform in one folder, for one region and one workspace. Several of these objects can share a folder."""

    def __init__(
        self,
        directory: Path,
        endpoint: str,
        region: str = REGION,
        workspace: str | None = None,
        keys: Mapping[str, str] = {},
    ) -> None:
        self.directory = directory
        self.endpoint = endpoint
        self._environment = {k: v for k, v in os.environ.items() if not k.startswith(WITHHELD)}
        self._environment |= fake_aws(endpoint, region)
        self._environment |= keys
        if workspace is not None:
            self._environment["TF_WORKSPACE"] = workspace
        self._environment |= {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "TF_INPUT": "0"}

    def run(self, *arguments: str, allowed: tuple[int, ...] = (0,)) -> subprocess.CompletedProcess[str]:
        program = shutil.which("terraform")
        if program is None:
            raise TerraformError("terraform is not on PATH: install Terraform 1.9 or newer to run these tests")
        command = [program, f"-chdir={self.directory}", *arguments]
        # Longer than any run takes on a busy machine, even the whole of `terraform test`.
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True, timeout=500, check=False)
        if done.returncode not in allowed:
            raise TerraformError(
                f"terraform {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
            )
        return done

    def init(self) -> None:
        try:
            self.run("init", "-no-color")
        except TerraformError as error:
            raise TerraformError(
                "terraform init found no provider hashicorp/aws: "
                f"it needs the registry, or the installation that TF_CLI_CONFIG_FILE describes.\n{error}"
            ) from error

    def plan(self, path: Path, variables: Mapping[str, str]) -> dict[str, Any]:
        """Write a plan to a file for `apply`, and return it as data."""
        self.run("plan", "-no-color", f"-out={path}", *(f"-var={name}={value}" for name, value in variables.items()))
        plan: dict[str, Any] = json.loads(self.run("show", "-json", str(path)).stdout)
        return plan

    def pending_changes(self, variables: Mapping[str, str]) -> str:
        """Return the plan as text, or an empty text if it would change nothing."""
        values = (f"-var={name}={value}" for name, value in variables.items())
        done = self.run("plan", "-no-color", "-detailed-exitcode", *values, allowed=(0, 2))
        return done.stdout if done.returncode == 2 else ""

    def apply(self, plan: Path) -> str:
        """Apply a plan, and return Terraform's log of it."""
        return self.run("apply", "-no-color", str(plan)).stdout

    def create_workspace(self, name: str) -> None:
        """Create a workspace for another object with this folder, and select the default workspace again."""
        self.run("workspace", "new", name)
        self.run("workspace", "select", "default")

    def destroy(self, variables: Mapping[str, str]) -> str:
        """Destroy everything in the state, and return Terraform's log of it."""
        values = (f"-var={name}={value}" for name, value in variables.items())
        return self.run("destroy", "-no-color", "-auto-approve", *values).stdout

    def outputs(self) -> dict[str, Any]:
        outputs = json.loads(self.run("output", "-json").stdout)
        return {name: output["value"] for name, output in outputs.items()}
