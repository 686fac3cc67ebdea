"""Runs the package as AWS does: under AWS's runtime interface client and emulator, behind a simulated function URL."""

import json
import os
import platform
import queue
import subprocess
import sys
import tempfile
import threading
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

from chalicelib.development.embedded import ANY_REGION
from harness.engines import ROOT, free_port, wait_for_port
from harness.transports import url_event
from tools import package

# The wheel of AWS's SAM command line contains the emulator, which is the only file that we use.
EMULATOR_WHEEL = "aws-sam-cli==1.170.0"
RUNTIME_CLIENT = "awslambdaric==4.2.2"
ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
FUNCTION_NAME = "peerpost"
# As in infra/modules/function.
TIMEOUT_SECONDS = 15
# A function URL renames these headers of a reply (AWS Lambda Developer Guide, "Invoking Lambda function URLs").
RENAMED = {"www-authenticate": "x-amzn-Remapped-www-authenticate"}
# The headers that a page of another origin may send, also as in infra/modules/function.
ALLOW_HEADERS = ["authorization", "content-type"]

Event = dict[str, Any]
Invoke = Callable[[Event, object], Event]


def build_package(folder: Path) -> Path:
    """Build the zip in a folder, as `make package` does in build/, and return its path."""
    target = folder / "function.zip"
    package.write(package.build(package.find_python()), target)
    return target


def unpack_read_only(archive: Path, folder: Path) -> Path:
    """Unpack a package as Lambda does, into a read-only folder, and return that folder."""
    with zipfile.ZipFile(archive) as content:
        content.extractall(folder)
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    return folder


def emulator() -> Path:
    """Return the path of aws-lambda-rie for this machine. Download it the first time."""
    architecture = ARCHITECTURES.get(platform.machine().lower())
    if platform.system() != "Linux" or architecture is None:
        raise RuntimeError(f"aws-lambda-rie runs on Linux on x86-64 and arm64, but this is {platform.platform()}")
    path = ROOT / f"build/runtime/{EMULATOR_WHEEL}/aws-lambda-rie-{architecture}"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            pip("download", "--no-deps", f"--dest={folder}", EMULATOR_WHEEL)
            with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as wheel:
                binary = Path(wheel.extract(f"samcli/local/rapid/{path.name}", folder))
            binary.chmod(0o755)
            binary.rename(path)
    return path


def runtime_python() -> str:
    """Return a Python of the Lambda runtime's version. If there is none, warn and return the Python of the tests."""
    if python := package.find_python():
        return python
    warnings.warn(
        f"Python {package.RUNTIME} not found: the package runs on {platform.python_version()}, without bytecode.",
        stacklevel=2,
    )
    return sys.executable


def runtime_client(python: str) -> Path:
    """Return a folder with awslambdaric and its dependencies for this Python. Download them the first time."""
    asked = subprocess.run([python, "-VV"], capture_output=True, text=True, check=True).stdout
    version = "-".join(asked.split()[:2])
    return package.once(
        ROOT / f"build/runtime/{RUNTIME_CLIENT}-{version}",
        lambda folder: pip("--python", python, "install", f"--target={folder}", RUNTIME_CLIENT),
    )


def pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*command, *arguments], check=True)


@contextmanager
def lambda_function(
    task_root: Path,
    endpoint: str,
    table_name: str,
    log: Path,
    concurrency: int = 2,
    extra: Mapping[str, str] | None = None,
) -> Iterator[Invoke]:
    """Run the unpacked package, and yield a function that invokes it.

    `extra` are environment variables besides Lambda's own. At most `concurrency` calls run at once; others wait.
    """
    idle: queue.SimpleQueue[str] = queue.SimpleQueue()
    with ExitStack() as stack:
        output = stack.enter_context(log.open("ab"))
        http = stack.enter_context(httpx.Client(timeout=3 * TIMEOUT_SECONDS, trust_env=False))
        for _ in range(concurrency):
            idle.put(stack.enter_context(execution_environment(task_root, endpoint, table_name, output, extra)).url)

        def invoke(event: Event, context: object) -> Event:  # noqa: ARG001 - the runtime makes the context
            url = idle.get()
            try:
                reply: Event = http.post(url, content=json.dumps(event)).raise_for_status().json()
            finally:
                idle.put(url)
            return reply

        yield invoke


@dataclass(frozen=True)
class ExecutionEnvironment:
    """One emulator. It takes one call at a time at its URL, and runs the function in a separate process."""

    url: str
    emulator: subprocess.Popen[Any]

    def function(self) -> int | None:
        """Return the function's process ID. It is None before the first call, and after a crash until the next call."""
        children = Path(f"/proc/{self.emulator.pid}/task").glob("*/children")
        return next((int(child) for task in children for child in task.read_text().split()), None)


@contextmanager
def execution_environment(
    task_root: Path, endpoint: str, table_name: str, output: Any, extra: Mapping[str, str] | None = None
) -> Iterator[ExecutionEnvironment]:
    """Start one emulator, which is one execution environment. `extra` are variables besides Lambda's own."""
    python = runtime_python()
    front, back = free_port(), free_port()
    addresses = [f"--runtime-interface-emulator-address=127.0.0.1:{front}", f"--runtime-api-address=127.0.0.1:{back}"]
    # Run without site-packages, so that a library missing from the package is really missing.
    runtime = [python, "-sS", "-m", "awslambdaric", "app.handler"]
    variables = {
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",  # pragma: allowlist secret
        "AWS_REGION": ANY_REGION,
        "AWS_DEFAULT_REGION": ANY_REGION,
        "AWS_ENDPOINT_URL_DYNAMODB": endpoint,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_FUNCTION_NAME": FUNCTION_NAME,
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(TIMEOUT_SECONDS),
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "AWS_LAMBDA_LOG_LEVEL": "INFO",
        "LAMBDA_TASK_ROOT": str(task_root),
        "MAX_WAIT_SECONDS": "5",
        "PATH": os.defpath,
        "PYTHONDONTWRITEBYTECODE": "1",  # On Lambda, /var/task is read-only even for root.
        "PYTHONPATH": f"{task_root}:{runtime_client(python)}",
        "TABLE_NAME": table_name,
        **(extra or {}),
    }
    process = subprocess.Popen(
        [emulator(), *addresses, *runtime],
        cwd=task_root,
        env=variables,
        stdout=output,
        stderr=subprocess.STDOUT,
    )
    try:
        wait_for_port(front, process)
        yield ExecutionEnvironment(f"http://127.0.0.1:{front}/2015-03-31/functions/function/invocations", process)
    finally:
        process.terminate()
        process.wait()


class FunctionUrl(ThreadingHTTPServer):
    """Simulates a function URL: an HTTP server that turns requests into events, and results into responses."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, invoke: Invoke) -> None:
        super().__init__(("127.0.0.1", 0), Forwarder)
        self.invoke = invoke


class Forwarder(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    server: FunctionUrl

    def forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): ", ".join(self.headers.get_all(name, [])) for name in self.headers}
        result = self.server.invoke(url_event(body or None, headers, self.command), None)
        if "statusCode" in result:
            self.reply(result["statusCode"], result["headers"], result["body"].encode())
        else:  # The function raised an exception, which goes to the log only.
            self.reply(502, {}, b"Internal Server Error")

    do_DELETE = do_GET = do_HEAD = do_PATCH = do_POST = do_PUT = forward  # noqa: N815 - names of the base class

    def do_OPTIONS(self) -> None:
        """Answer a preflight, as a function URL with CORS does, with the values of infra/modules/function."""
        cors = {"Access-Control-Allow-Methods": "POST", "Access-Control-Allow-Headers": ",".join(ALLOW_HEADERS)}
        self.reply(200, cors | {"Access-Control-Max-Age": "7200"}, b"")

    def reply(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(RENAMED.get(name.lower(), name), value)
        if "Origin" in self.headers:
            self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
        pass


@contextmanager
def function_url(invoke: Invoke) -> Iterator[str]:
    """Serve a function over HTTP, and yield its URL."""
    with FunctionUrl(invoke) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
