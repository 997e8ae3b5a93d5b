#!/usr/bin/env bash
# Breaks the program on purpose, one line at a time, and checks that the tests in the virtual machine notice. Each line of
# mutations.txt is `file ::: text ==> replacement`; a mutation that no test catches is reported and the script fails. Half
# a minute each; `mutate.sh WORD` takes the lines that contain WORD.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
python=${PYTHON:-$root/.venv/bin/python}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

die() {
    echo "contracts/solana/mutate.sh: $*" >&2
    exit 1
}

[ -x "$python" ] || die "no $python: run make first, or say PYTHON=..."

# A copy with the same shape: build.sh writes the artifacts where the tests look for them.
mkdir -p "$work/contracts/solana"
cp -r "$here"/{src,Cargo.toml,Cargo.lock,build.sh,toolchain.sh} "$work/contracts/solana/"
cp -r "$root/contracts/vectors" "$work/contracts/"
cp -r "$root"/{chains,docs,pyproject.toml,relayer,tests} "$work/"
cd "$work"
# The quick ones first: most mutations are caught at once. Not those of the client alone.
tests=()
for name in mint submit settings rights committee register extensions incidents accounts vectors deployment invariants; do
    tests+=("tests/chains/solana/program/test_program_$name.py")
done

build() { contracts/solana/build.sh >"$work/build.log" 2>&1; }
run() { "$python" -m pytest -x -q -p no:cacheprovider "${tests[@]}" >"$work/test.log" 2>&1; }

build || { tail -n 30 "$work/build.log" >&2 && die "the program does not build before anything is broken"; }
run || { tail -n 30 "$work/test.log" >&2 && die "the tests fail before anything is broken"; }

survivors=0
while IFS= read -r line; do
    case "$line" in "" | \#*) continue ;; esac
    case "$line" in *"${1:-}"*) ;; *) continue ;; esac
    file=contracts/solana/src/${line%% ::: *}
    cp "$file" "$work/original"
    # The text must stand exactly once in the file.
    LINE=$line "$python" - "$file" <<'PYTHON' || die "cannot apply: $line"
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
        echo "caught $line ($(grep -m 1 -oE '^FAILED [^ ]+' "$work/test.log" | sed 's/.*:://' || echo '?'))"
    fi
    cp "$work/original" "$file"
done <"$here/mutations.txt"

[ "$survivors" -eq 0 ] || die "$survivors mutations were not noticed"
