"""A camera that sends live video to everyone who opens its link, to any number of people at the same time.

    python camera.py                            a generated picture with a clock
    python camera.py --device /dev/video0       a real camera

The link's address is kept in a file, so that the link stays the same after a restart.
"""

import argparse
import asyncio
import os
import signal
from contextlib import aclosing, suppress
from pathlib import Path

from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection
from aiortc.contrib.media import MediaPlayer, MediaRelay
from av import FFmpegError
from peerpost import Address, PeerpostError, listen

SERVER = "http://127.0.0.1:8000/"
PAGE = "http://127.0.0.1:8080/examples/camera/viewer.html"

# FFmpeg generates this picture: https://ffmpeg.org/ffmpeg-filters.html describes testsrc2 and others.
GENERATED_PICTURE = "testsrc2=size=640x360:rate=15"


def open_picture(options: argparse.Namespace) -> MediaStreamTrack:
    """Return the video of the device, or the generated picture."""
    if options.device:
        player = MediaPlayer(options.device, format=options.format)
    else:
        player = MediaPlayer(GENERATED_PICTURE, format="lavfi")
    if player.video is None:
        raise SystemExit(f"{options.device} has no video")
    return player.video


def kept_address(file: Path) -> Address | None:
    """Return the address of an earlier run, if there was one."""
    return Address.from_json(file.read_text()) if file.exists() else None


def keep_address(file: Path, address: Address) -> None:
    # Anyone who has this file can pose as the camera, so only its owner may read it.
    new = file.with_name(f"{file.name}.new")
    new.touch(mode=0o600)
    new.write_text(address.to_json())
    # If the power fails, the file has the earlier address or the new one, and never half of it.
    new.replace(file)


def stop(*_: object) -> None:
    """Do what Ctrl-C does: close all connections, and then end."""
    signal.raise_signal(signal.SIGINT)


async def serve(options: argparse.Namespace) -> None:
    """Serve all viewers, until this is cancelled."""
    picture = open_picture(options)
    # Somebody may unplug the device.
    picture.on("ended", stop)
    relay = MediaRelay()
    viewers: list[RTCPeerConnection] = []

    def new_connection(configuration: RTCConfiguration) -> RTCPeerConnection:
        """Return a connection for the next viewer. It waits until somebody opens the link."""
        connection = RTCPeerConnection(configuration)
        # A viewer whose network is slow gets fewer frames, but their frames are not delayed.
        connection.addTransceiver(relay.subscribe(picture, buffered=False), "sendonly")

        @connection.on("connectionstatechange")
        async def close_if_lost() -> None:
            if connection.connectionState == "failed":
                await connection.close()

        return connection

    def on_link(address: Address) -> None:
        keep_address(options.address_file, address)
        print(f"Open this link in any number of browsers:\n{address.link(options.page)}", flush=True)

    peers = listen(
        options.server,
        new_connection=new_connection,
        access_key=os.environ.get("PEERPOST_ACCESS_KEY"),
        resume=kept_address(options.address_file),
        on_link=on_link,
    )
    try:
        async with aclosing(peers):
            async for peer in peers:
                if peer.replaces:
                    await peer.replaces.close()
                viewers = [viewer for viewer in viewers if viewer.connectionState != "closed"]
                viewers.append(peer.connection)
                print(f"A viewer is connected. Viewers: {len(viewers)}.", flush=True)
    finally:
        # Viewers notice this at once, and wait for the camera to come back.
        await asyncio.gather(*(viewer.close() for viewer in viewers))
        picture.remove_all_listeners("ended")
        picture.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", default=SERVER, help="the signaling server's URL (default: %(default)s)")
    parser.add_argument("--page", default=PAGE, help="the URL of viewer.html (default: %(default)s)")
    parser.add_argument("--device", help="a real camera, for example /dev/video0")
    parser.add_argument("--format", help="FFmpeg's name for this kind of device, for example v4l2")
    parser.add_argument(
        "--address-file",
        type=Path,
        default="camera-address.json",
        help="the file that keeps the link's address (default: %(default)s)",
    )
    options = parser.parse_args()
    # Service managers stop a program with SIGTERM. Some shells make a program ignore SIGINT, the signal of Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, stop)
    try:
        with suppress(KeyboardInterrupt):
            asyncio.run(serve(options))
    except (OSError, FFmpegError, PeerpostError) as error:
        raise SystemExit(f"The camera had to stop: {error}") from None
    print("The camera has stopped.")


if __name__ == "__main__":
    main()
