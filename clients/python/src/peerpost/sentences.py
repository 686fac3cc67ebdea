"""The server's sentences that this client acts on.

They are part of the protocol: the server does not change them.
"""

NO_SUCH_CHANNEL = "no such channel"
NO_OFFER_YET = "no offer yet"
NO_ANSWER_YET = "no answer yet"
ANSWER_ALREADY_EXISTS = "answer already exists"
# A server of an older version says this about a method that it does not have.
METHOD_IS_UNKNOWN = "method is unknown"
