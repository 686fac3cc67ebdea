/** The content of a file while it arrives. */
export declare class FileContent {
    #private;
    size: number;
    /**
     * Add the next chunk. Chunks are copied together, because a million small ones would need much more memory than their
     * bytes.
     *
     * @param {ArrayBuffer} chunk
     */
    add(chunk: ArrayBuffer): void;
    /** Return everything that was added. */
    blob(): Blob;
}
