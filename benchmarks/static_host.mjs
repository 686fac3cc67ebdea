/**
 * Serves sites as static hosts do: over HTTP/2 and TLS 1.3, compressed. Prints the port of each site, as JSON.
 *
 *     node static_host.mjs KEY CERTIFICATE '[{"mounts": {"/": "web", "/peerpost/": "clients/javascript/src"}, "hints": true}]'
 *
 * Without `hints`, the page does not tell the browser what to load early.
 */

import { readFileSync } from "node:fs";
import { createSecureServer } from "node:http2";
import { extname, join } from "node:path";
import { gzipSync } from "node:zlib";

const [key, cert] = process.argv.slice(2, 4).map((path) => readFileSync(path));
const sites = JSON.parse(process.argv[4]);
const TYPES = { ".css": "text/css", ".html": "text/html", ".svg": "image/svg+xml" };
// The modules to load early, and the script that opens the connection to the server.
const HINT = /^ *(<link rel="modulepreload".*|<script>[^]*?<\/script>)\n/gm;

function find(path, mounts) {
  const prefix = Object.keys(mounts)
    .filter((mount) => path.startsWith(mount))
    .reduce((one, other) => (other.length > one.length ? other : one));
  return join(mounts[prefix], path.slice(prefix.length) || "index.html");
}

function serve({ mounts, hints }) {
  const server = createSecureServer({ key, cert, minVersion: "TLSv1.3" }, (request, response) => {
    const file = find(new URL(request.url, "https://host/").pathname, mounts);
    let content;
    try {
      content = readFileSync(file);
    } catch {
      response.writeHead(404).end();
      return;
    }
    if (!hints && file.endsWith(".html")) content = Buffer.from(String(content).replace(HINT, ""));
    const type = TYPES[extname(file)] ?? "text/javascript";
    response.writeHead(200, { "content-type": type, "content-encoding": "gzip", "cache-control": "max-age=600" });
    response.end(gzipSync(content));
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server.address().port)));
}

console.log(JSON.stringify(await Promise.all(sites.map(serve))));
