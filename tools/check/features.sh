#!/bin/sh
# What Cargo.toml promises of itself: each set of features compiles alone, the oldest versions of the
# dependencies that it permits do, and the oldest Rust does:
#
#   ./dev check features
#
# It works on copies of the tree, and in cargo's target directory of ./dev: cxx-qt-lib, which takes
# minutes, is there already.
set -eu
# shellcheck source=tools/check/root.sh
. "$(dirname "$0")/root.sh"
# shellcheck source=tools/check/tool.sh
. "$(dirname "$0")/tool.sh"

root_alone features
tool_install cargo-hack 0.6.46
cd "$root_repository"
./dev build

# The same compiler and the same Qt as there, or cxx-qt-lib would be compiled anew.
cached() { sed -n "s/^$1:[A-Z]*=//p" "${QKEEPALIVE_BUILD_DIR:-build}/CMakeCache.txt"; }
CXX=$(cached QKEEPALIVE_CARGO_CXX)
QKEEPALIVE_CXX=$(cached CMAKE_CXX_COMPILER)
QMAKE=$(cached QKEEPALIVE_QMAKE)
CARGO_TARGET_DIR=${QKEEPALIVE_CARGO_DIR:-$root_repository/target}
export CXX QKEEPALIVE_CXX QMAKE CARGO_TARGET_DIR

# copy NAME: the tree, with what is not yet committed, in a directory of that name; goes there.
copy() {
    rm -rf "${root_cache:?}/features/$1"
    mkdir -p "$root_cache/features/$1"
    git -C "$root_repository" ls-files -z -co --exclude-standard |
        (cd "$root_repository" && tar -c --null --files-from=-) |
        tar -x -C "$root_cache/features/$1"
    cd "$root_cache/features/$1"
}

say "Each set of features alone, without what only the tests need"
copy powerset
cargo hack --feature-powerset --exclude-features default --no-dev-deps \
    clippy --quiet --release -- -D warnings

say "The oldest versions of the dependencies; core and bridge with them"
copy minimal
rm Cargo.lock
# Only a nightly cargo looks for them, or one that is told to be one.
RUSTC_BOOTSTRAP=1 cargo -Z direct-minimal-versions generate-lockfile --quiet
cargo tree --locked --all-features --depth 1 --prefix none | tail -n +2 | sort -u
for features in "" bridge; do
    cargo test --quiet --release --locked --no-default-features --features "$features" --lib --tests
done
# Qt's layer is resolved (above) and not compiled: cxx-qt-lib takes minutes whenever a crate below it
# has a newer version.

cd "$root_repository"
rust=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
say "Rust $rust, which Cargo.toml names"
# What the standard library has only since later is clippy's to find (incompatible_msrv, above).
newer=$(cargo metadata --quiet --locked --all-features --format-version 1 |
    jq -r '.packages[] | select(.rust_version) | "\(.rust_version) \(.name) \(.version)"' |
    awk -v rust="$rust" '
        function number(version,   part) { split(version, part, "."); return part[1] * 1000 + part[2] }
        number($1) > number(rust) { print $2, $3, "wants Rust", $1 }')
[ -z "$newer" ] || fail "dependencies that need a newer Rust than $rust:
$newer"
if command -v rustup >/dev/null && rustup run "$rust" rustc --version 2>/dev/null; then
    for features in "" bridge; do
        rustup run "$rust" cargo check --quiet --release --locked --all-targets \
            --no-default-features --features "$features" --target-dir "$root_cache/features/rust-$rust"
    done
    say "Each set of features, the oldest dependencies and Rust $rust hold"
else
    say "Each set of features and the oldest dependencies hold. LEFT OUT: compiling with Rust $rust," \
        "which is not here (rustup toolchain install $rust)"
fi
