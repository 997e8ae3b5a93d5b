#!/usr/bin/env node
// Writes one JSON per contract, and SHA256SUMS, from forge's output: artifacts.js <forge out> <target> <Source.sol>...
// Deterministic: keys sorted, no path, no compiler ids (immutables are listed by position).
"use strict";
const { createHash } = require("node:crypto");
const { mkdirSync, readFileSync, writeFileSync } = require("node:fs");
const { basename, join } = require("node:path");

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  );
}

function artifact(out, source) {
  const name = basename(source, ".sol");
  const built = JSON.parse(readFileSync(join(out, `${name}.sol`, `${name}.json`), "utf8"));
  const { compiler, settings } = built.metadata;
  const links = [built.bytecode.linkReferences, built.deployedBytecode.linkReferences];
  if (links.some((l) => Object.keys(l).length)) throw new Error(`${name}: has unlinked libraries`);
  const immutables = Object.values(built.deployedBytecode.immutableReferences ?? {}).flat();
  return {
    contractName: name,
    source,
    abi: built.abi,
    bytecode: built.bytecode.object,
    deployedBytecode: built.deployedBytecode.object,
    // Byte ranges of the deployed code that the constructor fills in.
    immutableReferences: immutables.sort((a, b) => a.start - b.start),
    compiler: {
      version: compiler.version,
      evmVersion: settings.evmVersion,
      optimizer: settings.optimizer,
      viaIR: settings.viaIR,
      metadata: settings.metadata,
    },
  };
}

const [out, target, ...sources] = process.argv.slice(2);
mkdirSync(target, { recursive: true });
const sums = [];
for (const source of [...sources].sort((a, b) => (basename(a) < basename(b) ? -1 : 1))) {
  const file = `${basename(source, ".sol")}.json`;
  const text = `${JSON.stringify(sorted(artifact(out, source)), null, 2)}\n`;
  writeFileSync(join(target, file), text);
  sums.push(`${createHash("sha256").update(text).digest("hex")}  ${file}\n`);
}
writeFileSync(join(target, "SHA256SUMS"), sums.join(""));
