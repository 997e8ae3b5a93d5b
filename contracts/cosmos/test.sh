#!/usr/bin/env bash
# Checks the contract on the host: formatting, lint, tests of all that it decodes and decides, and of every message in a
# simulated chain. `test.sh lint` does the first two only. Further arguments go to cargo test.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../rust/shared.sh"
cd "$here"

use_host
check_format . cw20
check_lint
if [ "${1:-}" != lint ]; then cargo test --locked --quiet "$@"; fi
