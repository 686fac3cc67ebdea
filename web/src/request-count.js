/** Passes requests on to the server, and counts them. */

export class RequestCount {
  value = 0;
  #onChange;

  /** @param {(value: number) => void} onChange */
  constructor(onChange) {
    this.#onChange = onChange;
  }

  /** @type {typeof globalThis.fetch} */
  fetch = (input, init) => {
    this.#onChange(++this.value);
    return fetch(input, init);
  };
}
