/** Every limit and delay of the page, with its reason. */

// People write shorter messages than this. Longer text can be sent as a file.
export const MAX_MESSAGE_CHARACTERS = 4000;
// The oldest entries are removed, so that a peer that floods the conversation cannot fill the memory.
export const MAX_LOG_ITEMS = 500;

// Both peers hold the whole file in memory to hash it, because WebCrypto cannot hash a stream.
export const MAX_FILE_BYTES = 512 * 1024 * 1024;
// One connection may put this many bytes into the receiver's memory.
export const MAX_RECEIVED_BYTES = 2 * 1024 * 1024 * 1024;
// Most file systems reject longer names.
export const MAX_FILE_NAME_BYTES = 255;
// With its dot. Programs do not use longer extensions to recognise a file.
export const MAX_EXTENSION_BYTES = 32;
// A control message holds at most a name, two numbers and a checksum.
export const MAX_HEADER_CHARACTERS = 2000;

// Every browser accepts messages of 64 KiB.
export const CHUNK_BYTES = 64 * 1024;
// One disk read fills sixteen chunks.
export const READ_BYTES = 1024 * 1024;
// This keeps a fast network busy while the page does other work. Browsers close a channel at 16 MiB.
export const BUFFER_HIGH_BYTES = 4 * 1024 * 1024;
export const BUFFER_LOW_BYTES = 1024 * 1024;

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
