/** The guest's side of an address: tries one door after another, until one leads to the host. */
export type Door = import("./address.js").Door;
export type Parts = import("./exchange.js").Parts;
export type IceServers = import("./signaling-client.js").IceServers;
/** @typedef {import("./address.js").Door} Door */
/** @typedef {import("./exchange.js").Parts} Parts */
/** @typedef {import("./signaling-client.js").IceServers} IceServers */
export declare class Guest {
    #private;
    /**
     * @param {Pick<Parts, "client" | "sealer" | "report">} parts
     * @param {{ addressId: string, key?: unknown, guest?: string, signal?: AbortSignal }} options
     */
    constructor(parts: Pick<Parts, "client" | "sealer" | "report">, { addressId, key, guest, signal }: {
        addressId: string;
        key?: unknown;
        guest?: string;
        signal?: AbortSignal;
    });
    /**
     * Resolve with a connection to the host.
     *
     * @param {import("./connect.js").Connection} connection
     */
    connect(connection: import("./connect.js").Connection): Promise<RTCPeerConnection>;
}
