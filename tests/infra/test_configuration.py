"""The configuration in infra/: its format, its own tests, and the findings of a security scanner."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from .conftest import PROJECT, Deployment
from .terraform import Terraform, TerraformError, require_loopback


def test_the_configuration_is_formatted(terraform: Terraform) -> None:
    done = terraform.run("fmt", "-check", "-diff", "-recursive", allowed=(0, 3))

    assert done.stdout == ""


def test_the_configuration_is_valid(terraform: Terraform) -> None:
    result = json.loads(terraform.run("validate", "-json").stdout)

    assert result["valid"]
    assert result["diagnostics"] == []


def test_the_terraform_tests_pass(terraform: Terraform) -> None:
    done = terraform.run("test", "-no-color", allowed=(0, 1))

    assert done.returncode == 0, done.stdout + done.stderr


def test_every_module_has_terraform_tests() -> None:
    modules = {path.name for path in (PROJECT / "infra" / "modules").iterdir()}

    promises = {path.name.removesuffix(".tftest.hcl") for path in (PROJECT / "infra" / "tests").glob("*.tftest.hcl")}

    assert promises == modules | {"root"}


def test_the_root_module_passes_on_every_variable_and_output() -> None:
    def declared(file: str, kind: str) -> set[str]:
        return set(re.findall(rf'^{kind} "(\w+)"', (PROJECT / "infra" / file).read_text(), re.MULTILINE))

    passed_on = set(re.findall(r"^  (\w+) += var\.\1$", (PROJECT / "infra" / "main.tf").read_text(), re.MULTILINE))

    assert declared("variables.tf", "variable") == declared("modules/peerpost/variables.tf", "variable") == passed_on
    assert declared("outputs.tf", "output") == declared("modules/peerpost/outputs.tf", "output")


@pytest.mark.parametrize(
    "module", ["", "modules/channel_table", "modules/execution_role", "modules/function", "modules/monitoring"]
)
def test_every_readme_lists_exactly_the_variables_and_outputs_of_its_module(module: str) -> None:
    folder = PROJECT / "infra" / module
    declared = [
        name
        for kind in ("variable", "output")
        for name in re.findall(rf'^{kind} "(\w+)"', (folder / f"{kind}s.tf").read_text(), re.MULTILINE)
    ]

    listed = re.findall(r"^\| `(\w+)` \|", (folder / "README.md").read_text(), re.MULTILINE)

    assert set(listed) == set(declared)


def test_the_module_can_be_called_from_another_configuration(terraform: Terraform) -> None:
    example = Terraform(terraform.directory / "examples" / "one_call", terraform.endpoint)
    example.init()

    result = json.loads(example.run("validate", "-json").stdout)

    assert result["valid"]
    assert result["diagnostics"] == []


def test_no_module_has_a_provider_block() -> None:
    """A module with a provider block cannot be called with count, for_each or another provider."""
    for path in (PROJECT / "infra" / "modules").rglob("*.tf"):
        assert not re.search(r'^provider "', path.read_text(), re.MULTILINE), path


@pytest.mark.parametrize("kind", ["variable", "output"])
def test_variables_and_outputs_are_sorted_and_described(kind: str) -> None:
    for path in (PROJECT / "infra").rglob(f"{kind}s.tf"):
        names = [line.split('"')[1] for line in path.read_text().splitlines() if line.startswith(f'{kind} "')]

        assert names == sorted(names), path
        assert path.read_text().count("  description = ") == len(names), path


@pytest.mark.parametrize(
    "endpoint", ["https://sts.amazonaws.com", "http://192.0.2.1:5000", "http://localhost.example.org", "http://", ""]
)
def test_terraform_does_not_run_against_another_machine(endpoint: str, tmp_path: Path) -> None:
    with pytest.raises(TerraformError, match="not on this machine"):
        Terraform(tmp_path, endpoint)


def test_terraform_runs_against_this_machine() -> None:
    require_loopback("http://127.0.0.1:5000")
    require_loopback("http://[::1]:5000")


def test_checkov_finds_no_fault_in_the_configuration() -> None:
    report = checkov("--directory", str(PROJECT / "infra"), "--framework", "terraform")

    assert_clean(report)


def test_checkov_finds_no_fault_in_the_plan(deployment: Deployment, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps(deployment.plan))

    # The reasons for skipped checks are in the configuration, and not in the plan.
    report = checkov(
        "--file", str(plan), "--framework", "terraform_plan", "--repo-root-for-plan-enrichment", str(PROJECT / "infra")
    )

    assert_clean(report)


def checkov(*arguments: str) -> dict[str, Any]:
    program = shutil.which(os.environ.get("CHECKOV", "checkov"))
    if program is None:
        pytest.fail(
            "checkov is missing: run `make .venv-checkov/ready`, "
            "or set CHECKOV to the path of another installation's checkov"
        )
    command = [program, *arguments, "--skip-download", "--compact", "--output", "json"]
    environment = os.environ | {"CKV_SKIP_PACKAGE_UPDATE_CHECK": "true"}  # Otherwise it asks PyPI for a newer version.
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def assert_clean(report: dict[str, Any]) -> None:
    failed = [(check["check_id"], check["resource"]) for check in report["results"]["failed_checks"]]
    assert failed == []
    assert report["summary"]["parsing_errors"] == 0
    assert report["summary"]["passed"] > 0

    for check in report["results"].get("skipped_checks", []):
        reason = check["check_result"]["suppress_comment"]
        assert len(reason.split()) >= 5, f"{check['check_id']} on {check['resource']} is skipped without a reason"
