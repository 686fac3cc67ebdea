"""Every number of the service, its unit in its name, its reason above it. A full channel fits DynamoDB's 409,600 bytes:
2 descriptions of 32,768, 800 candidates of 425 and one for their place in the list, 100 for the rest: 406,436."""

# Two people open a link and connect within minutes; after that a channel is litter.
CHANNEL_TTL_SECONDS = 300
# An offer or answer. A data channel takes 1 KB, audio and video 6 KB, each further video track some 4 KB.
MAX_DESCRIPTION_BYTES = 32_768
# As JSON a candidate takes 165 to 210 bytes, a relayed IPv6 one 270; encrypted and in base64 a third more.
MAX_CANDIDATE_BYTES = 425
# Of all peers together. A browser gathers 2 to 20, a host of many interfaces and TURN servers some 60.
MAX_CANDIDATES = 800
# In one request. A condition names each of them, and DynamoDB reads no expression of more than 4 KB.
MAX_BATCH = 64
# A channel id is a UUID in text form (RFC 9562, section 4); no method has a longer name.
MAX_NAME_BYTES = 36
# A full description takes 196,608 bytes where each of its bytes is escaped as \u00XX. A function URL takes 6 MB.
MAX_BODY_BYTES = 262_144
# A request is flat; the rest is room for what later versions may send, and this one ignores.
MAX_DEPTH = 8
# DynamoDB answers within 10 ms. After a hundred times that a new connection is the quicker way.
DYNAMODB_CONNECT_TIMEOUT_SECONDS = 1
DYNAMODB_READ_TIMEOUT_SECONDS = 1
# All tries, with botocore's pauses of up to 1 s and 2 s, end within 9 s: before the function's own time is over.
DYNAMODB_ATTEMPTS = 3
# What a held reply leaves of the function's time, for a last read that needs all its tries. Then the function gives up.
WAIT_RESERVE_SECONDS = 9
# SSM answers within 50 ms. All tries end within 5 s: those of both parameters within Lambda's 10 s for an init.
SSM_CONNECT_TIMEOUT_SECONDS = 1
SSM_READ_TIMEOUT_SECONDS = 1
SSM_ATTEMPTS = 2
# How long a key that was removed may still open channels, against one read for each minute of each instance.
PARAMETER_MAX_AGE_SECONDS = 60
# A TURN server takes new allocations for so long, and lets those that run go on: a call that moves to another network.
TURN_TTL_SECONDS = 3600
# How long a client may have its reply held, where the operator says nothing; docs/operations.md tells what it costs.
MAX_WAIT_SECONDS = 5.0
# While something is expected soon it is found within 100 ms, and mostly at once; then reads become few.
PAUSE_FIRST_SECONDS = 0.02
PAUSE_GROWTH = 1.25
PAUSE_SOON_SECONDS = 0.09
SOON_SECONDS = 2
PAUSE_LATE_SECONDS = 0.5
# Throttling passes within a second or two: DynamoDB splits the partition, or the burst is over.
RETRY_AFTER_SECONDS = 1
