/** A door of an address: one connection of the host, and the channel in which it waits for one guest. */
export type Pointer = import("./address.js").Pointer;
export type Parts = import("./exchange.js").Parts;
export type DoorOptions = {
    /**
     * Closes the door.
     */
    signal: AbortSignal;
    /**
     * Called when there is a channel that a guest can answer in.
     */
    onOffer: (pointer: Pointer) => Promise<void>;
    /**
     * Called when it is time for another door, with the error if this door failed.
     */
    onNext: (fault?: any) => void;
};
/** @typedef {import("./address.js").Pointer} Pointer */
/** @typedef {import("./exchange.js").Parts} Parts */
/**
 * @typedef {object} DoorOptions
 * @property {AbortSignal} signal Closes the door.
 * @property {(pointer: Pointer) => Promise<void>} onOffer Called when there is a channel that a guest can answer in.
 * @property {(fault?: any) => void} onNext Called when it is time for another door, with the error if this door failed.
 */
/**
 * Open a door, and return the guest id of the guest that is connected. If there is none, return "" and close the
 * connection. If the door does not open, throw the error and close the connection.
 *
 * @param {Omit<Parts, "end" | "sealer">} parts
 * @param {DoorOptions} options
 */
export declare function openDoor(parts: Omit<Parts, "end" | "sealer">, { signal, onOffer, onNext }: DoorOptions): Promise<string>;
