/** The content of a file while it arrives. */
export declare class FileContent {
    #private;
    size: number;
    /**
     * Add the next chunk. Chunks are copied into larger blocks, because a million small chunks would need much more
     * memory than their content.
     *
     * @param {ArrayBuffer} chunk
     */
    add(chunk: ArrayBuffer): void;
    /** Return everything that was added. */
    blob(): Blob;
}
