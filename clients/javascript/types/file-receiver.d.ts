/** Receives files on one data channel, limits their size, and verifies their checksums. */
import { FileContent } from "./file-content.js";
import { Transfer } from "./transfer.js";
export type Announcement = import("./file-message.js").Announcement;
export type FileMessage = import("./file-message.js").FileMessage;
export type Incoming = {
    id?: number;
    transfer: Transfer;
    content: FileContent;
    confirmed: number;
};
/** @typedef {import("./file-message.js").Announcement} Announcement */
/** @typedef {import("./file-message.js").FileMessage} FileMessage */
/**
 * @typedef {object} Incoming
 * @property {number} [id]
 * @property {Transfer} transfer
 * @property {FileContent} content
 * @property {number} confirmed
 */
export declare class FileReceiver {
    #private;
    /**
     * @param {RTCDataChannel} channel
     * @param {object} options
     * @param {number} options.maxFileBytes
     * @param {number} options.maxReceivedBytes
     * @param {(transfer: Transfer) => void} options.onTransfer
     * @param {(news: import("./files.js").News) => void} options.onNews
     */
    constructor(channel: RTCDataChannel, options: {
        maxFileBytes: number;
        maxReceivedBytes: number;
        onTransfer: (transfer: Transfer) => void;
        onNews: (news: import("./files.js").News) => void;
    });
    /** @param {FileMessage} message */
    take(message: FileMessage): boolean;
    /** @param {ArrayBuffer} chunk */
    takeBytes(chunk: ArrayBuffer): boolean;
    /** @param {string} problem */
    stop(problem: string): void;
}
