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
!fenced && /^<picture>.*<\/picture>$/ {
    source = words = $0
    sub(/.*<img src="/, "", source)
    sub(/".*/, "", source)
    sub(/.*alt="/, "", words)
    sub(/".*/, "", words)
    $0 = "![" words "](" source ")"
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
