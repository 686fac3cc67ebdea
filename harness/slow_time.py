"""Time that passes more slowly for the client in a page, so that what it does never depends on how fast the machine is.

The client waits for a few milliseconds, or a second or two, before it makes a request that it may be able to spare.
A test that counts its requests slows its time down: then a busy machine is still quick enough.
"""

FACTOR = 20

SLOW_TIME = """(factor) => {
  const { setTimeout } = window;
  const now = performance.now.bind(performance);
  const began = now();
  performance.now = () => began + (now() - began) / factor;
  window.setTimeout = (callback, milliseconds = 0, ...rest) => setTimeout(callback, milliseconds * factor, ...rest);
}"""
