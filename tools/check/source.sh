#!/bin/sh
# ./dev check source: the source archive of ./dev package, built and used where there is no network.
#
# In a network namespace, with an empty cargo home, and outside of this repository and of everybody's
# home, where cargo would find settings. Everything is compiled, which takes some minutes: that is what
# is shown. Before that, what somebody is told who tries the same with the sources alone.
set -eu
cd "$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)"
# shellcheck source=tools/check/root.sh
. tools/check/root.sh

archive=$(find dist -name 'qkeepalive-*-source.tar.gz')
[ -f "$archive" ] || fail "there is no source archive in dist; it is made of a clone"
archive=$PWD/$archive
consumer=$PWD/tests/consumer
qt=${QKEEPALIVE_QT_MAJOR:-6}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# offline COMMAND...: without a network, and without what cargo has here. The compiler is called
# itself: rustup would look for its settings at home.
rust=$(rustc --print sysroot)
offline() {
    # shellcheck disable=SC2016 # for the inner shell
    env -i PATH="$rust/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin" HOME="$work/home" \
        CARGO_HOME="$work/cargo" TMPDIR="$work" LANG=C.UTF-8 \
        unshare --map-root-user --net sh -euc 'ip link set lo up && exec "$@"' offline "$@"
}

mkdir "$work/home" "$work/cargo" "$work/plain"
tar -xzf "$archive" -C "$work"
source=$(find "$work" -maxdepth 1 -name 'qkeepalive-*')

say "Nothing of this machine in the archive"
config=$source/.cargo/config.toml
! grep -v '^#' "$config" | grep -E '://|/' || fail "$config names a place"
sources=$(sed -n 's/^source = "\(.*\)"/\1/p' "$source/Cargo.lock" | sort -u)
[ "$sources" = "registry+https://github.com/rust-lang/crates.io-index" ] ||
    fail "Cargo.lock has crates from: $sources"

say "Without the crates: told what to do (cargo tries for some seconds)"
cp -R "$source/." "$work/plain"
rm -r "$work/plain/vendor" "$work/plain/.cargo"
! offline cmake -S "$work/plain" -B "$work/plain/build" -G Ninja -DQKEEPALIVE_QT_MAJOR="$qt" \
    >"$work/said" 2>&1 || fail "it configures where no crate can be had"
tr -s '\n ' '  ' <"$work/said" | grep -q "could not fetch the crates .*Could not resolve host.*source.tar.gz" || {
    cat "$work/said" >&2
    fail "it should be said what to do"
}

say "With them: building all of it (minutes: the crates are compiled, too)"
began=$(date +%s)
offline cmake -S "$source" -B "$source/build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DQKEEPALIVE_QT_MAJOR="$qt"
offline cmake --build "$source/build"
offline cmake --install "$source/build" --prefix "$work/prefix" >"$work/said"
say "Built in $(($(date +%s) - began)) s"

say "An outside project"
logged "$work/said" "Configuring the outside project" \
    offline cmake -S "$consumer/app" -B "$work/app" -G Ninja "-DCMAKE_PREFIX_PATH=$work/prefix"
logged "$work/said" "Building the outside project" offline cmake --build "$work/app"
offline "$work/app/app"
qml=$("$(sed -n 's/^QKEEPALIVE_QMAKE:[A-Z]*=//p' "$source/build/CMakeCache.txt")" \
    -query QT_INSTALL_BINS)/qml
module=$(find "$work/prefix" -type d -name QKeepAlive -path '*/qml/*')
offline env XDG_RUNTIME_DIR="$work" QT_QPA_PLATFORM=offscreen QT_QUICK_BACKEND=software \
    "$qml" -I "$(dirname "$module")" "$consumer/qml/run.qml"
say "The source archive builds without a network, and what it builds works"
