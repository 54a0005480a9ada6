#!/bin/sh
# ./dev check qt 5.15|6.4|6.8|6.11 [ARGUMENT...]: the whole library with that Qt: builds it, its QML
# module and its packages, runs all of its tests, those of outside projects that use the packages
# among them. The arguments are those of ./dev test.
#
# 5.15 and 6.4 are what Debian 12 has. For 6.8 a Debian 13 and for 6.11 a Debian sid is made in the
# cache directory (root.sh); what is built there is kept, so that a second run is quick.
set -eu
cd "$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)"
# shellcheck source=tools/check/root.sh
. tools/check/root.sh

# What the build, the tests and a user of the packages take, as Debian 13 and sid name it.
packages="cmake g++ make meson clang lld ninja-build pkg-config
    qt6-base-dev qt6-declarative-dev qt6-declarative-dev-tools qt6-websockets-dev
    qml6-module-qtqml qml6-module-qtqml-models qml6-module-qtqml-workerscript
    qml6-module-qtquick qml6-module-qtquick-window qml6-module-qttest qml-qt6
    qml6-module-qtquick-controls qml6-module-qtquick-layouts qml6-module-qtquick-shapes
    qml6-module-qtquick-templates fonts-roboto-unhinted xvfb
    libgl-dev libvulkan-dev
    iproute2 iptables util-linux mawk binutils redis-server strace valgrind"

wanted=${1:-}
[ $# -eq 0 ] || shift
case $wanted in
    5.15 | 6.4) exec sh tools/check/qt_host.sh "$wanted" "$@" ;;
    6.8) root=trixie ;;
    6.11) root=sid ;;
    *) fail "check qt wants one of: 5.15, 6.4, 6.8, 6.11" ;;
esac

root_make "$root" "$root" Acquire::Check-Valid-Until=false
# shellcheck disable=SC2086 # a list of words
root_install "$root" $packages

# A distribution moves; a check of another version would prove nothing.
found=$(root_run "$root" qmake6 -query QT_VERSION)
case $found in
    "$wanted".*) say "Qt $found, $(root_run "$root" c++ --version | head -n1)" ;;
    *) fail "the Debian $root in $(root_path "$root") has Qt $found, not $wanted" ;;
esac

# A build directory of its own for each Qt, and for cargo, too: what it compiled with another Qt
# would be compiled anew each time. Another clone has the same path in there, and may have older files.
built=$root_cache/build/$root
if [ "$(cat "$built/qt-$wanted.from" 2>/dev/null)" != "$root_repository" ]; then
    rm -rf "$built/qt-$wanted"
    root_run "$root" -r cargo clean --quiet --release --package qkeepalive \
        --target-dir "/build/qt-$wanted.cargo"
    printf '%s\n' "$root_repository" >"$built/qt-$wanted.from"
fi
say "All tests with Qt $found, in $(root_path "$root")"
root_run "$root" -r \
    -v QKEEPALIVE_BUILD_DIR="/build/qt-$wanted" -v QKEEPALIVE_CARGO_DIR="/build/qt-$wanted.cargo" \
    ./dev test "$@"
say "Everything held with Qt $found"
