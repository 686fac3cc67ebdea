/** The ICE servers of the signaling server's operator, beside those that the page has named itself. */

// STUN and TURN, each over UDP, TCP and TLS, and as many again. With more, gathering takes its time, and peers are a tool
// against others.
const MAX_SERVERS = 4;
const MAX_URLS = 6;
// Host names have at most 253 characters (RFC 1035), and a user name fewer than 509 bytes (RFC 8489). No browser looks.
const MAX_CHARACTERS = 4000;

/**
 * Add those that the browser takes. Who has made a mistake in one may have made none in the next.
 *
 * @param {RTCPeerConnection} peerConnection
 * @param {RTCIceServer[]} servers As they came.
 * @param {(error: unknown) => void} skip Told why one was passed over.
 */
export function addIceServers(peerConnection, servers, skip) {
  for (const server of servers.slice(0, MAX_SERVERS)) {
    try {
      const { username, credential } = server;
      const urls = [server.urls].flat().slice(0, MAX_URLS);
      if (String([urls, username, credential]).length > MAX_CHARACTERS) throw new RangeError("too long");
      const configuration = peerConnection.getConfiguration();
      const iceServers = [...(configuration.iceServers ?? []), { urls, username, credential }];
      peerConnection.setConfiguration({ ...configuration, iceServers });
    } catch (error) {
      skip(error);
    }
  }
}
