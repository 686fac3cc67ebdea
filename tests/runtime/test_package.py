"""The package that `make package` builds: reproducible, small, and complete."""

import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any, cast

import boto3
import botocore
import pytest
from botocore.model import ServiceModel
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from mypy_boto3_dynamodb import DynamoDBClient

from chalicelib.development.embedded import ANY_KEYS, ANY_REGION
from harness.engines import ROOT
from harness.operations import dynamodb_operations, ssm_operations
from harness.ssm import SECRET, SECRET_NAME, put, ssm_server
from tools import package

MAX_BYTES = 3_000_000
OWN_FILES = {
    "app.py",
    "chalicelib/__init__.py",
    "chalicelib/access_keys.py",
    "chalicelib/bootstrap.py",
    "chalicelib/channel_update.py",
    "chalicelib/channels.py",
    "chalicelib/deadline.py",
    "chalicelib/dynamodb.py",
    "chalicelib/errors.py",
    "chalicelib/function_url.py",
    "chalicelib/handlers.py",
    "chalicelib/http_app.py",
    "chalicelib/ice_servers.py",
    "chalicelib/limits.py",
    "chalicelib/ownership.py",
    "chalicelib/parameters.py",
    "chalicelib/protocol.py",
    "chalicelib/request_log.py",
    "chalicelib/settings.py",
    "chalicelib/waiting.py",
}
LIBRARIES = {"boto3", "botocore", "chalice", "dateutil", "jmespath", "s3transfer", "six.py", "urllib3"}
PYTHON = package.find_python()
# importlib.util.MAGIC_NUMBER of Python 3.13, and the PEP 552 flag for bytecode with an unchecked hash.
UNCHECKED_BYTECODE_HEADER = b"\xf3\x0d\x0d\x0a\x01\0\0\0"
ON_LAMBDA = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_LAMBDA_FUNCTION_NAME": "peerpost",
    "AWS_SECRET_ACCESS_KEY": "local",  # pragma: allowlist secret
    "PYTHONDONTWRITEBYTECODE": "1",
    "TABLE_NAME": "channels",
}


@pytest.fixture(scope="module")
def files(function_zip: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(function_zip) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def run_inside(task_root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the package's folder, with only the standard library."""
    command = [PYTHON or sys.executable, "-sS", *arguments]
    return subprocess.run(command, cwd=task_root, env=ON_LAMBDA, capture_output=True, text=True, check=True)


def test_builds_on_other_machines_and_days_are_identical_to_the_byte(function_zip: Path, tmp_path: Path) -> None:
    clone = tmp_path / "another clone"
    for folder in ("tools", "chalicelib"):
        shutil.copytree(ROOT / folder, clone / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("app.py", "requirements.txt", "uv.lock"):
        shutil.copyfile(ROOT / name, clone / name)
    (clone / "chalicelib/notes.txt").write_text("not a module")
    os.utime(clone / "app.py", (0, time.time() - 86_400))
    (clone / "build").mkdir()
    (clone / "build/wheels").symlink_to(ROOT / "build/wheels")

    subprocess.run(
        [sys.executable, "-m", "tools.package"],
        cwd=clone,
        env=os.environ | {"TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "7", "PYTHONOPTIMIZE": "2"},
        umask=0o077,
        check=True,
    )

    assert (clone / "build/function.zip").read_bytes() == function_zip.read_bytes()


def test_package_entries_have_fixed_dates_modes_and_order(function_zip: Path) -> None:
    with zipfile.ZipFile(function_zip) as archive:
        entries = archive.infolist()

    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.external_attr >> 16 for entry in entries} == {0o100644}
    assert {entry.create_system for entry in entries} == {3}


def test_the_package_is_small(function_zip: Path) -> None:
    assert function_zip.stat().st_size < MAX_BYTES


def test_the_package_contains_only_our_files_and_the_pinned_libraries(files: dict[str, bytes]) -> None:
    sources = {name for name in files if "__pycache__" not in name}
    ours = {name for name in sources if name == "app.py" or name.startswith("chalicelib/")}

    assert ours == OWN_FILES
    assert {name.partition("/")[0] for name in sources - ours} == LIBRARIES | {"licenses", package.SBOM}
    assert {name for name in sources if name.startswith("chalice/")} == {"chalice/__init__.py", "chalice/app.py"}
    assert {name for name in sources if "data" in name.split("/")} == {
        "botocore/data/dynamodb/2012-08-10/endpoint-rule-set-1.json",
        "botocore/data/dynamodb/2012-08-10/service-2.json",
        "botocore/data/endpoints.json",
        "botocore/data/partitions.json",
        "botocore/data/sdk-default-configuration.json",
        "botocore/data/ssm/2014-11-06/endpoint-rule-set-1.json",
        "botocore/data/ssm/2014-11-06/service-2.json",
    }


@pytest.mark.parametrize("service", package.OPERATIONS)
def test_the_package_has_every_data_type_of_the_operations_it_keeps(files: dict[str, bytes], service: str) -> None:
    model = json.loads(files[f"botocore/data/{service}/service-2.json"])

    assert set(model["operations"]) == package.OPERATIONS[service]
    for shape in re.findall(r'"shape": "(\w+)"', json.dumps(model)):
        assert shape in model["shapes"]


def test_the_package_has_the_operations_that_the_server_calls_and_no_others(
    real_client: DynamoDBClient, real_table: str
) -> None:
    with ssm_server() as endpoint:
        put(endpoint, SECRET_NAME, SECRET)
        ssm: Any = cast(Any, boto3).client("ssm", endpoint_url=endpoint, region_name=ANY_REGION, **ANY_KEYS)
        of_ssm = ssm_operations(ssm, SECRET_NAME)

    of_dynamodb = dynamodb_operations(real_client, real_table)

    assert {"dynamodb/2012-08-10": of_dynamodb, "ssm/2014-11-06": of_ssm} == package.OPERATIONS


def test_the_package_trusts_only_the_amazon_and_digicert_root_certificates_of_botocore(files: dict[str, bytes]) -> None:
    whole = Path(botocore.__file__).with_name("cacert.pem").read_text()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    context.load_verify_locations(cadata=files["botocore/cacert.pem"].decode())

    names = set(re.findall(r"\(\('commonName', '(.+?)'\),\)", str(context.get_ca_certs())))
    assert {name for name in names if not name.startswith("DigiCert ")} == {
        *(f"Amazon Root CA {number}" for number in range(1, 5)),
        "Starfield Services Root Certificate Authority - G2",
    }
    assert {"DigiCert Global Root CA", "DigiCert Global Root G2"} < names
    assert pem_blocks(files["botocore/cacert.pem"].decode()) < pem_blocks(whole)


def pem_blocks(bundle: str) -> set[str]:
    return set(re.findall("-----BEGIN.+?-----END CERTIFICATE-----", bundle, re.DOTALL))


def test_each_library_comes_with_its_licence(files: dict[str, bytes]) -> None:
    pins = re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    licensed = {name.split("/")[1] for name in files if re.match(r"licenses/[^/]+/LICENSE(\.txt)?$", name)}

    assert licensed == {f"{name.replace('-', '_')}-{version}" for name, version in pins}


def test_the_bill_of_materials_names_each_library_with_its_pinned_hash(files: dict[str, bytes]) -> None:
    locked = {line.split()[0]: line for line in package.locked_requirements().splitlines()}
    pins = {f"pkg:pypi/{name.replace('==', '@')}": line for name, line in locked.items()}

    bill = json.loads(files[package.SBOM])

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(files[package.SBOM].decode()) is None
    assert {component["purl"] for component in bill["components"]} == set(pins)
    for component in bill["components"]:
        assert f"--hash=sha256:{component['hashes'][0]['content']}" in pins[component["purl"]]
        assert component["licenses"][0]["license"]["name"]


def test_a_requirement_that_differs_from_the_lock_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("# A comment.\nboto3==1.0.0\n")
    monkeypatch.setattr(package, "REQUIREMENTS", requirements)

    with pytest.raises(RuntimeError, match="not 1.0.0: run `make lock`"):
        package.locked_requirements()


def test_every_module_has_bytecode_that_python_uses_without_checking(files: dict[str, bytes]) -> None:
    modules = {name for name in files if name.endswith(".py")}
    compiled = {name: content for name, content in files.items() if name.endswith(".pyc")}

    assert set(compiled) == {bytecode_of(name) for name in modules if PYTHON}
    assert {content[:8] for content in compiled.values()} <= {UNCHECKED_BYTECODE_HEADER}


def bytecode_of(name: str) -> str:
    path = Path(name)
    return str(path.parent / "__pycache__" / f"{path.stem}.cpython-313.pyc")


def test_bytecode_contains_lambdas_paths_and_no_path_of_this_machine(files: dict[str, bytes]) -> None:
    for name in files:
        if name.endswith(".py") and PYTHON:
            content = files[bytecode_of(name)]

            assert f"/var/task/{name}".encode() in content
            for path in (f"{ROOT}/", f"{tempfile.gettempdir()}/tmp", PYTHON):
                assert path.encode() not in content


def test_a_start_compiles_nothing_and_imports_nothing_from_outside_the_package(task_root: Path) -> None:
    said = run_inside(task_root, "-v", "-c", "import app").stderr
    loaded = re.findall(rf"^# code object from '?({re.escape(str(task_root))}/[^'\n]+?)'?$", said, re.MULTILINE)

    assert len(loaded) > 150
    if PYTHON:
        assert [path for path in loaded if path.endswith(".py")] == []
    assert [line for line in said.splitlines() if "site-packages" in line] == []


def test_a_start_without_keys_and_turn_loads_nothing_for_ssm(task_root: Path) -> None:
    """A start with keys does load it, which shows that this test would notice."""
    script = """
import sys
opened = set()
sys.addaudithook(lambda event, args: opened.add(str(args[0])) if event == "open" else None)
import app
print([each for each in sorted({*opened, *sys.modules}) if "/ssm" in each or "parameters" in each.split(".")])"""

    without = run_inside(task_root, "-c", script).stdout
    keys = "import os; os.environ.update(ACCESS_KEYS_PARAMETER='any', AWS_ENDPOINT_URL_SSM='http://127.0.0.1:9')"
    with_keys = run_inside(task_root, "-c", keys + script).stdout

    assert without.strip() == "[]"
    assert "service-2.json" in with_keys
    assert "chalicelib.parameters" in with_keys


def test_the_package_has_the_complete_definition_of_ssm_get_parameter_and_nothing_else_of_ssm(
    files: dict[str, bytes],
) -> None:
    content = files["botocore/data/ssm/2014-11-06/service-2.json"]
    ssm: Any = cast(Any, boto3).Session(region_name="us-east-1").client("ssm")

    ours: Any = ServiceModel(json.loads(content)).operation_model("GetParameter")
    whole = ssm.meta.service_model.operation_model("GetParameter")

    assert list(json.loads(content)["operations"]) == ["GetParameter"]
    assert len(content) < 5_000
    assert repr(ours.input_shape.members) == repr(whole.input_shape.members)
    assert repr(ours.output_shape.members["Parameter"].members) == repr(whole.output_shape.members["Parameter"].members)
    assert [shape.name for shape in ours.error_shapes] == [shape.name for shape in whole.error_shapes]


def test_the_package_finds_dynamodb_in_the_same_places_as_the_full_botocore(task_root: Path) -> None:
    session = boto3.Session(aws_access_key_id="local", aws_secret_access_key="local")
    regions = [
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("dynamodb", partition)
    ]
    script = f"""
import json
from chalicelib.dynamodb import open_client
print(json.dumps([open_client(region_name=region).meta.endpoint_url for region in {regions!r}]))"""

    found = json.loads(run_inside(task_root, "-c", script).stdout)

    assert found == [session.client("dynamodb", region_name=region).meta.endpoint_url for region in regions]
    assert "https://dynamodb.eu-central-1.amazonaws.com" in found


def test_without_the_runtimes_python_the_package_is_built_without_bytecode_and_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, files: dict[str, bytes]
) -> None:
    monkeypatch.setattr(package, "find_python", lambda: None)
    monkeypatch.setattr(sys, "argv", ["package", str(tmp_path / "function.zip")])

    package.main()

    with zipfile.ZipFile(tmp_path / "function.zip") as archive:
        assert set(archive.namelist()) == {name for name in files if not name.endswith(".pyc")}
    assert "WITHOUT bytecode, because this machine has no Python 3.13." in capsys.readouterr().out


@pytest.mark.parametrize(
    "script",
    [
        "#!/bin/sh\necho 'python3.13: command not found' >&2; exit 127",
        "#!/bin/sh\necho cpython-312 final /usr/bin/python3",
        "#!/bin/sh\necho cpython-313 candidate /usr/bin/python3",
        "no program at all",
    ],
)
def test_a_python_is_chosen_by_its_reported_version_and_not_by_its_name(script: str, tmp_path: Path) -> None:
    python = tmp_path / "python3.13"
    python.write_text(script)
    python.chmod(0o755)

    assert package.ask(str(python)) is None
    assert package.ask(str(tmp_path / "nowhere")) is None


def test_the_python_behind_a_launcher_is_found(tmp_path: Path) -> None:
    launcher = tmp_path / "python3.13"
    launcher.write_text("#!/bin/sh\necho cpython-313 final /opt/python 3.13/bin/python")
    launcher.chmod(0o755)

    assert package.ask(str(launcher)) == "/opt/python 3.13/bin/python"


def test_files_that_another_process_fetched_meanwhile_are_used(tmp_path: Path) -> None:
    folder = tmp_path / "wheels"

    def be_late(own: Path) -> None:
        for each in (own, folder):
            each.mkdir()
        (folder / "theirs").touch()

    assert package.once(folder, be_late) == folder
    assert [path.name for path in tmp_path.rglob("*")] == ["wheels", "theirs"]
