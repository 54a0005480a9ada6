# Looks at each relative link of the pages given: the file has to be there, and the heading. Run in the
# root of the repository, with slug.awk before it:
#
#   awk -f tools/docs/slug.awk -f tools/docs/links.awk README.md docs/systems.md …
#
# Prints what leads nowhere, and then fails. Links to other sites are not followed.

function wrong(what) {
    printf "%s:%d: %s leads nowhere: %s\n", FILENAME, FNR, target, what
    ++found
}

# Path and anchor that a link of this page means.
function follow(target,    path, anchor, at, command) {
    at = index(target, "#")
    anchor = at ? substr(target, at + 1) : ""
    path = at ? substr(target, 1, at - 1) : target
    if (path == "")
        path = FILENAME
    else
        path = directory path
    command = "test -e '" path "'"
    if (system(command) != 0)
        wrong("there is no " path)
    else if (anchor != "" && !has_heading(path, anchor))
        wrong(path " has no heading of that name")
}

function has_heading(path, anchor,    line, fenced, yes) {
    while ((getline line < path) > 0) {
        if (line ~ /^```/)
            fenced = !fenced
        else if (!fenced && line ~ /^#+ / && slug(line) == anchor)
            yes = 1
    }
    close(path)
    return yes
}

FNR == 1 {
    ++pages
    directory = FILENAME
    if (!sub(/[^\/]*$/, "", directory))
        directory = ""
    fenced = 0
}
/^```/ { fenced = !fenced }
fenced { next }
{
    rest = $0
    gsub(/`[^`]*`/, "", rest) # what is code is no link
    while (match(rest, /\]\([^) ]+[) ]/)) {
        target = substr(rest, RSTART + 2, RLENGTH - 3)
        rest = substr(rest, RSTART + RLENGTH)
        ++links
        if (target !~ /^[a-z]+:/)
            follow(target)
    }
}
END {
    if (!pages || !links) {
        print "no page with a link was given"
        exit 1
    }
    printf "%d links on %d pages, %d of them wrong\n", links, pages, found
    exit found > 0
}
