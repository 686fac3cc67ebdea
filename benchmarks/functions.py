"""The functions that are compared, and how they are run: ours as it ships, and what its users would write instead.

All run on the Python of the function, with the same event, in a process of their own that has nothing but their folder.
`rivals/driver.py` starts them.
"""

import hashlib
import json
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.descriptions import load
from benchmarks.report import ROOT
from benchmarks.stand_in import authority, stand_in
from chalicelib.embedded import ANY_KEYS, ANY_REGION
from harness.runtime import runtime_python, unpack_read_only
from harness.transports import url_event
from tools import package

RIVALS = Path(__file__).with_name("rivals")
DRIVER = RIVALS / "driver.py"

US, CONVENTIONAL, EMPTY = "**Peerpost**", "`boto3.resource`, the conventional way", "empty handler"
# Each beside the file of its handler; they are laid out as `pip install --target` does, without bytecode.
HANDLERS = {
    CONVENTIONAL: "resource.py",
    "bare `boto3.client`": "client.py",
    "Powertools over our gateway": "powertools.py",
    EMPTY: "empty.py",
}
# What bytecode alone would do for them; Lambda's own `pip install` way has none.
WITH_BYTECODE = {f"{name}, with bytecode": handler for name, handler in list(HANDLERS.items())[:-1]}

INSTRUCTIONS = re.compile(r"I\s+refs:\s+([\d,]+)")


@dataclass(frozen=True)
class Function:
    """A function in its folder, and what it is called with."""

    task_root: Path
    path: str
    endpoint: str
    ca_bundle: Path

    def variables(self) -> Mapping[str, str]:
        """Return what Lambda gives a function, and what makes two runs alike."""
        return {
            **{name.upper(): value for name, value in ANY_KEYS.items()},
            "AWS_SESSION_TOKEN": "local" * 80,
            "AWS_CA_BUNDLE": str(self.ca_bundle),
            "AWS_DEFAULT_REGION": ANY_REGION,
            "AWS_ENDPOINT_URL_DYNAMODB": self.endpoint,
            "AWS_LAMBDA_FUNCTION_NAME": "peerpost",
            "AWS_REGION": ANY_REGION,
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": "0",
            "PYTHONPATH": self.path,
            "TABLE_NAME": "channels",
        }

    def instructions(self, requests: int) -> int:
        """Return the instructions from the start of the process to its end, with so many requests between."""
        valgrind = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
        patient = ["patient"] if (self.task_root / "chalicelib").exists() else []
        command = [*valgrind, runtime_python(), "-sS", str(DRIVER), *patient]
        run = subprocess.run(
            command,
            cwd=self.task_root,
            env=dict(self.variables()),
            input=EVENT * requests,
            capture_output=True,
            text=True,
            check=True,
        )
        all_went_well(run.stdout, requests)
        found = INSTRUCTIONS.search(run.stderr)
        if not found:
            raise RuntimeError(f"valgrind tells no count:\n{run.stderr}")
        return int(found[1].replace(",", ""))

    @contextmanager
    def started(self) -> "Iterator[Started]":
        """Start it, and give it once it is ready."""
        command = [runtime_python(), "-sS", str(DRIVER)]
        began = time.monotonic()
        with subprocess.Popen(
            command,
            cwd=self.task_root,
            env=dict(self.variables()),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            started = Started(process, began)
            started.ready_seconds = started.read()["at"] - began
            yield started
            started.end()


class Started:
    """A function that has started."""

    def __init__(self, process: subprocess.Popen[str], began: float) -> None:
        self.process, self.began, self.ready_seconds = process, began, 0.0

    def call(self) -> dict[str, float]:
        """Send a request; return its `seconds`, its `cpu` seconds, and when it was done, `at`."""
        assert self.process.stdin
        self.process.stdin.write(EVENT)
        self.process.stdin.flush()
        return self.read()

    def read(self) -> dict[str, float]:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the function has ended")
        said: dict[str, float] = json.loads(line)
        if said.get("status", 200) != 200:
            raise RuntimeError(f"the function replied {said}")
        return said

    def end(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()


def all_went_well(said: str, requests: int) -> None:
    replies = [json.loads(line) for line in said.splitlines()][1:]
    if [reply["status"] for reply in replies] != [200] * requests:
        raise RuntimeError(f"not all of {requests} requests went well: {said}")


def event() -> dict[str, Any]:
    """Return a request that writes an answer, as browsers send it."""
    answer = load("data channel")[1].early
    request = {"method": "create_answer", "channel_id": "1c5ca5a5-6f0b-4c55-8b9a-3ad1e1b58f0e", "answer": answer}
    headers = {"content-type": "text/plain;charset=UTF-8", "host": "url.lambda-url.us-east-1.on.aws"}
    return url_event(json.dumps(request).encode(), headers)


EVENT = json.dumps(event()) + "\n"


def build() -> str:
    """Name the build of Python and valgrind that instructions are counted of: another one counts otherwise."""
    script = "import sys, platform; print(platform.python_implementation(), sys.version.replace('\\n', ''))"
    python = subprocess.run([runtime_python(), "-c", script], capture_output=True, text=True, check=True).stdout
    valgrind = subprocess.run(["valgrind", "--version"], capture_output=True, text=True, check=True).stdout
    return f"{python.strip()}, {valgrind.strip()}, {platform.machine()}"


@contextmanager
def functions(names: list[str], secure: bool) -> Iterator[dict[str, Function]]:
    """Lay out the functions of these names, with a DynamoDB that answers at once, behind TLS where it is `secure`."""
    context, root = authority()
    with tempfile.TemporaryDirectory() as folder, stand_in(context if secure else None) as endpoint:
        laid_out: dict[str, Function] = {}
        for number, name in enumerate(names):
            task_root, path, bundle = lay_out(name, Path(folder, str(number)))
            bundle_here = Path(folder, f"{number}.pem")
            bundle_here.write_bytes(bundle.read_bytes() + root)
            laid_out[name] = Function(task_root, path, endpoint, bundle_here)
        yield laid_out


def lay_out(name: str, folder: Path) -> tuple[Path, str, Path]:
    """Make a function's folder; return it, where its modules are, and the roots that it trusts."""
    if name == US:
        folder.mkdir()
        # With bytecode for the Python that runs it, whichever that is.
        package.write(package.build(runtime_python()), folder / "function.zip")
        task_root = unpack_read_only(folder / "function.zip", folder / "task")
        return task_root, str(task_root), task_root / "botocore/cacert.pem"
    handler = (HANDLERS | WITH_BYTECODE)[name]
    libraries = installed(compiled=name in WITH_BYTECODE)
    folder.mkdir()
    shutil.copyfile(RIVALS / handler, folder / "app.py")
    if handler == "powertools.py":
        shutil.copytree(ROOT / "chalicelib", folder / "chalicelib", ignore=shutil.ignore_patterns("__pycache__"))
    return folder, f"{folder}:{libraries}", libraries / "botocore/cacert.pem"


def installed(compiled: bool) -> Path:
    """Return the rivals' libraries, installed once for each state of the lock, with bytecode or without."""
    state = hashlib.sha256(locked_requirements().encode()).hexdigest()[:16]
    folder = ROOT / f"build/rivals/{state}{'-compiled' * compiled}"
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as unfinished:
            target = Path(unfinished, "libraries")
            if compiled:
                shutil.copytree(installed(compiled=False), target)
                compileall = ["-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
                subprocess.run([runtime_python(), "-sS", *compileall, str(target)], check=True)
            else:
                install(target)
            target.rename(folder)
    return folder


@cache
def locked_requirements() -> str:
    """Return what the rivals need, pinned and with hashes, as pip reads it."""
    command = [sys.executable, "-m", "uv", "export", "--quiet", "--frozen", "--only-group=rivals"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def install(target: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "--quiet", "install"]
    pure = ["--only-binary=:all:", "--platform=any", "--implementation=py", f"--python-version={package.RUNTIME}"]
    with tempfile.TemporaryDirectory() as temporary:
        requirements = Path(temporary, "requirements.txt")
        requirements.write_text(locked_requirements())
        exactly = ["--no-deps", "--require-hashes", "--no-compile", f"--requirement={requirements}"]
        subprocess.run([*pip, *pure, *exactly, f"--target={target}"], check=True)
