/** Sends and receives files over an RTCPeerConnection: the entry `peerpost/files`. docs/files.md describes the messages. */
export { safeFileName } from "./file-name.js";
export type Transfer = import("./transfer.js").Transfer;
export type TransferState = import("./transfer.js").TransferState;
export type OtherPeer = {
    /**
     * It can send files.
     */
    sends: boolean;
    /**
     * It takes files.
     */
    receives: boolean;
    /**
     * It came for one transfer and leaves after it, as the command line does.
     */
    once: boolean;
    /**
     * It came for one transfer, which is over: it is done, or one of the two gave it
     * up. If the connection was lost instead, there is no outcome.
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
     * The most that all received files together may have.
     */
    maxReceivedBytes?: number;
};
/** @typedef {import("./transfer.js").Transfer} Transfer */
/** @typedef {import("./transfer.js").TransferState} TransferState */
/**
 * What the other peer has shown of itself so far.
 *
 * @typedef {object} OtherPeer
 * @property {boolean} sends It can send files.
 * @property {boolean} receives It takes files.
 * @property {boolean} once It came for one transfer and leaves after it, as the command line does.
 * @property {"done" | "failed"} [outcome] It came for one transfer, which is over: it is done, or one of the two gave it
 *   up. If the connection was lost instead, there is no outcome.
 */
/** @typedef {Partial<OtherPeer>} News */
/**
 * @typedef {object} FilesOptions
 * @property {(transfer: Transfer) => void} [onTransfer] Called with each file that the other peer sends.
 * @property {(peer: OtherPeer) => void} [onPeer] Called when something is learned about the other peer.
 * @property {number} [maxFileBytes] The largest file that is sent or received. It is held in memory.
 * @property {number} [maxReceivedBytes] The most that all received files together may have.
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
    /** What the other peer has shown of itself so far. */
    get peer(): {
        sends: boolean;
        receives: boolean;
        once: boolean;
        outcome?: "done" | "failed";
    };
    /**
     * Send files, one after another, and after those that are on their way already. To a peer that takes one transfer, send
     * several files as one tar archive.
     *
     * @param {Iterable<File>} files
     * @returns {Transfer[]} One for each file, or one for the archive.
     */
    send(files: Iterable<File>): Transfer[];
}
