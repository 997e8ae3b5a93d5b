#!/usr/bin/env bash
# Breaks the contracts on purpose, one line at a time, and checks that the tests notice. Each line of mutations.txt is
# `file ::: text ==> replacement`; a mutation that no test catches is reported and the script fails. Half a minute each;
# `mutate.sh WORD` takes the lines that contain WORD.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tools=$("$here/toolchain.sh")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A copy with the same shape, since the tests read ../vectors.
mkdir -p "$work/evm"
cp -r "$here"/{src,test,foundry.toml,solc.js} "$work/evm/"
cp -r "$here/../vectors" "$work/vectors"
ln -s "$tools/node_modules" "$work/evm/node_modules"
export PATH=$tools/bin:$PATH NODE_PATH=$tools/node_modules FOUNDRY_SOLC=$here/solc.js
export FOUNDRY_VIA_IR=false FOUNDRY_LINT_LINT_ON_BUILD=false FOUNDRY_DENY=never FOUNDRY_FUZZ_RUNS=32 FOUNDRY_INVARIANT_RUNS=32
cd "$work/evm"

run() { forge test --fail-fast --no-match-contract GasTest >"$work/log" 2>&1; }

run || { tail -n 30 "$work/log" >&2 && echo "mutate.sh: the tests fail before anything is broken" >&2 && exit 1; }

survivors=0
while IFS= read -r line; do
    case "$line" in "" | \#*) continue ;; esac
    case "$line" in *"${1:-}"*) ;; *) continue ;; esac
    file=src/${line%% ::: *}
    cp "$file" "$work/original"
    # The text must stand exactly once in the file.
    if ! LINE=$line node -e '
        const fs = require("node:fs");
        const [text, replacement] = process.env.LINE.split(" ::: ")[1].split(" ==> ");
        const parts = fs.readFileSync(process.argv[1], "utf8").split(text);
        if (parts.length !== 2 || replacement === undefined) process.exit(1);
        fs.writeFileSync(process.argv[1], parts.join(replacement));
    ' "$file"; then
        echo "mutate.sh: cannot apply: $line" >&2
        exit 1
    fi
    if run; then
        echo "SURVIVED $line"
        survivors=$((survivors + 1))
    elif grep -q "Compiler run failed" "$work/log"; then
        echo "mutate.sh: does not compile: $line" >&2
        grep -m 3 -A 4 "^Error" "$work/log" >&2
        exit 1
    else
        echo "caught $line"
    fi
    cp "$work/original" "$file"
done <"$here/mutations.txt"

[ "$survivors" -eq 0 ] || { echo "mutate.sh: $survivors mutations were not noticed" >&2 && exit 1; }
