/** Sends files one after another on one data channel, no faster than the receiver can take them. */
import { Transfer } from "./transfer.js";
export type FileMessage = import("./file-message.js").FileMessage;
export type Outgoing = {
    id: number;
    transfer: Transfer;
    sent: number;
    /**
     * Empty until everything was sent.
     */
    sha256: string;
};
/** @typedef {import("./file-message.js").FileMessage} FileMessage */
/**
 * @typedef {object} Outgoing
 * @property {number} id
 * @property {Transfer} transfer
 * @property {number} sent
 * @property {string} sha256 Empty until everything was sent.
 */
export declare class FileSender {
    #private;
    /**
     * @param {RTCDataChannel} dataChannel
     * @param {object} options
     * @param {number} options.maxFileBytes
     * @param {(news: import("./files.js").News) => void} options.onNews
     */
    constructor(dataChannel: RTCDataChannel, options: {
        maxFileBytes: number;
        onNews: (news: import("./files.js").News) => void;
    });
    /**
     * @param {File} file
     * @param {boolean} [isArchive]
     * @returns {Transfer}
     */
    add(file: File, isArchive?: boolean): Transfer;
    /** @param {FileMessage} message */
    take(message: FileMessage): boolean;
    /** A receiver sends no content. */
    takeBytes(): boolean;
    /** @param {string} problem */
    stop(problem: string): void;
}
