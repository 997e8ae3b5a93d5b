#!/usr/bin/env bash
# Builds the program for sBPF v3 and v0 into chains/solana/artifacts, with checksums.json beside them. The result does not
# depend on the folder or on the user. With --check it writes nothing, and fails if the committed artifacts are not what
# the sources give.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../rust/shared.sh"
begin_build "$@"

tools=$("$here/toolchain.sh")
use_debian -C target-cpu=v2 -C target-feature=+allows-misaligned-mem-access \
    -C link-arg=--llvm-args=--bpf-stack-size=4096 -C link-arg=--disable-math-builtins -C link-arg=--deploy=false
export CARGO_TARGET_BPFEL_UNKNOWN_NONE_LINKER=$tools/bin/sbpf-linker CARGO_TARGET_DIR=$here/target/program
cd "$here"

for arch in v3 v0; do
    echo "building contracts/solana for sBPF $arch" >&2
    # Only the last step knows the version, so that both share what comes before it.
    compile "ballast-$arch.so" /usr/bin/cargo rustc --profile solana --locked --lib --crate-type cdylib \
        --features program --target bpfel-unknown-none -- -C link-arg=--arch=$arch
    cp "$CARGO_TARGET_DIR/bpfel-unknown-none/solana/libballast_gate.so" "$built/ballast-$arch.so"
done

linker=$("$tools/bin/sbpf-linker" --version | paste -s -d, | sed "s/,/, /")
end_build "Solana program" "$linker" "$(describe ballast-v3.so '"arch": "v3", ')" \
    "$(describe ballast-v0.so '"arch": "v0", ')"
