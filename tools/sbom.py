"""The package's software bill of materials, in CycloneDX 1.6. It is the same on every build."""

import hashlib
import json
import zipfile
from email.parser import Parser
from pathlib import Path

OURS = {"type": "application", "name": "peerpost", "licenses": [{"license": {"id": "MIT"}}]}


def sbom(wheels: list[Path]) -> bytes:
    """Return the bill of materials for a package made of these wheels, with the hash of each downloaded wheel."""
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": {"component": OURS},
        "components": [component(wheel) for wheel in wheels],
    }
    return json.dumps(bill, indent=1).encode()


def component(wheel: Path) -> dict[str, object]:
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        about = Parser().parsestr(archive.read(metadata).decode())
    name, version = about["Name"], about["Version"]
    # The older License field is free text (Core metadata specifications, "License").
    # CycloneDX accepts this text as a name.
    terms = about["License-Expression"] or about["License"]
    return {
        "type": "library",
        "name": name,
        "version": version,
        "purl": f"pkg:pypi/{name.lower()}@{version}",
        "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(wheel.read_bytes()).hexdigest()}],
        "licenses": [{"license": {"name": terms}}],
    }
