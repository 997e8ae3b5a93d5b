#!/usr/bin/env bash
# Installs what the program is built with, once: Debian's Rust with its sBPF target and LLVM 22 (only if missing, which
# needs root), and sbpf-linker into the user's cache. Prints the tools' directory on stdout, progress goes to stderr;
# <dir>/bin holds sbpf-linker.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../rust/shared.sh"
version=0.2.6
llvm=/usr/lib/llvm-22
packages=(rustc-web cargo-web libstd-rust-web-dev-bpf llvm-22-dev gcc libc6-dev)

have_debian() { # are compiler, cargo, the target's core library and LLVM there?
    local target
    [ -x /usr/bin/cargo ] && [ -x /usr/bin/cc ] && [ -x "$llvm/bin/llvm-config" ] &&
        target=$(/usr/bin/rustc --print target-libdir --target bpfel-unknown-none 2>/dev/null) &&
        compgen -G "$target/libcore-*.rlib" >/dev/null
}

install_debian program "rustc has no target bpfel-unknown-none or $llvm is missing" "${packages[@]}"

cache=${XDG_CACHE_HOME:-$HOME/.cache}/ballast
dir=$cache/sbpf-linker-$version

if [ ! -x "$dir/bin/sbpf-linker" ]; then
    echo "building sbpf-linker $version into $dir (a few minutes)" >&2
    mkdir -p "$cache"
    partial=$(mktemp -d "$cache/.sbpf-linker-partial.XXXXXX")
    trap 'rm -rf "$partial"' EXIT
    log=$partial/install.log
    # Debian's cargo comes first, since the linker must be built with the LLVM that its rustc has. Not optimised: that
    # takes several times longer and changes nothing in what is linked.
    PATH=/usr/bin:$PATH RUSTC=/usr/bin/rustc LLVM_PREFIX=$llvm CARGO_PROFILE_RELEASE_OPT_LEVEL=0 \
        CARGO_TARGET_DIR=$partial/target /usr/bin/cargo install sbpf-linker --version "$version" --locked \
        --no-default-features --features bpf-linker/llvm-22 --root "$partial" >"$log" 2>&1 || {
        tail -n 20 "$log" >&2
        die "cargo could not build sbpf-linker $version (its last lines are above)"
    }
    rm -rf "$partial/target"
    chmod 755 "$partial"
    # One rename makes it visible; whoever loses a race against another install keeps the winner's.
    mv -T "$partial" "$dir" 2>/dev/null || true
    [ -x "$dir/bin/sbpf-linker" ] || die "cannot move the built linker to $dir"
fi

echo "$dir"
