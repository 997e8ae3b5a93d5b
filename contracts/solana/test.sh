#!/usr/bin/env bash
# Checks the program on the host: formatting, lint, tests of everything that decodes and decides. `test.sh lint` does the
# first two only. Further arguments go to cargo test. The built program itself is tested in the virtual machine by
# tests/chains/solana/program.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here"

die() {
    echo "contracts/solana/test.sh: $*" >&2
    exit 1
}

only_lint=
if [ "${1:-}" = lint ]; then only_lint=1 && shift; fi

command -v cargo >/dev/null || die "cargo is missing: install Rust 1.89 or later (Debian: cargo-web rustc-web)"
export CARGO_TARGET_DIR=$here/target/host

if cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1; then
    cargo fmt --check >&2 || die "the files above are not formatted; run cargo fmt in contracts/solana"
    # With all features, so that the program itself is seen too, though the host cannot run it.
    cargo clippy --locked --quiet --all-targets --all-features -- -D warnings >&2 || die "clippy found the above"
else
    missing="rustfmt or clippy is missing beside $(command -v cargo): rustup component add rustfmt clippy"
    [ -z "$only_lint" ] || die "$missing"
    echo "contracts/solana/test.sh: not linted, $missing" >&2
fi
if [ -z "$only_lint" ]; then cargo test --locked --quiet "$@"; fi
