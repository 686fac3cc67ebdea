/** Every number of the page, with its reason. */

// A message is something a person writes; what is longer is a file.
export const MAX_MESSAGE_CHARACTERS = 4000;
// The oldest go, so that a peer that floods the conversation does not fill the memory.
export const MAX_LOG_ITEMS = 500;

// Both sides hold a file in memory as a whole to check it: WebCrypto hashes no streams.
export const MAX_FILE_BYTES = 512 * 1024 * 1024;
// What one connection may leave in the receiver's memory.
export const MAX_RECEIVED_BYTES = 2 * 1024 * 1024 * 1024;
// Most file systems take no longer name.
export const MAX_FILE_NAME_BYTES = 255;
// A longer one, with its dot, is not what a program knows a file by.
export const MAX_EXTENSION_BYTES = 32;
// A header is a name, two numbers and a checksum.
export const MAX_HEADER_CHARACTERS = 2000;

// Every browser takes messages of 64 KiB.
export const CHUNK_BYTES = 64 * 1024;
// One read of the disk for sixteen chunks.
export const READ_BYTES = 1024 * 1024;
// Enough to keep a fast network busy while the page does something else; browsers close a channel at 16 MiB.
export const BUFFER_HIGH_BYTES = 4 * 1024 * 1024;
export const BUFFER_LOW_BYTES = 1024 * 1024;

// How often round trip and way are read.
export const ROUTE_MS = 1000;
// Two that can reach each other do so within this time, as a rule; ICE gives up after fifteen seconds and more.
export const SLOW_MS = 4000;
// How long an interrupted connection may take to come back, by an ICE restart, before it is given up.
export const LOST_MS = 20_000;

// The server's: a channel lives this long.
export const CHANNEL_TTL_SECONDS = 300;
// The server counts whole seconds, and from when the request reached it.
export const TIME_UP_MS = 3000;
