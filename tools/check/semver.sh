#!/bin/sh
# The Rust API since the last release: what is broken in it takes a new minor version before 1.0 and a
# new major version after it:
#
#   ./dev check semver
#
# The last release is the last tag v* before this commit. The C++ side has its lists of headers and of
# exported names in tests/consumer.
set -eu
# shellcheck source=tools/check/root.sh
. "$(dirname "$0")/root.sh"
# shellcheck source=tools/check/tool.sh
. "$(dirname "$0")/tool.sh"

cd "$root_repository"
[ "$(git rev-parse --is-shallow-repository 2>/dev/null)" = false ] ||
    fail "the tags of earlier releases are needed, and $root_repository is no whole clone. If it is a" \
        "shallow one: git fetch --unshallow --tags"

# before COMMIT: the last release there. A release is not compared with itself.
before() { git describe --tags --abbrev=0 --match 'v[0-9]*' "$1" 2>/dev/null; }
tag=$(before HEAD) || tag=
if [ -n "$tag" ] && [ "$(git rev-parse "$tag^{commit}")" = "$(git rev-parse HEAD)" ]; then
    tag=$(before HEAD^) || tag=
fi
if [ -z "$tag" ]; then
    say "Nothing to compare with: no release yet. From the first tag on (git tag v<version>) this" \
        "check compares with it"
    exit 0
fi

root_alone semver
tool_install cargo-semver-checks 0.51.0
say "The Rust API since $tag"
# The upper layers have no Rust API: they are there for C++.
CARGO_TARGET_DIR=$root_cache/semver cargo semver-checks --package qkeepalive \
    --baseline-rev "$tag" --only-explicit-features
say "The Rust API is compatible with $tag, or the version says that it is not"
