"""tools/doctor.py: `make doctor` lists everything that is missing at once, and installs nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.engines import ROOT

PROGRAMS = ["chromium", "firefox-esr", "turnserver", "ip", "curl", "valgrind", "git"]


def doctor(path: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the doctor with a PATH of only one folder."""
    return subprocess.run(
        [sys.executable, "-m", "tools.doctor", *arguments],
        cwd=ROOT,
        env={"PATH": str(path)},
        capture_output=True,
        text=True,
        check=False,
    )


def add(folder: Path, name: str, prints: str = "") -> None:
    """Add a program to this folder, which prints one line."""
    program = folder / name
    program.write_text(f"#!/bin/sh\necho '{prints}'\n")
    program.chmod(0o755)


def add_terraform(folder: Path, version: str) -> None:
    add(folder, "terraform", f'{{"terraform_version": "{version}"}}')


def test_all_missing_programs_are_listed_with_one_command_that_installs_them(tmp_path: Path) -> None:
    run = doctor(tmp_path)

    assert run.returncode == 1
    for name in ("Chromium", "Firefox ESR", "coturn", "ip, for network namespaces", "curl", "Terraform 1.9"):
        assert name in run.stderr
    (command,) = [line for line in run.stderr.splitlines() if "apt-get install" in line]
    assert command.split()[-5:] == ["curl", "chromium", "firefox-esr", "coturn", "iproute2"]


def test_installed_programs_are_not_listed(tmp_path: Path) -> None:
    for name in PROGRAMS:
        add(tmp_path, name)

    run = doctor(tmp_path)

    assert "apt-get" not in run.stderr
    assert "Terraform 1.9 or newer" in run.stderr


@pytest.mark.parametrize(("version", "exit_code"), [("1.8.5", 1), ("1.9.0", 0), ("1.11.4", 0), ("2.0.0", 0)])
def test_an_old_terraform_counts_as_missing(version: str, exit_code: int, tmp_path: Path) -> None:
    add_terraform(tmp_path, version)

    assert doctor(tmp_path, "deploy").returncode == exit_code


def test_a_terraform_that_does_not_run_counts_as_missing(tmp_path: Path) -> None:
    add(tmp_path, "terraform", "cannot execute")

    assert doctor(tmp_path, "deploy").returncode == 1


@pytest.mark.parametrize(("version", "is_needed"), [("v18.20.0", True), ("v20.0.0", False), ("v24.19.0", False)])
def test_node_comes_from_pypi_if_the_machines_node_is_too_old(version: str, is_needed: bool, tmp_path: Path) -> None:
    add(tmp_path, "node", version)
    add(tmp_path, "npm")

    assert (doctor(tmp_path, "--needs-node").returncode == 0) == is_needed


def test_node_comes_from_pypi_if_the_machine_has_no_node(tmp_path: Path) -> None:
    assert doctor(tmp_path, "--needs-node").returncode == 0


def test_each_part_that_make_test_leaves_out_is_listed(tmp_path: Path) -> None:
    run = doctor(tmp_path, "--left-out")

    parts = [line.split()[0] for line in run.stdout.splitlines() if line.startswith("  ")]
    assert run.returncode == 0
    assert parts == [
        "test-server",
        "test-runtime",
        "test-browser",
        "test-network",
        "test-infra",
        "test-reliability",
    ]


def test_the_doctor_needs_only_the_standard_library(tmp_path: Path) -> None:
    """The doctor runs before anything is installed."""
    isolated = [os.path.realpath(sys.executable), "-S", "-m", "tools.doctor", "--left-out"]

    run = subprocess.run(isolated, cwd=ROOT, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)

    assert (run.returncode, run.stderr) == (0, "")
