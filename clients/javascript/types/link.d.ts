/**
 * Creates and parses the links that people send to each other: `PAGE#CHANNEL_ID.KEY` and `PAGE#@ADDRESS_ID.KEY`.
 * Browsers never send the fragment to a server.
 */
export type Meeting = {
    channelId: string;
    key?: string;
};
export type Address = {
    addressId: string;
    key: string;
};
/** @typedef {{ channelId: string, key?: string }} Meeting One guest can follow this link. */
/** @typedef {{ addressId: string, key: string }} Address Any number of guests can follow this link, again and again. */
/**
 * @param {string | URL | Location} page
 * @param {Meeting | Address} meeting
 */
export declare function createLink(page: string | URL | Location, meeting: Meeting | Address): string;
/**
 * Return what is in a link, or an empty object if it has no fragment, like the URL of a page that makes a link.
 * A link may be copied along with the angle brackets around it, or the full stop after it.
 *
 * @param {string | URL | Location} link
 * @returns {Partial<Meeting & Address>}
 */
export declare function parseLink(link: string | URL | Location): Partial<Meeting & Address>;
