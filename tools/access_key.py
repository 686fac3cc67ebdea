"""Makes an access key, and says how to let whoever holds it open channels.

    python -m tools.access_key [--parameter NAME]

The key is for the client alone; the server keeps nothing but its SHA-256.
"""

import argparse
import hashlib
import secrets

# 256 bits: who would try all of them has not begun. So a plain hash will do, and a slow one would protect nothing more.
KEY_BYTES = 32


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--parameter", default="/peerpost/access-keys", help="the SSM parameter that keeps it (default: %(default)s)"
    )
    parameter = parser.parse_args().parameter
    key = secrets.token_urlsafe(KEY_BYTES)
    digest = hashlib.sha256(key.encode()).hexdigest()
    print(f"""\
The key, which is shown this once:
{key}

Its SHA-256, for the server:
{digest}

As the only key (for several at once, put their digests after --value, with commas in between):
aws ssm put-parameter --name {parameter} --type StringList --overwrite --value {digest}""")


if __name__ == "__main__":
    main()
