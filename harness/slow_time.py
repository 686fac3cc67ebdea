"""Slows down time for the client in a page, so that its behaviour does not depend on the speed of the machine.

Before a request that may turn out to be unnecessary, the client waits for some milliseconds, or for a second or two.
A test that counts requests slows the client's time down, so that even a busy machine is fast enough.
"""

FACTOR = 20

SLOW_TIME = """(factor) => {
  const { setTimeout } = window;
  const now = performance.now.bind(performance);
  const began = now();
  performance.now = () => began + (now() - began) / factor;
  window.setTimeout = (callback, milliseconds = 0, ...rest) => setTimeout(callback, milliseconds * factor, ...rest);
}"""
