#!/usr/bin/env bash
# Breaks the program on purpose, one line of mutations.txt at a time, and checks that the tests in the virtual machine
# notice (contracts/mutations.sh). Half a minute each; `mutate.sh WORD` takes the lines that contain WORD.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../rust/shared.sh"
source "$here/../mutations.sh"
root=$(cd "$here/../.." && pwd)
python=${PYTHON:-$root/.venv/bin/python}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

[ -x "$python" ] || die "no $python: run make first, or say PYTHON=..."

# build.sh writes the artifacts where the tests look for them.
copy_contracts "$work"
cp -r "$root"/{chains,pyproject.toml,relayer,tests} "$work/"
cd "$work"
# The quick ones first: most mutations are caught at once. Not those of the client alone.
tests=()
for name in mint submit settings rights committee register extensions incidents accounts vectors deployment invariants; do
    tests+=("tests/chains/solana/program/test_program_$name.py")
done

attempt() {
    contracts/solana/build.sh >"$work/log" 2>&1 || return 2
    "$python" -m pytest -x -q -p no:cacheprovider "${tests[@]}" >"$work/log" 2>&1 || return 1
}
caught() { grep -m 1 -oE '^FAILED [^ ]+' "$work/log" | sed 's/.*:://'; }

mutate "$here/mutations.txt" contracts/solana/src "${1:-}"
