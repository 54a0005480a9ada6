#!/bin/sh
# Measures what QKeepAlive::Core costs and compares it with the targets:
#
#   sh benches/run.sh <build directory>
#
# Prints one line for each: what | measured | target | ok or MISSED ("-": for orientation only).
# Ends with 0 if every target is met, 1 if one is missed, 2 if something could not be measured.
set -eu

fail() {
    echo "benches: $*" >&2
    exit 2
}

[ $# -eq 1 ] || fail "usage: sh benches/run.sh <build directory>"
build=$(cd "$1" && pwd) || fail "$1 is no directory"
source=$(cd "$(dirname "$0")/.." && pwd)
archive=$build/libqkeepalive_core.a

[ -f "$archive" ] || fail "$archive is missing; build first: cmake --build $build"
newer=$(cd "$source" && find Cargo.toml Cargo.lock build.rs src cpp -type f -newer "$archive") \
    || fail "cannot compare the sources with $archive"
[ -z "$newer" ] || fail "$archive is out of date; build first: cmake --build $build"
for tool in strace:strace strip:binutils stat:coreutils; do
    command -v "${tool%:*}" >/dev/null || fail "${tool%:*} is missing: apt install ${tool#*:}"
done
cxx=$(sed -n 's/^CMAKE_CXX_COMPILER:[A-Z]*=//p' "$build/CMakeCache.txt")
[ -n "$cxx" ] || fail "$build/CMakeCache.txt names no C++ compiler"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 2' INT TERM
rows=$work/rows

# compile <program> <source> [<what else is for the compiler>...]
compile() {
    program=$1 file=$2
    shift 2
    "$cxx" -std=c++17 -O2 -Wall -Wextra -Wpedantic -Werror -ffunction-sections -fdata-sections \
        -I "$source/cpp/include" "$source/benches/$file" -o "$work/$program" \
        -Wl,--gc-sections "$@" || fail "cannot compile $file"
}

# core <program> <source> [...]: the same with the library, and what it needs.
core() {
    compile "$@" "$archive" -pthread -ldl -lm
}

# row <what> <measured> <target> <1 if met>
row() {
    verdict=MISSED
    [ "$4" -eq 0 ] || verdict=ok
    echo "$1|$2|$3|$verdict" >>"$rows"
}

# calls_in <part> <pattern>: how many lines of the trace in that part of calls.cpp match.
calls_in() {
    awk -v part="$1" -v pattern="$2" '
        /^write\(1, "/ { inside = index($0, "\"" part "\\n\"") > 0; next }
        inside && $0 ~ pattern { ++found }
        END { print found + 0 }' "$work/trace"
}

time_() {
    core time time.cpp
    "$work/time" >>"$rows" || fail "time.cpp failed"
}

allocations() {
    core allocations allocations.cpp
    "$work/allocations" >>"$rows" || fail "allocations.cpp failed"
}

calls() {
    core calls calls.cpp
    strace -o "$work/trace" -e trace=setsockopt,getsockopt,write "$work/calls" >/dev/null \
        || fail "calls.cpp failed under strace"
    first=$(calls_in "fresh socket" '^setsockopt.*TCP_KEEPIDLE')
    [ "$first" -eq 1 ] || fail "strace saw TCP_KEEPIDLE written $first times on a fresh socket"

    all=$(calls_in "fresh socket" '^[gs]etsockopt')
    echo "system calls: ka::apply on a fresh socket|$all|-|-" >>"$rows"
    all=$(calls_in "same values" '^[gs]etsockopt')
    idle=$(calls_in "same values" '^setsockopt.*TCP_KEEPIDLE')
    row "system calls: TCP_KEEPIDLE written, same values" "$idle (of $all calls)" 0 \
        $((idle == 0 && all > 0))

    # Nothing else is set there either, on any descriptor.
    set=$(calls_in accepted '^setsockopt')
    read=$(calls_in accepted '^getsockopt')
    [ "$read" -gt 0 ] || fail "strace saw no accepted connection"
    row "system calls: options set on 10 accepted connections" "$set, values in force" 0 \
        $((set == 0))
}

size() {
    compile without size.cpp
    core with size.cpp -DWITH_QKEEPALIVE
    strip "$work/with" "$work/without"
    added=$(($(stat -c %s "$work/with") - $(stat -c %s "$work/without")))
    row "size: added to a stripped program, static" \
        "$(awk -v bytes=$added 'BEGIN { printf "%.1f KiB", bytes / 1024 }')" "<= 350 KiB" \
        $((added <= 350 * 1024))
}

allocations
calls
size
time_

awk -F'|' '
    {
        for (i = 1; i <= NF; ++i) {
            cell[NR, i] = $i
            if (length($i) > width[i])
                width[i] = length($i)
        }
        missed = missed || $4 == "MISSED"
    }
    END {
        format = "%-" width[1] "s | %-" width[2] "s | %-" width[3] "s | %s\n"
        for (line = 1; line <= NR; ++line)
            printf format, cell[line, 1], cell[line, 2], cell[line, 3], cell[line, 4]
        exit missed
    }' "$rows"
