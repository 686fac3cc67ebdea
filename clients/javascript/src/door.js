/** A door of an address: one connection of the host, and the channel in which it waits for one guest. */

import { asDtlsClient, sealerOfHost, sealPointer } from "./address.js";
import { attempt } from "./attempt.js";
import { ExpiredError } from "./errors.js";
import { DOOR_MS, DOOR_OVERLAP_MS, MAX_DESCRIPTION_BYTES } from "./limits.js";
import { pause } from "./pace.js";
import { createKey, sealerOf } from "./sealer.js";

/** @typedef {import("./address.js").Pointer} Pointer */
/** @typedef {import("./exchange.js").Parts} Parts */

/**
 * @typedef {object} DoorOptions
 * @property {AbortSignal} signal Closes the door.
 * @property {(pointer: Pointer) => Promise<void>} onOffer Called when there is a channel that a guest can answer in.
 * @property {(fault?: any) => void} onNext Called when it is time for another door, with the error if this door failed.
 */

/**
 * Open a door, and return the guest id of the guest that is connected. If there is none, return "" and close the
 * connection. If the door does not open, throw the error and close the connection.
 *
 * @param {Omit<Parts, "end" | "sealer">} parts
 * @param {DoorOptions} options
 */
export async function openDoor(parts, { signal, onOffer, onNext }) {
  const { peerConnection, client, report } = parts;
  let guest = "";
  let isOpen = false;

  /** Make way for another door. Close this one a little later, since a guest may just have read the old pointer. */
  async function growOld() {
    await pause(DOOR_MS, signal);
    onNext();
    await pause(DOOR_OVERLAP_MS, signal);
    if (!guest) peerConnection.close();
  }

  try {
    const key = createKey();
    const envelope = await sealerOf(key);
    const sealer = sealerOfHost(envelope, (id) => {
      guest = id;
      onNext();
    });
    const point = async (/** @type {string} */ door) => {
      const { sdp } = /** @type {RTCSessionDescription} */ (peerConnection.localDescription);
      /** @type {Pointer} */
      const pointer = { door, key, offer: asDtlsClient(sdp) };
      // The length of a sealed text does not depend on the key, so this measures it with the door's key.
      if ((await sealPointer(envelope, pointer)).length > MAX_DESCRIPTION_BYTES) {
        await client.createOffer(door, await envelope.seal(asDtlsClient(sdp), "offer"));
        delete pointer.offer;
      }
      await onOffer(pointer);
      report("pointer-sent");
      isOpen = true;
      growOld().catch(() => {}); // The host has stopped listening.
    };
    await attempt({ ...parts, sealer }, { signal, onOffer: point, isDoor: true });
    return guest;
  } catch (error) {
    peerConnection.close();
    if (!isOpen) throw error;
    onNext(error);
    // It is not a failure if no guest comes before the door is closed.
    const isClosed = error instanceof ExpiredError || Object(error).reason === "closed";
    const isFailure = !signal.aborted && (guest || !isClosed);
    // The page's own function may throw, which must not keep the next door closed.
    if (isFailure) queueMicrotask(() => report("door-failed", { error }));
    return "";
  }
}
