/** The texts of an address: the pointer to the door that is open at the moment, and the answer that a guest gives there. */
export type Envelope = import("./sealer.js").Envelope;
export type Pointer = {
    /**
     * The id of the door's channel.
     */
    door: string;
    /**
     * Seals everything in the door.
     */
    key: string;
    /**
     * The host's description. It is also in the door, but here it saves the guest a request.
     */
    offer?: string;
};
export type Door = {
    channelId: string;
    sealer: Envelope;
    offer?: string;
};
/** Return a new name for a guest, by which the host recognizes it when it comes again. */
export declare function createGuest(): string;
/**
 * @param {Envelope} sealer The one of the address.
 * @param {Pointer} pointer
 */
export declare function sealPointer(sealer: Envelope, { door, key, offer }: Pointer): Promise<string>;
/**
 * @param {Envelope} sealer The one of the address.
 * @param {string} sealed
 * @returns {Promise<Door>}
 */
export declare function openPointer(sealer: Envelope, sealed: string): Promise<Door>;
/**
 * Return what a guest seals with in a door: its answer says who it is.
 *
 * @param {Envelope} sealer The one of the door.
 * @param {string} guest
 * @returns {Envelope}
 */
export declare function sealerOfGuest(sealer: Envelope, guest: string): Envelope;
/**
 * Return what the host opens with in a door.
 *
 * @param {Envelope} sealer The one of the door.
 * @param {(guest: string) => void} onGuest Called with the guest's name when its answer is opened.
 * @returns {Envelope}
 */
export declare function sealerOfHost(sealer: Envelope, onGuest: (guest: string) => void): Envelope;
