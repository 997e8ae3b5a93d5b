#!/usr/bin/env bash
# Checks the contracts: formatting, lint, tests. `test.sh lint` does the first two only, `test.sh quick` the tests only.
# Tests deploy the committed artifacts, so that what ships is what is tested; build.sh --check ties these to the sources.
# `test.sh quick` compiles the sources afresh instead, without the IR pipeline: seconds, for work on the contracts, but no
# figures of gas. Further arguments go to forge.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tools=$("$here/toolchain.sh")
export PATH=$tools/bin:$PATH NODE_PATH=$tools/node_modules FOUNDRY_SOLC=$here/solc.js
ln -sfn "$tools/node_modules" "$here/node_modules"
cd "$here"

# The tests themselves need no IR pipeline, which would take minutes.
export FOUNDRY_VIA_IR=false FOUNDRY_OUT=out/test FOUNDRY_CACHE_PATH=cache/test

case "${1:-}" in
    quick) shift && exec forge test --no-match-contract GasTest "$@" ;;
    lint) only_lint=1 && shift ;;
    *) only_lint= ;;
esac

forge fmt --check >&2 || {
    echo "contracts/evm/test.sh: the files above are not formatted; run forge fmt in contracts/evm" >&2
    exit 1
}
solhint --disc --noPoster --max-warnings 0 -c .solhint.json 'src/**/*.sol' 'bench/**/*.sol' >&2
solhint --disc --noPoster --max-warnings 0 -c .solhint-test.json 'test/**/*.sol' >&2
if [ -z "$only_lint" ]; then BALLAST_SHIPPED=true forge test "$@"; fi
