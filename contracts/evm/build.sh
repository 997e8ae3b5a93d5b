#!/usr/bin/env bash
# Builds the contracts and writes their artifacts: chains/evm/artifacts (shipped) and bench/artifacts (only the bench's).
# With --check it writes nothing, and fails if the committed artifacts are not what the sources give.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
shipped=$here/../../chains/evm/artifacts
bench=$here/bench/artifacts

check=
case "${1:-}" in
    "") ;;
    --check) check=1 ;;
    *) echo "usage: contracts/evm/build.sh [--check]" >&2 && exit 2 ;;
esac

tools=$("$here/toolchain.sh")
export PATH=$tools/bin:$PATH NODE_PATH=$tools/node_modules FOUNDRY_SOLC=$here/solc.js FOUNDRY_LINT_LINT_ON_BUILD=false
# A link, so that the library's sources have the same names everywhere.
ln -sfn "$tools/node_modules" "$here/node_modules"
cd "$here"

temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT

compile() { # sources below $1, artifacts into $2, contracts $3...
    local sources=$1 target=$2
    shift 2
    echo "compiling contracts/evm/$sources" >&2
    # All compiled afresh and nothing beside it, since the compiler's output may depend on the set of its sources; what
    # the tests are made of would also take twice as long as what ships.
    FOUNDRY_TEST=none FOUNDRY_DYNAMIC_TEST_LINKING=false forge build --root "$here" --contracts "$sources" --force \
        --quiet --out "$temporary/out-$sources" --cache-path "$temporary/cache-$sources" >&2
    node artifacts.js "$temporary/out-$sources" "$target" "$@"
}

compare() { # committed $1 with built $2
    diff -rq "$1" "$2" >&2 || {
        echo "contracts/evm/build.sh: the artifacts above are not what the sources give; run contracts/evm/build.sh" \
            "and commit the result" >&2
        exit 1
    }
}

compile src "$temporary/shipped" src/Committee.sol src/Gate.sol src/ReserveFeed.sol src/demo/DemoCollateral.sol \
    src/demo/DemoGatedToken.sol src/demo/DemoToken.sol src/demo/DemoVault.sol
compile bench "$temporary/bench" bench/EcdsaGate.sol

if [ "$check" ]; then
    compare "$shipped" "$temporary/shipped"
    compare "$bench" "$temporary/bench"
    echo "the committed contract artifacts are what the sources give" >&2
else
    rm -rf "$shipped" "$bench"
    mkdir -p "$shipped" "$bench"
    cp "$temporary"/shipped/* "$shipped/"
    cp "$temporary"/bench/* "$bench/"
    echo "wrote chains/evm/artifacts and contracts/evm/bench/artifacts" >&2
fi
