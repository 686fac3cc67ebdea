"""Builds the function's package. It contains only what the function needs, and all builds are identical, byte for byte.

    python -m tools.package [FILE]

The default for FILE is build/function.zip.
"""

import gzip
import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from tools.sbom import sbom

ROOT = Path(__file__).parent.parent
ZIP = ROOT / "build/function.zip"
REQUIREMENTS = ROOT / "requirements.txt"
# Contains the hashes of all packages in requirements.txt.
LOCK = ROOT / "uv.lock"
SBOM = "sbom.cdx.json"

# The runtime in infra/modules/function. No other version of Python can use the bytecode.
RUNTIME = "3.13"
RELEASE = "cpython-313 final "
# Where Lambda unpacks a package.
TASK_ROOT = "/var/task"

# The server needs only these two files of Chalice, and they need no others. The rest of Chalice is its command line.
CHALICE = {"chalice/__init__.py", "chalice/app.py"}
# The operations that we call. The package leaves out the data of all others: at every cold start, botocore builds a
# client for all operations in its data.
OPERATIONS = {"dynamodb/2012-08-10": {"GetItem", "PutItem", "UpdateItem"}, "ssm/2014-11-06": {"GetParameter"}}
# The files of botocore's data that a client of these services opens.
DATA = {
    *(f"botocore/data/{name}.json" for name in ("endpoints", "partitions", "sdk-default-configuration")),
    *(f"botocore/data/{service}/endpoint-rule-set-1.json.gz" for service in OPERATIONS),
    *(f"botocore/data/{service}/service-2.json.gz" for service in OPERATIONS),
}
# Amazon Trust Services issues the certificates of AWS's endpoints. It asks all clients to trust its five roots together
# (https://www.amazontrust.com/repository/). DigiCert issued the certificates earlier, and may still issue those for the
# operators of AWS in China.
ROOTS = "botocore/cacert.pem"
TRUSTED = ("Amazon Root CA", "Starfield Services Root Certificate Authority", "DigiCert")

Files = dict[str, bytes]


def build(python: str | None) -> Files:
    """Return the package's files by name. `python` compiles the bytecode. Without `python`, there is no bytecode."""
    fetched = wheels()
    files = own_files() | {SBOM: sbom(fetched)}
    for wheel in fetched:
        files |= library_files(wheel)
    return files | bytecode(files, python) if python else files


def own_files() -> Files:
    """Return our own modules, without the folders in chalicelib, which are only for development."""
    names = ["app.py", *(f"chalicelib/{path.name}" for path in ROOT.glob("chalicelib/*.py"))]
    return {name: (ROOT / name).read_bytes() for name in names}


def wheels() -> list[Path]:
    """Return the wheels of the pinned libraries. They are downloaded only if their versions or hashes have changed."""
    folder = ROOT / "build/wheels" / hashlib.sha256(locked_requirements().encode()).hexdigest()[:16]
    return sorted(once(folder, fetch).glob("*.whl"))


def locked_requirements() -> str:
    """Return the requirements in pip's format, pinned as in requirements.txt and with the hashes of their wheels."""
    packages = {package["name"]: package for package in tomllib.loads(LOCK.read_text())["package"]}
    lines = []
    for pinned in pinned_requirements():
        name, _, version = pinned.partition("==")
        package = packages[name]
        if package["version"] != version:
            raise RuntimeError(f"uv.lock has {name} {package['version']}, not {version}: run `make lock`")
        hashes = [f"--hash={wheel['hash']}" for wheel in package["wheels"]]
        lines.append(" ".join([pinned, *hashes]))
    return "\n".join(lines)


def pinned_requirements() -> list[str]:
    """Return the lines `name==version` of requirements.txt."""
    return [line for line in REQUIREMENTS.read_text().splitlines() if line and not line.startswith("#")]


def once(folder: Path, make: Callable[[Path], None]) -> Path:
    """Return a folder. If it does not exist yet, call `make` to create it.

    Several processes may do this at the same time: the folder appears complete or not at all.
    """
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as unfinished:
            make(Path(unfinished, "new"))
            try:
                Path(unfinished, "new").rename(folder)
            except OSError:
                # Another process has created the folder first. Its content is the same as ours.
                if not folder.exists():
                    raise
    return folder


def fetch(folder: Path) -> None:
    """Download wheels that run on every platform: Lambda runs them on arm64, whatever machine builds the package."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--quiet"]
    pure = [
        "--no-deps",
        "--require-hashes",
        "--only-binary=:all:",
        "--platform=any",
        "--implementation=py",
        f"--python-version={RUNTIME}",
    ]
    with tempfile.TemporaryDirectory() as temporary:
        requirements = Path(temporary, "requirements.txt")
        requirements.write_text(locked_requirements())
        subprocess.run([*pip, *pure, f"--dest={folder}", f"--requirement={requirements}"], check=True)


def library_files(wheel: Path) -> Files:
    with zipfile.ZipFile(wheel) as archive:
        named = ((name, shipped_as(name)) for name in archive.namelist())
        files = {shipped: archive.read(name) for name, shipped in named if shipped}
    return dict(trim(name, content) for name, content in files.items())


def shipped_as(name: str) -> str | None:
    """Return the name that a wheel's file has in the package, or None if the package does not contain the file."""
    path = PurePosixPath(name)
    top = path.parts[0]
    if top.endswith(".dist-info"):
        # Each of these licences requires that its text comes with the library.
        is_licence = path.name.upper().startswith(("LICEN", "NOTICE"))
        return f"licenses/{top.removesuffix('.dist-info')}/{path.name}" if is_licence else None
    if top.endswith(".data"):  # Scripts for a command line.
        return None
    if top == "chalice":
        return name if name in CHALICE else None
    return name if path.suffix == ".py" or name in DATA or name == ROOTS else None


def trim(name: str, content: bytes) -> tuple[str, bytes]:
    """Remove the data that our AWS clients do not use, because every cold start parses the whole file."""
    if name == ROOTS:
        return name, trusted(content)
    if not name.startswith("botocore/data/"):
        return name, content
    data = json.loads(gzip.decompress(content) if name.endswith(".gz") else content)
    if name == "botocore/data/endpoints.json":
        services = {service.partition("/")[0] for service in OPERATIONS}
        for partition in data["partitions"]:
            partition["services"] = {key: value for key, value in partition["services"].items() if key in services}
    if name.endswith("/service-2.json.gz"):
        data = called(data, OPERATIONS["/".join(PurePosixPath(name).parts[2:4])])
    return name.removesuffix(".gz"), json.dumps(undocumented(data), separators=(",", ":")).encode()


def trusted(bundle: bytes) -> bytes:
    """Keep only the root certificates that AWS's endpoints need: OpenSSL reads the whole file for each connection."""
    roots = re.findall(r'^# Label: "([^"]+)"$.*?^(-----BEGIN.+?END CERTIFICATE-----$)', bundle.decode(), re.M | re.S)
    kept = [f"# {label}\n{root}\n" for label, root in roots if label.startswith(TRUSTED)]
    return "".join(kept).encode()


def called(model: Any, operations: set[str]) -> Any:
    """Return a service's model with only these operations, and the shapes that they use."""
    kept = {name: operation for name, operation in model["operations"].items() if name in operations}
    shapes: dict[str, Any] = {}
    ahead = [kept]
    while ahead:
        for name in shapes_in(ahead.pop()) - shapes.keys():
            shapes[name] = model["shapes"][name]
            ahead.append(shapes[name])
    return model | {"operations": kept, "shapes": {name: model["shapes"][name] for name in sorted(shapes)}}


def shapes_in(data: Any) -> set[str]:
    """Return the names of the shapes that data refers to."""
    if isinstance(data, dict):
        own = {data["shape"]} if isinstance(data.get("shape"), str) else set()
        return own.union(*map(shapes_in, data.values()))
    return set().union(*map(shapes_in, data)) if isinstance(data, list) else set()


def undocumented(data: Any) -> Any:
    if isinstance(data, dict):
        kept = (key for key in data if not (key == "documentation" and isinstance(data[key], str)))
        return {key: undocumented(data[key]) for key in kept}
    return [undocumented(each) for each in data] if isinstance(data, list) else data


def bytecode(files: Files, python: str) -> Files:
    """Compile all modules. Otherwise every cold start would compile them, because /var/task is read-only.

    Python uses this bytecode without checking it. A check would compare the source's date, which differs on Lambda.
    """
    with tempfile.TemporaryDirectory() as folder:
        for name in sorted(files):
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(files[name])
        compileall = [python, "-sS", "-m", "compileall", "-q", "-j1", "--invalidation-mode", "unchecked-hash"]
        # The bytecode contains the paths on Lambda. It is the same on every build only with one process, a fixed
        # order of files, a fixed hash seed, and none of this shell's environment variables.
        subprocess.run(
            [*compileall, "-s", folder, "-p", TASK_ROOT, folder], check=True, env={"PYTHONHASHSEED": "0"}, cwd=folder
        )
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in Path(folder).rglob("*.pyc")}


def find_python() -> str | None:
    """Return a Python of the runtime's version, or None if there is none."""
    return next(filter(None, map(ask, pythons())), None)


def pythons() -> Iterator[str]:
    yield sys.executable
    if named := shutil.which(f"python{RUNTIME}"):
        yield named
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from (str(path) for path in sorted(pyenv.glob(f"versions/{RUNTIME}*/bin/python")))


def ask(python: str) -> str | None:
    """Return the path of the Python that this command starts, or None if it is not of the runtime's version.

    The command may be a launcher, whose name does not say which Python it starts.
    """
    question = "import sys; print(sys.implementation.cache_tag, sys.version_info.releaselevel, sys.executable)"
    try:
        answer = subprocess.run([python, "-c", question], capture_output=True, text=True, check=False).stdout
    except OSError:
        return None
    return answer.removeprefix(RELEASE).strip() if answer.startswith(RELEASE) else None


def write(files: Files, target: Path) -> None:
    """Write the zip from names and contents alone. It contains no date, owner, mode or file order of this machine."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system = 3  # Unix: the mode below is a Unix mode.
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(entry, files[name], zipfile.ZIP_DEFLATED, 9)


def main() -> None:
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ZIP
    python = find_python()
    files = build(python)
    write(files, target)

    content = target.read_bytes()
    print(f"{os.path.relpath(target)}: {len(files)} files, {len(content):,} bytes")
    print(f"sha256 {hashlib.sha256(content).hexdigest()}")
    if python:
        print(f"with bytecode for Python {RUNTIME}")
    else:
        print(f"WITHOUT bytecode, because this machine has no Python {RUNTIME}.")
        print("The package works, but cold starts take longer.")


if __name__ == "__main__":
    main()
