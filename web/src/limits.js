/** Every limit and delay of the page, with its reason. */

// People write shorter messages than this. Longer text can be sent as a file.
export const MAX_MESSAGE_CHARACTERS = 4000;
// The oldest entries are removed, so that a peer that floods the conversation cannot fill the memory.
export const MAX_LOG_ITEMS = 500;

// The round-trip time and the route are read this often.
export const ROUTE_MS = 1000;
// Two peers that can reach each other usually connect within this time. ICE gives up only after 15 seconds or more.
export const SLOW_MS = 4000;
// An interrupted connection has this long to come back, by an ICE restart, before the page gives up.
export const LOST_MS = 20_000;

// The server keeps a channel for this long.
export const CHANNEL_TTL_SECONDS = 300;
// The server counts whole seconds, and starts when it receives the request.
export const TIME_UP_MS = 3000;
