#!/bin/sh
# ./dev package: what is given away, in dist.
#
#   sh tools/package.sh BUILD CARGO QT      the directories of ./dev, and Qt's major version
#
# Debian packages and an archive come from CPack (cmake/Package.cmake), each from a build of its own:
# where the libraries lie differs, and is written into CMake's files. Both take cargo's archives from
# the target directory that all builds share. The source archive has every crate in it.
#
# All of it is made aside and put into dist at the end: half of it is never taken for the whole.
set -eu
cd "$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)"
build=$1 cargo=$2 qt=$3

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n1)
work=$build/package/qt$qt
docs=$(CDPATH='' cd -- "$build/docs" && pwd)
made=$work/dist

if [ -t 1 ]; then
    say() { printf '\033[1m==> %s\033[0m\n' "$*"; }
else
    say() { printf '==> %s\n' "$*"; }
fi
fail() {
    printf 'package: %s\n' "$*" >&2
    exit 1
}
# logged WHAT COMMAND... : quietly; the end of what it said if it fails.
logged() {
    what=$1
    shift
    "$@" >"$work/log" 2>&1 && return
    tail -n 25 "$work/log" >&2
    fail "$what failed (see above)"
}
# A copy of the sources that was not cloned can lie in somebody else's clone.
cloned() { [ "$(git rev-parse --show-toplevel 2>/dev/null)" = "$PWD" ]; }
changed() { cloned && [ -n "$(git status --porcelain)" ]; }

# dated COMMAND...: with the commit's date for today's. Not where cargo runs: to the C++ compiler's crate
# another SOURCE_DATE_EPOCH is a reason to compile everything anew.
dated() {
    if cloned; then
        env SOURCE_DATE_EPOCH="$(git log -1 --format=%ct)" "$@"
    else
        "$@"
    fi
}

# package NAME GENERATOR [ARGUMENT...]: a build, and what CPack makes of it.
package() {
    name=$1 generator=$2
    shift 2
    logged "Configuring the build for $generator" \
        dated cmake -S . -B "$work/$name" -G Ninja -DCMAKE_BUILD_TYPE=Release \
        -DQKEEPALIVE_QT_MAJOR="$qt" -DQKEEPALIVE_CARGO_TARGET_DIR="$cargo" \
        -DQKEEPALIVE_QCH="$docs/qkeepalive.qch" "$@"
    cmake --build "$work/$name" # not quietly: the first time cargo takes minutes
    rm -rf "$work/$name/made"
    logged "cpack -G $generator" \
        dated cpack --config "$work/$name/CPackConfig.cmake" -G "$generator" -B "$work/$name/made"
    find "$work/$name/made" -maxdepth 1 -type f -exec mv {} "$made" \;
}

# Debian's way to say who makes a package; else who made the last commit.
packager() {
    if [ -n "${DEBEMAIL-}" ]; then
        printf '%s <%s>\n' "${DEBFULLNAME:-${DEBEMAIL%@*}}" "$DEBEMAIL"
    elif cloned; then
        git log -1 --format='%cn <%ce>'
    else
        fail "a Debian package names who made it: please set DEBFULLNAME and DEBEMAIL"
    fi
}

# What was committed, with the crates that Cargo.lock names, and cargo told to take them from there.
source_archive() {
    name=qkeepalive-$version
    rm -rf "$work/source"
    mkdir -p "$work/source"
    git archive --prefix="$name/" HEAD | tar -x -C "$work/source"
    logged "cargo vendor" \
        cargo vendor --locked --versioned-dirs \
        --manifest-path "$work/source/$name/Cargo.toml" "$work/source/$name/vendor"
    mkdir "$work/source/$name/.cargo"
    # Not what cargo proposes: it may hold settings of this machine.
    cat >"$work/source/$name/.cargo/config.toml" <<'TOML'
# The crates are in this archive: nothing is fetched.
[source.crates-io]
replace-with = "vendored-sources"

[source.vendored-sources]
directory = "vendor"
TOML
    tar -C "$work/source" -cf - --sort=name --owner=0 --group=0 --numeric-owner --mode=go=rX,u+w \
        --mtime="@$(git log -1 --format=%ct)" "$name" | gzip -9n >"$made/$name-source.tar.gz"
}

# --- Making it -----------------------------------------------------------------------------------

mkdir -p "$work"
rm -rf "$made"
mkdir "$made"
if changed; then
    say "NOTE: there are changes that are not committed. The packages have them, the source archive not."
fi

if command -v dpkg-shlibdeps >/dev/null; then
    say "Debian packages"
    packager=$(packager)
    package deb DEB -DQKEEPALIVE_DEB=ON -DCMAKE_INSTALL_PREFIX=/usr -DCMAKE_SKIP_INSTALL_RPATH=ON \
        -DCPACK_PACKAGE_CONTACT="$packager"
else
    say "LEFT OUT, because this is no Debian: the Debian packages"
fi

say "The archive"
# Not Debian's own lib/<triplet>, which other systems do not search.
package archive TGZ -DCMAKE_INSTALL_LIBDIR=lib

if cloned; then
    say "The source archive"
    source_archive
else
    say "LEFT OUT, because it is made of a git commit and this is no clone: the source archive"
fi

rm -rf dist
mv "$made" dist

# --- What it is ----------------------------------------------------------------------------------

purpose() {
    case $1 in
        libqkeepalivecore*.deb) echo "programs without Qt that were built with it" ;;
        libqkeepalive*-dev_*.deb) echo "building programs with it" ;;
        libqkeepalive*.deb) echo "Qt $qt programs that were built with it" ;;
        qml*.deb) echo "QML programs" ;;
        *-source.tar.gz) echo "building it, also without a network: all crates are in it" ;;
        *.tar.gz) echo "building programs with it: unpack anywhere, set CMAKE_PREFIX_PATH" ;;
    esac
}
say "In dist"
for file in dist/*; do
    printf '%-46s %8s  %s\n' "${file#dist/}" "$(du -h --apparent-size "$file" | cut -f1)" \
        "$(purpose "${file#dist/}")"
done
if changed; then
    say "NOTE: made of a tree with changes that are not committed, so this is no release"
fi
