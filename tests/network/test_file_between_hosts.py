"""The Python command line between two hosts that can reach only the server and the operator's TURN server."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from mypy_boto3_dynamodb import DynamoDBClient

from harness.coturn import TurnServer
from harness.engines import ROOT
from harness.namespaces import Host, two_hosts
from harness.servers import operated_front
from harness.ssm import KEY

# Two processes in Python encrypt and decrypt the file, which takes a few seconds on an idle machine.
PATIENCE_SECONDS = 300
FILE_BYTES = 3_000_000


@contextmanager
def peerpost(host: Host, *arguments: object, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """Run the command line on a host. At the end, kill the process if it is still running."""
    with subprocess.Popen(
        [*host.entry, sys.executable, "-m", "peerpost", *map(str, arguments), "--quiet"],
        env={"PYTHONPATH": str(ROOT / "clients/python/src"), "PATH": "/usr/bin:/bin"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_file_is_sent_between_hosts_that_reach_only_the_server_and_the_turn_server(
    real_client: DynamoDBClient, real_table: str, turn: TurnServer, tmp_path: Path
) -> None:
    """Each host reaches both servers over TCP, and nothing else. Only the sender has an access key."""
    content = bytes(range(256)) * (FILE_BYTES // 256)
    (tmp_path / "film.bin").write_bytes(content)
    url = f"turn:127.0.0.1:{turn.port}?transport=tcp"

    with (
        operated_front(real_client, real_table, [url], turn.secret) as front,
        two_hosts(0) as hosts,
        ExitStack() as stack,
    ):
        for host in hosts:
            for port in (turn.port, urlsplit(front.url).port):
                assert port
                stack.enter_context(host.reach(port))
        sending = peerpost(hosts[0], "send", tmp_path / "film.bin", "--server", front.url, PEERPOST_ACCESS_KEY=KEY)
        sender = stack.enter_context(sending)
        assert sender.stdout
        link = sender.stdout.readline().strip()
        receiver = stack.enter_context(peerpost(hosts[1], "receive", link, "--output", tmp_path / "copy.bin"))
        received, sent = (process.communicate(timeout=PATIENCE_SECONDS) for process in (receiver, sender))

    assert (received, sent) == (("", ""), ("", ""))
    assert (tmp_path / "copy.bin").read_bytes() == content
    assert KEY not in link
