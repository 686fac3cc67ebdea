import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

import { buildSync } from "esbuild";

const root = new URL("..", import.meta.url).pathname;
const MAX_BYTES = 6_950;
const MAX_BYTES_WITH_LISTEN = 7_992;
const MAX_BYTES_WITH_RECONNECT = 7_400;
const MAX_BYTES_OF_FILES = 4_400;

/** Return how many bytes a page loads that imports everything from these modules. */
function sizeOf(...modules) {
  const { outputFiles } = buildSync({
    stdin: { contents: modules.map((each) => `export * from "./src/${each}";`).join("\n"), resolveDir: root },
    bundle: true,
    format: "esm",
    minify: true,
    write: false,
  });
  return gzipSync(outputFiles[0].contents, { level: 9 }).length;
}

test("the minified and gzipped main entry has at most 6,950 bytes", (t) => {
  const bytes = sizeOf("index.js");

  t.diagnostic(`${bytes} bytes`);
  assert.ok(bytes <= MAX_BYTES, `${bytes} bytes`);
});

test("the main entry and peerpost/listen have at most 7,992 bytes together", (t) => {
  const bytes = sizeOf("index.js", "listen.js");

  t.diagnostic(`${bytes} bytes`);
  assert.ok(bytes <= MAX_BYTES_WITH_LISTEN, `${bytes} bytes`);
});

test("the main entry and peerpost/reconnect have at most 7,400 bytes together", (t) => {
  const bytes = sizeOf("index.js", "reconnect.js");

  t.diagnostic(`${bytes} bytes`);
  assert.ok(bytes <= MAX_BYTES_WITH_RECONNECT, `${bytes} bytes`);
});

test("peerpost/files has at most 4,400 bytes", (t) => {
  const bytes = sizeOf("files.js");

  t.diagnostic(`${bytes} bytes`);
  assert.ok(bytes <= MAX_BYTES_OF_FILES, `${bytes} bytes`);
});

test("the types are correct, and the shipped types match the source", (t) => {
  const fresh = mkdtempSync(join(tmpdir(), "peerpost-types-"));
  t.after(() => rmSync(fresh, { recursive: true }));

  execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "--outDir", fresh], { cwd: root });

  const shipped = join(root, "types");
  assert.deepEqual(readdirSync(shipped), readdirSync(fresh), "run `npm run types`");
  for (const name of readdirSync(fresh)) {
    const [is, should] = [shipped, fresh].map((folder) => readFileSync(join(folder, name), "utf8"));
    assert.equal(is, should, `${name}: run \`npm run types\``);
  }
});

test("the package has no dependencies", () => {
  const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

  assert.equal(dependencies, undefined);
});
