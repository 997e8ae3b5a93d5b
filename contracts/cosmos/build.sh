#!/usr/bin/env bash
# Builds the contract and the stock cw20 into chains/cosmos/artifacts, with checksums.json beside them. The result does
# not depend on the folder or on the user. With --check it writes nothing, and fails if the committed artifacts are not
# what the sources give.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../rust/shared.sh"
begin_build "$@"

linkers=$("$here/toolchain.sh")
# Only the first version of WebAssembly: chains refuse what came later. The host's functions are found when it is run.
use_debian -C target-cpu=mvp -C link-arg=-s -C link-arg=--allow-undefined
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$linkers/wasm-ld CARGO_TARGET_DIR=$here/target/wasm
# Of cargo's unstable features only the build of the standard library is used.
export RUSTC_BOOTSTRAP=1

build() { # $1: folder, $2: profile, $3: name of the library, $4: name of the artifact
    echo "building contracts/cosmos${1#"$here"} for WebAssembly" >&2
    cd "$1"
    compile "$4" /usr/bin/cargo build --profile "$2" --locked --lib --target wasm32-unknown-unknown \
        -Zbuild-std=std,panic_abort -Zbuild-std-features=optimize_for_size
    cp "$CARGO_TARGET_DIR/wasm32-unknown-unknown/$2/$3.wasm" "$built/$4"
}

build "$here" cosmos ballast_cosmos ballast.wasm
build "$here/cw20" release ballast_cw20 cw20_base.wasm

linker=$("$linkers/wasm-ld" --version | cut -d' ' -f1-3)
end_build "CosmWasm contract" "$linker" "$(describe ballast.wasm)" "$(describe cw20_base.wasm)"
