#!/usr/bin/env bash
# Breaks the contracts on purpose, one line of mutations.txt at a time, and checks that the tests notice
# (contracts/mutations.sh). Half a minute each; `mutate.sh WORD` takes the lines that contain WORD.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../mutations.sh"
tools=$("$here/toolchain.sh")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

die() {
    echo "contracts/evm/mutate.sh: $*" >&2
    exit 1
}

# A copy with the same shape, since the tests read ../vectors.
mkdir -p "$work/evm"
cp -r "$here"/{src,test,foundry.toml,solc.js} "$work/evm/"
cp -r "$here/../vectors" "$work/vectors"
ln -s "$tools/node_modules" "$work/evm/node_modules"
export PATH=$tools/bin:$PATH NODE_PATH=$tools/node_modules FOUNDRY_SOLC=$here/solc.js
export FOUNDRY_VIA_IR=false FOUNDRY_LINT_LINT_ON_BUILD=false FOUNDRY_DENY=never FOUNDRY_FUZZ_RUNS=32 FOUNDRY_INVARIANT_RUNS=32
cd "$work/evm"

attempt() {
    forge test --fail-fast --no-match-contract GasTest >"$work/log" 2>&1 && return
    if grep -q "Compiler run failed" "$work/log"; then return 2; else return 1; fi
}
caught() { grep -m 1 -oE '^\[FAIL[^]]*\] [A-Za-z0-9_]+' "$work/log" | sed 's/.*\] //'; }

mutate "$here/mutations.txt" src "${1:-}"
