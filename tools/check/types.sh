#!/bin/sh
# The core, the bridge and their tests compile without a warning, clippy's too, for every system that
# the library knows, and for some that it does not:
#
#   ./dev check types [TARGET...]
#
# That is as far as the compiler gets without a linker and the headers of the other system: it takes
# only the standard library's sources, which a Debian root (root.sh) has. The standard library itself
# has to be gone through once for each target; that takes about a minute of processor time each, and
# is kept. The C++ half of the bridge is left out.
set -eu
# shellcheck source=tools/check/root.sh
. "$(dirname "$0")/root.sh"

# Targets, the file in src/sys that has to serve each, and whether its tests are compiled too: once
# for each file, since they take a third of the time.
targets='
aarch64-apple-darwin            apple           tests
x86_64-apple-darwin             apple
aarch64-apple-ios               apple
aarch64-apple-ios-sim           apple
aarch64-apple-tvos              apple
aarch64-apple-watchos           apple
aarch64-apple-visionos          apple
x86_64-unknown-freebsd          freebsd         tests
aarch64-unknown-freebsd         freebsd
x86_64-unknown-netbsd           netbsd          tests
x86_64-unknown-dragonfly        dragonfly       tests
x86_64-unknown-openbsd          openbsd         tests
x86_64-unknown-illumos          solaris         tests
x86_64-pc-solaris               solaris
x86_64-pc-windows-msvc          windows         tests
x86_64-pc-windows-gnu           windows
i686-pc-windows-msvc            windows
aarch64-pc-windows-msvc         windows
aarch64-linux-android           linux           tests
armv7-linux-androideabi         linux
x86_64-unknown-linux-musl       linux
i686-unknown-linux-gnu          linux           tests
aarch64-unknown-linux-gnu       linux
armv7-unknown-linux-gnueabihf   linux
x86_64-unknown-haiku            unsupported     tests
'

# Those with tests come first: two at a time are the same work.
chosen=${*:-$(printf '%s' "$targets" | awk 'NF == 3 { print $1 } NF == 2 { rest = rest $1 "\n" }
    END { printf "%s", rest }')}
root_make trixie trixie
root_alone types
# The last is for the standard library of *-windows-gnu, which asks for dlltool.
root_install trixie cargo-web rustc-web rust-web-src rust-web-clippy binutils-mingw-w64-x86-64

logs=$root_cache/types
mkdir -p "$logs"
results=$logs/results
: >"$results"

# Where a C++ compiler for the target is asked for, there is one that does nothing: only the Rust half
# is looked at. The archiver makes an empty archive, which for MSVC is copied afterwards. Apple's
# compiler would be looked for by a program of Apple's, but for SDKROOT, and for iOS "/" would not
# count as one.
archiver=/build/empty-archive
cat >"$root_cache/build/trixie/empty-archive" <<'SCRIPT'
#!/bin/sh
for argument; do
    case $argument in
        *.a) : >"${argument#-out:}" ;;
    esac
done
SCRIPT
chmod +x "$root_cache/build/trixie/empty-archive"
environment='SDKROOT=/usr'
for target in $chosen; do
    name=$(printf '%s' "$target" | tr - _)
    environment="$environment CC_$name=true CXX_$name=true AR_$name=$archiver"
done

# cargo COMMAND...: in the root. A stable compiler refuses to build its own standard library unless it
# is told to be a nightly one. Backtraces are a part of that library that costs time and decides
# nothing here.
cargo_in_root() {
    # shellcheck disable=SC2086 # a list of words
    root_run trixie -v RUSTC_BOOTSTRAP=1 -v CARGO_TARGET_DIR=/build/types env $environment \
        cargo "$@" --locked --no-default-features \
        -Zbuild-std=std,panic_abort,test -Zbuild-std-features=panic-unwind
}

# parts TARGET: what of the crate is compiled for it.
parts() {
    printf '%s' "$targets" |
        awk -v target="$1" '$1 == target && NF == 2 { lib = 1 }
            END { print lib ? "--lib" : "--all-targets" }'
}

# prepare TARGET...: what is not ours, side by side. That a part of it fails is told below.
prepare() {
    options=$(parts "$1")
    for target in "$@"; do
        options="$options --target $target"
    done
    # shellcheck disable=SC2086 # a list of words
    cargo_in_root check --keep-going --features bridge $options \
        >"$logs/prepare.log" 2>&1 || true
}

# judge TARGET: one line for the table, and why if it failed.
judge() {
    for features in "" bridge; do
        cargo_in_root clippy --features "$features" "$(parts "$1")" --target "$1" \
            --config 'build.warnings="deny"' -Zwarnings >"$logs/$1.log" 2>&1 && continue
        grep -E -A 12 '^(error|warning)' "$logs/$1.log" | head -n 60 || tail -n 20 "$logs/$1.log"
        echo "$1 FAILED ${features:-core} does not compile; the log is $logs/$1.log" >>"$results"
        return
    done
    file=src/sys/$(printf '%s' "$targets" | awk -v target="$1" '$1 == target { print $2 }').rs
    if [ "$file" = src/sys/.rs ]; then
        echo "$1 ok" >>"$results"
    elif compiled "$file" "$1"; then
        echo "$1 ok $file" >>"$results"
    else
        echo "$1 FAILED it compiles, but without $file" >>"$results"
    fi
}

# compiled FILE TARGET: whether the compiler has read it for that target; it notes that for cargo.
compiled() {
    # shellcheck disable=SC2012 # cargo's names hold nothing that ls would spoil
    newest=$(ls -t "$root_cache/build/trixie/types/$2"/debug/deps/qkeepalive-*.d | head -n1)
    grep -q -x -F "$1:" "$newest"
}

# shellcheck disable=SC2086 # a list of words
set -- $chosen
count=$# done=0
while [ $# -gt 0 ]; do
    pair=$1
    shift
    if [ $# -gt 0 ] && [ "$(parts "$1")" = "$(parts "$pair")" ]; then
        pair="$pair $1"
        shift
    fi
    say "$((done + 1)) of $count: $pair"
    # shellcheck disable=SC2086 # one word or two
    prepare $pair
    for target in $pair; do
        judge "$target"
        done=$((done + 1))
    done
done

say "Results"
awk '{ row = $1; $1 = ""; printf "%-32s%s\n", row, $0 }' "$results"
! grep -q ' FAILED ' "$results" || fail "some targets failed (see above)"
say "All $count targets compile without a warning"
