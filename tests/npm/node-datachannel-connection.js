/** An RTCPeerConnection for Node. The client's README shows this class. */

import { RTCPeerConnection } from "node-datachannel/polyfill";

// libdatachannel may refuse the candidates in a description ("Got a remote candidate without ICE transport").
// It accepts them if they are added one by one after the description.
export class NodeDataChannelConnection extends RTCPeerConnection {
  async setRemoteDescription({ type, sdp }) {
    await super.setRemoteDescription({ type, sdp: sdp.replaceAll(/^a=(candidate:.*|end-of-candidates)\r\n/gm, "") });
    for (const [, candidate] of sdp.matchAll(/^a=(candidate:.*)\r$/gm)) {
      await this.addIceCandidate({ candidate, sdpMid: "0" });
    }
  }
}
