/** An RTCPeerConnection for Node, with the same WebRTC library as Chromium. */

import wrtc from "@roamhq/wrtc";

export class RTCPeerConnection extends wrtc.RTCPeerConnection {
  /** Without an argument, browsers create the description themselves. @roamhq/wrtc does not, so this method does it. */
  async setLocalDescription(description) {
    await super.setLocalDescription(description ?? (await this.#nextDescription()));
  }

  #nextDescription() {
    return this.signalingState === "have-remote-offer" ? this.createAnswer() : this.createOffer();
  }
}
