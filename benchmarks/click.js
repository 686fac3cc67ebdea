/** Runs before the page's own code, and records when the page sends its requests and when it is connected. */

const realTime = performance.now.bind(performance);

window.notes = {
  /** The requests to the server: their methods, and when they were sent, on the clock that all pages share. */
  requests: [],
  /** When the page said that it is connected, which it does once its data channels are open. */
  connected: undefined,

  now: () => performance.timeOrigin + realTime(),

  /** Let all code in this page believe that it is later than it is. */
  age(milliseconds) {
    performance.now = () => realTime() + milliseconds;
  },

  /** What the browser has loaded for the page, with times since the click. */
  loaded() {
    const entries = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
    return entries
      .filter(({ name }) => new URL(name).origin === location.origin)
      .map(({ name, startTime, responseEnd, transferSize }) => ({
        isCode: /js$/.test(name),
        startTime,
        responseEnd,
        transferSize,
      }));
  },
};

const { fetch } = window;
window.fetch = (url, options) => {
  notes.requests.push({ method: JSON.parse(options.body).method, at: notes.now() });
  return fetch(url, options);
};

new MutationObserver(() => {
  if (!notes.connected && document.querySelector("#status[data-mood=good]")) notes.connected = notes.now();
}).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-mood"] });
