#!/usr/bin/env bash
# Breaks the contract on purpose, one line of mutations.txt at a time, and checks that the tests on the host notice
# (contracts/mutations.sh). Some ten seconds each; `mutate.sh WORD` takes the lines that contain WORD.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../rust/shared.sh"
source "$here/../mutations.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

copy_contracts "$work"
cd "$work/contracts/cosmos"
export CARGO_TARGET_DIR=$here/target/mutate

attempt() {
    cargo test --locked --quiet --no-run >"$work/log" 2>&1 || return 2
    cargo test --locked --quiet >"$work/log" 2>&1 || return 1
}
caught() { grep -m 1 -oE '^test .* FAILED|^    [a-z_:]+$' "$work/log" | sed 's/^ *//'; }

mutate "$here/mutations.txt" src "${1:-}"
