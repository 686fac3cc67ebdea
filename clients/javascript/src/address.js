/** The texts that are sealed for an address: the pointer that the host writes to it, and a guest's answer in a door. */

import { randomBase64url } from "./base64url.js";
import { GUEST_BYTES } from "./limits.js";
import { foreign, textual } from "./reply.js";
import { sealerOf, tampered } from "./sealer.js";

/** @typedef {import("./sealer.js").Envelope} Envelope */

/**
 * What the host writes to the address. A door is an ordinary channel, in which the host waits for one guest.
 *
 * @typedef {object} Pointer
 * @property {string} door The id of the door's channel.
 * @property {string} key Seals everything in the door.
 * @property {string} [offer] The host's description. Without it, the guest reads the offer from the door.
 */

/**
 * A pointer after a guest has decrypted it: the door to answer in.
 *
 * @typedef {object} Door
 * @property {string} channelId
 * @property {Envelope} sealer
 * @property {string} [offer]
 */

const CHANNEL_ID = /^[\da-f-]{36}$/;
const GUEST = /^[\w-]{22}$/;

/** Return a new guest id, by which the host recognizes a guest that connects again. */
export function createGuest() {
  return randomBase64url(GUEST_BYTES);
}

/**
 * @param {Envelope} sealer The address's sealer.
 * @param {Pointer} pointer
 */
export function sealPointer(sealer, pointer) {
  return sealer.seal(JSON.stringify(pointer), "address");
}

/**
 * @param {Envelope} sealer The address's sealer.
 * @param {string} sealed
 * @returns {Promise<Door>}
 */
export async function openPointer(sealer, sealed) {
  try {
    const { door, key, offer } = JSON.parse(await sealer.open(sealed, "address"));
    return { channelId: check(door, CHANNEL_ID), sealer: await sealerOf(textual(key)), offer: offer && textual(offer) };
  } catch (cause) {
    throw tampered("address", cause);
  }
}

/**
 * Return a sealer for a guest in a door. It adds the guest id to the answer.
 *
 * @param {Envelope} sealer The door's sealer.
 * @param {string} guest
 * @returns {Envelope}
 */
export function sealerOfGuest(sealer, guest) {
  return {
    ...sealer,
    async seal(text, purpose) {
      if (purpose !== "answer") return sealer.seal(text, purpose);
      return sealer.seal(JSON.stringify({ answer: text, guest }), "guest");
    },
  };
}

/**
 * Return a sealer for the host in a door. It takes the guest id from the answer.
 *
 * @param {Envelope} sealer The door's sealer.
 * @param {(guest: string) => void} onGuest Called with the guest id when an answer is opened.
 * @returns {Envelope}
 */
export function sealerOfHost(sealer, onGuest) {
  return {
    ...sealer,
    async open(sealed, purpose) {
      if (purpose !== "answer") return sealer.open(sealed, purpose);
      const { answer, guest } = parseAnswer(await sealer.open(sealed, "guest"));
      onGuest(guest);
      return answer;
    },
  };
}

/**
 * Return the description with one change: the peer that it describes always begins the DTLS handshake.
 *
 * Several guests may answer at the same moment, but only one answer is accepted. If guests began the handshake, the
 * host's browser would accept the first one that reaches it, even from a guest whose answer was refused.
 *
 * @param {string} sdp
 */
export function asDtlsClient(sdp) {
  return sdp.replaceAll("a=setup:actpass", "a=setup:active");
}

/** @param {string} text */
function parseAnswer(text) {
  try {
    const { answer, guest } = JSON.parse(text);
    return { answer: textual(answer), guest: check(guest, GUEST) };
  } catch (cause) {
    throw tampered("guest", cause);
  }
}

/**
 * Return a text if it has the right form.
 *
 * @param {string} text As received, unchecked.
 * @param {RegExp} form
 */
function check(text, form) {
  if (form.test(textual(text))) return text;
  throw foreign();
}
