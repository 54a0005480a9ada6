#!/bin/sh
# Measures what QKeepAlive costs and how exact it is, and compares that with the targets:
#
#   sh benches/run.sh [--write] <build directory> [PART...]
#
# Prints one line for each: what | measured | target | ok or MISSED ("-": for orientation only).
# With --write the same becomes docs/measured.md, and the times by fault docs/verdict-times.svg.
# Ends with 0 if every target is met, 1 if one is missed, 2 if something could not be measured.
set -eu

fail() {
    echo "benches: $*" >&2
    exit 2
}

write=
if [ "${1-}" = --write ]; then
    write=yes
    shift
fi
[ $# -ge 1 ] || fail "usage: sh benches/run.sh [--write] <build directory> [PART...]"
build=$(cd "$1" && pwd) || fail "$1 is no directory"
shift
all="allocations calls size time throughput wakeups losses faults verdicts scale"
parts=${*:-$all}
[ -z "$write" ] || [ "$parts" = "$all" ] || fail "--write takes all parts"
source=$(cd "$(dirname "$0")/.." && pwd)
archive=$build/libqkeepalive_core.a
qt_archive=$build/libqkeepalive_qt.a

for built in "$archive" "$qt_archive"; do
    [ -f "$built" ] || fail "$built is missing; build first: cmake --build $build"
    newer=$(cd "$source" && find Cargo.toml Cargo.lock build.rs src cpp -type f -newer "$built") \
        || fail "cannot compare the sources with $built"
    [ -z "$newer" ] || fail "$built is out of date; build first: cmake --build $build"
done
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

# qt <name> [<argument>...]: a program that CMake builds.
qt() {
    name=$1
    shift
    program=$build/benches/bench_$name
    if [ ! -x "$program" ] || [ -n "$(find "$source/benches/$name.cpp" -newer "$program")" ]; then
        fail "$program is missing or out of date; build first: cmake --build $build --target benches"
    fi
    "$program" "$@" >>"$rows" || fail "$name.cpp failed"
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

# What a part measures, and how long that takes; nobody should wonder whether it still runs.
announce() {
    printf '%s: %s\n' "$1" "$2" >&2
}

for part in $parts; do
    case $part in
        allocations) announce "$part" "heap use of ka::apply" && allocations ;;
        calls) announce "$part" "system calls of ka::apply" && calls ;;
        size) announce "$part" "what the library adds to a program" && size ;;
        time) announce "$part" "ka::apply against the bare calls, some seconds" && time_ ;;
        throughput) announce "$part" "bytes per second of a busy connection, 40 s" && qt throughput ;;
        wakeups) announce "$part" "wake-ups for traffic, 10 s" && qt wakeups ;;
        losses) announce "$part" "10,000 connections lost at once, 30 s" && qt losses ;;
        faults) announce "$part" "time to the verdict by fault, 20 s" && qt faults "$work/times" ;;
        verdicts) announce "$part" "error of the verdict, 200 runs idle and in flight, 60 s" &&
            qt verdicts ;;
        scale) announce "$part" "20,000 healthy connections, 80 s" && qt scale ;;
        *) fail "there is no part $part; there are: $all" ;;
    esac
done

# The same rows as a page, and the picture beside it.
publish() {
    mkdir -p "$source/docs"
    qt_version=$(cat "$build/benches/qt-version")
    kernel=$(uname -r)
    about="Linux ${kernel%%-*}, Qt $qt_version"
    awk -v about="$about." -f "$source/benches/picture.awk" "$work/times" >"$work/picture" ||
        fail "picture.awk failed"
    {
        cat <<TEXT
# Measured

Made by \`./dev bench --write\` on $(date -u +%Y-%m-%d): $about, $(uname -m), $(nproc) cores. Each
comparison is made within one run, its sides in turns. How each is measured stands at the head of its
program in \`benches/\`.

![How long a program does not know that its peer is gone, by the fault](verdict-times.svg)

| What | Measured | Target | |
|---|---|---|---|
TEXT
        awk -F'|' '{ printf "| %s | %s | %s | %s |\n", $1, $2, $3, $4 }' "$rows"
        cat <<TEXT

- Times to a verdict count from the peer's last sign of life: what the kernel heard of it last, or
  the reset or close itself. The error is that time less \`detectWithin\`. The kernel tells the last
  sign in steps of its clock (4 ms at 250 Hz), so that an error can seem that much below zero.
- "Qt alone" is \`QAbstractSocket::KeepAliveOption\`, "the kernel's keepalive" the same values for idle,
  interval and count as \`detectWithin\` gives, without a guard.
- A row without a target is for orientation.
TEXT
        # What ./dev check mutants --write has put there.
        awk '/^<!-- mutants: /{ kept = 1; print "" } kept { print } /^<!-- end of mutants -->/{ kept = 0 }' \
            "$source/docs/measured.md"
    } >"$work/page"
    cp "$work/page" "$source/docs/measured.md"
    cp "$work/picture" "$source/docs/verdict-times.svg"
}
[ -z "$write" ] || publish

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
