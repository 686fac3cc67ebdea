/** `node overload.mjs URL PAIRS`: connect this many pairs at once, and print the pairs and their pauses. */

import { pair } from "./peers.mjs";

const [server, pairs] = process.argv.slice(2);
const delays = [];
const note = (step, { delay }) => step === "retry" && delays.push(delay);
const connected = await Promise.all(Array.from({ length: Number(pairs) }, (_, number) => pair(server, number, note)));
console.log(JSON.stringify({ connected, delays }));
process.exit();
