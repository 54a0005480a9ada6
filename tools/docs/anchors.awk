# Doxygen's view of a page: its headings get the names that GitHub gives them by itself, so that links
# within a page work in both. Run with slug.awk before it.

/^```/ { fenced = !fenced }
!fenced && /^##+ / { printf "<a id=\"%s\"></a>\n\n", slug($0) }
{ print }
