"""Every number of the client, with its reason."""

# The server's: a channel lives this long from its creation, and no write prolongs it.
CHANNEL_TTL_SECONDS = 300

# The server's: one description, as it is sent.
MAX_DESCRIPTION_BYTES = 32_768

# The server's: one candidate, as it is sent.
MAX_CANDIDATE_BYTES = 425

# The server's: so many candidates in a channel, of both peers. Who tells of more would never come to an end.
MAX_CANDIDATES = 800

# As random as a key of an address, which nobody can guess either.
OWNER_BYTES = 32
# As random as a UUID: no two guests of a host have the same.
GUEST_ID_BYTES = 16

# An operator has a STUN and a TURN server, or two of each, under some URLs; aiortc asks one of each.
MAX_ICE_SERVERS = 16

# RFC 8489: a user name has fewer than 509 bytes. URLs and credentials are shorter.
MAX_ICE_TEXT_BYTES = 508

# TCP and UDP count ports with 16 bits.
MAX_PORT = 65_535

# What a function URL sends at most. A full channel takes 2.3 MB where every character is escaped as \u00XX.
MAX_REPLY_BYTES = 6_291_456

# One held read. The server cuts it to its own maximum; proxies on the way tend to end a silent request after 30 s.
WAIT_SECONDS = 20.0

# What a request may take beyond the time for which it asked to be held: a cold start of the function, and the way.
REQUEST_SECONDS = 15.0

# A server that does not hold is asked again. Both peers are often ready at once, so the first pause is short;
# two people with a link need minutes, so that it grows.
FIRST_POLL_SECONDS = 0.2
POLL_GROWTH = 1.5
MAX_POLL_SECONDS = 1.0

# After a failure the pauses double from the first to the last of these.
FIRST_RETRY_SECONDS = 0.25
MAX_RETRY_SECONDS = 8.0

# A server that has never replied is more likely a typing error than an outage: four tries, 2 s.
MAX_FAILURES_AT_FIRST = 4
# A server that reports a fault may be restarting: eight tries, half a minute.
MAX_FAILURES = 8
# A server that has too many requests, says when to come back, or has stopped replying may serve us once others are
# done: twenty tries, two minutes.
MAX_FAILURES_BUSY = 20

# Every pause is multiplied by a random number between these, so that peers that failed together do not return together.
JITTER = (0.75, 1.25)

# Once both descriptions are known, ICE and DTLS take seconds, or never end.
CONNECT_SECONDS = 30.0

# How long ICE is left to the candidates that came with a description, before the first read for late ones.
# Where a STUN or TURN server has told a peer an address, late ones are likely, and peers behind NAT need them.
LATE_SECONDS = 0.1
# Elsewhere there are none as a rule, and a read for them is wasted on peers that are about to connect.
UNLIKELY_SECONDS = 2.0
# How long ICE is left to those that a read has found: as long as aioice takes to send a lost check again.
SETTLE_SECONDS = 0.5

# Reads are held while news is likely. Who has not come by then comes in minutes, or a call is under way: a held second
# costs the operator as much as seven polls, and takes one of the function's environments.
HOLD_SECONDS = 10.0

# Hanging up must not hang.
HANG_UP_SECONDS = 3.0

# One message of a file: what every browser takes.
CHUNK_BYTES = 16_384
# The sender stops reading above the first and goes on below the second: enough for a fast network, and little memory.
HIGH_WATER_BYTES = 1_048_576
LOW_WATER_BYTES = 262_144

# What came and was not looked at yet. A peer that keeps to the protocol is never that far ahead; one that floods is.
MAX_BACKLOG_MESSAGES = 1_024

# What a file system can count; the number comes from outside, and a progress bar divides it.
MAX_FILE_BYTES = 2**63 - 1

# Each peer says that it is there, so that the other notices when it is not. ICE itself takes 30 s for that.
ALIVE_SECONDS = 1.0
PATIENCE_SECONDS = 15.0

# Most file systems allow names of at most 255 bytes.
MAX_NAME_BYTES = 255

# A longer end of a name, with its dot, is no extension that a program knows.
MAX_EXTENSION_BYTES = 32
