#!/usr/bin/env bash
# Installs what the contract is built with, once: Debian's Rust with the sources of its standard library, which is built
# anew for the instructions that every chain takes, and LLVM's WebAssembly linker (only if missing, which needs root).
# Prints the linker's directory on stdout, progress goes to stderr.
set -euo pipefail

linkers=/usr/lib/llvm-22/bin
packages=(rustc-web cargo-web rust-web-src libstd-rust-web-dev lld-22 gcc libc6-dev)

die() {
    echo "contracts/cosmos/toolchain.sh: $*" >&2
    exit 1
}

have_debian() { # are compiler, cargo, the library's sources and the linker there?
    [ -x /usr/bin/cargo ] && [ -x /usr/bin/rustc ] && [ -x /usr/bin/cc ] && [ -x "$linkers/wasm-ld" ] &&
        [ -f "$(/usr/bin/rustc --print sysroot)/lib/rustlib/src/rust/library/Cargo.lock" ]
}

if ! have_debian; then
    command -v apt-get >/dev/null ||
        die "the contract is built on Debian 12 with ${packages[*]}; elsewhere use the committed chains/cosmos/artifacts"
    [ "$(id -u)" = 0 ] || die "missing Debian packages; run as root: apt-get install ${packages[*]}"
    echo "installing ${packages[*]}" >&2
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
        "${packages[@]}"; } >&2 || die "apt-get could not install ${packages[*]} (Debian 12 with its security updates)"
    have_debian || die "${packages[*]} are installed, but the library's sources or $linkers/wasm-ld are missing"
fi

echo "$linkers"
