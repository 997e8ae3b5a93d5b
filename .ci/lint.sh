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

check "ruff check" $bin/ruff check .
check "ruff format" $bin/ruff format --check .
check "mypy --strict" $bin/mypy --strict
check "import-linter" $bin/lint-imports --no-logo
for script in contracts/*/test.sh; do check "$script lint" "$script" lint; done

if [ ${#failed[@]} -gt 0 ]; then
    printf 'lint: failed: %s\n' "$(printf '%s; ' "${failed[@]}" | sed 's/; $//')" >&2
    exit 1
fi
echo "lint: clean" >&2
