/** Sends and receives files over an RTCPeerConnection: the entry `peerpost/files`. docs/files.md describes the messages. */
export { safeFileName } from "./file-name.js";
export type Transfer = import("./transfer.js").Transfer;
export type TransferState = import("./transfer.js").TransferState;
export type OtherPeer = {
    /**
     * Whether it can send files.
     */
    sends: boolean;
    /**
     * Whether it accepts files.
     */
    receives: boolean;
    /**
     * Whether it makes only one transfer and then leaves, as the command line does.
     */
    once: boolean;
    /**
     * How that one transfer ended: it is done, or either side gave up. Undefined
     * until then, and if the connection was lost instead.
     */
    outcome?: "done" | "failed";
};
export type News = Partial<OtherPeer>;
export type FilesOptions = {
    /**
     * Called with each file that the other peer sends.
     */
    onTransfer?: (transfer: Transfer) => void;
    /**
     * Called when something is learned about the other peer.
     */
    onPeer?: (peer: OtherPeer) => void;
    /**
     * The largest file that is sent or received. It is held in memory.
     */
    maxFileBytes?: number;
    /**
     * The largest total size of all received files.
     */
    maxReceivedBytes?: number;
};
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
export declare class Files {
    #private;
    /**
     * Prepare a connection. Call this before you connect it.
     *
     * @param {RTCPeerConnection} peerConnection
     * @param {FilesOptions} [options]
     */
    constructor(peerConnection: RTCPeerConnection, options?: FilesOptions);
    /** What is known about the other peer so far. */
    get peer(): {
        sends: boolean;
        receives: boolean;
        once: boolean;
        outcome?: "done" | "failed";
    };
    /**
     * Send files, one after another, and after those that are already being sent. If the other peer accepts only one
     * transfer, send several files as one tar archive.
     *
     * @param {Iterable<File>} files
     * @returns {Transfer[]} One for each file, or one for the archive.
     */
    send(files: Iterable<File>): Transfer[];
}
