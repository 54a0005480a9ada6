#!/bin/sh
# What has to hold before a release: everything that is run for each change, and every other check.
#
#   ./dev release-check [--write] [NAME...]
#
# NAME is a row of the table: lint, test, types, windows, "qt 5.15", ...; all of them when left out. One
# that fails does not keep the others from running. With --write the results become the rows of the
# table in docs/systems.md; rows of checks that were not run stay.
set -eu
cd "$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)"

write=
if [ "${1-}" = --write ]; then
    write=yes
    shift
fi
[ $# -gt 0 ] || set -- lint test docs types windows \
    package source conan features dependencies semver "qt 5.15" "qt 6.4" "qt 6.8" "qt 6.11" \
    mutants

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
rows=$work/rows
: >"$rows"
failed=

for name in "$@"; do
    case $name in
        lint | test | docs) command=$name ;;
        *) command="check $name" ;;
    esac
    printf '==> ./dev %s\n' "$command"
    began=$(date +%s)
    result=held
    # shellcheck disable=SC2086 # one word or more
    { ./dev $command 2>&1 || echo "$?" >"$work/failed"; } | tee "$work/said"
    if [ -f "$work/failed" ]; then
        rm "$work/failed"
        result=FAILED
        failed=yes
    fi
    minutes=$((($(date +%s) - began + 59) / 60))
    # The last thing that it said, without colours.
    said=$(sed 's/\x1b\[[0-9;]*m//g; s/^==> //; /^$/d' "$work/said" | tail -n1 | tr '|' ' ')
    # shellcheck disable=SC2016 # Markdown
    printf '| `./dev %s` | %s | %s min | %s | %s |\n' \
        "$command" "$result" "$minutes" "$(date +%Y-%m-%d)" "$said" >>"$rows"
done

printf '\n'
cat "$rows"
if [ -n "$write" ]; then
    # A row that is there is replaced, another one goes to the end of the table.
    awk -F'|' -v rows="$rows" '
        BEGIN {
            while ((getline row < rows) > 0) {
                split(row, cell, "|")
                order[++count] = cell[2]
                fresh[cell[2]] = row
            }
        }
        /<!-- end of the results -->/ {
            for (i = 1; i <= count; i++)
                if (order[i] in fresh)
                    print fresh[order[i]]
        }
        $2 in fresh { print fresh[$2]; delete fresh[$2]; next }
        { print }' docs/systems.md >"$work/systems.md"
    cp "$work/systems.md" docs/systems.md
    printf '==> docs/systems.md has these rows\n'
fi
if [ -n "$failed" ]; then
    echo "release check: something did not hold (see above)" >&2
    exit 1
fi
printf '==> Everything held\n'
