"""Slows down time for the client in a page, so that its behaviour does not depend on the speed of the machine.

Before a request that may turn out to be unnecessary, the client waits for some milliseconds, or for a second or two.
A test that counts requests slows the client's time down, so that even a busy machine is fast enough.
The server's time stays as it is, so the client asks it to hold replies for longer.
"""

FACTOR = 20

SLOW_TIME = """(factor) => {
  const { fetch, setTimeout } = window;
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  const now = performance.now.bind(performance);
  const began = now();
  performance.now = () => began + (now() - began) / factor;
  window.setTimeout = (callback, milliseconds = 0, ...rest) => setTimeout(callback, milliseconds * factor, ...rest);
  AbortSignal.timeout = (milliseconds) => timeout(milliseconds * factor);
  window.fetch = (url, options) => {
    const request = JSON.parse(options.body);
    if (request.wait) request.wait *= factor;
    return fetch(url, { ...options, body: JSON.stringify(request) });
  };
}"""
