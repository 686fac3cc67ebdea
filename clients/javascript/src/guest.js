/** The guest's side of an address: tries one door after another, until one leads to the host. */

import { createGuest, openPointer, sealerOfGuest } from "./address.js";
import { attempt } from "./attempt.js";
import { watch } from "./ending.js";
import { ExpiredError, UnreachableError } from "./errors.js";
import { AWAY_MS, DOOR_PATIENCE_MS, GUEST_PATIENCE_MS, GUEST_POLL_MS, SOON_MS, SOON_POLL_MS } from "./limits.js";
import { backoff, pause } from "./pace.js";
import { Poller } from "./poller.js";
import { says, textual } from "./reply.js";
import { ANSWER_EXISTS, NO_OFFER_YET } from "./sentences.js";
import { whyUnreachable } from "./unreachable.js";

/** @typedef {import("./address.js").Door} Door */
/** @typedef {import("./exchange.js").Parts} Parts */
/** @typedef {import("./signaling-client.js").IceServers} IceServers */

export class Guest {
  #addressId;
  #guest;
  #parts;
  #poller;
  /** Is aborted, with the reason, to end everything. */
  #end = new AbortController();
  /** @type {Set<string>} The ids of the doors that were tried. */
  #tried = new Set();
  #began = performance.now();
  #pauses = backoff(...GUEST_POLL_MS);

  /**
   * @param {Pick<Parts, "client" | "sealer" | "report">} parts
   * @param {{ addressId: string, key?: unknown, guest?: string, signal?: AbortSignal }} options
   */
  constructor(parts, { addressId, key, guest = createGuest(), signal }) {
    // Without a key, the server could send us to a door of its own.
    if (!key) throw new TypeError("the link is incomplete");
    const end = this.#end;
    this.#addressId = addressId;
    this.#guest = guest;
    this.#parts = { ...parts, isThere: true };
    this.#poller = new Poller({ ...parts, end });
    const patience = signal ?? AbortSignal.timeout(GUEST_PATIENCE_MS);
    const giveUp = () => end.abort(signal ? signal.reason : new UnreachableError("host-away"));
    patience.addEventListener("abort", giveUp, { signal: end.signal });
  }

  /**
   * Resolve with a connection to the host.
   *
   * @param {import("./connect.js").Connection} connection
   */
  async connect(connection) {
    const end = this.#end;
    try {
      if (typeof connection === "function") return await this.#tryDoors(connection);
      watch(connection, end, Infinity).catch(() => {});
      await this.#enter(await this.#findDoor(end.signal), connection);
      return connection;
    } catch (error) {
      end.signal.throwIfAborted();
      throw error;
    } finally {
      end.abort();
    }
  }

  /** @param {() => RTCPeerConnection} newConnection */
  async #tryDoors(newConnection) {
    const { signal } = this.#end;
    let door = await this.#findDoor(signal);
    for (;;) {
      const peerConnection = newConnection();
      const inside = new AbortController();
      /** @type {(Door & IceServers) | undefined} */
      let another;
      /** @type {UnreachableError | undefined} */
      let why;
      // The host may have opened another door without noticing our answer in this one.
      pause(DOOR_PATIENCE_MS, inside.signal)
        .then(() => this.#findDoor(inside.signal))
        .then(async (found) => {
          why = await whyUnreachable(peerConnection);
          inside.signal.throwIfAborted();
          another = found;
          peerConnection.close();
        })
        .catch(() => {}); // Ignore errors of this search: the current door may still lead to the host.
      try {
        await this.#enter(door, peerConnection);
        return peerConnection;
      } catch (error) {
        const isLost = says(error, ANSWER_EXISTS) || error instanceof UnreachableError;
        const isClosedByPage = peerConnection.signalingState === "closed" && !another;
        peerConnection.close();
        if (isClosedByPage || !isLost) throw error;
        this.#parts.report("door-failed", { error: why ?? error });
      } finally {
        inside.abort();
      }
      await this.#pause(signal);
      door = another ?? (await this.#findDoor(signal));
    }
  }

  /**
   * Ask the address until it names a door that was not tried yet.
   *
   * @param {AbortSignal} signal
   * @returns {Promise<Door & IceServers>}
   */
  async #findDoor(signal) {
    const { client, report, sealer } = this.#parts;
    const began = performance.now();
    for (let isAway = false; ; ) {
      const reply = await this.#poller.until(NO_OFFER_YET, (read) =>
        client.getOffer(this.#addressId, { iceServers: true, ...read }),
      );
      const door = await openPointer(sealer, textual(reply.offer));
      if (!this.#tried.has(door.channelId)) return { ...door, ice_servers: reply.ice_servers };
      if (!isAway && performance.now() - began > AWAY_MS) {
        isAway = true;
        report("host-away");
      }
      await this.#pause(signal);
    }
  }

  /** @param {AbortSignal} signal */
  #pause(signal) {
    const longest = performance.now() - this.#began < SOON_MS ? SOON_POLL_MS : Infinity;
    return pause(Math.min(this.#pauses(), longest), signal);
  }

  /**
   * Answer in a door, and resolve once connected.
   *
   * @param {Door & IceServers} door
   * @param {RTCPeerConnection} peerConnection
   */
  async #enter({ channelId, sealer, offer, ice_servers }, peerConnection) {
    this.#tried.add(channelId);
    const parts = { ...this.#parts, peerConnection, sealer: sealerOfGuest(sealer, this.#guest) };
    // The pointer contains only the candidates in its offer. Later candidates are in the door.
    const known = offer ? { sdp: offer, ice_servers, items: [], next: 0 } : undefined;
    try {
      await attempt(parts, { channelId, offer: known, signal: this.#end.signal });
    } catch (error) {
      // The door is gone, but the address is not.
      throw error instanceof ExpiredError ? new UnreachableError("host-away", { cause: error }) : error;
    }
  }
}
