/** What the page's address says: `?server=` and `?ice=`. */

// The page's policy can name these two alone: it has no words for [::1].
const LOOPBACK = new Set(["127.0.0.1", "localhost"]);
const LOCAL_SERVER = "http://127.0.0.1:8000/";
// Two peers behind home routers find each other by it. It learns that somebody asked, and from where; not for whom.
const DEFAULT_ICE = "stun:stun.cloudflare.com:3478";

/** @typedef {{ server: URL, iceServers: RTCIceServer[] }} Settings */

export class SettingsError extends Error {
  name = "SettingsError";
}

/**
 * @param {URL} address
 * @param {string} [deployed] The server of a page that was deployed with one.
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
  if (!text) throw new SettingsError("This page was not told which server to use.");
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isSafe = url?.protocol === "https:" || (url?.protocol === "http:" && LOOPBACK.has(url.hostname));
  if (!url || !isSafe || url.username) throw new SettingsError("The server in this page's address is not an https address.");
  return url;
}

/**
 * `stun:HOST`, or `turn:USER:CREDENTIAL@HOST`. A user may have colons in it, as in the TURN REST convention.
 *
 * @param {string} text
 * @returns {RTCIceServer}
 */
function readIce(text) {
  const match = /^(stuns?|turns?):(?:(.+):([^:@]*)@)?([^@]+)$/.exec(text);
  const [, scheme, username, credential, host] = match ?? [];
  if (!host || scheme?.startsWith("turn") !== (username !== undefined)) {
    throw new SettingsError("The ice server in this page's address is not like stun:HOST or turn:USER:CREDENTIAL@HOST.");
  }
  return username === undefined ? { urls: text } : { urls: `${scheme}:${host}`, username, credential };
}
