"""The Lambda functions that are compared, and how to run them: ours as it ships, and what users would write instead.

All run on the same Python, with the same event. Each runs in a separate process that sees only its own folder and
libraries. `rivals/driver.py` starts them.
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
from chalicelib.development.embedded import ANY_KEYS, ANY_REGION
from harness.runtime import runtime_python, unpack_read_only
from harness.transports import url_event
from tools import package

RIVALS = Path(__file__).with_name("rivals")
DRIVER = RIVALS / "driver.py"

US, CONVENTIONAL, EMPTY = "**Peerpost**", "`boto3.resource`, the conventional way", "empty handler"
# The file of each handler. The libraries are installed by `pip install --target`, without bytecode.
HANDLERS = {
    CONVENTIONAL: "resource.py",
    "bare `boto3.client`": "client.py",
    "Powertools over our gateway": "powertools.py",
    EMPTY: "empty.py",
}
# The same with bytecode, to show what bytecode alone gains. The `pip install` that AWS documents for Lambda makes none.
WITH_BYTECODE = {f"{name}, with bytecode": handler for name, handler in list(HANDLERS.items())[:-1]}

INSTRUCTIONS = re.compile(r"I\s+refs:\s+([\d,]+)")


@dataclass(frozen=True)
class Function:
    """A function in its folder, and the settings that it runs with."""

    task_root: Path
    path: str
    endpoint: str
    ca_bundle: Path

    def variables(self) -> Mapping[str, str]:
        """Return the environment variables that Lambda sets, and some that make runs reproducible."""
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
        """Return the instructions of a process from its start to its end, with this many requests."""
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
            raise RuntimeError(f"valgrind printed no count of instructions:\n{run.stderr}")
        return int(found[1].replace(",", ""))

    @contextmanager
    def started(self) -> "Iterator[Started]":
        """Start the function, and yield it once it is ready."""
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
        """Send a request. Return its `seconds`, its `cpu` seconds, and `at`, the time when it was done."""
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
        raise RuntimeError(f"not all of the {requests} requests succeeded: {said}")


def event() -> dict[str, Any]:
    """Return the event of a request that writes an answer, as browsers send it."""
    answer = load("data channel")[1].early
    request = {"method": "create_answer", "channel_id": "1c5ca5a5-6f0b-4c55-8b9a-3ad1e1b58f0e", "answer": answer}
    headers = {"content-type": "text/plain;charset=UTF-8", "host": "url.lambda-url.us-east-1.on.aws"}
    return url_event(json.dumps(request).encode(), headers)


EVENT = json.dumps(event()) + "\n"


def build() -> str:
    """Return the builds of Python and valgrind, on which the counts of instructions depend."""
    script = "import sys, platform; print(platform.python_implementation(), sys.version.replace('\\n', ''))"
    python = subprocess.run([runtime_python(), "-c", script], capture_output=True, text=True, check=True).stdout
    valgrind = subprocess.run(["valgrind", "--version"], capture_output=True, text=True, check=True).stdout
    return f"{python.strip()}, {valgrind.strip()}, {platform.machine()}"


@contextmanager
def functions(names: list[str], secure: bool) -> Iterator[dict[str, Function]]:
    """Create the folders of these functions, and run a stand-in for DynamoDB, behind TLS if `secure`."""
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
    """Create a function's folder. Return the folder, its Python path, and the file of its root certificates."""
    if name == US:
        folder.mkdir()
        # Compile bytecode for the Python that runs it here, whatever its version.
        package.write(package.build(runtime_python()), folder / "function.zip")
        task_root = unpack_read_only(folder / "function.zip", folder / "task")
        return task_root, str(task_root), task_root / "botocore/cacert.pem"
    handler = (HANDLERS | WITH_BYTECODE)[name]
    libraries = installed(compiled=name in WITH_BYTECODE)
    folder.mkdir()
    shutil.copyfile(RIVALS / handler, folder / "app.py")
    if handler == "powertools.py":
        shutil.copytree(
            ROOT / "chalicelib", folder / "chalicelib", ignore=shutil.ignore_patterns("__pycache__", "development")
        )
    return folder, f"{folder}:{libraries}", libraries / "botocore/cacert.pem"


def installed(compiled: bool) -> Path:
    """Return the folder of the rivals' libraries, with or without bytecode. Install them if the lock has changed."""
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
    """Return the rivals' requirements in pip's format, pinned and with hashes."""
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
