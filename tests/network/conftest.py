"""Fixtures for tests on separate hosts: the page, the server and a TURN server on this machine."""

import sys

from harness.engines import ROOT
from harness.fixtures import front, page_url, turn

__all__ = ["front", "page_url", "turn"]

PYTHON_CLIENT = str(ROOT / "clients/python/src")
if PYTHON_CLIENT not in sys.path:
    sys.path.insert(0, PYTHON_CLIENT)
