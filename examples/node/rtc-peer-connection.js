/** An RTCPeerConnection for Node, made of the same WebRTC library that is in Chromium. */

import wrtc from "@roamhq/wrtc";

export class RTCPeerConnection extends wrtc.RTCPeerConnection {
  /** Browsers make the description themselves if they are given none. @roamhq/wrtc needs this method for that. */
  async setLocalDescription(description) {
    await super.setLocalDescription(description ?? (await this.#nextDescription()));
  }

  #nextDescription() {
    return this.signalingState === "have-remote-offer" ? this.createAnswer() : this.createOffer();
  }
}
