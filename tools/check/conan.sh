#!/bin/sh
# ./dev check conan: Conan makes its package of this tree, and builds and runs an outside project.
#
# Conan comes from PyPI, into the cache directory; what it makes goes into a scratch directory. Cargo's
# target directory is the one of ./dev, so that nothing is compiled twice.
set -eu
cd "$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)"
# shellcheck source=tools/check/root.sh
. tools/check/root.sh

version=2.34.0
cargo=${QKEEPALIVE_CARGO_DIR:-$PWD/target}
qt=${QKEEPALIVE_QT_MAJOR:-6}
conan=$root_cache/conan-$version

root_alone conan
if [ ! -f "$conan/whole" ]; then
    say "Installing Conan $version in $conan"
    rm -rf "$conan"
    logged "$conan.log" "python3 -m venv" python3 -m venv "$conan"
    logged "$conan.log" "pip install conan==$version" "$conan/bin/pip" install "conan==$version"
    touch "$conan/whole"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
export CONAN_HOME="$work/home"
logged "$work/log" "conan profile detect" "$conan/bin/conan" profile detect

# create OPTION...: the package, and with it the project in test_package.
create() {
    logged "$work/log" "conan create $*" \
        "$conan/bin/conan" create packaging/conan --no-remote "$@" \
        -c tools.cmake.cmaketoolchain:generator=Ninja \
        -c "tools.cmake.cmake_layout:test_folder=$work/test" \
        -c "tools.cmake.cmaketoolchain:extra_variables={'QKEEPALIVE_CARGO_TARGET_DIR': '$cargo'}"
    # It would also be content without having run anything.
    grep -qE 'RUN: .*/(app|throwing)$' "$work/log" || {
        cat "$work/log" >&2
        fail "conan create did not run the program of test_package"
    }
}
say "Shared, for Qt $qt"
create -o "&:qt=$qt"
say "Static, for Qt $qt"
create -o "&:qt=$qt" -o "&:shared=False"
say "Shared, without Qt"
create -o "&:qt=False"
say "Conan $version makes the package, and outside projects work with it"
