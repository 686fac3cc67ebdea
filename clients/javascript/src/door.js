/** A door of an address: one connection of the host, and the channel in which it waits for one guest. */

import { asDtlsClient, sealerOfHost } from "./address.js";
import { attempt } from "./attempt.js";
import { ExpiredError } from "./errors.js";
import { DOOR_MS, DOOR_OVERLAP_MS } from "./limits.js";
import { pause } from "./pace.js";
import { createKey, sealerOf } from "./sealer.js";

/** @typedef {import("./exchange.js").Parts} Parts */

/**
 * @typedef {object} DoorOptions
 * @property {AbortSignal} signal Closes the door.
 * @property {(pointer: import("./address.js").Pointer) => Promise<void>} onOffer Called when there is a channel that a
 *   guest can answer in.
 */

export class Door {
  /** The guest id of whoever has answered. */
  guest = "";
  /** Whether guests can know the door. */
  isOpen = false;
  #parts;
  #options;
  /** @type {{ resolve: () => void, reject: (error: unknown) => void }} */
  #next = { resolve() {}, reject() {} };
  /**
   * Resolves when it is time for another door. Rejects if this one is lost before that.
   *
   * @type {Promise<void>}
   */
  next = new Promise((resolve, reject) => {
    this.#next = { resolve, reject };
  });

  /**
   * @param {Omit<Parts, "end" | "sealer">} parts
   * @param {DoorOptions} options
   */
  constructor(parts, options) {
    this.#parts = parts;
    this.#options = options;
  }

  /** Return whether a guest has come in. The connection is closed if not. */
  async open() {
    const { peerConnection, report } = this.#parts;
    const { signal } = this.#options;
    try {
      const key = createKey();
      const sealer = sealerOfHost(await sealerOf(key), (guest) => {
        this.guest = guest;
        this.#next.resolve();
      });
      const onOffer = async (/** @type {string} */ door) => {
        const { sdp } = /** @type {RTCSessionDescription} */ (peerConnection.localDescription);
        await this.#options.onOffer({ door, key, offer: asDtlsClient(sdp) });
        report("pointer-sent");
        this.isOpen = true;
        this.#growOld().catch(() => {}); // The host has ended.
      };
      await attempt({ ...this.#parts, sealer }, { signal, onOffer, isModern: true });
      return true;
    } catch (error) {
      peerConnection.close();
      // It is no failure if nobody comes until the door is closed.
      const isClosed = error instanceof ExpiredError || Object(error).reason === "closed";
      if (!signal.aborted && (this.guest || !isClosed)) report("door-failed", { error });
      this.#next.reject(error);
      return false;
    }
  }

  /** Make way for another door. Close this one a little later, since a guest may just have read the old pointer. */
  async #growOld() {
    const { signal } = this.#options;
    await pause(DOOR_MS, signal);
    this.#next.resolve();
    await pause(DOOR_OVERLAP_MS, signal);
    if (!this.guest) this.#parts.peerConnection.close();
  }
}
