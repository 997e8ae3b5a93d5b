#!/usr/bin/env bash
# Checks the program on the host: formatting, lint, tests of everything that decodes and decides. `test.sh lint` does the
# first two only. Further arguments go to cargo test. The built program itself is tested in the virtual machine by
# tests/chains/solana/program.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../rust/shared.sh"
cd "$here"

use_host
check_format .
# With all features, so that the program itself is seen too, though the host cannot run it.
check_lint --all-features
if [ "${1:-}" != lint ]; then cargo test --locked --quiet "$@"; fi
