/** Peer connections that become connected as soon as two of them have each other's descriptions. */

import { FakePeerConnection } from "./fake-peer-connection.js";

export class Network {
  /** All connections that were made, in order. */
  connections = [];
  /** Whether peers reach each other. */
  isUp = true;
  /** A text that is appended to each description. */
  padding = "";

  newConnection = (options) => {
    const connection = new NumberedPeerConnection(options);
    connection.network = this;
    this.connections.push(connection);
    connection.number = this.connections.length;
    return connection;
  };

  /** Connect the peers that have each other's descriptions. */
  join() {
    if (!this.isUp) return;
    for (const one of this.connections) {
      const other = this.connections.find((each) => each.knows(one) && one.knows(each));
      if (other && one.connectionState === "new") one.become("connected");
    }
  }
}

class NumberedPeerConnection extends FakePeerConnection {
  async setLocalDescription() {
    await super.setLocalDescription();
    this.localDescription.sdp += ` of ${this.number}${this.network.padding}`;
    setImmediate(() => this.network.join());
  }

  async setRemoteDescription({ type, sdp }) {
    if (!sdp.startsWith("v=0")) throw new TypeError("not a description");
    await super.setRemoteDescription({ type, sdp });
    setImmediate(() => this.network.join());
  }

  knows(other) {
    return other.localDescription && this.remoteDescription?.sdp === other.localDescription.sdp;
  }
}
