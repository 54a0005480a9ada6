# Looks at each relative link of the HTML pages given: the page or file has to be there, and the place
# in it. Run in the directory of the pages:
#
#   awk -f html_links.awk index.html cpp/*.html
#
# Prints what leads nowhere, and then fails.

FNR == 1 {
    is_page[FILENAME] = 1
    directory = FILENAME
    if (!sub(/[^\/]*$/, "", directory))
        directory = ""
}

# Doxygen writes one of these for each line of a header, and links to few.
{
    rest = $0
    while (match(rest, /(id|name)="[^"]*"/)) {
        word = substr(rest, RSTART, RLENGTH - 1)
        rest = substr(rest, RSTART + RLENGTH)
        sub(/^[a-z]+="/, "", word)
        is_place[FILENAME "#" word] = 1
    }
    rest = $0
    while (match(rest, /(href|src)="[^"]*"/)) {
        word = substr(rest, RSTART, RLENGTH - 1)
        rest = substr(rest, RSTART + RLENGTH)
        sub(/^[a-z]+="/, "", word)
        if (word ~ /^[a-z]+:/ || word == "#" || word == "")
            continue
        word = word ~ /^#/ ? FILENAME word : directory word
        if (!(word in from))
            from[word] = FILENAME
    }
}

END {
    for (target in from) {
        ++links
        page = target
        sub(/#.*/, "", page)
        while (sub(/[^\/]+\/\.\.\//, "", page))
            continue
        at = index(target, "#")
        if (page in is_page) {
            if (at && !(page substr(target, at) in is_place))
                wrong[target] = "no such place"
        } else if (system("test -e '" page "'") != 0)
            wrong[target] = "no such file"
    }
    for (target in wrong) {
        printf "%s: the link to %s leads nowhere: %s\n", from[target], target, wrong[target]
        ++found
    }
    if (!links) {
        print "no page with a link was given"
        exit 1
    }
    printf "%d links, %d of them wrong\n", links, found
    exit found > 0
}
