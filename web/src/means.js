/** What a session needs: the settings, the timeline, the network, and the options of the client. */

import { EagerFetch } from "./eager-fetch.js";
import { UnsupportedError } from "./failure.js";
import { recallAccessKey } from "./memory.js";
import { RequestCount } from "./request-count.js";

/** @typedef {import("./settings.js").Settings} Settings */
/** @typedef {import("./timeline.js").Timeline} Timeline */

/**
 * @typedef {object} Means
 * @property {Settings} settings
 * @property {Timeline} timeline
 * @property {EagerFetch} network
 * @property {ConstructorParameters<typeof import("peerpost").SignalingClient>[1]} clientOptions
 */

/**
 * @param {Settings} settings
 * @param {Timeline} timeline
 * @returns {Means}
 */
export function collectMeans(settings, timeline) {
  if (!globalThis.RTCPeerConnection) {
    throw new UnsupportedError("It does not support WebRTC.", "Open the page in a current browser.");
  }
  if (!globalThis.isSecureContext) {
    throw new UnsupportedError("The page was opened over http, and browsers encrypt only on https pages.", "Open the page over https.");
  }
  const count = new RequestCount((value) => timeline.countRequests(value));
  const network = new EagerFetch(count.fetch);
  const clientOptions = { accessKey: recallAccessKey(settings.server), fetch: network.fetch };
  return { settings, timeline, network, clientOptions };
}
