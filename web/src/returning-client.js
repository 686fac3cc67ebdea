/** A client for a reloaded host page: it returns to its channel, so that the link that was sent still works. */

import { ExpiredError, RefusalError, SignalingClient } from "peerpost";

export class ReturningClient extends SignalingClient {
  #channelId;

  /**
   * @param {string} channelId
   * @param {ConstructorParameters<typeof SignalingClient>} options
   */
  constructor(channelId, ...options) {
    super(...options);
    this.#channelId = channelId;
  }

  /**
   * Return whether the channel still exists and nobody has answered the offer from before the reload.
   *
   * @param {AbortSignal} signal
   */
  async isWaiting(signal) {
    try {
      await this.getAnswer(this.#channelId, { signal });
      return false;
    } catch (error) {
      if (!(error instanceof RefusalError)) throw error;
      return !(error instanceof ExpiredError);
    }
  }

  /**
   * Replace the earlier offer with this one.
   *
   * @param {Parameters<SignalingClient["createDataChannel"]>[0]} [options]
   */
  async createDataChannel({ offer = "", iceServers, ...call } = {}) {
    const ice_servers = iceServers ? await this.#iceServers(call) : [];
    // If there are ICE servers, `connect` makes another offer with them, and a guest must not answer this one.
    if (!ice_servers?.length) await this.createOffer(this.#channelId, offer, call);
    return { channel_id: this.#channelId, ice_servers };
  }

  /** @param {Parameters<SignalingClient["getIceServers"]>[1]} call */
  async #iceServers(call) {
    try {
      return (await this.getIceServers(this.#channelId, call)).ice_servers;
    } catch (error) {
      // An older server does not know this method. If the channel is gone, the offer will be refused too.
      if (!(error instanceof RefusalError)) throw error;
      return [];
    }
  }
}
