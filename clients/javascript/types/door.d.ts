/** A door of an address: one connection of the host, and the channel in which it waits for one guest. */
export type Parts = import("./exchange.js").Parts;
export type DoorOptions = {
    /**
     * Closes the door.
     */
    signal: AbortSignal;
    /**
     * Called when there is a channel that a
     * guest can answer in.
     */
    onOffer: (pointer: import("./address.js").Pointer) => Promise<void>;
};
/** @typedef {import("./exchange.js").Parts} Parts */
/**
 * @typedef {object} DoorOptions
 * @property {AbortSignal} signal Closes the door.
 * @property {(pointer: import("./address.js").Pointer) => Promise<void>} onOffer Called when there is a channel that a
 *   guest can answer in.
 */
export declare class Door {
    #private;
    /** The guest id of whoever has answered. */
    guest: string;
    /** Whether guests can know the door. */
    isOpen: boolean;
    /**
     * Resolves when it is time for another door. Rejects if this one is lost before that.
     *
     * @type {Promise<void>}
     */
    next: Promise<void>;
    /**
     * @param {Omit<Parts, "end" | "sealer">} parts
     * @param {DoorOptions} options
     */
    constructor(parts: Omit<Parts, "end" | "sealer">, options: DoorOptions);
    /** Return whether a guest has come in. The connection is closed if not. */
    open(): Promise<boolean>;
}
