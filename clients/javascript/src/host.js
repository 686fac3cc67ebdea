/** The host's side of an address: a door for each guest, and a pointer to the door that is open at the moment. */

import { sealPointer } from "./address.js";
import { openDoor } from "./door.js";
import { AccessError, ExpiredError, NetworkError, PeerpostError, ServerError } from "./errors.js";
import {
  ADDRESS_TTL_SECONDS,
  CHANNEL_TTL_SECONDS,
  MAX_RETRY_AFTER_SECONDS,
  REOPEN_MS,
} from "./limits.js";
import { backoff, pause } from "./pace.js";
import { Poller } from "./poller.js";
import { textual } from "./reply.js";
import { createKey, sealerOf } from "./sealer.js";

/** @typedef {import("./signaling-client.js").SignalingClient} SignalingClient */

/**
 * An address as its host knows it. Nobody else may learn `owner`, the secret that is needed to write to it.
 *
 * @typedef {{ addressId: string, key: string, owner: string, ttl?: number }} HostedAddress
 */

/**
 * @typedef {object} Newcomer
 * @property {string} guest The guest id.
 * @property {RTCPeerConnection} [replaces] The connection that this guest had before. Close it if it is no longer
 *   needed.
 */

/** The server grants no channel that lives longer than usual, so there can be no address. */
export class NoAddressError extends PeerpostError {
  name = "NoAddressError";
}

export class Host {
  #client;
  #options;
  #end = new AbortController();
  #report;
  #poller;
  /**
   * Shared by all doors, so that the host does not read more often each time it opens a door.
   *
   * @type {import("./pace.js").Pace}
   */
  #pace = {};
  #pauses = backoff(...REOPEN_MS);
  /** @type {HostedAddress | undefined} */
  #address;
  /** Whether guests could come in at least once. */
  #wasOpen = false;
  /** @type {Map<string, RTCPeerConnection>} The last connection of each guest, by its guest id. */
  #guests = new Map();

  /**
   * @param {SignalingClient} client
   * @param {import("./listen.js").ListenOptions} options
   */
  constructor(client, options) {
    const { signal } = options;
    const end = this.#end;
    this.#client = client;
    this.#options = options;
    this.#report = (/** @type {import("./connect.js").Step} */ step, detail = {}) => options.onProgress?.(step, detail);
    this.#poller = new Poller({ end, report: this.#report });
    signal?.addEventListener("abort", () => end.abort(signal.reason), { signal: end.signal });
  }

  /** Open one door after another until the signal is aborted, or until listening cannot continue. */
  async listen() {
    const { signal } = this.#options;
    try {
      signal?.throwIfAborted();
      await this.#openDoors();
    } catch (error) {
      if (!signal?.aborted) throw error;
    } finally {
      this.#end.abort();
    }
  }

  /** @returns {Promise<never>} */
  async #openDoors() {
    const { resume } = this.#options;
    if (resume) this.#use(resume);
    else await this.#openAddress();
    for (;;) {
      const fault = await new Promise((resolve, reject) => this.#openDoor(resolve).catch(reject));
      if (fault) {
        const retryAfter = Math.min(fault.retryAfter ?? 0, MAX_RETRY_AFTER_SECONDS);
        await pause(this.#pauses() + retryAfter * 1000, this.#end.signal);
      } else this.#pauses = backoff(...REOPEN_MS);
    }
  }

  /**
   * Open a door, and let in the guest who comes. Throw the error if there is no point in opening another door.
   *
   * @param {import("./door.js").DoorOptions["onNext"]} onNext
   */
  async #openDoor(onNext) {
    const { signal } = this.#end;
    try {
      const peerConnection = this.#options.newConnection();
      const parts = { peerConnection, client: this.#client, report: this.#report, pace: this.#pace };
      const guest = await openDoor(parts, { signal, onOffer: (pointer) => this.#point(pointer), onNext });
      if (guest) this.#admit(guest, peerConnection);
    } catch (error) {
      signal.throwIfAborted();
      if (this.#isFinal(error)) throw error;
      onNext(error);
      queueMicrotask(() => this.#report("door-failed", { error }));
    }
  }

  /**
   * Return whether another door would not open either, after this error of a door that did not open.
   *
   * @param {unknown} error
   */
  #isFinal(error) {
    // The server itself refuses to open another channel or address for us.
    if (error instanceof AccessError || error instanceof NoAddressError) return true;
    // Once a door was open, our options are known to be right, so the cause may go away. For example, something in front
    // of the server refuses our requests, or the browser allows no further connection until another one is closed.
    return !this.#wasOpen && !isFault(error);
  }

  /**
   * @param {string} guest
   * @param {RTCPeerConnection} peerConnection
   */
  #admit(guest, peerConnection) {
    for (const [id, connection] of this.#guests) {
      if (connection.signalingState === "closed") this.#guests.delete(id);
    }
    const replaces = this.#guests.get(guest);
    this.#guests.set(guest, peerConnection);
    // The page's own function may throw, which must not end listening.
    queueMicrotask(() => this.#options.onPeer(peerConnection, { guest, replaces }));
  }

  /**
   * Write the pointer to the address. If the address has expired or was deleted, open a new address and write to that.
   *
   * @param {import("./address.js").Pointer} pointer
   */
  async #point(pointer) {
    /** @param {HostedAddress} address */
    const write = async ({ addressId, key, owner }) => {
      const offer = await sealPointer(await sealerOf(key), pointer);
      await this.#poller.persist((call) => this.#client.createOffer(addressId, offer, { owner, ...call }));
    };
    try {
      await write(/** @type {HostedAddress} */ (this.#address));
    } catch (error) {
      if (!(error instanceof ExpiredError)) throw error;
      await write(await this.#openAddress());
    }
    this.#wasOpen = true;
  }

  async #openAddress() {
    const { key = createKey(), ttl: seconds = ADDRESS_TTL_SECONDS } = this.#options;
    const owner = createKey();
    const { channel_id, ttl } = await this.#poller.persist((call) =>
      this.#client.createDataChannel({ ttl: seconds, owner, ...call }),
    );
    // A server of an older version returns no `ttl`. If the operator has turned long-lived channels off, `ttl` is at
    // most 300.
    const isLongEnough = typeof ttl === "number" && ttl > CHANNEL_TTL_SECONDS;
    if (!isLongEnough) throw new NoAddressError("the server offers no addresses");
    return this.#use({ addressId: textual(channel_id), key, owner, ttl });
  }

  /** @param {HostedAddress} address */
  #use(address) {
    this.#address = address;
    try {
      this.#options.onLink?.(address);
    } catch (error) {
      // Nobody would learn the link, so this ends listening, even if earlier doors were open.
      this.#end.abort(error);
      throw error;
    }
    return address;
  }
}

/** @param {unknown} error */
function isFault(error) {
  return error instanceof NetworkError || error instanceof ServerError || error instanceof ExpiredError;
}
