#!/usr/bin/env bash
# Checks what the Rust families share: formatting, lint, and tests of the rules on the host. `test.sh lint` does the first
# two only. Further arguments go to cargo test. The suite is run by each family's own test.sh.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/shared.sh"
cd "$here"

use_host
check_format rules suite
check_lint -p ballast-rules -p ballast-suite
if [ "${1:-}" != lint ]; then cargo test --locked --quiet -p ballast-rules "$@"; fi
