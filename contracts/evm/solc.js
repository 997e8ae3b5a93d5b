#!/usr/bin/env node
// A `solc` for forge over the WebAssembly compiler of npm: `--version`, and `--standard-json` on stdin. Needs no network
// and no import callback, since forge passes every source itself. Finds the compiler through NODE_PATH.
"use strict";
const { readFileSync } = require("node:fs");
const solc = require("solc");

const args = process.argv.slice(2);
if (args.includes("--version")) {
  console.log(`solc, the solidity compiler\nVersion: ${solc.version()}`);
} else if (args.includes("--standard-json")) {
  process.stdout.write(solc.compile(readFileSync(0, "utf8")));
} else {
  console.error("solc.js: call with --version or --standard-json");
  process.exit(1);
}
