"""When guests come: an assumption, because nobody has measured it.

One person makes a link and sends it through a chat, and the other one opens it some time later. Times of human
reactions are often modelled by a log-normal distribution: most people react soon, and some take many times as long.
"""

import math
from statistics import NormalDist

from chalicelib.limits import CHANNEL_TTL_SECONDS

# Half of the guests come within this time: they see the message, and open it.
MEDIAN_SECONDS = 25
# With this spread, a tenth come within 7 s, as if both were looking at their chat, and a tenth after more than 90 s.
SIGMA = 1.0
# The mean over so many guests differs by less than a thousandth from the mean over ten times as many.
NUMBER = 500

# A guest that comes later finds no channel, or one that expires before the two are connected.
LATEST_SECONDS = CHANNEL_TTL_SECONDS - 5


def share_within(seconds: float, median: float = MEDIAN_SECONDS) -> float:
    """Return the share of all guests that come within this time."""
    return logarithm(median).cdf(math.log(seconds))


def arrivals(median: float = MEDIAN_SECONDS, number: int = NUMBER) -> tuple[float, ...]:
    """Return the arrival times, in seconds, of the guests that come in time. Each stands for an equal share of them."""
    in_time = share_within(LATEST_SECONDS, median)
    shares = ((index + 0.5) / number * in_time for index in range(number))
    return tuple(math.exp(logarithm(median).inv_cdf(share)) for share in shares)


def logarithm(median: float) -> NormalDist:
    """Return the distribution of the natural logarithm of the seconds."""
    return NormalDist(math.log(median), SIGMA)
