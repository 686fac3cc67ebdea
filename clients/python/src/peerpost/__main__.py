"""Makes `python -m peerpost` the same as the command `peerpost`."""

import sys

from peerpost.cli import main

sys.exit(main())
