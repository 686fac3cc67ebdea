/** Offer, answer and candidates, from one peer to the other through a channel of the server. */

import { CandidateExchange } from "./candidate-exchange.js";
import { ExpiredError, RefusalError } from "./errors.js";
import { addIceServers } from "./ice-servers.js";
import { CHANNEL_TTL_SECONDS } from "./limits.js";
import { Negotiation } from "./negotiation.js";
import { Poller } from "./poller.js";
import { foreign, says, textual } from "./reply.js";
import { ANSWER_EXISTS, LINK_IS_USED, NO_ANSWER_YET, NO_OFFER_YET } from "./sentences.js";

/** @typedef {"offer" | "answer"} Kind */
/** @typedef {import("./signaling-client.js").IceServers} IceServers */
/** @typedef {import("./signaling-client.js").Later} Later */

/**
 * The offerer's description, decrypted, and the other fields of the reply that contained it.
 *
 * @typedef {{ sdp: string } & Later & IceServers} Offer
 */

/**
 * @typedef {object} ExchangeOptions
 * @property {string} [channelId] The channel to answer in. Without it, this peer opens a channel and makes the offer.
 * @property {Offer} [offer] The offer in that channel, if it is already known.
 * @property {(channelId: string) => void | Promise<void>} [onOffer] Called when we have opened a channel and our offer
 *   is in it. The exchange waits for its promise before it reads the answer.
 * @property {true} [isDoor] Whether the channel is a door of an address. The exchange then writes no offer to the
 *   channel: `onOffer` must make the offer known.
 */

/**
 * The objects that an exchange and its parts share.
 *
 * @typedef {object} Parts
 * @property {RTCPeerConnection} peerConnection
 * @property {import("./signaling-client.js").SignalingClient} client
 * @property {import("./sealer.js").Envelope} sealer
 * @property {AbortController} end Is aborted, with the reason, to end everything that the exchange has begun.
 * @property {(step: import("./connect.js").Step, detail?: object) => void} report
 * @property {import("./pace.js").Pace} [pace] How often to read. Channels may share it.
 * @property {boolean} [isThere] Whether the server has replied already.
 */

export class Exchange {
  /** Whether our answer may be in the channel. If it is, no other answer is possible there, not even from this page. */
  hasAnswered = false;
  #parts;
  #options;
  #poller;
  #candidates;
  #negotiation;
  /** The channel that this peer has opened, and must erase. */
  #opened = "";

  /**
   * @param {Parts} parts
   * @param {ExchangeOptions} options
   */
  constructor(parts, options) {
    const isAnswerer = Boolean(options.channelId);
    this.#parts = parts;
    this.#options = options;
    this.#poller = new Poller(parts);
    this.#candidates = new CandidateExchange(isAnswerer, parts, this.#poller);
    this.#negotiation = new Negotiation(parts.peerConnection, isAnswerer, parts.report);
  }

  /** Exchange the descriptions, and then candidates until the channel is gone. */
  async run() {
    const { channelId } = this.#options;
    if (channelId) await this.#answer(channelId);
    else await this.#offer();
    await this.#candidates.receive();
  }

  /** The peers are connected: from now on they negotiate without the server. */
  succeed() {
    this.#negotiation.keep(this.#candidates.unsent);
    this.#erase();
  }

  fail() {
    this.#negotiation.stop();
    this.#erase();
  }

  async #offer() {
    const { client, report } = this.#parts;
    const { isDoor, onOffer } = this.#options;
    client.preconnect();
    let offer = await this.#describe("offer");
    // If the reply is lost, a channel remains whose id nobody knows. It expires.
    const channel = await this.#poller.persist((call) =>
      client.createDataChannel({
        ttl: CHANNEL_TTL_SECONDS,
        offer: isDoor ? undefined : offer,
        iceServers: true,
        ...call,
      }),
    );
    const channelId = textual(channel.channel_id);
    this.#opened = channelId;
    report("channel", { channelId });
    // A server of an older version returns no `ttl`. It may have ignored the offer, too.
    let mustWrite = !channel.ttl;
    if (this.#adoptIceServers(channel)) {
      // Nobody knows the channel yet, so nobody has read the offer that this one replaces.
      this.#candidates.restart();
      offer = await this.#describe("offer");
      mustWrite = true;
    }
    if (mustWrite && !isDoor) await this.#poller.persist((call) => client.createOffer(channelId, offer, call));
    report("offer-sent");
    await onOffer?.(channelId);
    this.#candidates.trickle(channelId);
    const reply = await this.#poller.until(NO_ANSWER_YET, (read) => client.getAnswer(channelId, read));
    // From now on, tracks and data channels that are not in the offer are negotiated peer to peer.
    this.#negotiation.listen();
    await this.#apply("answer", await this.#open("answer", reply.answer));
    await this.#candidates.add(reply);
  }

  /** @param {string} channelId */
  async #answer(channelId) {
    const { report } = this.#parts;
    const offer = this.#options.offer ?? (await this.#readOffer(channelId));
    this.#adoptIceServers(offer);
    await this.#apply("offer", offer.sdp);
    this.#negotiation.listen();
    await this.#candidates.add(offer);
    await this.#sendAnswer(channelId, await this.#describe("answer"));
    report("answer-sent");
    this.#candidates.trickle(channelId);
  }

  /**
   * @param {string} channelId
   * @returns {Promise<Offer>}
   */
  async #readOffer(channelId) {
    const { client } = this.#parts;
    const reply = await this.#poller.until(NO_OFFER_YET, (read) =>
      client.getOffer(channelId, { iceServers: true, ...read }),
    );
    return { ...reply, sdp: await this.#open("offer", reply.offer) };
  }

  /**
   * Use the server's ICE servers, and return whether it has any.
   *
   * @param {IceServers} reply
   */
  #adoptIceServers({ ice_servers: servers = [] }) {
    const { peerConnection, report } = this.#parts;
    if (!Array.isArray(servers)) throw foreign();
    addIceServers(peerConnection, servers, (error) => report("ice-server-skipped", { error }));
    return servers.length > 0;
  }

  /**
   * Make a sealed description that contains the candidates found in the first milliseconds.
   *
   * @param {Kind} kind
   */
  async #describe(kind) {
    const { peerConnection, sealer } = this.#parts;
    await peerConnection.setLocalDescription();
    await this.#candidates.gatherFirst();
    return sealer.seal(/** @type {RTCSessionDescription} */ (peerConnection.localDescription).sdp, kind);
  }

  /**
   * @param {Kind} kind
   * @param {string} sealed
   */
  #open(kind, sealed) {
    return this.#parts.sealer.open(textual(sealed), kind);
  }

  /**
   * @param {Kind} kind
   * @param {string} sdp
   */
  async #apply(kind, sdp) {
    const { peerConnection, report } = this.#parts;
    report(`${kind}-received`);
    await peerConnection.setRemoteDescription({ type: kind, sdp });
  }

  /**
   * @param {string} channelId
   * @param {string} answer
   */
  async #sendAnswer(channelId, answer) {
    const { client } = this.#parts;
    let tries = 0;
    try {
      await this.#poller.persist((call) => {
        tries += 1;
        this.hasAnswered = true;
        return client.createAnswer(channelId, answer, call);
      });
    } catch (error) {
      // An earlier try may have succeeded although its reply was lost. Then the offerer may have connected and erased
      // the channel by now.
      /** @param {unknown} reason */
      const mayBeErased = (reason) => tries > 1 && reason instanceof ExpiredError;
      if (mayBeErased(error)) return;
      if (!says(error, ANSWER_EXISTS)) throw error;
      // The answer in the channel may be ours, even at the first try: browsers repeat some requests by themselves.
      const stored = await this.#poller.persist((call) => client.getAnswer(channelId, call)).catch((reason) => {
        if (!mayBeErased(reason)) throw reason;
        return { answer };
      });
      if (stored.answer !== answer) throw new RefusalError(ANSWER_EXISTS, { cause: LINK_IS_USED });
    }
  }

  /** Erase our channel, which ends the other peer's held read. The channel expires by itself, too. */
  #erase() {
    if (this.#opened) this.#parts.client.deleteDataChannel(this.#opened, { keepalive: true }).catch(() => {});
  }
}
