#!/usr/bin/env bash
# Breaks the contract on purpose, one line at a time, and checks that the tests on the host notice. Each line of
# mutations.txt is `file ::: text ==> replacement`; a mutation that no test catches is reported and the script fails. Some
# ten seconds each; `mutate.sh WORD` takes the lines that contain WORD.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

die() {
    echo "contracts/cosmos/mutate.sh: $*" >&2
    exit 1
}

# A copy with the same shape: the tests read the vectors and the document.
mkdir -p "$work/contracts/cosmos" "$work/docs"
cp -r "$here"/{src,tests,Cargo.toml,Cargo.lock} "$work/contracts/cosmos/"
cp -r "$here/../vectors" "$work/contracts/"
cp "$here/../../docs/cosmos-contract.md" "$work/docs/"
cd "$work/contracts/cosmos"
export CARGO_TARGET_DIR=$here/target/mutate

build() { cargo test --locked --quiet --no-run >"$work/build.log" 2>&1; }
run() { cargo test --locked --quiet >"$work/test.log" 2>&1; }

build || { tail -n 30 "$work/build.log" >&2 && die "the contract does not build before anything is broken"; }
run || { tail -n 30 "$work/test.log" >&2 && die "the tests fail before anything is broken"; }

survivors=0
while IFS= read -r line; do
    case "$line" in "" | \#*) continue ;; esac
    case "$line" in *"${1:-}"*) ;; *) continue ;; esac
    file=src/${line%% ::: *}
    cp "$file" "$work/original"
    # The text must stand exactly once in the file.
    LINE=$line python3 - "$file" <<'PYTHON' || die "cannot apply: $line"
import os, pathlib, sys

text, replacement = os.environ["LINE"].split(" ::: ", 1)[1].split(" ==> ", 1)
path = pathlib.Path(sys.argv[1])
source = path.read_text()
if source.count(text) != 1:
    sys.exit(1)
path.write_text(source.replace(text, replacement))
PYTHON
    if ! build; then
        tail -n 20 "$work/build.log" >&2
        die "does not compile: $line"
    elif run; then
        echo "SURVIVED $line"
        survivors=$((survivors + 1))
    else
        echo "caught $line ($(grep -m 1 -oE '^test .* FAILED|^    [a-z_:]+$' "$work/test.log" | sed 's/^ *//' || echo '?'))"
    fi
    cp "$work/original" "$file"
done <"$here/mutations.txt"

[ "$survivors" -eq 0 ] || die "$survivors mutations were not noticed"
