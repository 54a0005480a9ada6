#!/bin/sh
# The tests of the core and of the bridge as Windows programs, and a connection whose peer dies:
#
#   ./dev check windows
#
# Compiled by Debian's Rust with MinGW for the C++ half, run by Wine, in a Debian root (root.sh). Wine
# hands the calls on to Linux: this shows that the library makes the right ones with the right
# numbers and understands the answers, and not how Windows' own kernel behaves.
set -eu
# shellcheck source=tools/check/root.sh
. "$(dirname "$0")/root.sh"

root_make trixie trixie
root_alone windows
root_install trixie cargo-web rustc-web rust-web-src g++-mingw-w64-x86-64-posix wine wine64 \
    iproute2 iptables socat

target=x86_64-pc-windows-gnu
mingw=x86_64-w64-mingw32

# windows COMMAND...: in the root, ready to compile for Windows and to run the result. A stable
# compiler refuses to build its own standard library unless it is told to be a nightly one.
windows() {
    root_run trixie \
        -v RUSTC_BOOTSTRAP=1 -v CARGO_TARGET_DIR=/build/windows \
        -v CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER=$mingw-gcc-posix \
        -v CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER=wine \
        -v CC_x86_64_pc_windows_gnu=$mingw-gcc-posix \
        -v CXX_x86_64_pc_windows_gnu=$mingw-g++-posix \
        -v AR_x86_64_pc_windows_gnu=$mingw-gcc-ar-posix \
        -v WINEPREFIX=/build/wine -v WINEDEBUG=-all -v XDG_RUNTIME_DIR=/run "$@"
}

# in_network COMMAND...: on a network that has nothing but itself.
in_network() {
    # shellcheck disable=SC2016 # for the inner shell
    windows unshare --net sh -euc '
        # Where the program finds the DLLs of the C++ compiler, and of what that one stands on.
        place() { dirname "$('$mingw-g++-posix' -print-file-name="$1")"; }
        WINEPATH="$(place libstdc++-6.dll);$(place libwinpthread-1.dll)"
        export WINEPATH CARGO_NET_OFFLINE=true
        '"$1"
}

# Some tests calculate a lot; nothing else needs the optimizer, which costs time too.
options="--locked --no-default-features --target $target -Zbuild-std=std,panic_abort,test \
--config profile.dev.package.qkeepalive.opt-level=2"
tests="cargo test $options --lib --tests"

# Wine's own world, made under another name first so that a half-made one is never taken for whole.
if [ ! -d "$root_cache/build/trixie/wine" ]; then
    say "Making a Windows for Wine"
    rm -rf "$root_cache/build/trixie/wine.part"
    logged "$root_cache/wine.log" "wineboot" \
        windows env WINEPREFIX=/build/wine.part sh -c 'wineboot --init; wineserver --wait'
    mv "$root_cache/build/trixie/wine.part" "$root_cache/build/trixie/wine"
fi

for features in "" bridge; do
    say "Compiling the ${features:-core} for Windows (the first time some minutes)"
    # shellcheck disable=SC2086 # a list of words
    logged "$root_cache/windows.log" "Compiling for Windows" \
        windows $tests --features "$features" --no-run
    say "Tests of the ${features:-core}, run by Wine"
    in_network "ip link set lo up; $tests --features '$features'"
done

# shellcheck disable=SC2086 # a list of words
logged "$root_cache/windows.log" "Compiling for Windows" \
    windows cargo build $options --example dead_peer
in_network "exec sh tools/check/dead_peer.sh wine /build/windows/$target/debug/examples/dead_peer.exe"
say "All as it should be under $(windows wine --version)"
