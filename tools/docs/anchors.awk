# Doxygen's view of a page. Its headings get the names that GitHub gives them by itself, so that links
# within a page work in both; Doxygen has one set of names for all pages. What is linked to and is
# neither a page, a picture nor elsewhere keeps its words alone: folders and sources are not in what
# Doxygen makes. Of a picture in two colours, on a line of its own, it has the light one. Run with slug.awk
# before it.

FNR == 1 {
    page = FILENAME
    gsub(/[^A-Za-z0-9]/, "_", page)
}
/^```/ { fenced = !fenced }
!fenced && /^##+ / { printf "\\anchor %s_%s\n\n", page, slug($0) }
# Doxygen shows the marks of code in a heading as they are written.
!fenced && /^#+ / { gsub(/`/, "") }
!fenced && /^<picture>.*<\/picture>$/ {
    source = words = $0
    sub(/.*<img src="/, "", source)
    sub(/".*/, "", source)
    sub(/.*\//, "", source)
    sub(/.*alt="/, "", words)
    sub(/".*/, "", words)
    print "\\image html " source " \"" words "\" width=320px\n"
    next
}
# Each record is a page below that of all of them, apart from what a user reads.
!fenced && FILENAME ~ /decisions\/README\.md$/ && match($0, /\]\([0-9][^)]*\.md\)/) {
    record = substr($0, RSTART + 2, RLENGTH - 6)
    number = words = $0
    sub(/^\| \[/, "", number)
    sub(/\].*/, "", number)
    sub(/^[^)]*\) \| /, "", words)
    sub(/ \|$/, "", words)
    gsub(/[^A-Za-z0-9]/, "_", record)
    print "| \\subpage md_docs_decisions_" record " \"" number "\" | " words " |"
    next
}
!fenced {
    rest = $0
    $0 = ""
    while (match(rest, /\[[^][]*\]\([^) ]*\)/)) {
        link = substr(rest, RSTART, RLENGTH)
        $0 = $0 substr(rest, 1, RSTART - 1)
        rest = substr(rest, RSTART + RLENGTH)
        if (link !~ /\]\(([a-z]+:|#)/ && link !~ /\.(md|svg|png)\)$/) {
            sub(/^\[/, "", link)
            sub(/\]\([^)]*\)$/, "", link)
        }
        $0 = $0 link
    }
    $0 = $0 rest
}
!fenced { gsub(/\]\(#/, "](#" page "_") }
{ print }
