/** Two peers in this process, and the data channels between them. */

export class FakeDataChannel extends EventTarget {
  readyState = "connecting";
  binaryType = "blob";
  bufferedAmountLowThreshold = 0;
  bufferedAmount = 0;
  /** The most that was ever in the buffer. */
  highest = 0;
  /** While this is true, nothing leaves the buffer. */
  isStuck = false;
  /** Everything that was sent on this end. */
  sent = [];
  /** @type {FakeDataChannel} */
  other;
  #waiting = [];

  constructor(label) {
    super();
    this.label = label;
  }

  send(data) {
    if (this.readyState !== "open") throw new DOMException("the channel is not open", "InvalidStateError");
    // Copy the data, because the caller may reuse its buffer.
    const message = typeof data === "string" ? data : new Uint8Array(data).slice().buffer;
    this.sent.push(message);
    this.#waiting.push(message);
    this.bufferedAmount += sizeOf(message);
    this.highest = Math.max(this.highest, this.bufferedAmount);
    setImmediate(() => this.#deliver());
  }

  /** Deliver everything that is stuck. */
  release() {
    this.isStuck = false;
    this.#deliver();
  }

  open() {
    if (this.readyState === "closed") return;
    this.readyState = "open";
    this.dispatchEvent(new Event("open"));
  }

  close() {
    for (const end of [this, this.other]) {
      if (!end || end.readyState === "closed") continue;
      end.readyState = "closed";
      setImmediate(() => end.dispatchEvent(new Event("close")));
    }
  }

  #deliver() {
    while (!this.isStuck && this.#waiting.length) {
      const message = this.#waiting.shift();
      this.bufferedAmount -= sizeOf(message);
      if (this.other.readyState === "open") this.other.dispatchEvent(new MessageEvent("message", { data: message }));
      this.dispatchEvent(new Event("bufferedamountlow"));
    }
  }
}

/** The data channels of an RTCPeerConnection. */
class FakePeer extends EventTarget {
  channels = [];

  createDataChannel(label) {
    const channel = new FakeDataChannel(label);
    this.channels.push(channel);
    return channel;
  }
}

/** Two peers whose data channels open when `connect` is called. */
export function twoPeers(t) {
  const [one, other] = [new FakePeer(), new FakePeer()];
  const closeAll = () => [one, other].forEach(({ channels }) => channels.forEach((channel) => channel.close()));
  t.after(async () => {
    closeAll();
    // Wait until this test has cleared its timers. It could no longer do so once the next test has replaced the clock.
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  });
  const connect = () => {
    openChannels(one, other);
    openChannels(other, one);
  };
  return { one, other, connect, closeAll };
}

/** Open the data channels that a peer has made, on both sides. */
export function openChannels(from, to) {
  for (const channel of from.channels.filter(({ other }) => !other)) {
    channel.other = new FakeDataChannel(channel.label);
    channel.other.other = channel;
    channel.other.readyState = "open";
    to.dispatchEvent(Object.assign(new Event("datachannel"), { channel: channel.other }));
    channel.open();
  }
}

function sizeOf(message) {
  return message.byteLength ?? message.length;
}
