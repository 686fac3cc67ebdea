/** The texts that are sealed for an address: the pointer that the host writes to it, and a guest's answer in a door. */
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
     * The host's description. Without it, the guest reads the offer from the door.
     */
    offer?: string;
};
export type Door = {
    channelId: string;
    sealer: Envelope;
    offer?: string;
};
/** Return a new guest id, by which the host recognizes a guest that connects again. */
export declare function createGuest(): string;
/**
 * @param {Envelope} sealer The address's sealer.
 * @param {Pointer} pointer
 */
export declare function sealPointer(sealer: Envelope, pointer: Pointer): Promise<string>;
/**
 * @param {Envelope} sealer The address's sealer.
 * @param {string} sealed
 * @returns {Promise<Door>}
 */
export declare function openPointer(sealer: Envelope, sealed: string): Promise<Door>;
/**
 * Return a sealer for a guest in a door. It adds the guest id to the answer.
 *
 * @param {Envelope} sealer The door's sealer.
 * @param {string} guest
 * @returns {Envelope}
 */
export declare function sealerOfGuest(sealer: Envelope, guest: string): Envelope;
/**
 * Return a sealer for the host in a door. It takes the guest id from the answer.
 *
 * @param {Envelope} sealer The door's sealer.
 * @param {(guest: string) => void} onGuest Called with the guest id when an answer is opened.
 * @returns {Envelope}
 */
export declare function sealerOfHost(sealer: Envelope, onGuest: (guest: string) => void): Envelope;
/**
 * Return the description with one change: the peer that it describes always begins the DTLS handshake.
 *
 * Several guests may answer at the same moment, but only one answer is accepted. If guests began the handshake, the
 * host's browser would accept the first one that reaches it, even from a guest whose answer was refused.
 *
 * @param {string} sdp
 */
export declare function asDtlsClient(sdp: string): string;
