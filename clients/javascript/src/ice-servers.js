/** The ICE servers that the signaling server's operator has configured, in addition to the page's own. */

// This is enough for two STUN and two TURN servers, each over UDP, TCP and TLS. With more, gathering would be slow, and
// a server could use its clients to flood somebody else.
const MAX_SERVERS = 4;
const MAX_URLS = 6;
// Enough for six URLs and the credentials: a host name has at most 253 characters (RFC 1035), and a user name fewer
// than 509 bytes (RFC 8489). Browsers do not check these lengths.
const MAX_CHARACTERS = 4000;

/**
 * Add the servers that the browser accepts. If it refuses one, the next may still be valid.
 *
 * @param {RTCPeerConnection} peerConnection
 * @param {RTCIceServer[]} servers As received, unchecked.
 * @param {(error: unknown) => void} skip Called with the reason why a server was skipped.
 */
export function addIceServers(peerConnection, servers, skip) {
  for (const server of servers.slice(0, MAX_SERVERS)) {
    try {
      const { username, credential } = server;
      const urls = [server.urls].flat().slice(0, MAX_URLS);
      if (String([urls, username, credential]).length > MAX_CHARACTERS) throw new RangeError("the URLs or credentials are too long");
      const configuration = peerConnection.getConfiguration();
      const iceServers = [...(configuration.iceServers ?? []), { urls, username, credential }];
      peerConnection.setConfiguration({ ...configuration, iceServers });
    } catch (error) {
      skip(error);
    }
  }
}
