# Sourced by the scripts of the Rust families, which have set `here`, their own folder.

contracts=$(dirname "$here")
family=$(basename "$here")

die() {
    echo "contracts/$family/$(basename "$0"): $*" >&2
    exit 1
}

# For toolchain.sh: installs Debian's packages where the caller's `have_debian` says that something is missing. $1: what is
# built with them; $2: what may be missing nevertheless; then the packages.
install_debian() {
    local packages=("${@:3}")
    if have_debian; then return; fi
    command -v apt-get >/dev/null ||
        die "the $1 is built on Debian 12 with ${packages[*]}; elsewhere use the committed chains/$family/artifacts"
    [ "$(id -u)" = 0 ] || die "missing Debian packages; run as root: apt-get install ${packages[*]}"
    echo "installing ${packages[*]}" >&2
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
        "${packages[@]}"; } >&2 || die "apt-get could not install ${packages[*]} (Debian 12 with its security updates)"
    have_debian || die "${packages[*]} are installed, but $2"
}

# For build.sh, with its arguments: sets `check` where nothing is to be written, `temporary`, and `built`, the folder that
# takes the artifacts.
begin_build() {
    check=
    case "${1:-}" in
        "") ;;
        --check) check=1 ;;
        *) echo "usage: contracts/$family/build.sh [--check]" >&2 && exit 2 ;;
    esac
    temporary=$(mktemp -d)
    trap 'rm -rf "$temporary"' EXIT
    built=$temporary/artifacts
    mkdir "$built"
}

# Debian's compiler whatever else is on PATH, with the flags given and nothing that the user's environment adds to them.
use_debian() {
    unset RUSTFLAGS CARGO_BUILD_TARGET CARGO_BUILD_RUSTFLAGS RUSTC_WRAPPER RUSTUP_TOOLCHAIN
    export PATH=/usr/bin:$PATH RUSTC=/usr/bin/rustc CARGO_INCREMENTAL=0
    local flags=("$@" "--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}/registry/src=crates"
        "--remap-path-prefix=$contracts=.")
    # Separated so that folders may have spaces in their names.
    CARGO_ENCODED_RUSTFLAGS=$(IFS=$'\x1f' && echo "${flags[*]}")
    export CARGO_ENCODED_RUSTFLAGS
}

# Runs the command behind $1, the artifact's name, quietly.
compile() {
    local log=$temporary/$1.log
    "${@:2}" >"$log" 2>&1 || {
        tail -n 40 "$log" >&2
        die "$1 does not build (see above)"
    }
}

# The line of checksums.json about the artifact $1, with the further fields $2.
describe() {
    printf '    "%s": {%s"size": %d, "sha256": "%s"}' "$1" "${2:-}" "$(stat -c %s "$built/$1")" \
        "$(sha256sum <"$built/$1" | cut -c1-64)"
}

# Writes what was built, or compares it. $1: what it is; $2: the linker's version; then the lines of checksums.json.
end_build() {
    local shipped=$contracts/../chains/$family/artifacts
    {
        printf '{\n  "rustc": "%s",\n  "linker": "%s",\n' "$(/usr/bin/rustc --version | cut -d' ' -f1-2)" "$2"
        printf '  "artifacts": {\n%s,\n%s\n  }\n}\n' "$3" "$4"
    } >"$built/checksums.json"
    if [ "$check" ]; then
        diff -rq "$shipped" "$built" >&2 || {
            diff "$shipped/checksums.json" "$built/checksums.json" >&2 || true
            die "chains/$family/artifacts (<) is not what the sources give (>); run contracts/$family/build.sh and" \
                "commit the result"
        }
        echo "the committed artifacts of the $1 are what the sources give" >&2
    else
        rm -rf "$shipped"
        mkdir -p "$shipped"
        cp "$built"/* "$shipped/"
        echo "wrote chains/$family/artifacts" >&2
    fi
}

# For test.sh: cargo with its linters, from PATH.
use_host() {
    local linter
    command -v cargo >/dev/null || die "cargo is missing: install Rust 1.89 or later (Debian: cargo-web rustc-web)"
    for linter in fmt clippy; do
        cargo "$linter" --version >/dev/null 2>&1 ||
            die "cargo $linter is missing beside $(command -v cargo): rustup component add rustfmt clippy"
    done
    # One for all families, since most of what they are built from is the same.
    export CARGO_TARGET_DIR=$contracts/target/host
    # The property tests draw the same every day; another number draws others.
    export PROPTEST_RNG_SEED=${PROPTEST_RNG_SEED:-1}
}

check_format() { # of each of these folders
    local folder
    for folder in "$@"; do
        (cd "$folder" && cargo fmt --check >&2) || die "the files above are not formatted; run cargo fmt in $folder"
    done
}

check_lint() { # of the package here; further arguments are cargo's
    (cd "$here" && cargo clippy --locked --quiet --all-targets "$@" -- -D warnings >&2) || die "clippy found the above"
}

# For mutate.sh: copies what the crates are made of, and what their tests read, in the same shape. All of it is new to cargo,
# which may have built another copy, broken at the last, into the same folder.
copy_contracts() { # $1: to where
    mkdir -p "$1/contracts"
    tar -C "$contracts" --exclude=target -cf - Cargo.toml Cargo.lock cosmos rust solana vectors |
        tar -C "$1/contracts" -xmf -
    cp -r "$contracts/../docs" "$1/"
}
