/** What one person sends to another: `PAGE#CHANNEL_ID.KEY`. No browser sends the fragment to a server. */
export type Meeting = {
    channelId: string;
    key?: string;
};
/** @typedef {{ channelId: string, key?: string }} Meeting */
/**
 * @param {string | URL | Location} page
 * @param {Meeting} meeting
 */
export declare function createLink(page: string | URL | Location, { channelId, key }: Meeting): string;
/**
 * Return what is in a link. Return an empty object if it has no fragment, as for the peer that makes a link. A link may
 * be copied along with the angle brackets around it, or the full stop after it.
 *
 * @param {string | URL | Location} link
 * @returns {Partial<Meeting>}
 */
export declare function parseLink(link: string | URL | Location): Partial<Meeting>;
