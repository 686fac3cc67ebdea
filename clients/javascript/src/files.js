/** Sends and receives files over an RTCPeerConnection: the entry `peerpost/files`. docs/files.md describes the messages. */

import { pack } from "./file-archive.js";
import { LABEL } from "./file-channel.js";
import { FileReceiver } from "./file-receiver.js";
import { FileSender } from "./file-sender.js";
import { MAX_FILE_BYTES, MAX_RECEIVED_BYTES } from "./limits.js";

export { safeFileName } from "./file-name.js";

/** @typedef {import("./transfer.js").Transfer} Transfer */
/** @typedef {import("./transfer.js").TransferState} TransferState */

/**
 * What is known about the other peer so far.
 *
 * @typedef {object} OtherPeer
 * @property {boolean} sends Whether it can send files.
 * @property {boolean} receives Whether it accepts files.
 * @property {boolean} once Whether it makes only one transfer and then leaves, as the command line does.
 * @property {"done" | "failed"} [outcome] How that one transfer ended: it is done, or either side gave up. Undefined
 *   until then, and if the connection was lost instead.
 */

/** @typedef {Partial<OtherPeer>} News */

/**
 * @typedef {object} FilesOptions
 * @property {(transfer: Transfer) => void} [onTransfer] Called with each file that the other peer sends.
 * @property {(peer: OtherPeer) => void} [onPeer] Called when something is learned about the other peer.
 * @property {number} [maxFileBytes] The largest file that is sent or received. It is held in memory.
 * @property {number} [maxReceivedBytes] The largest total size of all received files.
 */

export class Files {
  #sender;
  #onPeer;
  /** Whether the other peer accepts only one transfer, and we have begun it. */
  #isTaken = false;
  /** @type {OtherPeer} */
  #peer = { sends: false, receives: false, once: false };

  /**
   * Prepare a connection. Call this before you connect it.
   *
   * @param {RTCPeerConnection} peerConnection
   * @param {FilesOptions} [options]
   */
  constructor(peerConnection, options = {}) {
    const { onTransfer = () => {}, onPeer, maxFileBytes = MAX_FILE_BYTES, maxReceivedBytes = MAX_RECEIVED_BYTES } = options;
    const receiving = { onTransfer, maxFileBytes, maxReceivedBytes, onNews: this.#learn.bind(this) };
    /** @type {FileReceiver | undefined} */
    let receiver;
    this.#onPeer = onPeer;
    this.#sender = new FileSender(peerConnection.createDataChannel(LABEL), receiving);
    peerConnection.addEventListener("datachannel", ({ channel }) => {
      if (channel.label !== LABEL) return;
      if (receiver) channel.close();
      else receiver = new FileReceiver(channel, receiving);
    });
  }

  /** What is known about the other peer so far. */
  get peer() {
    return { ...this.#peer };
  }

  /**
   * Send files, one after another, and after those that are already being sent. If the other peer accepts only one
   * transfer, send several files as one tar archive.
   *
   * @param {Iterable<File>} files
   * @returns {Transfer[]} One for each file, or one for the archive.
   */
  send(files) {
    const all = [...files];
    const { once, receives } = this.#peer;
    const transfers = once && all.length > 1 ? [this.#sender.add(pack(all), true)] : all.map((file) => this.#sender.add(file));
    if (!once) return transfers;
    if (!receives) transfers.forEach((transfer) => transfer.fail("The other side takes no files."));
    if (this.#isTaken) transfers.forEach((transfer) => transfer.fail("The other side takes no second transfer."));
    this.#isTaken ||= transfers.some(({ over }) => !over);
    return transfers;
  }

  /** @param {News} news */
  #learn(news) {
    const peer = { ...this.#peer, ...news };
    if (!peer.once) delete peer.outcome; // A peer that stays has no outcome.
    const isNews = JSON.stringify(peer) !== JSON.stringify(this.#peer);
    this.#peer = peer;
    if (isNews) this.#onPeer?.({ ...peer });
  }
}
