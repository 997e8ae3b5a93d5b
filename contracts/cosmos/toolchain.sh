#!/usr/bin/env bash
# Installs what the contract is built with, once: Debian's Rust with the sources of its standard library, which is built
# anew for the instructions that every chain takes, and LLVM's WebAssembly linker (only if missing, which needs root).
# Prints the linker's directory on stdout, progress goes to stderr.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../rust/shared.sh"
linkers=/usr/lib/llvm-22/bin
packages=(rustc-web cargo-web rust-web-src libstd-rust-web-dev lld-22 gcc libc6-dev)

have_debian() { # are compiler, cargo, the library's sources and the linker there?
    [ -x /usr/bin/cargo ] && [ -x /usr/bin/rustc ] && [ -x /usr/bin/cc ] && [ -x "$linkers/wasm-ld" ] &&
        [ -f "$(/usr/bin/rustc --print sysroot)/lib/rustlib/src/rust/library/Cargo.lock" ]
}

install_debian contract "the library's sources or $linkers/wasm-ld are missing" "${packages[@]}"
echo "$linkers"
