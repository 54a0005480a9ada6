# Doxygen's view of a page: its headings get the names that GitHub gives them by itself, so that links
# within a page work in both. Doxygen has one set of names for all pages. Run with slug.awk before it.

FNR == 1 {
    page = FILENAME
    gsub(/[^A-Za-z0-9]/, "_", page)
}
/^```/ { fenced = !fenced }
!fenced && /^##+ / { printf "\\anchor %s_%s\n\n", page, slug($0) }
!fenced { gsub(/\]\(#/, "](#" page "_") }
{ print }
