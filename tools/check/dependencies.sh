#!/bin/sh
# The crates that the library stands on: their licences, versions, sources and known vulnerabilities,
# as deny.toml permits them:
#
#   ./dev check dependencies [--with-advisories]
#
# The advisories are a git repository of others. Where it can neither be fetched nor is at hand, they
# are left out, and the last line says so; with --with-advisories that is a failure.
set -eu
# shellcheck source=tools/check/root.sh
. "$(dirname "$0")/root.sh"
# shellcheck source=tools/check/tool.sh
. "$(dirname "$0")/tool.sh"

with_advisories=
case ${1-} in
    '') ;;
    --with-advisories) with_advisories=yes ;;
    *) fail "check dependencies does not know $1" ;;
esac

root_alone dependencies
tool_install cargo-deny 0.20.2
cd "$root_repository"

say "Licences, versions, sources"
cargo deny --locked check -D unnecessary-skip -D unmatched-skip licenses bans sources
# The command-line tool has a lock file of its own. It needs not all that is permitted.
qka="--manifest-path tools/qka/Cargo.toml --config deny.toml"
# shellcheck disable=SC2086 # a list of words
cargo deny $qka --locked check -A license-not-encountered -A unmatched-skip licenses bans sources

# What cargo-deny clones, below cargo's directory.
database=${CARGO_HOME:-$HOME/.cargo}/advisory-dbs
log=$root_cache/advisories.log
say "Advisories"
advisories() {
    cargo deny --locked --offline check advisories
    # shellcheck disable=SC2086 # a list of words
    cargo deny $qka --locked --offline check advisories
}
if timeout 120 cargo deny --locked fetch db >"$log" 2>&1; then
    advisories
    say "Licences, versions, sources and advisories hold"
elif [ -n "$(find "$database" -mindepth 2 -maxdepth 2 -name .git 2>/dev/null)" ]; then
    say "The advisory database cannot be fetched now (see $log); the one in $database counts"
    advisories
    say "Licences, versions, sources and advisories hold; the latter as far as $database knows them"
else
    tail -n 5 "$log" >&2
    [ -z "$with_advisories" ] ||
        fail "the advisory database cannot be fetched (see above), and none is in $database"
    printf 'and none is in %s\n' "$database" >&2
    say "Licences, versions and sources hold. LEFT OUT: advisories, for want of their database"
fi
