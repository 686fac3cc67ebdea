/** Real clients with fake connections, which connect once both descriptions are set. */

import { connect } from "../../clients/javascript/src/index.js";
import { FakePeerConnection } from "../../clients/javascript/test/fake-peer-connection.js";

class Peer extends FakePeerConnection {
  constructor(name, meet) {
    super();
    this.name = name;
    this.meet = meet;
  }

  async setLocalDescription() {
    await super.setLocalDescription();
    this.localDescription = { ...this.localDescription, sdp: `v=0 ${this.name}` };
  }

  async setRemoteDescription(description) {
    await super.setRemoteDescription(description);
    if (description.type === "answer") this.meet();
  }
}

/**
 * Connect two peers, and return the descriptions that each has of the other.
 *
 * `opened(channelId)` is awaited before the answerer starts, and `late(offerer, answerer)` before they connect.
 */
export async function pair(server, number, onProgress, { opened = () => {}, late = () => {} } = {}) {
  const meet = async () => {
    await late(offerer, answerer);
    for (const peer of [offerer, answerer]) setTimeout(() => peer.become("connected"));
  };
  const offerer = new Peer(`offer ${number}`, meet);
  const answerer = new Peer(`answer ${number}`);
  await new Promise((resolve, reject) => {
    const onChannel = async (channelId) => {
      await opened(channelId);
      await connect(answerer, { server, channelId, onProgress });
      resolve();
    };
    connect(offerer, { server, onChannel: (id) => onChannel(id).catch(reject), onProgress }).catch(reject);
  });
  return [answerer.remoteDescription.sdp, offerer.remoteDescription.sdp];
}
