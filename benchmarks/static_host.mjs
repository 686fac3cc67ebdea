/**
 * Serves the page as static hosts do: over HTTP/2 and TLS 1.3, compressed. Prints its two ports as JSON: on the second
 * one, the page has no hints about what to load early.
 *
 *     node static_host.mjs KEY CERTIFICATE '{"/": "web", "/peerpost/": "clients/javascript/src"}'
 */

import { readFileSync } from "node:fs";
import { createSecureServer } from "node:http2";
import { extname, join } from "node:path";
import { gzipSync } from "node:zlib";

const [key, cert] = process.argv.slice(2, 4).map((path) => readFileSync(path));
const mounts = JSON.parse(process.argv[4]);
const TYPES = { ".css": "text/css", ".html": "text/html", ".svg": "image/svg+xml" };
const HINT = /^.*(rel="(modulepreload|preconnect)"|hints\.js).*\n/gm;

function find(path) {
  const prefix = Object.keys(mounts)
    .filter((mount) => path.startsWith(mount))
    .reduce((one, other) => (other.length > one.length ? other : one));
  return join(mounts[prefix], path.slice(prefix.length) || "index.html");
}

function serve(hasHints) {
  const server = createSecureServer({ key, cert, minVersion: "TLSv1.3" }, (request, response) => {
    const file = find(new URL(request.url, "https://host/").pathname);
    let content;
    try {
      content = readFileSync(file);
    } catch {
      response.writeHead(404).end();
      return;
    }
    if (!hasHints && file.endsWith(".html")) content = Buffer.from(String(content).replace(HINT, ""));
    const type = TYPES[extname(file)] ?? "text/javascript";
    response.writeHead(200, { "content-type": type, "content-encoding": "gzip", "cache-control": "max-age=600" });
    response.end(gzipSync(content));
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server.address().port)));
}

console.log(JSON.stringify([await serve(true), await serve(false)]));
