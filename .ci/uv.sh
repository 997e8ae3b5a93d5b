#!/usr/bin/env bash
# Prints the path of the pinned uv, installed once, hash-checked, into the user's cache by the pip of the Python $1.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
python=$1
lock=$here/requirements-uv.lock
cache=${XDG_CACHE_HOME:-$HOME/.cache}/ballast
digest=$("$python" -c 'import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest()[:12])' "$lock")
dir=$cache/uv-$digest

if [ ! -x "$dir/bin/uv" ]; then
    echo "installing uv into $dir" >&2
    mkdir -p "$cache"
    partial=$(mktemp -d "$cache/.uv-partial.XXXXXX")
    trap 'rm -rf "$partial"' EXIT
    if ! "$python" -m venv "$partial/venv" >"$partial/log" 2>&1; then
        echo "make: $python cannot create a virtual environment: install its venv package" \
            "(Debian: apt install python3-venv), or name another Python with PYTHON=/path/to/python" >&2
        exit 1
    fi
    if ! "$partial/venv/bin/python" -m pip --disable-pip-version-check install --quiet --no-deps --require-hashes \
        --only-binary :all: --target "$partial/tool" -r "$lock" >"$partial/log" 2>&1; then
        tail -n 5 "$partial/log" >&2
        echo "make: pip could not install uv (its last lines are above): is a package registry reachable?" >&2
        exit 1
    fi
    # One rename makes it visible; whoever loses a race against another install keeps the winner's.
    mv "$partial/tool" "$dir" 2>/dev/null || [ -x "$dir/bin/uv" ] || {
        echo "make: cannot move uv to $dir; remove that directory and try again" >&2
        exit 1
    }
fi
echo "$dir/bin/uv"
