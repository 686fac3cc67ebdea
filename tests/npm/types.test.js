/** The types in the packed package, compiled as part of a user's TypeScript project. */

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";

const HERE = import.meta.dirname;
const CLIENT = join(HERE, "../../clients/javascript");
const require = createRequire(import.meta.url);
const compiler = (name) => join(dirname(require.resolve(`${name}/package.json`)), "bin/tsc");

const project = mkdtempSync(join(tmpdir(), "peerpost-user-"));
after(() => rmSync(project, { recursive: true }));

const [{ filename }] = JSON.parse(
  execFileSync("npm", ["pack", "--json", "--pack-destination", project], { cwd: CLIENT, encoding: "utf8" }),
);
const installed = join(project, "node_modules/peerpost");
mkdirSync(installed, { recursive: true });
execFileSync("tar", ["--extract", "--file", join(project, filename), "--strip-components=1", "--directory", installed]);
cpSync(join(HERE, "types/user.ts"), join(project, "user.ts"));
writeFileSync(join(project, "package.json"), '{ "type": "module" }');

for (const typescript of ["typescript-5.4", "typescript"]) {
  for (const [moduleResolution, module] of [
    ["bundler", "esnext"],
    ["node16", "node16"],
    ["nodenext", "nodenext"],
  ]) {
    test(`the types compile with ${typescript} in strict mode and moduleResolution ${moduleResolution}`, () => {
      const options = {
        lib: ["ES2022", "DOM", "DOM.Iterable"],
        module,
        moduleResolution,
        noEmit: true,
        skipLibCheck: false,
        strict: true,
        target: "es2022",
        types: [],
      };
      writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions: options, files: ["user.ts"] }));

      // For a wrong type, the compiler prints a line and exits with a status that makes this throw.
      execFileSync(process.execPath, [compiler(typescript), "--project", project], { stdio: ["ignore", "pipe", "inherit"] });
    });
  }
}
