#!/usr/bin/env bash
# Checks the contract on the host: formatting, lint, tests of all that it decodes and decides, and of every message in a
# simulated chain. `test.sh lint` does the first two only. Further arguments go to cargo test.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

die() {
    echo "contracts/cosmos/test.sh: $*" >&2
    exit 1
}

only_lint=
if [ "${1:-}" = lint ]; then only_lint=1 && shift; fi

command -v cargo >/dev/null || die "cargo is missing: install Rust 1.89 or later (Debian: cargo-web rustc-web)"
export CARGO_TARGET_DIR=$here/target/host

for folder in "$here" "$here/cw20"; do
    cd "$folder"
    if cargo fmt --version >/dev/null 2>&1; then
        cargo fmt --check >&2 || die "the files above are not formatted; run cargo fmt in $folder"
    else
        die "rustfmt is missing from $(command -v cargo)'s toolchain: rustup component add rustfmt clippy"
    fi
done
cd "$here"
if cargo clippy --version >/dev/null 2>&1; then
    cargo clippy --locked --quiet --all-targets -- -D warnings >&2 || die "clippy found the above"
else
    die "clippy is missing from $(command -v cargo)'s toolchain: rustup component add rustfmt clippy"
fi
if [ -z "$only_lint" ]; then cargo test --locked --quiet "$@"; fi
