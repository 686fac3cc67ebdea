"""What users see and do on the page, as JavaScript functions for browsers that Playwright does not drive."""

# Resolves with the element's value or text, once the element is visible and contains the given part.
SHOWN = """(selector, part) => new Promise((resolve) => {
  const look = () => {
    const element = document.querySelector(selector);
    const text = element?.value ?? element?.innerText ?? "";
    if (!element?.checkVisibility() || !text.includes(part)) return;
    observer.disconnect();
    resolve(text);
  };
  const observer = new MutationObserver(look);
  observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  look();
})"""
# Resolves once the page has sent the message. Until the connection is there, a page keeps the message in its field.
SAY = """(text) => new Promise((resolve) => {
  const message = document.querySelector("#message");
  const send = document.querySelector("#send");
  const look = () => {
    if (!send.checkVisibility() || send.disabled) return;
    message.value = text;
    document.querySelector("#composer").requestSubmit();
    if (message.value) return;
    observer.disconnect();
    resolve();
  };
  const observer = new MutationObserver(look);
  observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  look();
})"""
SEND_FILE = """(name, size) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(size).fill(7)], name));
  const input = document.querySelector("#attach");
  input.files = data.files;
  input.dispatchEvent(new Event("change"));
}"""
# Holds the page's timers of these lengths: none of them ends by itself. It may run again, for other lengths.
# A clock of Playwright may replace `setTimeout` before or afterwards.
HOLD_TIMERS = """(...lengths) => {
  const wrap = (setTimeout) => (end, length, ...rest) => {
    const held = heldTimers.get(length);
    if (!held) return setTimeout.call(window, end, length, ...rest);
    held.push(end);
    return 0;
  };
  if (!window.heldTimers) {
    window.heldTimers = new Map();
    let wrapped = wrap(window.setTimeout);
    const set = (setTimeout) => (wrapped = wrap(setTimeout));
    Object.defineProperty(window, "setTimeout", { configurable: true, get: () => wrapped, set });
  }
  for (const length of lengths) if (!heldTimers.has(length)) heldTimers.set(length, []);
}"""
# Ends the latest of the held timers of this length, and returns whether there was one.
END_TIMER = """(length) => {
  const end = heldTimers.get(length).pop();
  end?.();
  return Boolean(end);
}"""
