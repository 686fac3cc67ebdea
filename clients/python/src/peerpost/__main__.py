"""`python -m peerpost` is `peerpost`."""

import sys

from peerpost.cli import main

sys.exit(main())
