/** Draws a QR code as an SVG element, if the uqr library is deployed with the page. */

const NAMESPACE = "http://www.w3.org/2000/svg";

/**
 * @param {string} text
 * @returns {Promise<SVGSVGElement | undefined>} Undefined if the library was not deployed.
 */
export async function drawQrCode(text) {
  const { encode } = await import("uqr").catch(() => ({ encode: undefined }));
  if (!encode) return undefined;
  const { data, size } = encode(text, { border: 2 });
  const path = data.flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : ""))).join("");
  const svg = element("svg", { viewBox: `0 0 ${size} ${size}`, role: "img", "aria-label": "QR code of the link" });
  svg.append(element("path", { d: path, "shape-rendering": "crispEdges" }));
  return /** @type {SVGSVGElement} */ (svg);
}

/**
 * @param {string} name
 * @param {Record<string, string>} attributes
 */
function element(name, attributes) {
  const made = document.createElementNS(NAMESPACE, name);
  Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
  return made;
}
