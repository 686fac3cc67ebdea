/** An offerer's page that comes back to its channel, so that the link that was sent stays good. */

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
   * Say whether the channel is there, and nobody has answered the offer of a page that is no more.
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
   * Write the offer over the earlier one.
   *
   * @param {Parameters<SignalingClient["createDataChannel"]>[0]} [options]
   */
  async createDataChannel({ offer = "", iceServers, ...call } = {}) {
    const ice_servers = iceServers ? await this.#iceServers(call) : [];
    // Where there are some, `connect` makes another offer, which a guest must not take this one for.
    if (!ice_servers?.length) await this.createOffer(this.#channelId, offer, call);
    return { channel_id: this.#channelId, ice_servers };
  }

  /** @param {Parameters<SignalingClient["getIceServers"]>[1]} call */
  async #iceServers(call) {
    try {
      return (await this.getIceServers(this.#channelId, call)).ice_servers;
    } catch (error) {
      // A server of an older version has none; of a channel that is gone the offer tells.
      if (!(error instanceof RefusalError)) throw error;
      return [];
    }
  }
}
