"""Fixtures that all tests here share: a stand-in for AWS, Terraform in an initialised folder, and a deployment."""

import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from harness.engines import free_port

from .terraform import REGION, Terraform

PROJECT = Path(__file__).parents[2]

VARIABLES = {"alarm_email": "operator@example.org", "monthly_budget_usd": "10"}


@dataclass(frozen=True)
class Deployment:
    """The configuration, deployed to the stand-in for AWS."""

    terraform: Terraform
    plan: dict[str, Any]
    plan_file: Path
    apply_log: str
    package: Path
    outputs: dict[str, Any]
    session: boto3.session.Session
    endpoint: str


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests enough time for Terraform, and run the one that destroys the shared deployment last.

    The first test of a deployment also waits until it is there, which takes a dozen runs of Terraform.
    """
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.timeout(3600))
    items.sort(key=lambda item: item.name == "test_destroy_leaves_nothing_and_needs_no_package")


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a running stand-in for AWS."""
    port = free_port()
    log = tmp_path_factory.mktemp("moto") / "log"
    program = [sys.executable, str(Path(__file__).with_name("moto_aws.py")), str(port)]
    with log.open("w") as output, subprocess.Popen(program, stdout=output, stderr=output) as server:
        try:
            address = f"http://127.0.0.1:{port}"
            wait_for(address, server, log)
            yield address
        finally:
            server.terminate()


def wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    while server.poll() is None:
        try:
            urllib.request.urlopen(f"{address}/moto-api/config", timeout=5).close()
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"moto's server did not start:\n{log.read_text()}")


@pytest.fixture(scope="session")
def terraform(tmp_path_factory: pytest.TempPathFactory, endpoint: str) -> Terraform:
    """Terraform, initialised in a copy of infra/, so that no state and no provider is left in the project."""
    directory = tmp_path_factory.mktemp("project") / "infra"
    shutil.copytree(
        PROJECT / "infra",
        directory,
        ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*", "*.tfvars", "backend.tf", "*override.tf"),
    )
    runner = Terraform(directory, endpoint)
    runner.init()
    return runner


@pytest.fixture(scope="session")
def deployment(terraform: Terraform, endpoint: str, function_zip: Path) -> Deployment:
    deployed_package = terraform.directory.parent / "build" / "function.zip"
    deployed_package.parent.mkdir()
    shutil.copyfile(function_zip, deployed_package)
    plan_file = terraform.directory.parent / "plan"
    plan = terraform.plan(plan_file, VARIABLES)
    apply_log = terraform.apply(plan_file)
    session = boto3.session.Session("AKIAIOSFODNN7EXAMPLE", "fake", region_name=REGION)
    return Deployment(terraform, plan, plan_file, apply_log, deployed_package, terraform.outputs(), session, endpoint)
