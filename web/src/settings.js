/** Reads the settings in the page's URL: `?server=` and `?ice=`. */

// Only these two can be listed in the page's Content-Security-Policy, which has no syntax for [::1].
const LOOPBACK = new Set(["127.0.0.1", "localhost"]);
const NAME_SERVER = "Open the page with ?server= and the https URL of your Peerpost server.";
const LOCAL_SERVER = "http://127.0.0.1:8000/";
// Two peers behind home routers need a STUN server to connect. The STUN server learns the IP address of each peer that
// asks, but not which peers connect to each other.
const DEFAULT_ICE = "stun:stun.cloudflare.com:3478";

/** @typedef {{ server: URL, iceServers: RTCIceServer[] }} Settings */

/** A setting in the page's URL is missing or wrong. */
export class SettingsError extends Error {
  name = "SettingsError";

  /**
   * @param {string} message
   * @param {string} remedy The one thing to do next.
   */
  constructor(message, remedy) {
    super(message);
    this.remedy = remedy;
  }
}

/**
 * @param {URL} address
 * @param {string} [deployed] The server that index.html names, if any.
 * @returns {Settings}
 */
export function readSettings(address, deployed) {
  const isLocal = LOOPBACK.has(address.hostname);
  const server = address.searchParams.get("server") || deployed || (isLocal ? LOCAL_SERVER : "");
  const ice = address.searchParams.getAll("ice");
  const wanted = ice.length ? ice : isLocal ? [] : [DEFAULT_ICE];
  return { server: readServer(server), iceServers: wanted.filter((each) => each && each !== "none").map(readIce) };
}

/** @param {string} text */
function readServer(text) {
  if (!text) throw new SettingsError("It does not name the server to use.", NAME_SERVER);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isSafe = url?.protocol === "https:" || (url?.protocol === "http:" && LOOPBACK.has(url.hostname));
  if (!url || !isSafe || url.username) throw new SettingsError("The server after ?server= is not an https URL.", NAME_SERVER);
  return url;
}

/**
 * Read `stun:HOST` or `turn:USER:CREDENTIAL@HOST`. A user name may contain colons, as in the TURN REST API.
 *
 * @param {string} text
 * @returns {RTCIceServer}
 */
function readIce(text) {
  const match = /^(stuns?|turns?):(?:(.+):([^:@]*)@)?([^@]+)$/.exec(text);
  const [, scheme, username, credential, host] = match ?? [];
  if (!host || scheme?.startsWith("turn") !== (username !== undefined)) {
    throw new SettingsError(
      "The ICE server after ?ice= does not have the form stun:HOST or turn:USER:CREDENTIAL@HOST.",
      "Correct the ICE server in the address, then open the page again.",
    );
  }
  return username === undefined ? { urls: text } : { urls: `${scheme}:${host}`, username, credential };
}
