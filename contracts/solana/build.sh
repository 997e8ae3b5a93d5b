#!/usr/bin/env bash
# Builds the program for sBPF v3 and v0 into chains/solana/artifacts, with checksums.json beside them. The result does not
# depend on the folder or on the user. With --check it writes nothing, and fails if the committed artifacts are not what
# the sources give.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
shipped=$here/../../chains/solana/artifacts

check=
case "${1:-}" in
    "") ;;
    --check) check=1 ;;
    *) echo "usage: contracts/solana/build.sh [--check]" >&2 && exit 2 ;;
esac

die() {
    echo "contracts/solana/build.sh: $*" >&2
    exit 1
}

tools=$("$here/toolchain.sh")
# Debian's compiler whatever else is on PATH, and nothing that the user's environment adds to its flags.
unset RUSTFLAGS CARGO_BUILD_TARGET CARGO_BUILD_RUSTFLAGS RUSTC_WRAPPER RUSTUP_TOOLCHAIN
export PATH=/usr/bin:$PATH RUSTC=/usr/bin/rustc CARGO_INCREMENTAL=0 CARGO_TARGET_DIR=$here/target/program
export CARGO_TARGET_BPFEL_UNKNOWN_NONE_LINKER=$tools/bin/sbpf-linker
flags=(-C target-cpu=v2 -C target-feature=+allows-misaligned-mem-access -C link-arg=--llvm-args=--bpf-stack-size=4096
    -C link-arg=--disable-math-builtins "--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}/registry/src=crates"
    "--remap-path-prefix=$here=.")
# Separated so that folders may have spaces in their names.
CARGO_ENCODED_RUSTFLAGS=$(IFS=$'\x1f' && echo "${flags[*]}")
export CARGO_ENCODED_RUSTFLAGS

temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
built=$temporary/artifacts
mkdir "$built"
cd "$here"

describe() { # the line of checksums.json about version $1 of the artifacts
    local file=$built/ballast-$1.so
    printf '    "ballast-%s.so": {"arch": "%s", "size": %d, "sha256": "%s"}' "$1" "$1" \
        "$(stat -c %s "$file")" "$(sha256sum <"$file" | cut -c1-64)"
}

for arch in v3 v0; do
    echo "building contracts/solana for sBPF $arch" >&2
    log=$temporary/$arch.log
    # Only the last step knows the version, so that both share what comes before it.
    /usr/bin/cargo rustc --release --locked --lib --crate-type cdylib --features program \
        --target bpfel-unknown-none -- -C link-arg=--arch=$arch >"$log" 2>&1 || {
        tail -n 40 "$log" >&2
        die "the program does not build for sBPF $arch (see above)"
    }
    cp "$CARGO_TARGET_DIR/bpfel-unknown-none/release/libballast_gate.so" "$built/ballast-$arch.so"
done

{
    printf '{\n  "rustc": "%s",\n  "linker": "%s",\n  "artifacts": {\n' \
        "$(/usr/bin/rustc --version | cut -d' ' -f1-2)" "$("$tools/bin/sbpf-linker" --version | paste -s -d, | sed "s/,/, /")"
    printf '%s,\n%s\n  }\n}\n' "$(describe v3)" "$(describe v0)"
} >"$built/checksums.json"

if [ "$check" ]; then
    diff -rq "$shipped" "$built" >&2 || {
        diff "$shipped/checksums.json" "$built/checksums.json" >&2 || true
        die "chains/solana/artifacts (<) is not what the sources give (>); run contracts/solana/build.sh and commit" \
            "the result"
    }
    echo "the committed artifacts of the Solana program are what the sources give" >&2
else
    rm -rf "$shipped"
    mkdir -p "$shipped"
    cp "$built"/* "$shipped/"
    echo "wrote chains/solana/artifacts" >&2
fi
