#!/bin/sh
# Whether the tests notice a mistake: each place of the pure modules is changed, one at a time (> becomes
# >=, a function returns nothing, ...), and the tests of the core have to fail:
#
#   ./dev check mutants [--write] [MODULE...]     all modules, or only these (loss, plan, ...)
#   ./dev check mutants --again [--write]         what was noticed by the last run over all modules stands,
#                                                 where its line of the source is as it was
#   ./dev check mutants --diff [BASE]             only what changed since BASE, committed or not; BASE is
#                                                 where this branch left main, or else the commit before
#
# Ends with a table, and with 1 if less than 95 % are noticed. A mutant that makes the tests hang is
# noticed, one that does not compile does not count. What may go unnoticed stands in mutants.accepted,
# with the reason. With --write the table becomes that of docs/measured.md.
set -eu
# shellcheck source=tools/check/root.sh
. "$(dirname "$0")/root.sh"
# shellcheck source=tools/check/tool.sh
. "$(dirname "$0")/tool.sh"

version=27.1.0
goal=95
all="liveness heartbeat retransmission loss plan deadline config guard door driver link"
all="$all history replay counts found refusals settings snapshot"

write='' since='' base='' modules='' again=''
while [ $# -gt 0 ]; do
    case $1 in
        --write) write=yes ;;
        --again) again=yes ;;
        --diff)
            since=yes
            case ${2-} in
                '' | -*) ;;
                *) base=$2 && shift ;;
            esac
            ;;
        *)
            case " $all " in
                *" $1 "*) modules="$modules $1" ;;
                *) fail "mutants does not know $1; the modules are: $all" ;;
            esac
            ;;
    esac
    shift
done
[ -z "$write$again" ] || [ -z "$since$modules" ] || fail "--write and --again take all modules"
whole=''
[ -n "$since$modules" ] || whole=yes
modules=${modules:-$all}
cd "$root_repository"

# Where this branch left main; on main itself, the commit before.
branched() {
    for main in origin/main origin/master main master; do
        left=$(git merge-base HEAD "$main" 2>/dev/null) || continue
        [ "$left" = "$(git rev-parse HEAD)" ] || { echo "$left" && return; }
    done
    git rev-parse --verify --quiet HEAD~1 || fail "there is no commit to compare with; please name one"
}

root_alone mutants
tool_install cargo-mutants "$version"
work=$root_cache/mutants
out=$work/mutants.out
last=$root_cache/mutants.last
[ -z "$again" ] || [ -f "$last/CaughtMutant" ] || fail "--again wants a run over all modules before it"
rm -rf "$work"
mkdir -p "$work/tmp"

set --
for module in $modules; do
    set -- "$@" --file "src/$module.rs" --file "src/$module/**"
done
if [ -n "$since" ]; then
    [ -n "$base" ] || base=$(branched)
    git diff --no-ext-diff --src-prefix=a/ --dst-prefix=b/ "$base" -- src >"$work/diff" ||
        fail "git knows no commit $base"
    set -- "$@" --in-diff "$work/diff"
fi

# It works on copies, each with a target directory of its own. The profile is that in which building
# and testing together take least; what is drawn at random, and what lives are simulated, is less than
# in the tests themselves, since it is done once for each mutant.
mutants() {
    (
        unset CARGO_TARGET_DIR CARGO_BUILD_TARGET_DIR
        export CARGO_PROFILE_DEV_OPT_LEVEL=1 CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_TEST_DEBUG=0
        export PROPTEST_CASES=48 PROPTEST_MAX_SHRINK_ITERS=0 QKEEPALIVE_LIVES_HOURS=150
        export TMPDIR="$work/tmp"
        # A mutant that never stops to allocate must not take the machine with it.
        # shellcheck disable=SC3045 # where it is not known, nothing is lost
        ulimit -v 8000000 2>/dev/null || true
        cargo mutants --no-config --package qkeepalive --no-default-features "$@"
    )
}

# named briefly|fully: the lines of a file, as the accepted ones are written: "file: change: source
# line"; fully, what the tool calls it stands before that.
named() {
    jq -r '.[] | [.file, (.span.start.line | tostring), (.name | sub("^[^ ]*: "; "")), .name] | @tsv' |
        while IFS="$(printf '\t')" read -r file line name full; do
            [ "$1" = briefly ] || printf '%s\t' "$full"
            printf '%s: %s: %s\n' "$file" "$name" \
                "$(sed -n "${line}s/^[[:space:]]*//p" "$file" | sed 's/[[:space:]]*$//')"
        done
}

mutants "$@" --list --json >"$work/list.json" || fail "cargo mutants --list failed (see above)"
count=$(jq --slurp 'add // [] | length' "$work/list.json") # nothing at all where nothing differs
if [ "$count" = 0 ]; then
    say "Nothing to do: no code of $modules${base:+ differs from $base}, apart from tests"
    exit 0
fi
say "$count mutants of$([ -z "$since" ] || echo " what changed since $base in") $modules"
status=0
if [ -n "$again" ]; then
    # What the last run has noticed is left out, and counted as then.
    mkdir -p "$out"
    named fully <"$work/list.json" >"$work/now"
    awk -F'\t' -v last="$last" -v work="$work" '
        BEGIN {
            split("CaughtMutant Timeout Unviable", kinds, " ")
            for (i = 1; i <= 3; i++)
                while ((getline line <(last "/" kinds[i])) > 0) ++stands[kinds[i], line]
        }
        {
            for (i = 1; i <= 3; i++)
                if (stands[kinds[i], $2]-- > 0) {
                    print $1
                    print $2 >(work "/stands." kinds[i])
                    next
                }
        }' "$work/now" >"$out/previously_caught.txt"
    say "$(wc -l <"$out/previously_caught.txt") of them stand as the last run has found them"
    set -- "$@" --iterate
fi
mutants "$@" --jobs "$(($(nproc) < 2 ? $(nproc) : 2))" --output "$work" --line-col true \
    --colors never --cargo-arg=--lib --cargo-arg=--test=core || status=$?
case $status in
    0 | 2 | 3) ;; # all noticed, some not, some took too long
    *) fail "cargo mutants could not do its work (see above)" ;;
esac

# What was noticed, and what was not, by module.
outcomes() {
    jq --arg summary "$1" '[.outcomes[] | select(.summary == $summary) | .scenario.Mutant]' \
        "$out/outcomes.json"
}
for kind in CaughtMutant MissedMutant Timeout Unviable; do
    outcomes "$kind" | named briefly >"$work/$kind"
    [ ! -f "$work/stands.$kind" ] || cat "$work/stands.$kind" >>"$work/$kind"
done
if [ -n "$whole" ]; then
    rm -rf "$last"
    mkdir "$last"
    cp "$work/CaughtMutant" "$work/Timeout" "$work/Unviable" "$last"
fi
sed -n 's/^\(src.*[^ ]\)  *# .*$/\1/p' tools/check/mutants.accepted >"$work/accepted"
reasonless=$(grep '^src' tools/check/mutants.accepted | grep -v '  # .' || true)
[ -z "$reasonless" ] || fail "accepted without a reason in tools/check/mutants.accepted:
$reasonless"

# Each accepted line stands for one survivor.
awk -v accepted="$work/accepted" -v kept="$work/survivors" -v let="$work/let" '
    BEGIN { while ((getline line < accepted) > 0) ++may[line] }
    { if (may[$0]-- > 0) print >let; else print >kept }' "$work/MissedMutant"
touch "$work/survivors" "$work/let"

cd "$work"
awk -v modules="$modules" '
    BEGIN { number = split(modules, module, " ") }
    {
        kind = FILENAME
        name = $1
        sub(/^src\//, "", name)
        sub(/(\/.*|\.rs:)$/, "", name)
        ++found[name, kind]
        ++found["all", kind]
    }
    function row(name,   caught, missed, late) {
        caught = found[name, "CaughtMutant"]
        missed = found[name, "survivors"]
        late = found[name, "Timeout"]
        judged = caught + missed + late
        if (judged + found[name, "let"] + found[name, "Unviable"] == 0)
            return
        share = judged ? 100 * (caught + late) / judged : 100
        printf "%s|%d|%d|%d|%d|%d|%.1f %%\n", name, caught, late, missed, found[name, "let"],
            found[name, "Unviable"], share
    }
    END {
        print "module|caught|timeout|missed|accepted|unviable|noticed"
        for (i = 1; i <= number; i++)
            row(module[i])
        row("all")
    }' CaughtMutant Timeout survivors let Unviable >table
cd "$root_repository"
noticed=$(sed -n 's/^all|.*|\(.*\) %$/\1/p' "$work/table")

# Entries of the list that say nothing (any more).
# shellcheck disable=SC2086 # a list of words
everything() {
    set --
    for module in $all; do
        set -- "$@" --file "src/$module.rs" --file "src/$module/**"
    done
    mutants "$@" --list --json | named briefly
}
if [ -s "$work/accepted" ]; then
    everything | sort -u >"$work/everything"
    sort -u "$work/accepted" | comm -23 - "$work/everything" >"$work/gone"
    sort "$work/accepted" | comm -12 - "$work/everything" >"$work/there"
    cat "$work/CaughtMutant" "$work/Timeout" | sort -u | comm -12 "$work/there" - >"$work/noticed"
else
    : >"$work/gone"
    : >"$work/noticed"
fi

printf '\n'
awk -F'|' '{ printf "%-15s %7s %8s %7s %9s %9s %10s\n", $1, $2, $3, $4, $5, $6, $7 }' "$work/table"
tell() {
    [ -s "$work/$1" ] || return 0
    printf '\n%s\n' "$2"
    sed 's/^/  /' "$work/$1"
}
tell survivors "Not noticed (kill them by a test, or put them into tools/check/mutants.accepted):"
tell gone "No longer there, so please take them out of tools/check/mutants.accepted:"
tell noticed "Noticed now, so please see whether they still belong into tools/check/mutants.accepted:"
printf '\n'

if [ -n "$write" ]; then
    {
        echo '<!-- mutants: by tools/check/mutants.sh; benches/run.sh keeps it -->'
        printf '## What the tests notice\n\n'
        # shellcheck disable=SC2016 # Markdown
        printf 'Made by `./dev check mutants%s --write` on %s: cargo-mutants %s makes one mistake at a time in\n' \
            "${again:+ --again}" "$(date -u +%Y-%m-%d)" "$version"
        printf 'the pure modules, and the tests of the core have to fail. Noticed, of those not accepted: %s %%; the goal is %s %%.\n\n' \
            "$noticed" "$goal"
        awk -F'|' '
            { printf "| %s | %s | %s | %s | %s | %s | %s |\n", $1, $2, $3, $4, $5, $6, $7 }
            NR == 1 { print "|---|---|---|---|---|---|---|" }' "$work/table"
        printf '\n- Timeout: the tests hung, which is noticing it. Accepted: it makes no difference, for the\n'
        # shellcheck disable=SC2016
        printf '  reason in `tools/check/mutants.accepted`. Unviable: it does not compile.\n'
        echo '<!-- end of mutants -->'
    } >"$work/section"
    sed '/^<!-- mutants: /,/^<!-- end of mutants -->/d' docs/measured.md |
        sed -e :a -e '/^\n*$/{$d;N;ba' -e '}' >"$work/page" # without empty lines at the end
    { cat "$work/page" && echo && cat "$work/section"; } >docs/measured.md
    say "docs/measured.md has this table"
fi
awk -v noticed="$noticed" -v goal="$goal" 'BEGIN { exit noticed < goal }' ||
    fail "the tests notice $noticed % of the mistakes; the goal is $goal %"
say "The tests notice $noticed % of $count mistakes; the goal is $goal %"
