"""Checks whether this machine has the programs that a command needs. It installs nothing.

python -m tools.doctor            check for everything that `make test-all` needs
python -m tools.doctor bench      check for another command: bench, check, deploy or format
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

# This runs on the machine's own Python before anything is installed, so it may import only the standard library.

OLDEST_NODE = 20
OLDEST_TERRAFORM = (1, 9)


@dataclass(frozen=True)
class Requirement:
    """Something that a command needs.

    `debian` is the Debian package that contains it, if there is one. `how` says how to get it otherwise.
    """

    name: str
    is_met: Callable[[], bool]
    debian: str | None = None
    how: str = ""


@dataclass(frozen=True)
class Part:
    """A part of `make test-all` that `make test` leaves out."""

    command: str
    what: str
    requirements: tuple[Requirement, ...]


def has(*programs: str) -> Callable[[], bool]:
    """Return a check that one of these programs is on the PATH."""
    return lambda: any(shutil.which(program) for program in programs)


def is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def runs_lambda() -> bool:
    return platform.system() == "Linux" and platform.machine().lower() in {"x86_64", "amd64", "aarch64", "arm64"}


def has_terraform() -> bool:
    """Return whether Terraform is installed and new enough."""
    program = shutil.which("terraform")
    if program is None:
        return False
    run = subprocess.run([program, "version", "-json"], capture_output=True, text=True, check=False)
    try:
        version = json.loads(run.stdout)["terraform_version"]
    except (ValueError, KeyError):
        return False
    major, minor, *_ = version.split(".")
    return (int(major), int(minor)) >= OLDEST_TERRAFORM


def has_node() -> bool:
    """Return whether Node and npm are installed and new enough."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return False
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = version.strip().removeprefix("v").partition(".")[0]
    return major.isdigit() and int(major) >= OLDEST_NODE


def needs_ministack() -> bool:
    """Return whether the tests need ministack, the DynamoDB engine from PyPI.

    They use dynoxide on Linux x86-64, another engine if DYNAMODB_TEST_ENDPOINT names one, and otherwise ministack.
    """
    is_linux_x86_64 = platform.system() == "Linux" and platform.machine().lower() in {"x86_64", "amd64"}
    return not is_linux_x86_64 and "DYNAMODB_TEST_ENDPOINT" not in os.environ


CHROMIUM = Requirement("Chromium", has(os.environ.get("CHROMIUM", "chromium")), "chromium")
FIREFOX = Requirement("Firefox ESR", has("firefox-esr"), "firefox-esr")
COTURN = Requirement("coturn, a TURN server", has("turnserver"), "coturn")
CURL = Requirement("curl", has("curl"), "curl")
IP = Requirement("ip, for network namespaces", has("ip"), "iproute2")
VALGRIND = Requirement("valgrind, to count instructions", has("valgrind"), "valgrind")
GIT = Requirement("git", has("git"), "git")
LAMBDA = Requirement(
    "Linux on x86-64 or arm64, for AWS's Lambda emulator", runs_lambda, how="a virtual machine will do"
)
ROOT = Requirement("root, for network namespaces", is_root, how="run it as root: sudo make test-all")
TERRAFORM = Requirement(
    "Terraform 1.9 or newer", has_terraform, how="to install it, see https://developer.hashicorp.com/terraform/install"
)

PARTS = (
    Part("test-server", "slow tests, and the shell examples in the documents (needs bash and curl)", (CURL,)),
    Part(
        "test-runtime",
        "the function's package under AWS's Lambda runtime, and the protocol under `chalice local`",
        (LAMBDA,),
    ),
    Part(
        "test-browser",
        "the browser client and the page (needs Chromium, Firefox and coturn)",
        (CHROMIUM, FIREFOX, COTURN),
    ),
    Part("test-network", "connections while the network changes (needs root)", (CHROMIUM, COTURN, IP, ROOT)),
    Part("test-infra", "the Terraform configuration (needs Terraform)", (TERRAFORM,)),
    Part("test-reliability", "the packaged function under faults and overload (takes minutes)", (LAMBDA,)),
)
OTHERS = {
    "bench": (VALGRIND, CHROMIUM, LAMBDA),
    "check": (TERRAFORM, GIT),
    "deploy": (TERRAFORM,),
    "format": (TERRAFORM,),
}


def requirements_of(command: str) -> list[Requirement]:
    """Return everything that a command needs, without duplicates."""
    if command in OTHERS:
        return list(OTHERS[command])
    needed = [requirement for part in PARTS for requirement in part.requirements]
    return list(dict.fromkeys(needed))


def report(command: str) -> int:
    """Print everything that is missing, and one command that installs it. Return the exit code."""
    missing = [requirement for requirement in requirements_of(command) if not requirement.is_met()]
    if not missing:
        print(f"This machine has everything that `make {command}` needs.")
        return 0
    print(f"This machine lacks some of what `make {command}` needs:", file=sys.stderr)
    for requirement in missing:
        hint = f" ({requirement.how})" if requirement.how else ""
        print(f"  - {requirement.name}{hint}", file=sys.stderr)
    packages = [requirement.debian for requirement in missing if requirement.debian]
    if packages:
        sudo = "" if is_root() else "sudo "
        print("On Debian, install the packages with:", file=sys.stderr)
        print(f"  {sudo}apt-get install --no-install-recommends {' '.join(packages)}", file=sys.stderr)
    return 1


def left_out() -> None:
    """Print a line for each part of `make test-all` that `make test` leaves out."""
    print("The quick tests have passed. `make test-all` also runs:")
    for part in PARTS:
        print(f"  {part.command:<17} {part.what}")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.doctor",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", nargs="?", default="test-all", choices=["test-all", *OTHERS])
    parser.add_argument("--left-out", action="store_true", help="list the parts that `make test` leaves out")
    parser.add_argument("--needs-node", action="store_true", help="exit 0 if this machine lacks Node 20 or newer")
    parser.add_argument("--needs-ministack", action="store_true", help="exit 0 if the tests need ministack")
    options = parser.parse_args()
    if options.left_out:
        left_out()
        return 0
    if options.needs_node:
        return 1 if has_node() else 0
    if options.needs_ministack:
        return 0 if needs_ministack() else 1
    return report(options.command)


if __name__ == "__main__":
    sys.exit(main())
