#!/usr/bin/env bash
# Builds the contract and the stock cw20 into chains/cosmos/artifacts, with checksums.json beside them. The result does
# not depend on the folder or on the user. With --check it writes nothing, and fails if the committed artifacts are not
# what the sources give.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
shipped=$here/../../chains/cosmos/artifacts

check=
case "${1:-}" in
    "") ;;
    --check) check=1 ;;
    *) echo "usage: contracts/cosmos/build.sh [--check]" >&2 && exit 2 ;;
esac

die() {
    echo "contracts/cosmos/build.sh: $*" >&2
    exit 1
}

linkers=$("$here/toolchain.sh")
# Debian's compiler whatever else is on PATH, and nothing that the user's environment adds to its flags.
unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_TARGET CARGO_BUILD_RUSTFLAGS RUSTC_WRAPPER RUSTUP_TOOLCHAIN
export PATH=/usr/bin:$PATH RUSTC=/usr/bin/rustc CARGO_INCREMENTAL=0 CARGO_TARGET_DIR=$here/target/wasm
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$linkers/wasm-ld
# Only the first version of WebAssembly: chains refuse what came later. The host's functions are found when it is run.
flags="-C target-cpu=mvp -C link-arg=-s -C link-arg=--allow-undefined"
flags+=" --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}/registry/src=crates --remap-path-prefix=$here=."
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS=$flags
# Of cargo's unstable features only the build of the standard library is used.
export RUSTC_BOOTSTRAP=1

temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
built=$temporary/artifacts
mkdir "$built"

build() { # $1: folder, $2: name of the library, $3: name of the artifact
    echo "building contracts/cosmos${1#"$here"} for WebAssembly" >&2
    local log=$temporary/$2.log
    (cd "$1" && /usr/bin/cargo build --release --locked --lib --target wasm32-unknown-unknown \
        -Zbuild-std=std,panic_abort -Zbuild-std-features=optimize_for_size) >"$log" 2>&1 || {
        tail -n 40 "$log" >&2
        die "$3 does not build (see above)"
    }
    cp "$CARGO_TARGET_DIR/wasm32-unknown-unknown/release/$2.wasm" "$built/$3"
}

describe() { # the line of checksums.json about the artifact $1
    printf '    "%s": {"size": %d, "sha256": "%s"}' "$1" "$(stat -c %s "$built/$1")" \
        "$(sha256sum <"$built/$1" | cut -c1-64)"
}

build "$here" ballast_cosmos ballast.wasm
build "$here/cw20" ballast_cw20 cw20_base.wasm
{
    printf '{\n  "rustc": "%s",\n  "linker": "%s",\n  "artifacts": {\n' \
        "$(/usr/bin/rustc --version | cut -d' ' -f1-2)" "$("$linkers/wasm-ld" --version | cut -d' ' -f1-3)"
    printf '%s,\n%s\n  }\n}\n' "$(describe ballast.wasm)" "$(describe cw20_base.wasm)"
} >"$built/checksums.json"

if [ "$check" ]; then
    diff -rq "$shipped" "$built" >&2 || {
        diff "$shipped/checksums.json" "$built/checksums.json" >&2 || true
        die "chains/cosmos/artifacts (<) is not what the sources give (>); run contracts/cosmos/build.sh and commit" \
            "the result"
    }
    echo "the committed artifacts of the CosmWasm contract are what the sources give" >&2
else
    rm -rf "$shipped"
    mkdir -p "$shipped"
    cp "$built"/* "$shipped/"
    echo "wrote chains/cosmos/artifacts" >&2
fi
