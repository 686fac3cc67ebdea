"""Creates an access key, and prints how to install it on the server.

    python -m tools.access_key [--parameter NAME]

Only the client gets the key. The server stores its SHA-256.
"""

import argparse
import hashlib
import secrets

# Nobody can guess 256 random bits by trying. So a plain hash is enough, and a slow one would add no protection.
KEY_BYTES = 32


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--parameter",
        default="/peerpost/access-keys",
        help="the SSM parameter that stores the SHA-256 (default: %(default)s)",
    )
    parameter = parser.parse_args().parameter
    key = secrets.token_urlsafe(KEY_BYTES)
    digest = hashlib.sha256(key.encode()).hexdigest()
    print(f"""\
The access key, for the client. It is not stored anywhere, so copy it now:
{key}

Its SHA-256, for the server:
{digest}

Run this to make it the server's only key. To allow several keys, pass all their SHA-256 values, separated by commas:
aws ssm put-parameter --name {parameter} --type StringList --overwrite --value {digest}""")


if __name__ == "__main__":
    main()
