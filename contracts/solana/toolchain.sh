#!/usr/bin/env bash
# Installs what the program is built with, once: Debian's Rust with its sBPF target and LLVM 22 (only if missing, which
# needs root), and sbpf-linker into the user's cache. Prints the tools' directory on stdout, progress goes to stderr;
# <dir>/bin holds sbpf-linker.
set -euo pipefail

version=0.2.6
llvm=/usr/lib/llvm-22
packages=(rustc-web cargo-web libstd-rust-web-dev-bpf llvm-22-dev gcc libc6-dev)

die() {
    echo "contracts/solana/toolchain.sh: $*" >&2
    exit 1
}

have_debian() { # are compiler, cargo, the target's core library and LLVM there?
    local target
    [ -x /usr/bin/cargo ] && [ -x /usr/bin/cc ] && [ -x "$llvm/bin/llvm-config" ] &&
        target=$(/usr/bin/rustc --print target-libdir --target bpfel-unknown-none 2>/dev/null) &&
        compgen -G "$target/libcore-*.rlib" >/dev/null
}

if ! have_debian; then
    command -v apt-get >/dev/null ||
        die "the program is built on Debian 12 with ${packages[*]}; elsewhere use the committed chains/solana/artifacts"
    [ "$(id -u)" = 0 ] || die "missing Debian packages; run as root: apt-get install ${packages[*]}"
    echo "installing ${packages[*]}" >&2
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
        "${packages[@]}"; } >&2 || die "apt-get could not install ${packages[*]} (Debian 12 with its security updates)"
    have_debian || die "${packages[*]} are installed, but rustc has no target bpfel-unknown-none or $llvm is missing"
fi

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
