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
SAY = """(text) => {
  document.querySelector("#message").value = text;
  document.querySelector("#composer").requestSubmit();
}"""
SEND_FILE = """(name, size) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(size).fill(7)], name));
  const input = document.querySelector("#attach");
  input.files = data.files;
  input.dispatchEvent(new Event("change"));
}"""
