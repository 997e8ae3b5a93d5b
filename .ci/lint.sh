#!/usr/bin/env bash
# Every static check; runs all of them and fails if any failed.
set -uo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
bin=.venv/bin
failed=()

check() { # name, command...
    echo "== $1" >&2
    "${@:2}" || failed+=("$1")
}

solidity() { # forge fmt and solhint, from the toolchain in the cache
    local tools
    tools=$(contracts/evm/toolchain.sh) || return 1
    export PATH=$tools/bin:$PATH
    cd contracts/evm || return 1
    forge fmt --check src test bench && node "$tools/bin/solhint" --max-warnings 0 'src/**/*.sol'
}

check "ruff check" $bin/ruff check .
check "ruff format" $bin/ruff format --check .
check "mypy --strict" $bin/mypy --strict
check "import-linter" $bin/lint-imports --no-logo
check "forge fmt, solhint" solidity

if [ ${#failed[@]} -gt 0 ]; then
    printf 'lint: failed: %s\n' "$(printf '%s; ' "${failed[@]}" | sed 's/; $//')" >&2
    exit 1
fi
echo "lint: clean" >&2
