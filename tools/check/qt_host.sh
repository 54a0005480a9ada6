#!/bin/sh
# The whole library with one of the Qts that this system itself has: built, tested, packaged, used.
#
#   sh tools/check/qt_host.sh 5.15|6.4 [ARGUMENT...]
#
# It is ./dev test, which takes the arguments, with that Qt and in directories of its own outside
# of the repository. A second run finds them again.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
version=${1:-}
[ $# -eq 0 ] || shift

case $version in
    5.15) QKEEPALIVE_QT_MAJOR=5 ;;
    6.4) QKEEPALIVE_QT_MAJOR=6 ;;
    *)
        echo "qt_host.sh: wants one of: 5.15, 6.4" >&2
        exit 1
        ;;
esac
cache=${QKEEPALIVE_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/qkeepalive}/qt-$version
QKEEPALIVE_BUILD_DIR=$cache/build
QKEEPALIVE_CARGO_DIR=$cache/cargo
export QKEEPALIVE_QT_MAJOR QKEEPALIVE_BUILD_DIR QKEEPALIVE_CARGO_DIR
mkdir -p "$cache"

# What another clone has configured there would be built from that clone. Cargo can tell.
cmake_cache=$QKEEPALIVE_BUILD_DIR/CMakeCache.txt
if [ -f "$cmake_cache" ] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$here" "$cmake_cache"; then
    rm -rf "$QKEEPALIVE_BUILD_DIR"
fi

echo "==> Qt $version on this system, in $cache"
"$here/dev" configure

# The distribution may have another one of the same major version, and would be told to hold.
qmake=$(sed -n 's/^QKEEPALIVE_QMAKE:[A-Z]*=//p' "$cmake_cache")
found=$("$qmake" -query QT_VERSION)
case $found in
    "$version".*) echo "==> Qt $found: $qmake" ;;
    *)
        rm -rf "$QKEEPALIVE_BUILD_DIR"
        echo "qt_host.sh: the Qt of this system is $found, not $version ($qmake)" >&2
        exit 1
        ;;
esac

"$here/dev" test "$@"
echo "==> Qt $found holds"
