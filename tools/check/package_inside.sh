#!/bin/sh
# What package.sh does in the clean root, on a network that has nothing but itself:
#
#   sh tools/check/package_inside.sh QT
set -eu

say() { printf '==> %s\n' "$*"; }
fail() {
    printf 'package: %s\n' "$*" >&2
    exit 1
}
qt=$1
debs=$(pwd)/dist
consumer=$(pwd)/tests/consumer
work=/tmp/work
mkdir -m 700 "$work"
export DEBIAN_FRONTEND=noninteractive
export QT_QPA_PLATFORM=offscreen QT_QUICK_BACKEND=software XDG_RUNTIME_DIR="$work"
if [ "$qt" = 5 ]; then
    qml=/usr/lib/qt5/bin/qml qt_dev=qtbase5-dev qml_library=libqt5qml5
else
    qml=/usr/lib/qt6/bin/qml qt_dev=qt6-base-dev qml_library=libqt6qml6
fi

# quietly COMMAND...: its output only if it fails.
quietly() {
    "$@" >"$work/log" 2>&1 && return
    cat "$work/log" >&2
    fail "$* failed"
}

# use WHERE [ARGUMENT...]: outside projects of the package that lies below WHERE.
use() {
    where=$1
    shift
    for project in app core; do
        rm -rf "${work:?}/$project"
        quietly cmake -S "$consumer/$project" -B "$work/$project" -G Ninja "$@"
        grep -q "^QKeepAlive_DIR:PATH=$where/.*/cmake/QKeepAlive$" "$work/$project/CMakeCache.txt" ||
            fail "$project found another package: $(grep ^QKeepAlive_DIR "$work/$project/CMakeCache.txt")"
        quietly cmake --build "$work/$project"
    done
    "$work/app/app" || fail "the Qt program failed"
    "$work/core/throwing" || fail "the program without Qt failed"
    "$work/core/not_throwing" || fail "the program without exceptions failed"
}

# asks [COMPONENT]: what find_package() says.
asks() {
    rm -rf "$work/asks"
    cmake -S "$consumer/asks" -B "$work/asks" -G Ninja -Dversion=0.1 -Drequest="$1" 2>&1
}

# brings PACKAGE DEB...: whether apt would install PACKAGE with these where there is nothing at all.
brings() {
    package=$1
    shift
    apt-get install --simulate -o Dir::State::status=/dev/null "$@" >"$work/log" 2>&1 ||
        { cat "$work/log" >&2; fail "$*: apt cannot install this"; }
    grep -q "^Inst $package " "$work/log" || fail "$* does not bring $package"
}

# Every file and package of this system but what the package manager notes for itself.
everything() {
    find / -xdev \( -path /var/cache -o -path /var/log -o -path /var/lib/dpkg -o -path /var/lib/apt \
        -o -path /etc/ld.so.cache \) -prune -o -print | sort
    dpkg-query -W
    ldconfig -p | grep -i qkeepalive || true
}

ip link set lo up
for tool in cargo rustc; do
    ! command -v $tool || fail "there is $tool, so this proves nothing"
done
everything >"$work/before"

say "The archive, unpacked somewhere"
mkdir "$work/somewhere else"
tar -xzf "$debs"/qkeepalive-*-qt"$qt".tar.gz -C "$work/somewhere else" --strip-components 1
use "$work/somewhere else" "-DCMAKE_PREFIX_PATH=$work/somewhere else"
"$qml" -I "$work/somewhere else/lib/qt$qt/qml" "$consumer/qml/run.qml" || fail "the QML program failed"
rm -r "$work/somewhere else"

say "What the packages ask for"
brings "$qt_dev" "$debs"/libqkeepalive*.deb
brings "$qml_library" "$debs"/libqkeepalive*[0-9]_*.deb "$debs"/qml*.deb
brings "libqt${qt}network$qt" "$debs"/libqkeepalive*[0-9]_*.deb
! apt-get install --simulate "$debs"/libqkeepalive*-dev_*.deb >"$work/log" 2>&1 ||
    fail "the -dev package can be installed without the libraries"

say "The packages without the QML module"
quietly apt-get install -y "$debs"/libqkeepalive*.deb
use /usr
# shellcheck disable=SC2046 # a list of words
quietly g++ -std=c++17 -o "$work/by-pkg-config" "$consumer/core/throwing.cpp" \
    $(pkg-config --cflags --libs QKeepAliveCore)
"$work/by-pkg-config" || fail "the program that was built by pkg-config failed"
said=$(asks REQUIRED,COMPONENTS,Qml) && fail "the QML module is found where it is not installed"
printf '%s' "$said" | tr -s '\n ' '  ' | grep -q 'no component "Qml" here; installed: Core, Qt' ||
    fail "that the QML module is missing should be said in words, not: $said"

say "The QML module, which Qt finds by itself"
! "$qml" "$consumer/qml/run.qml" >"$work/log" 2>&1 || fail "it is there before it was installed"
quietly apt-get install -y "$debs"/qml*.deb
"$qml" "$consumer/qml/run.qml" || fail "the QML program failed"
quietly asks REQUIRED,COMPONENTS,Qml

say "Removed again"
# shellcheck disable=SC2046 # a list of words
quietly apt-get purge -y $(for deb in "$debs"/*.deb; do dpkg-deb --field "$deb" Package; done)
everything >"$work/after"
diff "$work/before" "$work/after" || fail "something stays when the packages are removed"
